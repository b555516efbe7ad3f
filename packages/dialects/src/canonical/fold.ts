import type { Usage } from '../usage.js';
import type { Citation, Extras, Part, ReasoningPart, Seal, TextPart, ToolCallPart } from './part.js';
import type { CanonicalReply, PartDelta, ReplyChoice, ReplyEvent, TokenLogprob } from './reply.js';

/** Collects a stream's events into the reply it stands for: streaming and not streaming say the same. */
export interface Fold {
  add(event: ReplyEvent): void;
  reply(facts: { readonly usage: Usage | null; readonly serviceTier: string | null }): CanonicalReply;
}

interface OpenChoice {
  readonly parts: OpenPart[];
  logprobs: TokenLogprob[] | null;
  finish: Extract<ReplyEvent, { kind: 'finish' }> | null;
  extras: Extras | null;
}

interface OpenPart {
  readonly opening: Part;
  /** pieces are joined once, at the end */
  readonly text: string[];
  readonly summary: string[];
  readonly citations: Citation[];
  readonly audio: string[];
  seal: Seal | null;
}

export function createFold(): Fold {
  const choices = new Map<number, OpenChoice>();
  const at = (index: number): OpenChoice => {
    const known = choices.get(index);
    if (known !== undefined) return known;
    const opened: OpenChoice = { parts: [], logprobs: null, finish: null, extras: null };
    choices.set(index, opened);
    return opened;
  };
  return {
    add(event) {
      if (event.kind !== 'start') addTo(at(event.choice), event);
    },
    reply({ usage, serviceTier }) {
      const folded = [...choices.entries()]
        .sort(([a], [b]) => a - b)
        .map(([index, choice]) => foldChoice(index, choice));
      return { choices: folded, usage, serviceTier };
    },
  };
}

function addTo(choice: OpenChoice, event: Exclude<ReplyEvent, { kind: 'start' }>): void {
  switch (event.kind) {
    case 'part_start':
      choice.parts.push({ opening: event.value, text: [], summary: [], citations: [], audio: [], seal: null });
      return;
    case 'part_delta':
      return addDelta(choice.parts[event.part], event.delta);
    case 'part_end':
      return;
    case 'logprobs':
      choice.logprobs = [...(choice.logprobs ?? []), ...event.tokens];
      return;
    case 'extras':
      choice.extras = {
        dialect: event.extras.dialect,
        fields: { ...choice.extras?.fields, ...event.extras.fields },
      };
      return;
    case 'finish':
      choice.finish = event;
  }
}

function addDelta(part: OpenPart | undefined, delta: PartDelta): void {
  if (part === undefined) throw new Error('a delta for a part that was never opened');
  switch (delta.kind) {
    case 'text':
    case 'arguments':
      part.text.push(delta.text);
      return;
    case 'summary':
      part.summary[delta.index] = (part.summary[delta.index] ?? '') + delta.text;
      return;
    case 'seal':
      part.seal = delta.seal;
      return;
    case 'citation':
      part.citations.push(delta.citation);
      return;
    case 'audio':
      part.audio.push(delta.data);
      part.text.push(delta.transcript);
  }
}

function foldChoice(index: number, choice: OpenChoice): ReplyChoice {
  return {
    index,
    parts: choice.parts.map(foldPart),
    finish: choice.finish?.finish ?? null,
    finishRaw: choice.finish?.raw ?? null,
    stopSequence: choice.finish?.stopSequence ?? null,
    logprobs: choice.logprobs,
    ...(choice.extras === null ? {} : { extras: choice.extras }),
  };
}

function foldPart(open: OpenPart): Part {
  const { opening } = open;
  const added = open.text.join('');
  switch (opening.kind) {
    case 'text':
      return foldText(opening, added, open);
    case 'refusal':
      return { ...opening, text: opening.text + added };
    case 'reasoning':
      return {
        ...opening,
        text: opening.text + added,
        summary: open.summary.length === 0 ? opening.summary : Array.from(open.summary, (piece) => piece ?? ''),
        seal: open.seal ?? opening.seal,
      };
    case 'tool_call':
      return foldCall(opening, added, open);
    case 'audio':
      return foldAudio(opening, added, open);
    case 'image':
    case 'video':
    case 'document':
    case 'tool_result':
    case 'server_tool':
    case 'opaque':
      return opening;
  }
}

function foldText(opening: TextPart, added: string, open: OpenPart): TextPart {
  const citations = [...(opening.citations ?? []), ...open.citations];
  return {
    ...opening,
    text: opening.text + added,
    ...(citations.length === 0 ? {} : { citations }),
    ...(open.seal === null ? {} : { seal: open.seal }),
  };
}

function foldCall(opening: ToolCallPart, added: string, open: OpenPart): ToolCallPart {
  const written = opening.arguments + added;
  return {
    ...opening,
    arguments: written === '' && opening.variant === 'function' ? '{}' : written,
    ...(open.seal === null ? {} : { seal: open.seal }),
  };
}

function foldAudio(opening: Extract<Part, { kind: 'audio' }>, added: string, open: OpenPart): Part {
  const { source } = opening;
  if (source.kind !== 'base64') return opening;
  const transcript = (opening.transcript ?? '') + added;
  return {
    ...opening,
    source: { ...source, data: source.data + open.audio.join('') },
    ...(transcript === '' ? {} : { transcript }),
  };
}

/** The events a whole reply would have streamed as, each part in one delta. */
export function eventsOf(reply: CanonicalReply): readonly ReplyEvent[] {
  const events: ReplyEvent[] = [{ kind: 'start' }];
  for (const choice of reply.choices) addChoice(events, choice);
  for (const { index, finish, finishRaw, stopSequence } of reply.choices)
    events.push({ kind: 'finish', choice: index, finish, raw: finishRaw, stopSequence });
  return events;
}

function addChoice(events: ReplyEvent[], choice: ReplyChoice): void {
  for (const [part, value] of choice.parts.entries()) {
    const { opening, deltas } = unfoldPart(value);
    events.push({ kind: 'part_start', choice: choice.index, part, value: opening });
    for (const delta of deltas) events.push({ kind: 'part_delta', choice: choice.index, part, delta });
    events.push({ kind: 'part_end', choice: choice.index, part });
  }
  if (choice.logprobs !== null) events.push({ kind: 'logprobs', choice: choice.index, tokens: choice.logprobs });
  if (choice.extras !== undefined) events.push({ kind: 'extras', choice: choice.index, extras: choice.extras });
}

function unfoldPart(value: Part): { readonly opening: Part; readonly deltas: readonly PartDelta[] } {
  switch (value.kind) {
    case 'text':
    case 'refusal':
      return { opening: { ...value, text: '' }, deltas: value.text === '' ? [] : [{ kind: 'text', text: value.text }] };
    case 'tool_call':
      return { opening: { ...value, arguments: '' }, deltas: [{ kind: 'arguments', text: value.arguments }] };
    case 'reasoning':
      return { opening: { ...value, text: '', summary: [], seal: null }, deltas: reasoningDeltas(value) };
    case 'audio':
    case 'image':
    case 'video':
    case 'document':
    case 'tool_result':
    case 'server_tool':
    case 'opaque':
      return { opening: value, deltas: [] };
  }
}

function reasoningDeltas(value: ReasoningPart): readonly PartDelta[] {
  const deltas: PartDelta[] = value.summary.map((piece, index) => ({ kind: 'summary', index, text: piece }));
  if (value.text !== '') deltas.push({ kind: 'text', text: value.text });
  if (value.seal !== null) deltas.push({ kind: 'seal', seal: value.seal });
  return deltas;
}
