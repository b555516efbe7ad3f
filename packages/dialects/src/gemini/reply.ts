import type { DecodedReply, ReplyContext } from '../canonical/codec.js';
import { createFold } from '../canonical/fold.js';
import { isObject, parseJson } from '../canonical/json-read.js';
import { AnswerDecoder } from './answer-decoder.js';

/**
 * Reads a whole answer: a stream of one response, folded. A body without candidates and without a word about its prompt is no answer; neither is
 * anything that is not JSON.
 */
export function decodeReply(body: Buffer, context: ReplyContext): DecodedReply {
  const parsed = parseJson(body.toString('utf8'));
  const responses: readonly unknown[] = Array.isArray(parsed) ? parsed : [parsed];
  if (!responses.every(isObject) || responses.length === 0)
    return { kind: 'unreadable', reason: 'the answer is not a JSON object' };
  const answer = new AnswerDecoder(context);
  const fold = createFold();
  for (const response of responses) answer.take(response, fold.add);
  if (answer.error !== null) return { kind: 'failed', error: answer.error };
  if (!answer.hasAnswer) return { kind: 'unreadable', reason: 'the answer has no candidates' };
  answer.close(fold.add);
  answer.finishAll(fold.add);
  return { kind: 'reply', reply: fold.reply({ usage: answer.usage, serviceTier: answer.serviceTier }) };
}
