import { count, isObject, objects } from '../canonical/json-read.js';
import type { JsonObject } from '../canonical/part.js';
import type { Usage, UsageBucket } from '../usage.js';

/**
 * Reads `usageMetadata` into the partition.
 *
 * | seen | meaning |
 * |---|---|
 * | total = prompt + toolUsePrompt + candidates + thoughts | the rule: thoughts and the prompts of tools stand outside (W28) |
 * | total = prompt + toolUsePrompt + candidates, with thoughts | thoughts are inside of candidates (older answers) |
 * | no candidatesTokenCount | only thought so far, or blocked: what the total knows beyond the rest is output |
 * | cachedContentTokenCount | inside of promptTokenCount; `cacheTokensDetails` says how much of it is sound |
 * | only `trafficType` | Vertex in the middle of a stream: nothing was reported |
 * | `promptTokenDetails` | a misspelling of promptTokensDetails, one recording |
 *
 * Modalities: AUDIO and IMAGE have buckets; VIDEO and DOCUMENT are priced as text and count as such. Null where neither prompt nor answer is there.
 */
export function decodeUsage(raw: unknown): Usage | null {
  if (!isObject(raw)) return null;
  const prompt = count(raw['promptTokenCount']);
  const candidates = count(raw['candidatesTokenCount']);
  if (prompt === null && candidates === null) return null;
  const thoughts = count(raw['thoughtsTokenCount']) ?? 0;
  const tools = count(raw['toolUsePromptTokenCount']) ?? 0;
  const known = (prompt ?? 0) + tools + (candidates ?? 0);
  const total = count(raw['totalTokenCount']) ?? known + thoughts;
  const isInside = thoughts > 0 && candidates !== null && total === known && thoughts <= candidates;
  const unnamed = candidates === null && prompt !== null ? Math.max(0, total - known - thoughts) : 0;
  const answer = (candidates ?? 0) - (isInside ? thoughts : 0) + unnamed;
  return {
    ...inputOf(raw, (prompt ?? 0) + tools),
    ...outputOf(raw, answer),
    ...(thoughts > 0 ? { reasoning: thoughts } : {}),
  };
}

/** Whether `usageMetadata` counts anything, which is all a stream must know of it before its end. */
export function isReport(raw: JsonObject): boolean {
  return count(raw['promptTokenCount']) !== null || count(raw['candidatesTokenCount']) !== null;
}

function inputOf(raw: JsonObject, whole: number): Usage {
  const details = raw['promptTokensDetails'] ?? raw['promptTokenDetails'];
  const cached = count(raw['cachedContentTokenCount']) ?? 0;
  const cachedAudio = modality(raw['cacheTokensDetails'], 'AUDIO');
  const tools = raw['toolUsePromptTokensDetails'];
  const audio = modality(details, 'AUDIO') + modality(tools, 'AUDIO') - cachedAudio;
  const image = modality(details, 'IMAGE') + modality(tools, 'IMAGE') - modality(raw['cacheTokensDetails'], 'IMAGE');
  return partition(
    whole,
    [
      ['cache_read_audio', Math.min(cachedAudio, cached)],
      ['cache_read', cached - Math.min(cachedAudio, cached)],
      ['input_audio', audio],
      ['input_image', image],
    ],
    'input',
  );
}

function outputOf(raw: JsonObject, whole: number): Usage {
  const details = raw['candidatesTokensDetails'];
  return partition(
    whole,
    [
      ['output_audio', modality(details, 'AUDIO')],
      ['output_image', modality(details, 'IMAGE')],
    ],
    'output',
  );
}

function modality(details: unknown, name: string): number {
  let tokens = 0;
  for (const one of objects(details)) if (one['modality'] === name) tokens += count(one['tokenCount']) ?? 0;
  return tokens;
}

/** Gives each part at most what is left of the whole; the rest is `restBucket`: the sum is the whole, whatever the parts claim. */
function partition(whole: number, parts: readonly (readonly [UsageBucket, number])[], restBucket: UsageBucket): Usage {
  const usage: Partial<Record<UsageBucket, number>> = {};
  let rest = whole;
  for (const [bucket, claimed] of parts) {
    const taken = Math.min(Math.max(0, claimed), rest);
    rest -= taken;
    if (taken > 0) usage[bucket] = taken;
  }
  usage[restBucket] = rest;
  return usage;
}

/** The tier that served: the Developer API names it, Vertex hides it in the kind of traffic. */
export function decodeServiceTier(raw: unknown): string | null {
  if (!isObject(raw)) return null;
  const tier = raw['serviceTier'];
  if (typeof tier === 'string' && tier !== '') return tier.toLowerCase();
  const traffic = raw['trafficType'];
  if (typeof traffic !== 'string') return null;
  if (traffic.endsWith('_FLEX')) return 'flex';
  return traffic.endsWith('_PRIORITY') ? 'priority' : null;
}

/** The partition as `usageMetadata`: cached tokens are inside of the prompt, thoughts outside of the answer. */
export function encodeUsage(usage: Usage): JsonObject {
  const read = (bucket: UsageBucket): number => usage[bucket] ?? 0;
  const cached = read('cache_read') + read('cache_read_audio');
  const audio = read('input_audio') + read('cache_read_audio');
  const image = read('input_image');
  const prompt = read('input') + read('cache_write_5m') + read('cache_write_1h') + read('cache_read') + audio + image;
  const answer = read('output') + read('output_audio') + read('output_image');
  const thoughts = read('reasoning');
  return {
    promptTokenCount: prompt,
    ...(cached === 0 ? {} : { cachedContentTokenCount: cached }),
    candidatesTokenCount: answer,
    ...(thoughts === 0 ? {} : { thoughtsTokenCount: thoughts }),
    totalTokenCount: prompt + answer + thoughts,
    promptTokensDetails: modalities({ TEXT: prompt - audio - image, AUDIO: audio, IMAGE: image }),
    ...(cached === 0
      ? {}
      : { cacheTokensDetails: modalities({ TEXT: read('cache_read'), AUDIO: read('cache_read_audio') }) }),
    candidatesTokensDetails: modalities({
      TEXT: read('output'),
      AUDIO: read('output_audio'),
      IMAGE: read('output_image'),
    }),
  };
}

function modalities(counts: Readonly<Record<string, number>>): readonly JsonObject[] {
  const present = Object.entries(counts).filter(([, tokenCount]) => tokenCount > 0);
  return present.map(([name, tokenCount]) => ({ modality: name, tokenCount }));
}

/** `usageMetadata` as JSON text. The cost is written from its digits: a number of JavaScript's would round it. */
export function usageText(usage: Usage | null, cost: string | null): string {
  const text = JSON.stringify(usage === null ? {} : encodeUsage(usage));
  if (cost === null) return text;
  return text === '{}' ? `{"cost":${cost}}` : `${text.slice(0, -1)},"cost":${cost}}`;
}

/**
 * Searches as Google bills them: Gemini 3 each query, earlier models each answer that searched. They stand beside the text they ground, not in the
 * usage.
 */
export function searchesOf(grounding: unknown, modelVersion: string | null): number {
  if (!isObject(grounding)) return 0;
  const queries = grounding['webSearchQueries'];
  const asked = new Set(
    Array.isArray(queries) ? queries.filter((query) => typeof query === 'string' && query !== '') : [],
  );
  const isPerAnswer = /gemini-[12](\.|-|$)/.test(modelVersion ?? '');
  return isPerAnswer ? Math.min(1, asked.size) : asked.size;
}
