import { expect, it } from 'vitest';
import type { CanonicalRequest, Message } from '../canonical/request.js';
import { EMPTY_REQUEST } from '../empty-request.fixture.js';
import { NO_QUIRKS } from '../provider-quirks.js';
import { provider } from './provider.js';

it('twenty thousand messages of one role are one turn, made in one pass: it took seconds', () => {
  const message: Message = { role: 'user', parts: [{ kind: 'text', text: 'Hello' }] };
  const request: CanonicalRequest = { ...EMPTY_REQUEST, messages: Array.from({ length: 20_000 }, () => message) };
  const target = { model: 'claude-sonnet-4-5', quirks: NO_QUIRKS, outputMax: null, safetyIdentifier: null };
  const began = performance.now();
  const encoded = provider.encodeRequest(request, target);
  expect(encoded).toMatchObject({ ok: true, value: { body: { messages: [{ role: 'user' }] } } });
  expect(performance.now() - began).toBeLessThan(1_500);
});
