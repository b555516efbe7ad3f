import type { DocumentPart } from '../canonical/part.js';
import { UniqueNames } from '../canonical/unique-names.js';

const CHARACTERS_MAX = 200;

/**
 * Names for documents: Bedrock wants one for each, no two alike in a conversation, of letters, digits, single spaces, hyphens, parentheses and
 * square brackets. Made of what stands before in the conversation, so that they stay the same in the next turn and the cache holds.
 */
export class DocumentNames {
  readonly #names = new UniqueNames();
  #count = 0;

  /** `isChanged`: not what the caller called it. The file's ending is no part of the name: the format says it. */
  nameOf({ name }: DocumentPart): { readonly name: string; readonly isChanged: boolean } {
    this.#count += 1;
    const wanted = (name ?? '').replace(/\.[A-Za-z0-9]{1,5}$/, '');
    const legal = wanted
      .replace(/[^A-Za-z0-9\s\-()[\]]/g, '-')
      .replace(/\s+/g, ' ')
      .trim()
      .slice(0, CHARACTERS_MAX);
    const unique = this.#unique(legal === '' ? `Document ${this.#count}` : legal);
    return { name: unique, isChanged: name !== null && name !== '' && unique !== wanted };
  }

  #unique(name: string): string {
    return this.#names.take(name, (number) => `${name.slice(0, CHARACTERS_MAX - 8)} (${number})`);
  }
}
