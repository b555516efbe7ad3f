import { randomBytes } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { deriveKey, openBox, sealBox } from './sealed-box.js';

const key = deriveKey('secret of this installation, long enough', 'responses', 'org-1');
const box = sealBox(key, 'org-1/project-1/resp_1', 'Grüße an 世界', randomBytes(12));

describe('a sealed box', () => {
  it('gives back the text to whoever names the same organisation, project and id', () => {
    expect(openBox(key, 'org-1/project-1/resp_1', box)).toBe('Grüße an 世界');
  });

  it.each([
    [
      'another organisation’s key',
      deriveKey('secret of this installation, long enough', 'responses', 'org-2'),
      'org-1/project-1/resp_1',
    ],
    [
      'a key for another purpose',
      deriveKey('secret of this installation, long enough', 'vault', 'org-1'),
      'org-1/project-1/resp_1',
    ],
    ['another row', key, 'org-1/project-1/resp_2'],
  ])('does not open with %s', (_case, other, context) => {
    expect(openBox(other, context, box)).toBeNull();
  });

  it('does not open when a single bit of it was changed', () => {
    for (let index = 0; index < box.length; index += 1) {
      const changed = Buffer.from(box);
      changed[index] = (changed[index] ?? 0) ^ 1;
      expect(openBox(key, 'org-1/project-1/resp_1', changed)).toBeNull();
    }
    expect(openBox(key, 'org-1/project-1/resp_1', Buffer.alloc(5))).toBeNull();
  });

  it('shows nothing of the text', () => {
    expect(box.includes('世界')).toBe(false);
  });
});
