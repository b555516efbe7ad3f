import { describe, expect, it } from 'vitest';
import { decodeFailure, decodeInlineFailure } from './provider-failure.js';

const read = (status: number, body: unknown, headers = {}) =>
  decodeFailure(status, Buffer.from(typeof body === 'string' ? body : JSON.stringify(body)), headers);
const error = (code: number, status: string, details: readonly object[] = [], message = 'm') => ({
  error: { code, message, status, details },
});
const INFO = 'type.googleapis.com/google.rpc.ErrorInfo';
const RETRY = 'type.googleapis.com/google.rpc.RetryInfo';
const QUOTA = 'type.googleapis.com/google.rpc.QuotaFailure';

describe('an error of Google’s', () => {
  it('W31: a bad key is a 400 with a reason', () => {
    const body = error(400, 'INVALID_ARGUMENT', [{ '@type': INFO, reason: 'API_KEY_INVALID' }], 'API key not valid.');
    expect(read(400, body)).toMatchObject({ kind: 'authentication', code: 'API_KEY_INVALID', status: 400 });
    expect(read(400, error(400, 'INVALID_ARGUMENT', [], 'API key expired. Please renew the API key.')).kind).toBe(
      'authentication',
    );
  });

  it('W31: the delay of a 429 stands in the body', () => {
    const body = error(429, 'RESOURCE_EXHAUSTED', [
      { '@type': QUOTA, violations: [{ quotaId: 'RequestsPerMinute' }] },
      { '@type': RETRY, retryDelay: '48s' },
    ]);
    expect(read(429, body)).toMatchObject({ kind: 'rate_limited', retryAfterMs: 48_000 });
    expect(read(429, body, { 'retry-after': '60' }).retryAfterMs).toBe(60_000);
    expect(read(429, error(429, 'RESOURCE_EXHAUSTED', [{ '@type': RETRY, retryDelay: '1.25s' }])).retryAfterMs).toBe(
      1_250,
    );
  });

  it('a quota of the day is no rate', () => {
    const body = error(429, 'RESOURCE_EXHAUSTED', [
      { '@type': QUOTA, violations: [{ quotaId: 'GenerateRequestsPerDayPerProjectPerModel' }] },
    ]);
    expect(read(429, body).kind).toBe('quota');
  });

  it.each([
    [400, 'INVALID_ARGUMENT', 'invalid_request'],
    [400, 'FAILED_PRECONDITION', 'invalid_request'],
    [401, 'UNAUTHENTICATED', 'authentication'],
    [403, 'PERMISSION_DENIED', 'permission'],
    [404, 'NOT_FOUND', 'not_found'],
    [500, 'INTERNAL', 'server'],
    [503, 'UNAVAILABLE', 'overloaded'],
    [504, 'DEADLINE_EXCEEDED', 'timeout'],
  ])('%i %s is %s', (status, word, kind) => {
    expect(read(status, error(status, word))).toMatchObject({ kind, code: word, status });
    expect(read(status, [error(status, word)])).toMatchObject({ kind, code: word });
    expect(decodeInlineFailure(error(status, word))).toMatchObject({ kind, status });
  });

  it('names the field', () => {
    const body = error(400, 'INVALID_ARGUMENT', [
      { '@type': 'type.googleapis.com/google.rpc.BadRequest', fieldViolations: [{ field: 'contents[0].role' }] },
    ]);
    expect(read(400, body).param).toBe('contents[0].role');
  });

  it.each([
    [502, '<html><body>502</body></html>', 'server', 'The provider answered with a page instead of JSON.'],
    [429, 'slow down', 'rate_limited', 'slow down'],
    [503, '', 'overloaded', 'HTTP 503'],
    [418, 'null', 'invalid_request', 'HTTP 418'],
    [400, '{"error":"text"}', 'invalid_request', 'text'],
    [500, '{"message":"m"}', 'server', 'm'],
    [400, '{"error":{"message":5,"details":"x"}}', 'invalid_request', 'HTTP 400'],
  ])('%i with %j never throws', (status, body, kind, message) => {
    expect(read(status, body)).toMatchObject({ status, kind, message });
  });
});
