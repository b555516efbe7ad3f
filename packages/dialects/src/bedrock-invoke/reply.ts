import { provider as claude } from '../anthropic-messages/index.js';
import { inlineFailure } from '../bedrock-converse/failure.js';
import { readingOf, readReply } from '../bedrock-converse/reply.js';
import type { DecodedReply, ReplyContext } from '../canonical/codec.js';
import { filledText, isObject, parseJson } from '../canonical/json-read.js';
import type { JsonObject } from '../canonical/part.js';
import { guarded, isIntervention } from './guardrail.js';
import { readTextAnswer, type TextAnswer, textFinish } from './text-models.js';

/** A whole answer of InvokeModel: the body is the model's own, so its shape tells whose it is. */
export function decodeReply(body: Buffer, context: ReplyContext): DecodedReply {
  const value = parseJson(body.toString('utf8'));
  if (!isObject(value)) return { kind: 'unreadable', reason: 'the answer is no JSON object' };
  const decoded = decodeByShape(value, body, context);
  return decoded.kind === 'reply' ? { kind: 'reply', reply: guarded(decoded.reply, value) } : decoded;
}

function decodeByShape(value: JsonObject, body: Buffer, context: ReplyContext): DecodedReply {
  if (Array.isArray(value['content']) || value['type'] === 'error') return claude.decodeReply(body, context);
  // Nova's body is Converse's
  if (isObject(value['output'])) return readReply(value, readingOf(context));
  const answer = readTextAnswer(value);
  if (answer !== null) return textReply(answer, isIntervention(value));
  const message = filledText(value['message']);
  if (message !== null) return { kind: 'failed', error: inlineFailure('ModelErrorException', message) };
  return { kind: 'unreadable', reason: 'the answer is of no model that is known here' };
}

/** Titan names no reason where a guardrail has written the answer. */
function textReply(answer: TextAnswer, hasIntervened: boolean): DecodedReply {
  const finish = textFinish(answer.finishRaw) ?? (hasIntervened ? ({ kind: 'content_filter' } as const) : null);
  const choice = {
    index: 0,
    parts: answer.text === '' ? [] : [{ kind: 'text', text: answer.text } as const],
    finish,
    finishRaw: answer.finishRaw,
    stopSequence: answer.stopSequence,
    logprobs: null,
  };
  return { kind: 'reply', reply: { choices: [choice], usage: answer.usage, serviceTier: null } };
}
