import type { EncodedReply, ReplyFacts, ReplyOptions } from '../canonical/codec.js';
import { type Loss, Losses } from '../canonical/loss.js';
import type { Extras, JsonObject } from '../canonical/part.js';
import type { CanonicalReply, ReplyChoice } from '../canonical/reply.js';
import { blockFacts, clientBlocks } from './client-blocks.js';
import { encodeFinish } from './finish.js';
import { encodeUsage, usageJson } from './usage.js';
import { ME } from './wire.js';

export function messageId(requestId: string): string {
  return `msg_${requestId}`;
}

/** A whole answer for a client of this dialect: the first choice, our id and model, usage with what it cost. */
export function encodeReply(reply: CanonicalReply, options: ReplyOptions, facts: ReplyFacts): EncodedReply {
  const losses = new Losses();
  const [choice, ...others] = reply.choices;
  for (const { index } of others) losses.dropped(`choices[${index}]`);
  const written = blockFacts(options.request, losses);
  const content = (choice?.parts ?? []).flatMap((part, index) => clientBlocks(part, `content[${index}]`, written));
  if (choice?.logprobs) losses.dropped('logprobs');
  losses.extras(reply.extras, ME, '');
  const head = {
    id: messageId(options.requestId),
    type: 'message',
    role: 'assistant',
    model: options.model,
    content,
    ...endingOf(choice, options),
    ...ownMembers(choice?.extras, losses),
    ...ownMembers(reply.extras, losses),
  };
  const usage = usageJson(encodeUsage(facts.usage, reply.serviceTier), facts.cost);
  const list = losses.list();
  const body = `${JSON.stringify(head).slice(0, -1)},"usage":${usage}${tollgateMember(list)}}`;
  return { body: Buffer.from(body), losses: list };
}

function endingOf(choice: ReplyChoice | undefined, { source }: ReplyOptions): JsonObject {
  const stopSequence = choice?.stopSequence ?? null;
  const finish = {
    finish: choice?.finish ?? null,
    raw: choice?.finishRaw ?? null,
    stopSequence,
    source,
    hasCalls: choice?.parts.some(({ kind }) => kind === 'tool_call') ?? false,
  };
  return { stop_reason: encodeFinish(finish), stop_sequence: stopSequence };
}

/** What an answer of this dialect's family said besides: stop_details, container, context_management. */
export function ownMembers(extras: Extras | undefined, losses: Losses): JsonObject {
  losses.extras(extras, ME, '');
  return extras?.dialect === ME ? extras.fields : {};
}

/** Names what could not be told, as a member that official SDKs pass over; "" where everything was. */
export function tollgateMember(losses: readonly Loss[]): string {
  if (losses.length === 0) return '';
  return `,"tollgate":${JSON.stringify({ losses: losses.map(({ field }) => field) })}`;
}
