import { describe, expect, test } from 'vitest';
import { FAILURES, type FailureCode, failureOf } from '../failure.js';
import { encodeFailure } from './failure.js';
import { decodeProviderFailure, type ProviderHeaders } from './provider-failure.js';

const decode = (status: number, body: unknown, headers: ProviderHeaders = {}) =>
  decodeProviderFailure(status, Buffer.from(typeof body === 'string' ? body : JSON.stringify(body)), headers);

describe('errors of providers', () => {
  test.each([
    [
      'OpenAI, bad key',
      401,
      { error: { message: 'Incorrect API key provided', type: 'invalid_request_error', code: 'invalid_api_key' } },
      'authentication',
      'invalid_api_key',
    ],
    [
      'OpenAI, too large for the minute',
      429,
      { error: { message: 'Request too large for gpt-5-nano', type: 'tokens', code: 'rate_limit_exceeded' } },
      'invalid_request',
      'rate_limit_exceeded',
    ],
    [
      'OpenAI, too fast',
      429,
      { error: { message: 'Rate limit reached for gpt', type: 'requests', code: 'rate_limit_exceeded' } },
      'rate_limited',
      'rate_limit_exceeded',
    ],
    [
      'OpenAI, no quota',
      429,
      { error: { message: 'You exceeded your current quota', code: 'insufficient_quota' } },
      'quota',
      'insufficient_quota',
    ],
    [
      'OpenAI, unknown model',
      404,
      { error: { message: 'The model `x` does not exist', code: 'model_not_found' } },
      'not_found',
      'model_not_found',
    ],
    [
      'Azure, unknown deployment',
      404,
      { error: { code: 'DeploymentNotFound', message: 'x' } },
      'not_found',
      'DeploymentNotFound',
    ],
    [
      'Azure, filter',
      400,
      { error: { code: 'content_filter', message: 'x', innererror: { code: 'ResponsibleAIPolicyViolation' } } },
      'content_filter',
      'content_filter',
    ],
    [
      'xAI, bad key as 400 with a text',
      400,
      { code: 'Client specified an invalid argument', error: 'Incorrect API key provided: in***ey.' },
      'authentication',
      'Client specified an invalid argument',
    ],
    [
      'Mistral, detail',
      422,
      { detail: [{ msg: 'extra fields not permitted', loc: ['body'] }] },
      'invalid_request',
      null,
    ],
    ['Mistral, detail as text', 401, { detail: 'Unauthorized' }, 'authentication', null],
    [
      'Google, a list',
      400,
      [
        {
          error: { code: 400, message: 'API key not valid. Please pass a valid API key.', status: 'INVALID_ARGUMENT' },
        },
      ],
      'authentication',
      '400',
    ],
    ['OpenRouter, no credit', 402, { error: { code: 402, message: 'Insufficient credits' } }, 'quota', '402'],
    [
      'Groq, tool',
      400,
      { error: { code: 'tool_use_failed', message: 'x', failed_generation: 'y' } },
      'invalid_request',
      'tool_use_failed',
    ],
    ['Groq, capacity', 498, { error: { message: 'over capacity' } }, 'overloaded', null],
    [
      'Anthropic style',
      529,
      { type: 'error', error: { type: 'overloaded_error', message: 'Overloaded' } },
      'overloaded',
      'overloaded_error',
    ],
    ['plain text', 429, 'Too many requests.\n', 'rate_limited', null],
    ['a page', 502, '<html><body>Bad Gateway</body></html>', 'server', null],
    ['nothing', 500, '', 'server', null],
    ['forbidden', 403, { error: { message: 'no access' } }, 'permission', null],
    ['a time-out', 504, 'upstream request timeout', 'timeout', null],
  ])('%s', (_name, status, body, kind, code) => {
    const failure = decode(status, body);
    expect(failure).toMatchObject({ status, kind, code });
    expect(failure.message).not.toMatch(/^\s*$|</);
  });

  test('OpenRouter’s real cause is in metadata.raw', () => {
    const body = {
      error: { code: 429, message: 'Provider returned error', metadata: { raw: 'rate-limited upstream' } },
    };
    expect(decode(429, body).message).toBe('Provider returned error: rate-limited upstream');
  });

  test('a very long message is cut', () => {
    expect(decode(500, 'x'.repeat(100_000)).message).toHaveLength(2_000);
  });

  test.each([
    [{ 'retry-after': '44' }, 44_000],
    [{ 'retry-after': '0' }, 0],
    [{ 'retry-after': '1', 'retry-after-ms': '0' }, 1_000],
    [{ 'retry-after-ms': '250' }, 250],
    [{ 'retry-after': 'Fri, 20 Nov 2026 10:00:30 GMT', date: 'Fri, 20 Nov 2026 10:00:00 GMT' }, 30_000],
    [{ 'retry-after': 'soon' }, null],
    [{}, null],
  ])('%j waits %s ms', (headers, expected) => {
    expect(decode(429, '', headers).retryAfterMs).toBe(expected);
  });

  test('x-should-retry is the provider’s own word', () => {
    expect(decode(429, '', { 'x-should-retry': 'false' }).shouldRetry).toBe(false);
    expect(decode(529, '', { 'x-should-retry': 'true' }).shouldRetry).toBe(true);
    expect(decode(429, '').shouldRetry).toBeNull();
  });
});

describe('our own failures', () => {
  test.each(Object.keys(FAILURES) as FailureCode[])('%s is a client error, a server error, and says which', (code) => {
    const { status, body } = encodeFailure(failureOf({ code, message: 'm', requestId: 'r' }));
    expect(status).toBeGreaterThanOrEqual(400);
    expect(JSON.parse(body.toString('utf8'))).toEqual({
      error: {
        message: 'm',
        type: expect.stringMatching(/^(\w+_error|insufficient_quota)$/),
        param: null,
        code,
        origin: 'gateway',
        retryable: FAILURES[code].retryable,
        charged_usd: '0',
        request_id: 'r',
      },
    });
  });

  test('what is known is told', () => {
    const failure = failureOf({
      code: 'rate_limited',
      message: 'm',
      requestId: 'r',
      retryAfterMs: 1_500,
      param: 'model',
      chargedUsd: '0.5',
      details: { limit: 5 },
    });
    expect(JSON.parse(encodeFailure(failure).body.toString('utf8')).error).toMatchObject({
      retry_after_ms: 1_500,
      param: 'model',
      charged_usd: '0.5',
      details: { limit: 5 },
    });
  });
});

test('an error text of hundreds of kilobytes costs milliseconds, not the process', () => {
  const body = Buffer.from(JSON.stringify({ error: { message: 'insufficient '.repeat(19_000) } }));
  const startedAt = performance.now();
  expect(decodeProviderFailure(429, body, {}).kind).toBe('rate_limited');
  expect(performance.now() - startedAt).toBeLessThan(500);
});
