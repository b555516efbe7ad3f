import { filledText, objects, text } from '../canonical/json-read.js';
import type { JsonObject, OpaquePart, Part, ReasoningPart, Seal } from '../canonical/part.js';
import { isSameFamily, readSeal, sealText } from '../canonical/seal-envelope.js';

/**
 * OpenRouter's `reasoning_details`: thinking with the vendor's seal on it, in items
 *
 *     {type: 'reasoning.text', text, signature?}  {type: 'reasoning.summary', summary}  {type: 'reasoning.encrypted', data}
 *
 * with `format` (whose seal it is), `index` (a delta of an item repeats it) and sometimes `id` (the vendor's item; at Gemini the tool call). Several
 * items are one canonical part where they tell of the same thought: summaries and the encrypted content that follows them.
 */
const FORMATS: Readonly<Record<string, Seal['dialect']>> = {
  'anthropic-claude-v1': 'anthropic-messages',
  'google-gemini-v1': 'gemini',
  'openai-responses-v1': 'openai-responses',
};
const UNKNOWN = 'unknown';
/** A seal on a text part is told by an id nobody else makes: its place among the texts. */
const TEXT_ID = /^text_(\d{1,4})$/;

export interface DecodedDetails {
  readonly parts: readonly (ReasoningPart | OpaquePart)[];
  /** seals of tool calls, by call id */
  readonly callSeals: ReadonlyMap<string, Seal>;
  /** seals of text parts, by their place among the texts */
  readonly textSeals: ReadonlyMap<number, Seal>;
}

/** One item read: what it adds, and to which thought. */
export type Detail =
  | {
      readonly kind: 'thought';
      readonly type: string;
      readonly text: string;
      readonly summary: string | null;
      readonly seal: Seal | null;
      readonly format: string;
      readonly id: string | null;
      readonly index: number | null;
    }
  | { readonly kind: 'call_seal'; readonly callId: string; readonly seal: Seal }
  | { readonly kind: 'text_seal'; readonly place: number; readonly seal: Seal }
  | { readonly kind: 'opaque'; readonly value: OpaquePart }
  | { readonly kind: 'nothing' };

/** Reads one item. `isCall` tells whether an id is that of a call. */
export function readDetail(item: JsonObject, isCall: (id: string, format: string) => boolean): Detail {
  const format = filledText(item['format']) ?? UNKNOWN;
  const id = filledText(item['id']);
  const index = typeof item['index'] === 'number' ? item['index'] : null;
  const type = filledText(item['type']) ?? '';
  const blank = { kind: 'thought', type, text: '', summary: null, seal: null, format, id, index } as const;
  switch (type) {
    case 'reasoning.text': {
      const signature = filledText(item['signature']);
      const seal = signature === null ? null : sealFrom(format, signature, 'signature');
      const written = text(item['text']) ?? '';
      return seal === null && written === '' ? { kind: 'nothing' } : { ...blank, text: written, seal };
    }
    case 'reasoning.summary':
      return { ...blank, summary: text(item['summary']) ?? '' };
    case 'reasoning.encrypted':
      return readEncrypted(item, blank, isCall);
    default:
      return opaqueDetail(item);
  }
}

function readEncrypted(item: JsonObject, blank: Thought, isCall: (id: string, format: string) => boolean): Detail {
  const data = filledText(item['data']);
  if (data === null) return { kind: 'nothing' };
  const seal = sealFrom(blank.format, data, ENCRYPTED_FORMS[blank.format] ?? 'encrypted');
  const place = TEXT_ID.exec(blank.id ?? '');
  if (place !== null) return { kind: 'text_seal', place: Number(place[1]), seal };
  if (blank.id !== null && isCall(blank.id, blank.format)) return { kind: 'call_seal', callId: blank.id, seal };
  return { ...blank, seal };
}

/** What `data` is: at Claude a redacted thought, at Gemini a thought signature. */
const ENCRYPTED_FORMS: Readonly<Record<string, Seal['form']>> = {
  'anthropic-claude-v1': 'redacted',
  'google-gemini-v1': 'signature',
};

function opaqueDetail(item: JsonObject): Detail {
  const type = filledText(item['type']);
  if (type === null) return { kind: 'nothing' };
  return { kind: 'opaque', value: { kind: 'opaque', dialect: 'openai-chat', type, value: item } };
}

/** Formats without a dialect of ours (xAI's, Azure's) keep their name in front of the value, so that they survive any way round. */
function sealFrom(format: string, value: string, form: Seal['form']): Seal {
  const dialect = Object.hasOwn(FORMATS, format) ? FORMATS[format] : undefined;
  if (dialect !== undefined) return { dialect, form, value };
  const read = readSeal(value, 'openai-chat', form);
  return read.dialect === 'openai-chat' && read.value === value ? { ...read, value: `${format} ${value}` } : read;
}

function formatOf(seal: Seal | null): { readonly format: string; readonly value: string } {
  if (seal === null) return { format: UNKNOWN, value: '' };
  if (isSameFamily(seal.dialect, 'anthropic-messages')) return { format: 'anthropic-claude-v1', value: seal.value };
  if (seal.dialect === 'gemini') return { format: 'google-gemini-v1', value: seal.value };
  if (seal.dialect === 'openai-responses') return { format: 'openai-responses-v1', value: seal.value };
  if (seal.dialect !== 'openai-chat') return { format: UNKNOWN, value: sealText(seal, 'openai-chat') };
  const space = seal.value.indexOf(' ');
  return space === -1
    ? { format: UNKNOWN, value: seal.value }
    : { format: seal.value.slice(0, space), value: seal.value.slice(space + 1) };
}

