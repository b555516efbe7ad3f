import { describe, expect, it } from 'vitest';
import { returnPath } from './return-path';

describe('where somebody goes after signing in', () => {
  it('is the page they came from', () => {
    expect(returnPath('/requests?model=openai%2Fgpt-4o', '/overview')).toBe('/requests?model=openai%2Fgpt-4o');
  });

  it.each([
    '//evil.example',
    '/\\evil.example',
    '\\\\evil.example',
    'https:evil.example',
    'https://evil.example',
    'javascript:alert(1)',
    '/a\\b',
    '/\tevil',
    '/\u0000',
    'overview',
    '/api/auth/sign-out',
    `/${'a'.repeat(600)}`,
    '',
  ])('is never elsewhere: %j', (wanted) => {
    expect(returnPath(wanted, '/overview')).toBe('/overview');
  });
});
