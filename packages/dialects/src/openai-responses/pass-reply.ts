import { isUtf8 } from 'node:buffer';
import type { PassOptions, ReadWhole, ReplyFacts } from '../canonical/codec.js';
import { isObject, objects, parseJson, text } from '../canonical/json-read.js';
import type { JsonObject } from '../canonical/part.js';
import { joinSplices } from '../splice.js';
import { countTextTokens } from '../token-count.js';
import { decodeFinish } from './finish.js';
import { isOutput, outputTexts } from './output-text.js';
import { isCall, problemOf } from './reply.js';
import { responseSplices } from './response-edits.js';
import { decodeResponseUsage } from './usage.js';

/** Reads a whole answer that will be passed on with its bytes. */
export function readReply(body: Buffer, options: PassOptions): ReadWhole {
  const response = isUtf8(body) ? parseJson(body.toString('utf8')) : undefined;
  if (!isObject(response)) return { kind: 'unreadable', reason: 'the answer is not a JSON object' };
  const problem = problemOf(response);
  if (problem !== null) return problem;
  const output = objects(response['output']);
  const { finish, raw } = decodeFinish(response, output.some(isCall));
  return {
    kind: 'reply',
    reply: {
      usage: decodeResponseUsage(response),
      finish,
      finishRaw: raw,
      serviceTier: text(response['service_tier']),
      isEmpty: !output.some(isOutput),
      countOutput: () => countTextTokens(outputTexts(output).join('\n')),
      render: (facts) => render(body, output, options, facts),
    },
  };
}

function render(body: Buffer, output: readonly JsonObject[], options: PassOptions, facts: ReplyFacts) {
  const rendered = joinSplices(body, responseSplices(body, 0, body.length, { options, facts }));
  const kept = () => ({ body: JSON.parse(rendered.toString('utf8')) as JsonObject, items: output });
  return { body: rendered, losses: [], kept };
}
