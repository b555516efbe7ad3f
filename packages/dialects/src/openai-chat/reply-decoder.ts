import { isUtf8 } from 'node:buffer';
import type { DecodedReply, ReplyContext } from '../canonical/codec.js';
import { createFold } from '../canonical/fold.js';
import { isObject, parseJson } from '../canonical/json-read.js';
import { AnswerDecoder } from './answer-decoder.js';

/** Reads a whole answer: it is a stream of one chunk, so that both say the same by construction. */
export function decodeReply(body: Buffer, context: ReplyContext): DecodedReply {
  if (!isUtf8(body)) return { kind: 'unreadable', reason: 'the answer is not valid UTF-8' };
  const value = parseJson(body.toString('utf8'));
  if (!isObject(value)) return { kind: 'unreadable', reason: 'the answer is not a JSON object' };
  const answer = new AnswerDecoder(context);
  const fold = createFold();
  answer.take(value, '', (event) => fold.add(event), true);
  if (answer.error === null && !Array.isArray(value['choices']))
    return { kind: 'unreadable', reason: 'the answer has no choices' };
  answer.end(true, (event) => fold.add(event));
  if (answer.error !== null) return { kind: 'failed', error: answer.error };
  const { usage, serviceTier } = answer;
  return { kind: 'reply', reply: fold.reply({ usage, serviceTier }) };
}
