import type { JsonObject, ToolCallPart, ToolResultPart } from '../canonical/part.js';
import { type Entry, encodePart, encodeResult, type PartEncoding } from './encode-parts.js';
import type { Conversation, PlacedPart, Turn } from './encode-turns.js';

/**
 * What Google documents for a call without its signature: an older or foreign history. The model then thinks without the thread of that call.
 * https://ai.google.dev/gemini-api/docs/thought-signatures
 */
export const SKIPPED_SIGNATURE = 'skip_thought_signature_validator';

/** The turns of a conversation: roles alternate, and calls are answered in the next turn, each once and in order (T11, T14). */
export function encodeTurns({ turns }: Conversation, encoding: PartEncoding): readonly JsonObject[] {
  const contents: { readonly role: string; parts: readonly JsonObject[] }[] = [];
  const current = currentTurnStart(turns);
  let calls: readonly ToolCallPart[] = [];
  for (const [index, turn] of turns.entries()) {
    const parts =
      turn.role === 'model'
        ? encodeModelTurn(turn, encoding, index > current)
        : encodeUserTurn(turn.parts, calls, encoding);
    calls = turn.role === 'model' ? turn.parts.map(({ part }) => part).filter(isCall) : [];
    if (parts.length === 0) continue;
    const last = contents.at(-1);
    // A turn that came out empty leaves two neighbours of one role.
    if (last?.role === turn.role) last.parts = [...last.parts, ...parts];
    else contents.push({ role: turn.role, parts });
  }
  return contents.map(({ role, parts }) => ({ role, parts }));
}

function isCall(part: PlacedPart['part']): part is ToolCallPart {
  return part.kind === 'tool_call';
}

/** The current turn begins with the last words of the user: what is after it are steps, whose calls must be signed. */
function currentTurnStart(turns: readonly Turn[]): number {
  return turns.findLastIndex(
    ({ role, parts }) => role === 'user' && !parts.some(({ part }) => part.kind === 'tool_result'),
  );
}

function encodeModelTurn(turn: Turn, encoding: PartEncoding, isCurrent: boolean): readonly JsonObject[] {
  const entries = turn.parts.flatMap((placed) => encodePart(placed, encoding));
  settleSignatures(entries);
  const parts = entries.filter((entry) => entry.kind === 'part');
  if (isCurrent && encoding.facts.demandsSignatures) signFirstCall(parts, encoding);
  return parts.map(({ wire }) => wire);
}

/** A loose signature belongs to the first call after it, else to the next text, else to an empty text at the end (W27). */
function settleSignatures(entries: Entry[]): void {
  for (let at = 0; at < entries.length; at += 1) {
    const loose = entries[at];
    if (loose?.kind !== 'loose') continue;
    const next = entries.findIndex((entry, index) => index > at && entry.kind === 'loose');
    const end = next === -1 ? entries.length : next;
    const bearer = bearerOf(entries, at, end, 'call') ?? bearerOf(entries, at, end, 'text');
    if (bearer !== null) bearer.wire = { ...bearer.wire, thoughtSignature: loose.signature };
    else entries.splice(end, 0, emptyText(loose.signature));
  }
}

function emptyText(signature: string): Entry {
  return { kind: 'part', wire: { text: '', thoughtSignature: signature }, takes: null, path: '' };
}

/** The first part of the kind, unless it is signed: the others of a group of calls never are. */
function bearerOf(
  entries: readonly Entry[],
  from: number,
  to: number,
  takes: 'call' | 'text',
): Extract<Entry, { kind: 'part' }> | null {
  const first = entries.slice(from, to).find((entry) => entry.kind === 'part' && entry.takes === takes);
  return first?.kind === 'part' && first.wire['thoughtSignature'] === undefined ? first : null;
}

function signFirstCall(parts: readonly Extract<Entry, { kind: 'part' }>[], { losses }: PartEncoding): void {
  const first = parts.find(({ takes }) => takes === 'call');
  if (first === undefined || first.wire['thoughtSignature'] !== undefined) return;
  first.wire = { ...first.wire, thoughtSignature: SKIPPED_SIGNATURE };
  losses.approximated(`${first.path}.signature`);
}

function encodeUserTurn(
  placed: readonly PlacedPart[],
  calls: readonly ToolCallPart[],
  encoding: PartEncoding,
): readonly JsonObject[] {
  const answers = new Map<string, { readonly result: ToolResultPart; readonly path: string }>();
  const others: PlacedPart[] = [];
  const asked = new Set(calls.map(({ id }) => id));
  for (const one of placed) {
    const { part, path } = one;
    if (part.kind !== 'tool_result' || !asked.has(part.callId)) others.push(one);
    // The last of two results of one call counts (T04).
    else if (answers.has(part.callId)) {
      encoding.losses.dropped(answers.get(part.callId)?.path ?? path);
      answers.set(part.callId, { result: part, path });
    } else answers.set(part.callId, { result: part, path });
  }
  const responses = calls.map((call) => answerTo(call, answers.get(call.id), placed, encoding));
  const rest = others.flatMap((one) => encodePart(one, encoding)).filter((entry) => entry.kind === 'part');
  return [
    ...responses.map(({ response }) => response),
    ...responses.flatMap(({ beside }) => beside),
    ...rest.map(({ wire }) => wire),
  ];
}

/** Every call has a response, or Google refuses the whole conversation: one that the caller left out is answered as missing (T14). */
function answerTo(
  call: ToolCallPart,
  answer: { readonly result: ToolResultPart; readonly path: string } | undefined,
  placed: readonly PlacedPart[],
  encoding: PartEncoding,
): { readonly response: JsonObject; readonly beside: readonly JsonObject[] } {
  if (answer !== undefined) return encodeResult(answer.result, call, answer.path, encoding);
  encoding.losses.approximated(placed[0]?.path ?? 'messages');
  const missing: ToolResultPart = {
    kind: 'tool_result',
    callId: call.id,
    name: call.name,
    content: [{ kind: 'text', text: 'There is no result of this call.' }],
    isError: true,
    variant: call.variant,
  };
  return encodeResult(missing, call, '', encoding);
}
