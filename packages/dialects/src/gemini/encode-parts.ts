import type { Losses } from '../canonical/loss.js';
import type {
  DialectId,
  JsonObject,
  Part,
  ReasoningPart,
  Seal,
  ToolCallPart,
  ToolResultPart,
} from '../canonical/part.js';
import { argumentsObject, customArguments } from '../canonical/tool-arguments.js';
import { isSyntheticCallId } from '../canonical/tool-call-id.js';
import type { RequestFailure } from '../failure.js';
import type { PlacedPart } from './encode-turns.js';
import { encodeMedia, type MediaPart } from './media.js';
import type { ModelFacts } from './model-facts.js';
import { encodeToolResponse } from './tool-response.js';

/** What encoding one conversation needs to know and what it finds out. */
export interface PartEncoding {
  readonly dialect: DialectId;
  readonly facts: ModelFacts;
  readonly isVertex: boolean;
  readonly losses: Losses;
  /** content that cannot be said at all */
  failure: RequestFailure | null;
}

/**
 * A part as it is written, and whether a signature may stand on it. A signature that came back apart from its part (other dialects carry it in a
 * reasoning part) is `loose` until `settleSignatures` finds its place.
 */
export type Entry =
  | { readonly kind: 'part'; wire: JsonObject; readonly takes: 'call' | 'text' | null; readonly path: string }
  | { readonly kind: 'loose'; readonly signature: string };

const NOTHING: readonly Entry[] = [];

/** Writes one part of a model turn, or of a user turn that is no tool result. */
export function encodePart({ part, path }: PlacedPart, encoding: PartEncoding): readonly Entry[] {
  const { losses } = encoding;
  if (part.cache !== undefined) losses.dropped('cache_control');
  const entries = entriesOf(part, path, encoding);
  if (part.extras === undefined || part.extras.dialect !== 'gemini') losses.extras(part.extras, 'gemini', path);
  else withFields(entries, part.extras.fields);
  return entries;
}

function withFields(entries: readonly Entry[], fields: JsonObject): void {
  const [first] = entries;
  if (first?.kind === 'part') first.wire = { ...first.wire, ...fields };
}

function entriesOf(part: Part, path: string, encoding: PartEncoding): readonly Entry[] {
  switch (part.kind) {
    case 'text':
      if (part.citations !== undefined) encoding.losses.dropped(`${path}.citations`);
      return textEntries(part.text, signatureOf(part.seal, path, encoding), path);
    case 'refusal':
      return textEntries(part.text, {}, path);
    case 'reasoning':
      return reasoningEntries(part, path, encoding);
    case 'tool_call':
      return [{ kind: 'part', wire: encodeCall(part, path, encoding), takes: 'call', path }];
    case 'image':
      return mediaEntries(part, signatureOf(part.seal, path, encoding), path, encoding);
    case 'audio':
    case 'video':
    case 'document':
      return mediaEntries(part, {}, path, encoding);
    case 'server_tool':
    case 'opaque':
      if (part.dialect === 'gemini') return [{ kind: 'part', wire: part.value, takes: null, path }];
      encoding.losses.dropped(path);
      return NOTHING;
    case 'tool_result':
      return orphanEntries(part, path, encoding);
  }
}

function textEntries(text: string, signature: JsonObject, path: string): readonly Entry[] {
  const isEmpty = text === '' && signature['thoughtSignature'] === undefined;
  return isEmpty ? NOTHING : [{ kind: 'part', wire: { text, ...signature }, takes: 'text', path }];
}

/** Only Gemini's own signatures go back to it; anybody else's would be answered with 400 (T02). */
function signatureOf(seal: Seal | undefined, path: string, { losses }: PartEncoding): JsonObject {
  if (seal === undefined) return {};
  if (seal.dialect === 'gemini') return { thoughtSignature: seal.value };
  losses.dropped(`${path}.signature`);
  return {};
}

/**
 * Gemini's own thoughts go back as they came. Where another dialect brought them, the signature belongs to the part after the thought. Thoughts of
 * another vendor mean nothing here and are left out by name.
 */
function reasoningEntries(part: ReasoningPart, path: string, encoding: PartEncoding): readonly Entry[] {
  const isOwn = part.seal === null ? encoding.dialect === 'gemini' : part.seal.dialect === 'gemini';
  if (!isOwn) {
    encoding.losses.dropped(path);
    return NOTHING;
  }
  const text = part.text === '' ? part.summary.join('\n\n') : part.text;
  const wire = { text, thought: true };
  if (encoding.dialect === 'gemini') {
    const signature = part.seal === null ? {} : { thoughtSignature: part.seal.value };
    const isEmpty = text === '' && part.seal === null;
    return isEmpty ? NOTHING : [{ kind: 'part', wire: { ...wire, ...signature }, takes: null, path }];
  }
  const shown: readonly Entry[] = text === '' ? NOTHING : [{ kind: 'part', wire, takes: null, path }];
  return part.seal === null ? shown : [...shown, { kind: 'loose', signature: part.seal.value }];
}

