import { describe, expect, it } from 'vitest';
import { decodeFailure, decodeInlineError } from './provider-failure.js';

const envelope = (type: string, message = 'm'): string => JSON.stringify({ type: 'error', error: { type, message } });
const read = (status: number, body: string, headers = {}) => decodeFailure(status, Buffer.from(body), headers);

describe('a provider’s error', () => {
  it.each([
    [400, envelope('invalid_request_error'), 'invalid_request'],
    [400, envelope('invalid_request_error', 'Your credit balance is too low to access the API.'), 'quota'],
    [401, envelope('authentication_error'), 'authentication'],
    [402, envelope('billing_error'), 'quota'],
    [403, envelope('permission_error'), 'permission'],
    [404, envelope('not_found_error'), 'not_found'],
    [413, envelope('request_too_large'), 'invalid_request'],
    [429, envelope('rate_limit_error'), 'rate_limited'],
    [500, envelope('api_error'), 'server'],
    [504, envelope('timeout_error'), 'timeout'],
    [529, envelope('overloaded_error'), 'overloaded'],
    [502, '<html>Bad Gateway</html>', 'server'],
    [503, '', 'overloaded'],
    [429, 'slow down', 'rate_limited'],
    [429, '{"error":{"code":429,"message":"Quota exceeded","status":"RESOURCE_EXHAUSTED"}}', 'rate_limited'],
    [404, '[{"error":{"code":404,"message":"not found","status":"NOT_FOUND"}}]', 'not_found'],
  ] as const)('%d %s is %s', (status, body, kind) => {
    const failure = read(status, body);
    expect(failure).toMatchObject({ status, kind });
    expect(failure.message).not.toBe('');
  });

  it('W23: x-should-retry is kept as it was said, whatever the status', () => {
    expect(read(529, envelope('overloaded_error'), { 'x-should-retry': 'true' }).shouldRetry).toBe(true);
    const once = read(429, envelope('rate_limit_error'), { 'x-should-retry': 'false' });
    expect(once).toMatchObject({ shouldRetry: false, retryAfterMs: null });
    expect(read(429, envelope('rate_limit_error'), { 'retry-after': '7' }).retryAfterMs).toBe(7_000);
  });

  it('at Bedrock has its type in a header', () => {
    const headers = { 'x-amzn-errortype': 'ThrottlingException:http://internal.amazon.com/coral/' };
    expect(read(429, '{"message":"Too many requests"}', headers)).toMatchObject({
      code: 'ThrottlingException',
      kind: 'rate_limited',
      message: 'Too many requests',
    });
  });

  it('inside of a stream has the status it would have had', () => {
    expect(decodeInlineError(JSON.parse(envelope('overloaded_error')))).toMatchObject({
      status: 529,
      kind: 'overloaded',
    });
    expect(decodeInlineError(JSON.parse(envelope('invalid_request_error')))).toMatchObject({
      status: 400,
      kind: 'invalid_request',
    });
    expect(decodeInlineError({})).toMatchObject({ status: 502 });
  });
});
