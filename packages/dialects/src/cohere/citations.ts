import { isObject, number, objects, text } from '../canonical/json-read.js';
import type { Citation, JsonObject } from '../canonical/part.js';
import { ME } from './wire.js';

/**
 * A citation of `written`, the text of its part as far as it is known. Cohere counts code points, we count UTF-16 units: the words that are cited
 * tell which of the two a number is. Where neither fits the citation concerns the whole part.
 */
export function readCitation(value: JsonObject, written: string): Citation {
  const [source] = objects(value['sources']);
  const facts = factsOf(source);
  return {
    url: facts === null ? null : urlOf(facts),
    title: facts === null ? null : text(facts['title']),
    quote: null,
    ...positionsIn(written, value),
    raw: { dialect: ME, value },
  };
}

/** What a source is made of: a document of the request, or what a tool gave back. */
function factsOf(source: JsonObject | undefined): JsonObject | null {
  if (source === undefined) return null;
  const facts = source['document'] ?? source['tool_output'];
  return isObject(facts) ? facts : null;
}

function urlOf(facts: JsonObject): string | null {
  const url = text(facts['url']);
  return url !== null && /^https?:/.test(url) ? url : null;
}

function positionsIn(
  written: string,
  value: JsonObject,
): { readonly start: number | null; readonly end: number | null } {
  const start = number(value['start']);
  const end = number(value['end']);
  const words = text(value['text']);
  if (start === null || end === null || start < 0 || end < start) return { start: null, end: null };
  if (words === null || written.slice(start, end) === words) return { start, end };
  const from = unitsBefore(written, start);
  return written.startsWith(words, from) ? { start: from, end: from + words.length } : { start: null, end: null };
}

/** UTF-16 units of the first code points of a text. */
function unitsBefore(written: string, codePoints: number): number {
  let units = 0;
  for (let passed = 0; passed < codePoints && units < written.length; passed += 1)
    units += (written.codePointAt(units) ?? 0) > 0xffff ? 2 : 1;
  return units;
}
