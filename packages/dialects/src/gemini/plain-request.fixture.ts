import type { ReplyContext, Target } from '../canonical/codec.js';
import type { CanonicalRequest } from '../canonical/request.js';
import { EMPTY_REQUEST } from '../empty-request.fixture.js';
import { NO_QUIRKS } from '../provider-quirks.js';

export const PLAIN_REQUEST: CanonicalRequest = {
  ...EMPTY_REQUEST,
  dialect: 'gemini',
  model: 'google/gemini-2.5-flash',
  messages: [{ role: 'user', parts: [{ kind: 'text', text: 'Hi' }] }],
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
