import { filledText, objects, text } from '../canonical/json-read.js';
import type { Citation, JsonObject } from '../canonical/part.js';
import { isSameFamily } from '../canonical/seal-envelope.js';
import { ME } from './wire.js';

/** A citation that another vendor made: it points nowhere at Anthropic, which checks `encrypted_index`. */
const NO_INDEX = '';

/** Reads `citations` of a text block. They have no position in the text: each concerns the whole block. */
export function decodeCitations(value: unknown): readonly Citation[] {
  return objects(value).map(decodeCitation);
}

export function decodeCitation(value: JsonObject): Citation {
  const isForeign = value['encrypted_index'] === NO_INDEX;
  const source = text(value['source']);
  return {
    url: text(value['url']) ?? (source !== null && /^https?:/.test(source) ? source : null),
    title: text(value['title']) ?? text(value['document_title']),
    quote: filledText(value['cited_text']),
    start: null,
    end: null,
    raw: { dialect: ME, value: isForeign ? {} : value },
  };
}

/** The vendor's own object, byte for byte what it was; null where another vendor made it. */
export function ownCitation({ raw }: Citation): JsonObject | null {
  return isSameFamily(raw.dialect, ME) && text(raw.value['type']) !== null ? raw.value : null;
}

/** For a client: another vendor's citation of a page becomes a search result's, with an empty index; null where it names no page. */
export function clientCitation(citation: Citation): JsonObject | null {
  const own = ownCitation(citation);
  if (own !== null) return own;
  if (citation.url === null) return null;
  return {
    type: 'web_search_result_location',
    cited_text: citation.quote ?? '',
    encrypted_index: NO_INDEX,
    // Anthropic may leave it null, and its own SDK takes that; others do not.
    title: citation.title ?? citation.url,
    url: citation.url,
  };
}
