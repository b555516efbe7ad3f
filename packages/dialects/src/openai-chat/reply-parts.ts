import type { ReplyOptions } from '../canonical/codec.js';
import type { Losses } from '../canonical/loss.js';
import type { Citation, DialectId, Extras, JsonObject, Part, ToolCallPart } from '../canonical/part.js';
import { isSameFamily } from '../canonical/seal-envelope.js';
import type { CallIdRule } from '../canonical/tool-call-id.js';
import type { Finish } from '../finish.js';
import { encodeCall } from './calls.js';
import { encodeAnnotation } from './citations.js';
import { finishReason } from './finish.js';
import { urlOfSource } from './media.js';
import { isLegacyTool } from './tools.js';

/** Ids go to clients as they are: whoever needs another form maps it on the way back. */
const ANY_ID: CallIdRule = { pattern: /^/, maxLength: Number.POSITIVE_INFINITY };

/** What an answer to this caller must look like. */
export interface ReplyManner {
  readonly id: string;
  /** the caller offered `functions`: it reads `function_call` */
  readonly isLegacy: boolean;
  /** the caller wants to see what was thought (OpenRouter's `exclude`) */
  readonly showsReasoning: boolean;
  /** the format of `reasoning_details` whose seal has not come yet */
  readonly format: string;
}

export function mannerOf({ requestId, request, source }: ReplyOptions): ReplyManner {
  return {
    id: `gen-${requestId}`,
    isLegacy: request.tools.some(isLegacyTool),
    showsReasoning: request.reasoning?.isShown !== false,
    format: formatOfSource(source),
  };
}

/** OpenRouter's name for thinking of a vendor. */
function formatOfSource(source: DialectId): string {
  if (isSameFamily(source, 'anthropic-messages')) return 'anthropic-claude-v1';
  if (source === 'gemini') return 'google-gemini-v1';
  return source === 'openai-responses' ? 'openai-responses-v1' : 'unknown';
}

/** A call as a client gets it. Gemini's signature stands on it as Google's own endpoint writes it, because many clients keep calls and drop all else. */
export function callMember(call: ToolCallPart): JsonObject {
  const encoded = encodeCall(call, ANY_ID);
  if (call.seal?.dialect !== 'gemini') return encoded;
  return { ...encoded, extra_content: { google: { thought_signature: call.seal.value } } };
}

export function imageMember(part: Extract<Part, { kind: 'image' }>): JsonObject | null {
  const url = urlOfSource(part.source);
  return url === null ? null : { type: 'image_url', image_url: { url } };
}

/** The citations of one text as annotations of the whole content, in which it begins at `offset`. */
export function annotationsOf(citations: readonly Citation[], offset: number, losses: Losses): JsonObject[] {
  return citations.flatMap((citation) => {
    const moved: Citation = offset === 0 ? citation : moveCitation(citation, offset);
    const annotation = encodeAnnotation(moved);
    if (annotation === null) losses.dropped('citations');
    return annotation === null ? [] : [annotation];
  });
}

function moveCitation(citation: Citation, offset: number): Citation {
  const by = (position: number | null): number | null => (position === null ? null : position + offset);
  return { ...citation, start: by(citation.start), end: by(citation.end), raw: { ...citation.raw, value: {} } };
}

/** Names what has no place in an answer of this dialect. */
export function noteLost(part: Part, losses: Losses): void {
  switch (part.kind) {
    case 'server_tool':
      return losses.dropped(`${part.tool}_${part.role}`);
    case 'opaque':
      if (part.dialect !== 'openai-chat' || !part.type.startsWith('reasoning.')) losses.dropped(part.type);
      return;
    case 'video':
    case 'document':
    case 'tool_result':
      return losses.dropped(part.kind);
    case 'text':
    case 'refusal':
    case 'reasoning':
    case 'image':
    case 'audio':
    case 'tool_call':
      return;
  }
}

const OF_CHOICE = new Set(['content_filter_results']);
const OF_MESSAGE = new Set(['executed_tools', 'annotations']);

/** Extras of this dialect at the places they came from; those of others are losses. */
export function placeExtras(
  extras: Extras | undefined,
  losses: Losses,
): { readonly choice: JsonObject; readonly message: JsonObject; readonly top: JsonObject } {
  losses.extras(extras, 'openai-chat', '');
  const fields = Object.entries(extras?.dialect === 'openai-chat' ? extras.fields : {});
  const choice = fields.filter(([name]) => OF_CHOICE.has(name));
  const message = fields.filter(([name]) => OF_MESSAGE.has(name));
  const top = fields.filter(([name]) => !OF_CHOICE.has(name) && !OF_MESSAGE.has(name));
  return { choice: Object.fromEntries(choice), message: Object.fromEntries(message), top: Object.fromEntries(top) };
}

/** How a choice ended: calls decide (S10), and a caller of `functions` gets its own word. */
export function endOf(finish: Finish | null, hasCalls: boolean, isLegacy: boolean): string {
  const reason = finishReason(finish);
  const isCalling = hasCalls && (reason === 'stop' || reason === 'tool_calls' || reason === 'function_call');
  if (!isCalling) return reason;
  return isLegacy ? 'function_call' : 'tool_calls';
}

/** The losses of an answer as the member that tells them. */
export function lossesMember(losses: Losses): JsonObject {
  const fields = [...new Set(losses.list().map(({ field }) => field))];
  return fields.length === 0 ? {} : { tollgate: { losses: fields } };
}