/** Reads all items of a message. */
export function decodeDetails(details: unknown, isCall: (id: string) => boolean): DecodedDetails {
  const parts: (ReasoningPart | OpaquePart)[] = [];
  const callSeals = new Map<string, Seal>();
  const textSeals = new Map<number, Seal>();
  let open: OpenThought | undefined;
  for (const item of objects(details)) {
    const detail = readDetail(item, isCall);
    if (detail.kind === 'call_seal') callSeals.set(detail.callId, detail.seal);
    else if (detail.kind === 'text_seal') textSeals.set(detail.place, detail.seal);
    else if (detail.kind === 'thought') open = addThought(parts, open, detail);
    else if (detail.kind === 'opaque') {
      parts.push(detail.value);
      open = undefined;
    }
  }
  return { parts, callSeals, textSeals };
}

/** The thought that the last item told of, as far as the next one is compared with it. */
export interface OpenThought {
  readonly isSealed: boolean;
  readonly type: string;
  readonly format: string;
  readonly id: string | null;
  readonly index: number | null;
}

type Thought = Extract<Detail, { kind: 'thought' }>;

/** A piece of the very item that is open: a delta repeats its index, and clients hand deltas back unmerged. */
export function isSameItem(open: OpenThought, detail: Thought): boolean {
  return !open.isSealed && open.type === detail.type && open.index === detail.index && open.format === detail.format;
}

/**
 * Whether an item tells more of the open thought. A sealed thought is complete. A summary goes on with summaries and ends with its encrypted
 * content; a text ends with the next text, except at Gemini, where the signature is an item of its own. Before its seal has come, a streamed
 * thought may have no format yet.
 */
export function continues(open: OpenThought, detail: Thought): boolean {
  if (open.isSealed || detail.seal?.form === 'redacted') return false;
  if (open.id !== null && detail.id !== null && open.id !== detail.id) return false;
  if (isSameItem(open, detail)) return true;
  const isEncrypted = detail.type === 'reasoning.encrypted';
  if (open.format !== detail.format) return open.format === UNKNOWN && isEncrypted;
  return isEncrypted || detail.summary !== null || (open.id !== null && open.id === detail.id);
}

/** The last part with the item in it, or a part more. */
function addThought(
  parts: (ReasoningPart | OpaquePart)[],
  open: OpenThought | undefined,
  detail: Thought,
): OpenThought {
  const last = parts.at(-1);
  const before = open !== undefined && last?.kind === 'reasoning' && continues(open, detail) ? last : undefined;
  const summary = [...(before?.summary ?? [])];
  if (detail.summary !== null) {
    const isPiece = before !== undefined && open !== undefined && isSameItem(open, detail);
    summary.push((isPiece ? (summary.pop() ?? '') : '') + detail.summary);
  }
  const id = detail.id ?? before?.id ?? null;
  const part: ReasoningPart = {
    kind: 'reasoning',
    text: (before?.text ?? '') + detail.text,
    summary,
    seal: detail.seal,
    id,
  };
  if (before !== undefined) parts.pop();
  parts.push(part);
  return openAfter(detail, id);
}

export function openAfter({ type, seal, format, index }: Thought, id: string | null): OpenThought {
  return { isSealed: seal !== null, type, format, id, index };
}

/** The items of a message's parts. `index` counts on from `from`. */
export function encodeDetails(parts: readonly Part[], from = 0): JsonObject[] {
  const items: JsonObject[] = [];
  let texts = 0;
  const put = (item: JsonObject): void => void items.push({ ...item, index: from + items.length });
  for (const part of parts) {
    if (part.kind === 'reasoning') for (const item of thoughtItems(part)) put(item);
    else if (part.kind === 'opaque' && part.type.startsWith('reasoning.')) put(part.value);
    else if (part.kind === 'tool_call' && part.seal !== undefined) put(sealItem(part.seal, part.id));
    else if (part.kind === 'text') {
      if (part.seal !== undefined) put(sealItem(part.seal, `text_${texts}`));
      texts += 1;
    }
  }
  return items;
}

function thoughtItems(part: ReasoningPart): JsonObject[] {
  const { format, value } = formatOf(part.seal);
  const id = part.id === null ? {} : { id: part.id };
  const items: JsonObject[] = [];
  const isSigned = part.seal?.form === 'signature' && format !== 'google-gemini-v1';
  const signature = isSigned ? { signature: value } : {};
  if (part.text !== '' || isSigned)
    items.push({ type: 'reasoning.text', text: part.text, ...signature, format, ...id });
  for (const summary of part.summary) items.push({ type: 'reasoning.summary', summary, format, ...id });
  if (part.seal !== null && !isSigned) items.push({ type: 'reasoning.encrypted', data: value, format, ...id });
  return items;
}

/** A seal on something that is not a thought: on a call, or on a text. */
export function sealItem(seal: Seal, id: string): JsonObject {
  const { format, value } = formatOf(seal);
  return { type: 'reasoning.encrypted', data: value, format, id };
}

/** The items that stream a thought: `format` as of its seal, which may come last and is not known before. */
export function deltaItem(seal: Seal, id: string | null, index: number): JsonObject {
  const [item] = thoughtItems({ kind: 'reasoning', text: '', summary: [], seal, id });
  return { ...item, index };
}
