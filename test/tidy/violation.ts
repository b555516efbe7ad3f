import type { SourceTree } from './source-tree.js';

export interface Violation {
  readonly file: string;
  readonly message: string;
}

/** A rule of the house: all its violations in a tree. */
export type Rule = (tree: SourceTree) => Violation[];
