import {
  Draft,
  type Json,
  json,
  jsons,
  number,
  type ObservedAnswer,
  type ObservedFinish,
  sseObjects,
  string,
} from './observed-answer.js';

const FINISHES: Readonly<Record<string, ObservedFinish>> = { STOP: 'stop', MAX_TOKENS: 'length' };
const FILTERS =
  /^(SAFETY|RECITATION|BLOCKLIST|PROHIBITED_CONTENT|SPII|MODEL_ARMOR|IMAGE_SAFETY|IMAGE_PROHIBITED_CONTENT|IMAGE_RECITATION)$/;

export function readGemini(body: Json): ObservedAnswer {
  return readChunks([body]);
}

/** Server-sent, or one JSON array. */
export function readGeminiStream(text: string): ObservedAnswer {
  if (text.trimStart().startsWith('[')) return readChunks(JSON.parse(text) as Json[]);
  return readChunks(sseObjects(text));
}

function readChunks(chunks: readonly Json[]): ObservedAnswer {
  const drafts = new Map<number, Draft>();
  const seals: string[] = [];
  let usage: Json | null = null;
  let isBlocked = false;
  for (const chunk of chunks) {
    if (json(chunk['promptFeedback'])['blockReason']) isBlocked = true;
    const reported = json(chunk['usageMetadata']);
    if (typeof reported['promptTokenCount'] === 'number' || typeof reported['totalTokenCount'] === 'number')
      usage = reported;
    for (const candidate of jsons(chunk['candidates'])) takeCandidate(drafts, seals, candidate);
  }
  if (drafts.size === 0 && isBlocked) {
    const draft = new Draft();
    draft.finish = 'filter';
    drafts.set(0, draft);
  }
  const choices = [...drafts.entries()].sort(([a], [b]) => a - b).map(([, draft]) => draft.done());
  return {
    choices: choices.map(byContent),
    usage: usageOf(usage),
    seals,
    hasError: chunks.some((chunk) => Boolean(chunk['error'])),
  };
}

/** A value at a JSON path: numbers are places in a list, texts are added to what is there. */
function placed(at: unknown, steps: readonly string[], value: unknown): unknown {
  const [step, ...rest] = steps;
  if (step === undefined) return typeof at === 'string' && typeof value === 'string' ? at + value : value;
  if (!/^\d+$/.test(step)) return { ...json(at), [step]: placed(json(at)[step], rest, value) };
  const list = Array.isArray(at) ? [...at] : [];
  list[Number(step)] = placed(list[Number(step)], rest, value);
  return list;
}

function takeCandidate(drafts: Map<number, Draft>, seals: string[], candidate: Json): void {
  const index = number(candidate['index']);
  const draft = drafts.get(index) ?? new Draft();
  drafts.set(index, draft);
  for (const part of jsons(json(candidate['content'])['parts'])) takePart(draft, seals, part);
  const finish = string(candidate['finishReason']);
  if (finish !== '') draft.finish = FINISHES[finish] ?? (FILTERS.test(finish) ? 'filter' : 'other');
}

function takePart(draft: Draft, seals: string[], part: Json): void {
  const seal = string(part['thoughtSignature'] ?? part['thought_signature']);
  if (seal !== '') seals.push(seal);
  if (typeof part['text'] === 'string') {
    if (part['thought'] === true) draft.reasoning += part['text'];
    else draft.text += part['text'];
  }
  if (part['functionCall'] ?? part['function_call'])
    takeCall(draft, json(part['functionCall'] ?? part['function_call']));
}

/** Arguments may come in pieces: a call with a name opens, those without one add to it (W30). */
function takeCall(draft: Draft, called: Json): void {
  const isNew = typeof called['name'] === 'string';
  const call = draft.call(String(isNew ? draft.calls.size : draft.calls.size - 1));
  if (isNew) {
    call.name = string(called['name']);
    call.input = called['args'] ?? {};
  }
  for (const piece of jsons(called['partialArgs'])) addPiece(call, piece);
}

function addPiece(call: { input: unknown }, piece: Json): void {
  const steps = string(piece['jsonPath']).match(/[^.[\]$]+/g) ?? [];
  const value = piece['stringValue'] ?? piece['numberValue'] ?? piece['boolValue'] ?? null;
  call.input = placed(call.input, steps, value);
}

/** Gemini says STOP when it calls. */
function byContent<Choice extends { readonly calls: readonly unknown[]; readonly finish: ObservedFinish }>(
  choice: Choice,
): Choice {
  return choice.calls.length > 0 && choice.finish === 'stop' ? { ...choice, finish: 'tools' } : choice;
}

function usageOf(usage: Json | null): ObservedAnswer['usage'] {
  if (usage === null) return null;
  return {
    input: number(usage['promptTokenCount']) + number(usage['toolUsePromptTokenCount']),
    output: number(usage['candidatesTokenCount']) + number(usage['thoughtsTokenCount']),
  };
}
