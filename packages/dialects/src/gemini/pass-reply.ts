import { isUtf8 } from 'node:buffer';
import type { PassOptions, ReadWhole } from '../canonical/codec.js';
import { isObject, parseJson } from '../canonical/json-read.js';
import { countTextTokens } from '../token-count.js';
import { AnswerDecoder } from './answer-decoder.js';
import { hasOutput, textsOf } from './candidate-output.js';
import { namesOf, spliceResponse } from './reply-splices.js';

/** Reads a whole answer that goes on as it came but for REPLY_SPLICES. */
export function readReply(body: Buffer, options: PassOptions): ReadWhole {
  const response = isUtf8(body) ? parseJson(body.toString('utf8')) : undefined;
  if (!isObject(response)) return { kind: 'unreadable', reason: 'the answer is not a JSON object' };
  const answer = new AnswerDecoder(options);
  answer.take(response, () => {});
  if (answer.error !== null) return { kind: 'failed', error: answer.error };
  if (!answer.hasAnswer) return { kind: 'unreadable', reason: 'the answer has no candidates' };
  answer.close(() => {});
  const { candidates } = response;
  const names = namesOf(options.requestId, options.model);
  return {
    kind: 'reply',
    reply: {
      usage: answer.usage,
      finish: answer.finish,
      finishRaw: answer.finishRaw,
      serviceTier: answer.serviceTier,
      isEmpty: !hasOutput(candidates),
      countOutput: () => countTextTokens(textsOf(candidates).join('')),
      render: (facts) => ({ body: spliceResponse(body, names, facts), losses: [] }),
    },
  };
}
