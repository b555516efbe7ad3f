import { filledText, isObject, number, objects, text } from '../canonical/json-read.js';
import type { Citation, JsonObject } from '../canonical/part.js';

/** A `url_citation` of `annotations`; null for what is none (OpenRouter's parsed files). */
export function decodeAnnotation(annotation: JsonObject): Citation | null {
  const cited = annotation['url_citation'];
  if (annotation['type'] !== 'url_citation' || !isObject(cited)) return null;
  return {
    url: text(cited['url']),
    title: text(cited['title']),
    quote: filledText(cited['content']),
    start: number(cited['start_index']),
    end: number(cited['end_index']),
    raw: { dialect: 'openai-chat', value: annotation },
  };
}

/** Perplexity's `search_results`, or the bare addresses of `citations`: sources of the whole answer, which refers to them as [1], [2], … */
export function decodeSources(results: unknown, addresses: unknown): Citation[] {
  if (Array.isArray(results) && results.length > 0)
    return objects(results).map((result) => ({
      url: text(result['url']),
      title: text(result['title']),
      quote: filledText(result['snippet']),
      start: null,
      end: null,
      raw: { dialect: 'openai-chat', value: result },
    }));
  if (!Array.isArray(addresses)) return [];
  return addresses
    .filter((url): url is string => typeof url === 'string')
    .map((url) => ({
      url,
      title: null,
      quote: null,
      start: null,
      end: null,
      raw: { dialect: 'openai-chat', value: { url } },
    }));
}

/** As OpenAI's SDKs type it: all four members are there. A citation of no address cannot be said. */
export function encodeAnnotation(citation: Citation): JsonObject | null {
  const { url, title, quote, start, end, raw } = citation;
  if (raw.dialect === 'openai-chat' && raw.value['type'] === 'url_citation') return raw.value;
  if (url === null) return null;
  const cited = { url, title: title ?? '', ...(quote === null ? {} : { content: quote }) };
  return { type: 'url_citation', url_citation: { ...cited, start_index: start ?? 0, end_index: end ?? 0 } };
}
