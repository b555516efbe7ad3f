import { expect, it } from 'vitest';
import { doorDialect, doorSkin } from './door-dialect.js';
import { explainedUrl } from './explained-url.js';
import { operationDoor } from './operation-path.js';

it.each([
  ['/v1/explain', '/v1/chat/completions'],
  ['/v1/explain/', '/v1/chat/completions'],
  ['/v1/explain?x=1', '/v1/chat/completions?x=1'],
  ['/api/v1/explain', '/api/v1/chat/completions'],
  ['/v1/explain/v1/messages', '/v1/messages'],
  ['/v1/explain/api/v1/chat/completions', '/api/v1/chat/completions'],
  ['/v1/explain/v1beta/models/a%2Fb:generateContent?alt=sse', '/v1beta/models/a%2Fb:generateContent?alt=sse'],
  ['/v1/chat/completions', '/v1/chat/completions'],
  ['/v1/chat/completions?next=/v1/explain', '/v1/chat/completions?next=/v1/explain'],
  ['/v1/explainer', '/v1/explainer'],
  ['/explain', '/explain'],
])('%s is about %s', (url, door) => {
  expect(explainedUrl(url)).toBe(door);
});

it('everything about a door is said in its own words there too', () => {
  expect(doorDialect('/v1/explain/v1/messages')).toBe('anthropic-messages');
  expect(doorDialect('/v1/explain/v1/responses?x')).toBe('openai-responses');
  expect(doorDialect('/v1/explain/v1beta/models/m:generateContent')).toBe('gemini');
  expect(doorDialect('/v1/explain')).toBe('openai-chat');
  expect([doorSkin('/v1/explain/api/v1/chat/completions'), doorSkin('/v1/explain')]).toEqual(['openrouter', null]);
  expect(operationDoor('/v1/explain/v1/audio/transcriptions')).toBe('audio/transcriptions');
});
