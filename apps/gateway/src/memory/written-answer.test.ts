import { randomBytes } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { decodeAnswer, encodeAnswer } from './written-answer.js';

describe('an answer as it was written', () => {
  it.each([Buffer.alloc(0), Buffer.from('data: [DONE]\n\n'), randomBytes(256 * 1024)])(
    'comes back byte for byte',
    (body) => {
      const answer = { status: 200, headers: { 'content-type': 'audio/mpeg', 'x-generation-id': 'gen-1' }, body };
      expect(decodeAnswer(encodeAnswer(answer))).toEqual(answer);
    },
  );

  it.each([Buffer.alloc(0), Buffer.from([0, 0]), Buffer.from([0, 0, 0, 9, 1]), Buffer.from([0, 0, 0, 2, 0x7b, 0x7d])])(
    'is nothing where it was not one',
    (bytes) => {
      expect(decodeAnswer(bytes)).toBeNull();
    },
  );
});
