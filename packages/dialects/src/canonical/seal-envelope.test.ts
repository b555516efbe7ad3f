import { expect, it } from 'vitest';
import type { Seal } from './part.js';
import { readSealBase64, sealBase64 } from './seal-envelope.js';

it.each([
  ['its own', { dialect: 'gemini', form: 'signature', value: 'c2ln+/_-==' }],
  ["another vendor's", { dialect: 'anthropic-messages', form: 'redacted', value: 'ü' }],
  ['its own, but broken by the door it came through', { dialect: 'gemini', form: 'signature', value: 'c2ln {"' }],
] as const)('a seal in a field of bytes is base64 and comes back as it was: %s', (_whose, seal: Seal) => {
  const written = sealBase64(seal, 'gemini');
  expect(written).toMatch(/^[\w+/-]+=*$/);
  expect(readSealBase64(written, 'gemini', seal.form)).toEqual(seal);
});
