import { expect, it } from 'vitest';
import { allowedOrigins, isAllowedOrigin } from './egress.js';

it('a credential goes to its provider’s origin and nowhere else', () => {
  const allowed = allowedOrigins(['https://api.openai.com/v1'], 'http://127.0.0.1:4010');
  expect(isAllowedOrigin('https://api.openai.com', allowed)).toBe(true);
  expect(isAllowedOrigin('http://127.0.0.1:4010', allowed)).toBe(true);
  for (const origin of [
    'http://api.openai.com',
    'https://api.openai.com.evil.io',
    'https://api.openai.com:8443',
    'http://127.0.0.1:4011',
    'http://169.254.169.254',
  ]) {
    expect(isAllowedOrigin(origin, allowed)).toBe(false);
  }
});

it('a base URL with user info or without TLS stops the start', () => {
  expect(() => allowedOrigins(['https://api.openai.com@evil.io/v1'], null)).toThrow();
  expect(() => allowedOrigins(['http://api.openai.com/v1'], null)).toThrow();
});
