import type { Dialect } from '../../attempt/dialect.js';
import { planOpenAiReply } from './chat-completions.js';
import { errorOfStatus } from './errors.js';
import { fixedPlan } from './fixed.js';

/** OpenAI's Chat Completions and model list, and the answer to every path that belongs to nobody. */
export const openAiChatDialect: Dialect = {
  name: 'openai-chat',
  owns: (path) => /\/(?:chat\/completions|models)$/.test(path),
  addressed: (_path, json) => {
    const model = fieldOf(json, 'model');
    return { model: typeof model === 'string' ? model : null, isStream: fieldOf(json, 'stream') === true };
  },
  plan: planOpenAiReply,
  fixed: fixedPlan,
  errorOfStatus: (status) => ({ body: errorOfStatus(status).body }),
  brokenEvent:
    'data: {"id":"chatcmpl-broken","object":"chat.completion.chunk","choices":[{"index":0,"delta":{"content":"\n\n',
  errorEvent(given, eventName) {
    const error = given ?? errorOfStatus(500).body.error;
    const name = eventName === undefined ? '' : `event: ${eventName}\n`;
    return `${name}data: ${JSON.stringify({ error })}\n\n`;
  },
};

function fieldOf(value: unknown, name: string): unknown {
  return typeof value === 'object' && value !== null ? Reflect.get(value, name) : undefined;
}
