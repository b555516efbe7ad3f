import type { FastifyRequest } from 'fastify';
import { expect, it } from 'vitest';
import { operationDoor } from './operation-path.js';
import { misplacedFormRefusal } from './refuse-malformed.js';

it.each([
  ['/v1/embeddings', 'embeddings'],
  ['/api/v1/audio/transcriptions?x=1', 'audio/transcriptions'],
  ['/v1/images/edits/', 'images/edits'],
  ['/v1/chat/completions', null],
  ['/v1/constructor', null],
  ['/v2/embeddings', null],
  ['/v1/embeddings/models', null],
])('%s leads to %s', (url, door) => {
  expect(operationDoor(url)).toBe(door);
});

it.each([
  ['/v1/images/edits', false],
  ['/api/v1/audio/translations', false],
  ['/v1/images/generations', true],
  ['/v1/chat/completions', true],
  ['/v1/keys', true],
])('a form at %s is refused: %s', (url, isRefused) => {
  const request = {
    url,
    id: 'r',
    headers: { 'content-type': 'multipart/form-data; boundary=a' },
  } as unknown as FastifyRequest;
  const told = misplacedFormRefusal(request);
  expect(told?.failure.code ?? null).toBe(isRefused ? 'unsupported_content_type' : null);
  expect(told?.failure.status ?? null).toBe(isRefused ? 415 : null);
});
