import type { MediaSource } from './part.js';

/** What a picture, a sound or a file counts at most and usually. Vendors document maxima; the bytes themselves are not looked at. */
export interface MediaTokens {
  readonly most: number;
  readonly likely: number;
}

interface ImageRule {
  readonly models: RegExp;
  readonly low: number;
  readonly high: number;
  readonly original: number;
}

/**
 * Maximum tokens of one image by `detail` (`auto` and missing count as high); the first rule whose models match wins.
 * gpt-4o-mini bills 2,833 for the base and 5,667 for each of at most 8 tiles. Other OpenAI models: at most 8 tiles of 170
 * plus 85, or 1,536 patches × 2.46; `low` at most 256 patches × 2.46. Others ignore `detail`: Claude ≤ 4,784, Gemini ≤ 2,240, Grok ≤ 1,792.
 */
const IMAGE_RULES: readonly ImageRule[] = [
  { models: /4o-mini/i, low: 2_833, high: 48_169, original: 48_169 },
  { models: /gpt-|chatgpt|\bo[134]\b/i, low: 700, high: 4_000, original: 25_000 },
];
const ANY_IMAGE: ImageRule = { models: /./, low: 5_000, high: 5_000, original: 16_384 };

export function imageTokens(model: string, detail: unknown): MediaTokens {
  const rule = IMAGE_RULES.find((candidate) => candidate.models.test(model)) ?? ANY_IMAGE;
  const most = detail === 'low' ? rule.low : detail === 'original' ? rule.original : rule.high;
  return { most, likely: detail === 'low' ? Math.min(rule.low, 256) : 1_100 };
}

/** PCM in a WAV file has at least 16 kB per second; compressed speech at least 0.75 kB; 32 tokens per second is the dearest rate. */
const WAV_CHARACTERS_PER_TOKEN = 640;
const AUDIO_CHARACTERS_PER_TOKEN = 30;

export function audioTokens(base64: string): MediaTokens {
  // "UklGR" is the base64 of "RIFF": what the file says of itself, not what the caller says of it
  const perToken = base64.startsWith('UklGR') ? WAV_CHARACTERS_PER_TOKEN : AUDIO_CHARACTERS_PER_TOKEN;
  const most = Math.ceil(base64.length / perToken) + 32;
  return { most, likely: Math.ceil(most / 3) };
}

/** A document page is at most about 2,500 tokens (text and picture) and rarely below 7.5 kB of base64; never less than one chapter. */
const FILE_CHARACTERS_PER_TOKEN = 3;
const FILE_TOKENS_MIN = 8_192;
/** Something fetched by the provider: its size is unknown here. */
const REMOTE_FILE_TOKENS = 200_000;

/** What the size of a MediaSource depends on. */
type FileSource =
  | Pick<Extract<MediaSource, { kind: 'base64' }>, 'kind' | 'data'>
  | Pick<Extract<MediaSource, { kind: 'text' }>, 'kind' | 'text'>
  | Pick<Extract<MediaSource, { kind: 'url' | 'reference' }>, 'kind'>;

export function fileTokens(source: FileSource): MediaTokens {
  const most = fileMaximum(source);
  return { most, likely: Math.ceil(most / 8) };
}

function fileMaximum(source: FileSource): number {
  switch (source.kind) {
    case 'base64':
      return Math.max(FILE_TOKENS_MIN, Math.ceil(source.data.length / FILE_CHARACTERS_PER_TOKEN));
    case 'text':
      return Buffer.byteLength(source.text) + 64;
    case 'url':
    case 'reference':
      return REMOTE_FILE_TOKENS;
  }
}
