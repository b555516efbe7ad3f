import type { DecodedReply, ReplyContext } from '../canonical/codec.js';
import { filledText, isObject, otherMembers, parseJson, text } from '../canonical/json-read.js';
import type { Extras, JsonObject } from '../canonical/part.js';
import { ToolNames } from '../canonical/tool-names.js';
import { type Reading, readBlocks } from './block-reader.js';
import { inlineFailure } from './failure.js';
import { decodeFinish } from './finish.js';
import { decodeUsage } from './usage.js';
import { legalToolName, ME } from './wire.js';

/** Ids of an answer are the provider's own and stay as they are; names are the caller's again. */
export function readingOf({ request }: ReplyContext): Reading {
  const names = new ToolNames(request.tools, legalToolName);
  return { toolOf: (wire) => names.toolOf(wire), idOf: (id) => id };
}

/** A whole answer of Converse. */
export function decodeReply(body: Buffer, context: ReplyContext): DecodedReply {
  const value = parseJson(body.toString('utf8'));
  if (!isObject(value)) return { kind: 'unreadable', reason: 'the answer is no JSON object' };
  return readReply(value, readingOf(context));
}

export function readReply(value: JsonObject, reading: Reading): DecodedReply {
  const output = value['output'];
  const message = isObject(output) ? output['message'] : null;
  if (!isObject(message)) return withoutMessage(value);
  const parts = readBlocks(message['content'], reading);
  const finishRaw = filledText(value['stopReason']);
  const hasCalls = parts.some(({ kind }) => kind === 'tool_call');
  const extras = replyExtras(value);
  const choice = {
    index: 0,
    parts,
    finish: decodeFinish(finishRaw, hasCalls),
    finishRaw,
    stopSequence: stopSequenceOf(value),
    logprobs: null,
    ...(extras === null ? {} : { extras }),
  };
  const usage = decodeUsage(value['usage']);
  return { kind: 'reply', reply: { choices: [choice], usage, serviceTier: tierOf(value) } };
}

/** A bare `{message}` is how Bedrock says an error, whatever its status. */
function withoutMessage(value: JsonObject): DecodedReply {
  const words = filledText(value['message']) ?? filledText(value['Message']);
  if (words === null) return { kind: 'unreadable', reason: 'the answer has no output.message' };
  return { kind: 'failed', error: inlineFailure(text(value['__type']) ?? 'ModelErrorException', words) };
}

export function tierOf(value: JsonObject): string | null {
  const tier = value['serviceTier'];
  return isObject(tier) ? text(tier['type']) : null;
}

/** Asked for by `additionalModelResponseFieldPaths`. */
export function stopSequenceOf(value: JsonObject): string | null {
  const fields = value['additionalModelResponseFields'];
  if (!isObject(fields)) return null;
  const delta = isObject(fields['delta']) ? fields['delta'] : {};
  return filledText(fields['stop_sequence']) ?? filledText(delta['stop_sequence']);
}

/** Read elsewhere, or (`metrics`, `p`) of the transport and nobody's answer. */
const KNOWN = new Set([
  'output',
  'stopReason',
  'usage',
  'serviceTier',
  'metrics',
  'additionalModelResponseFields',
  'p',
]);

/** What a guardrail found, the latency that was served. */
export function replyExtras(value: JsonObject): Extras | null {
  const fields = otherMembers(value, KNOWN);
  return fields === null ? null : { dialect: ME, fields };
}
