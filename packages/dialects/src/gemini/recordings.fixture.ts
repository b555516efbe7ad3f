import type { ReplyContext, Target } from '../canonical/codec.js';
import type { JsonObject } from '../canonical/part.js';
import { type CanonicalRequest, NO_SAMPLING } from '../canonical/request.js';
import { NO_QUIRKS } from '../provider-quirks.js';

/** A reading of its own, line by line: what the codec must agree with. */
export function chunksOf(stream: string): JsonObject[] {
  return stream
    .split(/\r\n|\n|\r/)
    .filter((line) => line.startsWith('data:'))
    .map((line) => JSON.parse(line.slice('data:'.length)));
}

export const PLAIN_REQUEST: CanonicalRequest = {
  dialect: 'gemini',
  model: 'google/gemini-2.5-flash',
  isStream: false,
  messages: [{ role: 'user', parts: [{ kind: 'text', text: 'Hi' }] }],
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

export const contextOf = (request: CanonicalRequest = PLAIN_REQUEST): ReplyContext => ({
  requestId: 'req1',
  request,
  quirks: NO_QUIRKS,
  headers: {},
});

export const targetOf = (model: string, more: Partial<Target> = {}): Target => ({
  model,
  quirks: NO_QUIRKS,
  outputMax: null,
  safetyIdentifier: null,
  ...more,
});
