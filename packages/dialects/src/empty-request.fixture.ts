import type { ReplyContext } from './canonical/codec.js';
import { type CanonicalRequest, NO_SAMPLING } from './canonical/request.js';
import { NO_QUIRKS } from './provider-quirks.js';

/** A request with nothing in it. */
export const EMPTY_REQUEST: CanonicalRequest = {
  dialect: 'openai-chat',
  model: 'a/model',
  isStream: false,
  messages: [{ role: 'user', parts: [{ kind: 'text', text: 'Hello' }] }],
  tools: [],
  toolChoice: null,
  parallelToolCalls: null,
  format: null,
  sampling: NO_SAMPLING,
  maxOutputTokens: null,
  stop: [],
  choices: 1,
  logprobs: null,
  reasoning: null,
  verbosity: null,
  modalities: [],
  audioOutput: null,
  user: null,
  metadata: {},
  serviceTier: null,
  promptCacheKey: null,
  cache: null,
  includeUsage: true,
  extras: null,
};

export function contextOf(request: CanonicalRequest = EMPTY_REQUEST): ReplyContext {
  return { requestId: 'r1', request, quirks: NO_QUIRKS, headers: {} };
}
