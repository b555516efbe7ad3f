import { describe, expect, it } from 'vitest';
import { rules } from './tidy/rules.js';
import { readSourceTree } from './tidy/source-tree.js';

const tree = readSourceTree();

describe('the house is tidy', () => {
  for (const [promise, rule] of Object.entries(rules)) {
    it(promise, () => {
      expect(rule(tree).map(({ file, message }) => `${file}: ${message}`)).toEqual([]);
    });
  }
});
