import { filledText, isObject, number, objects } from '../canonical/json-read.js';
import type { Citation, JsonObject } from '../canonical/part.js';

/** One statement of the grounding and its source; positions as the wire has them, in bytes of UTF-8. */
interface Support {
  readonly startByte: number;
  readonly endByte: number | null;
  readonly text: string | null;
  readonly url: string | null;
  readonly title: string | null;
  readonly quote: string | null;
  readonly raw: JsonObject;
}

/**
 * What a candidate says of its sources, waiting for the text it is about: `groundingMetadata` (segments pointing at chunks) and
 * `citationMetadata`. In a stream it comes with the last chunk; the positions count from the beginning of the answer.
 */
export class Grounding {
  #supports: readonly Support[] = [];

  /** A later report replaces an earlier one. */
  note(groundingMetadata: unknown, citationMetadata: unknown): void {
    const supports = [...supportsOf(groundingMetadata), ...citationsOf(citationMetadata)];
    if (supports.length > 0) this.#supports = supports;
  }

  /** The citations that are in this text, each given once. `before`: how many bytes of text came before it. */
  take(text: string, before: number): readonly Citation[] {
    if (this.#supports.length === 0) return [];
    const bytes = Buffer.from(text, 'utf8');
    const taken: Citation[] = [];
    this.#supports = this.#supports.filter((support) => {
      const place = locate(support, text, bytes, before);
      if (place !== null) taken.push(citation(support, place));
      return place === null;
    });
    return taken;
  }
}

function supportsOf(metadata: unknown): readonly Support[] {
  if (!isObject(metadata)) return [];
  const chunks = objects(metadata['groundingChunks']);
  return objects(metadata['groundingSupports']).flatMap((support) => {
    const segment = isObject(support['segment']) ? support['segment'] : {};
    const indices = Array.isArray(support['groundingChunkIndices']) ? support['groundingChunkIndices'] : [];
    return indices.flatMap((index: unknown) => {
      const chunk = typeof index === 'number' ? chunks[index] : undefined;
      return chunk === undefined ? [] : [supportOf(segment, chunk)];
    });
  });
}

function supportOf(segment: JsonObject, chunk: JsonObject): Support {
  const source = Object.values(chunk).find(isObject) ?? {};
  return {
    startByte: number(segment['startIndex']) ?? 0,
    endByte: number(segment['endIndex']),
    text: filledText(segment['text']),
    url: filledText(source['uri']),
    title: filledText(source['title']),
    quote: filledText(source['text']),
    raw: { segment, groundingChunk: chunk },
  };
}

function citationsOf(metadata: unknown): readonly Support[] {
  if (!isObject(metadata)) return [];
  return objects(metadata['citations'] ?? metadata['citationSources']).flatMap((raw) => {
    const url = filledText(raw['uri']);
    if (url === null) return [];
    const title = filledText(raw['title']);
    const [startByte, endByte] = [number(raw['startIndex']) ?? 0, number(raw['endIndex'])];
    return [{ startByte, endByte, text: null, url, title, quote: null, raw }];
  });
}

interface Place {
  readonly start: number | null;
  readonly end: number | null;
}

/** Where the statement stands: counted from the answer's beginning, else from the part's, else where its words are. Null: in another part. */
function locate(support: Support, text: string, bytes: Buffer, before: number): Place | null {
  const { startByte, endByte, text: words } = support;
  if (endByte === null && words === null) return { start: null, end: null };
  if (endByte !== null)
    for (const offset of before === 0 ? [0] : [before, 0]) {
      const place = placeAt(bytes, startByte - offset, endByte - offset, words);
      if (place !== null) return place;
    }
  const found = words === null ? -1 : text.indexOf(words);
  return found === -1 || words === null ? null : { start: found, end: found + words.length };
}

function placeAt(bytes: Buffer, from: number, to: number, words: string | null): Place | null {
  if (from < 0 || to > bytes.length || to < from) return null;
  if (words !== null && bytes.toString('utf8', from, to) !== words) return null;
  const start = bytes.toString('utf8', 0, from).length;
  return { start, end: start + bytes.toString('utf8', from, to).length };
}

function citation({ url, title, quote, raw }: Support, { start, end }: Place): Citation {
  return { url, title, quote, start, end, raw: { dialect: 'gemini', value: raw } };
}

/** Citations of other vendors as `groundingMetadata`. `texts`: the text of each part, in order; positions count on through all of them. */
export function encodeGrounding(
  cited: readonly { readonly citation: Citation; readonly text: string; readonly before: number }[],
): JsonObject | null {
  const chunks: JsonObject[] = [];
  const supports: JsonObject[] = [];
  for (const { citation: one, text, before } of cited) {
    const { start, end } = one;
    chunks.push(chunkOf(one));
    const [from, to] = [start ?? 0, end ?? text.length];
    const startIndex = before + Buffer.byteLength(text.slice(0, from));
    const words = text.slice(from, to);
    const segment = { startIndex, endIndex: startIndex + Buffer.byteLength(words), text: words };
    supports.push({ segment, groundingChunkIndices: [chunks.length - 1] });
  }
  return chunks.length === 0 ? null : { groundingChunks: chunks, groundingSupports: supports };
}

/** A page has an address; without one it is a document of the caller's. */
function chunkOf({ url, title, quote }: Citation): JsonObject {
  const named = title === null ? {} : { title };
  if (url !== null) return { web: { uri: url, ...named } };
  return { retrievedContext: { ...named, ...(quote === null ? {} : { text: quote }) } };
}