function encodeCall(call: ToolCallPart, path: string, encoding: PartEncoding): JsonObject {
  return {
    functionCall: { ...callId(call.id, encoding), name: call.name, args: callArguments(call, path, encoding.losses) },
    ...signatureOf(call.seal, path, encoding),
  };
}

/** Vertex has no ids, and an id of our own making says nothing to anybody (W26). */
function callId(id: string, { isVertex }: PartEncoding): JsonObject {
  return isVertex || isSyntheticCallId(id) ? {} : { id };
}

/** Broken arguments of an earlier turn (T09) stay what they are, as the text of one argument. */
export function callArguments(call: ToolCallPart, path: string, losses: Losses): JsonObject {
  if (call.variant === 'custom') return customArguments(call.arguments);
  const value = argumentsObject(call.arguments);
  if (value !== null) return value;
  losses.approximated(`${path}.arguments`);
  return { _raw: call.arguments };
}

function mediaEntries(part: MediaPart, signature: JsonObject, path: string, encoding: PartEncoding): readonly Entry[] {
  const wire = encodeMediaOf(part, path, encoding);
  return wire === null ? NOTHING : [{ kind: 'part', wire: { ...wire, ...signature }, takes: null, path }];
}

function encodeMediaOf(part: MediaPart, path: string, encoding: PartEncoding): JsonObject | null {
  const { losses } = encoding;
  if (part.kind === 'image' && part.detail !== undefined && part.detail !== 'auto') losses.dropped(`${path}.detail`);
  if (part.kind === 'audio' && part.transcript !== undefined) losses.dropped(`${path}.transcript`);
  if (part.kind === 'document') nameLosses(part, path, encoding);
  const wire = encodeMedia(part);
  if (wire === null) {
    const message = `${path} is a file of another provider, which cannot be sent on: send its bytes or a URL.`;
    encoding.failure ??= { code: 'unsupported_content', message, param: path };
  }
  return wire;
}

function nameLosses(part: Extract<MediaPart, { kind: 'document' }>, path: string, { losses }: PartEncoding): void {
  if (part.name !== null) losses.dropped(`${path}.name`);
  if (part.context !== null) losses.dropped(`${path}.context`);
  if (part.isCitable === true) losses.dropped(`${path}.citations`);
}

/** A result as a `functionResponse`. Media go inside where the model takes them there, else beside it. */
export function encodeResult(
  result: ToolResultPart,
  call: { readonly id: string; readonly name: string },
  path: string,
  encoding: PartEncoding,
): { readonly response: JsonObject; readonly beside: readonly JsonObject[] } {
  const texts: string[] = [];
  const media: JsonObject[] = [];
  if (result.cache !== undefined) encoding.losses.dropped('cache_control');
  for (const [index, content] of result.content.entries()) {
    const place = `${path}.content[${index}]`;
    if (content.kind === 'text') texts.push(content.text);
    else if (content.kind === 'opaque') opaqueContent(content, place, encoding, media);
    else {
      const wire = encodeMediaOf(content, place, encoding);
      if (wire !== null) media.push(wire);
    }
  }
  const isInside = encoding.facts.takesMediaInResults || encoding.dialect === 'gemini';
  if (media.length > 0 && !isInside) encoding.losses.moved(path);
  const extras = result.extras?.dialect === 'gemini' ? result.extras.fields : {};
  const response = {
    ...callId(call.id, encoding),
    name: call.name,
    response: encodeToolResponse(texts.length === 0 ? null : texts.join('\n'), result.isError === true),
    ...(media.length > 0 && isInside ? { parts: media } : {}),
  };
  return { response: { functionResponse: response, ...extras }, beside: isInside ? [] : media };
}

function opaqueContent(
  part: Extract<Part, { kind: 'opaque' }>,
  path: string,
  { losses }: PartEncoding,
  media: JsonObject[],
): void {
  if (part.dialect === 'gemini') media.push(part.value);
  else losses.dropped(path);
}

/** A result whose call is not in the turn before it has no place as a response: its text still reaches the model. */
function orphanEntries(result: ToolResultPart, path: string, encoding: PartEncoding): readonly Entry[] {
  encoding.losses.approximated(path);
  const texts = result.content.flatMap((content) => (content.kind === 'text' ? [content.text] : []));
  const text = `Result of ${result.name ?? 'a tool'}: ${texts.join('\n')}`;
  return [{ kind: 'part', wire: { text }, takes: null, path }];
}
