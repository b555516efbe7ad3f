import type { DecodedReply, ReplyContext } from '../canonical/codec.js';
import { isObject, objects, otherMembers, parseJson, text } from '../canonical/json-read.js';
import type { Extras, JsonObject } from '../canonical/part.js';
import { ToolNames } from '../canonical/tool-names.js';
import { decodeBlock, type Reading } from './block-reader.js';
import { decodeFinish } from './finish.js';
import { decodeInlineError } from './provider-failure.js';
import { decodeUsage } from './usage.js';
import { legalToolName, ME } from './wire.js';

/** Blocks of an answer are read as far as they can be; names are those the caller gave its tools. */
export function replyReading({ request }: ReplyContext): Reading {
  return {
    isStrict: false,
    callId: (id) => id,
    callNames: new Map(),
    tools: new ToolNames(request.tools, legalToolName),
  };
}

/** Members of a message that have a place in the canonical form, or that are ours to say (id, model). */
export const MESSAGE_MEMBERS: ReadonlySet<string> = new Set([
  'id',
  'type',
  'role',
  'model',
  'content',
  'stop_reason',
  'stop_sequence',
  'usage',
]);

/** What an answer says besides (stop_details, container, context_management); members that are null say nothing. */
export function replyExtras(members: JsonObject): Extras | null {
  const others = otherMembers(members, MESSAGE_MEMBERS) ?? {};
  const fields: Record<string, unknown> = {};
  for (const name in others) if (others[name] !== null) fields[name] = others[name];
  return Object.keys(fields).length === 0 ? null : { dialect: ME, fields };
}

/** A whole answer; an error body under 200 is a failure, everything else that is no message is unreadable. */
export function decodeReply(body: Buffer, context: ReplyContext): DecodedReply {
  const message = parseJson(body.toString('utf8'));
  if (!isObject(message)) return { kind: 'unreadable', reason: 'the answer is not a JSON object' };
  if (isErrorBody(message)) return { kind: 'failed', error: decodeInlineError(message) };
  const { content } = message;
  if (!Array.isArray(content)) return { kind: 'unreadable', reason: 'the answer has no content' };
  const reading = replyReading(context);
  const extras = replyExtras(message);
  const finishRaw = text(message['stop_reason']);
  const { usage } = message;
  const parts = objects(content).map((block, index) => decodeBlock(block, `content.${index}`, reading));
  const hasCalls = parts.some(({ kind }) => kind === 'tool_call');
  return {
    kind: 'reply',
    reply: {
      choices: [
        {
          index: 0,
          parts,
          finish: decodeFinish(finishRaw, hasCalls),
          finishRaw,
          stopSequence: text(message['stop_sequence']),
          logprobs: null,
          ...(extras === null ? {} : { extras }),
        },
      ],
      usage: decodeUsage(usage),
      serviceTier: isObject(usage) ? text(usage['service_tier']) : null,
    },
  };
}

/** The vendor's envelope, or another one with an `error` in place of an answer. */
export function isErrorBody(body: JsonObject): boolean {
  const { error } = body;
  return body['type'] === 'error' || (error !== undefined && error !== null && error !== false);
}
