import type { Dialect } from '../dialect.js';
import { planOpenAiReply } from './chat-completions.js';
import { errorOfStatus } from './errors.js';

/** OpenAI's Chat Completions and model list, and the answer to every path that belongs to nobody. */
export const openAiChat: Dialect = {
  paths: /^/,
  plan: planOpenAiReply,
  errorOfStatus: (status) => ({ headers: {}, body: errorOfStatus(status).body }),
  errorEvent(error, name) {
    const opening = name === undefined ? '' : `event: ${name}\n`;
    return `${opening}data: ${JSON.stringify({ error: error ?? errorOfStatus(500).body.error })}\n\n`;
  },
  brokenEvent:
    'data: {"id":"chatcmpl-broken","object":"chat.completion.chunk","choices":[{"index":0,"delta":{"content":"\n\n',
};
