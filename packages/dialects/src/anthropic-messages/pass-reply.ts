import { isUtf8 } from 'node:buffer';
import type { EncodedReply, PassOptions, ReadWhole, ReplyFacts } from '../canonical/codec.js';
import { isObject, objects, parseJson, text } from '../canonical/json-read.js';
import { skipWhitespace } from '../json-layout.js';
import { spliceMembers } from '../openai-chat/reply-splices.js';
import { countTextTokens } from '../token-count.js';
import { blockHasOutput, blockText } from './block-output.js';
import { decodeFinish } from './finish.js';
import { decodeInlineError } from './provider-failure.js';
import { isErrorBody } from './reply-reader.js';
import { messageId } from './reply-writer.js';
import { decodeUsage, encodeUsage, usageJson } from './usage.js';

/** A whole answer on its way to a client of the same dialect: read for the bill, its bytes kept but for id, model and the cost. */
export function readReply(body: Buffer, options: PassOptions): ReadWhole {
  if (!isUtf8(body)) return { kind: 'unreadable', reason: 'the answer is not valid UTF-8' };
  const message = parseJson(body.toString('utf8'));
  if (!isObject(message)) return { kind: 'unreadable', reason: 'the answer is not a JSON object' };
  if (isErrorBody(message)) return { kind: 'failed', error: decodeInlineError(message) };
  const { content, usage } = message;
  if (!Array.isArray(content)) return { kind: 'unreadable', reason: 'the answer has no content' };
  const blocks = objects(content);
  const finishRaw = text(message['stop_reason']);
  return {
    kind: 'reply',
    reply: {
      usage: decodeUsage(usage),
      finish: decodeFinish(finishRaw),
      finishRaw,
      serviceTier: isObject(usage) ? text(usage['service_tier']) : null,
      isEmpty: !blocks.some(blockHasOutput),
      countOutput: () => countTextTokens(blocks.map(blockText).join('')),
      render: (facts) => render(body, options, facts),
    },
  };
}

function render(body: Buffer, { requestId, model }: PassOptions, { usage, cost }: ReplyFacts): EncodedReply {
  const spliced = spliceMembers(body, skipWhitespace(body, 0, body.length), {
    id: messageId(requestId),
    model,
    counted: usage === null ? undefined : Buffer.from(usageJson(encodeUsage(usage), cost)),
    extras: cost === null ? undefined : { cost },
  });
  if (spliced === null) throw new Error('an answer that was not read cannot be spliced');
  return { body: spliced, losses: [] };
}
