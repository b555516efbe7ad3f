import { isAccountAddress } from '../account-objects.js';
import type { JsonObject } from './wire.js';
import { isObject, type Refusal, refuse } from './wire.js';

/**
 * How many input tokens a request can have at most, without a tokenizer: no byte-level vocabulary turns one byte of text
 * into more than one token. Images, audio and files are not text; each has a documented maximum instead.
 */
export interface InputMeasure {
  /** UTF-8 bytes of every string in the messages that is text */
  textBytes: number;
  characters: number;
  messages: number;
  images: number;
  hasAudio: boolean;
  hasFile: boolean;
  hasHourCache: boolean;
  mediaTokensMax: number;
  mediaTokensLikely: number;
  /** keys and string values met: compared with what the bytes hold, it tells of keys written twice */
  strings: number;
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
  { models: /./, low: 5_000, high: 5_000, original: 16_384 },
];
const ANY_IMAGE: ImageRule = { models: /./, low: 5_000, high: 5_000, original: 16_384 };

/** PCM in a WAV file has at least 16 kB per second; compressed speech at least 0.75 kB; 32 tokens per second is the dearest rate. */
const WAV_CHARACTERS_PER_TOKEN = 640;
const AUDIO_CHARACTERS_PER_TOKEN = 30;
/** A document page is at most about 2,500 tokens (text and picture) and rarely below 7.5 kB of base64; never less than one chapter. */
const FILE_CHARACTERS_PER_TOKEN = 3;
const FILE_TOKENS_MIN = 8_192;
/** Something fetched by the provider: its size is unknown here. */
const REMOTE_FILE_TOKENS = 200_000;

export type MeasuredInput = { readonly ok: true; readonly measure: InputMeasure } | Refusal;

/** Measures `messages` of a parsed request. Nesting was bounded when the body was located. */
export function measureInput(messages: readonly JsonObject[], model: string): MeasuredInput {
  const rule = IMAGE_RULES.find((candidate) => candidate.models.test(model)) ?? ANY_IMAGE;
  const measure: InputMeasure = {
    textBytes: 0,
    characters: 0,
    messages: messages.length,
    images: 0,
    hasAudio: false,
    hasFile: false,
    hasHourCache: false,
    mediaTokensMax: 0,
    mediaTokensLikely: 0,
    strings: 0,
  };
  const walk = new InputWalk(measure, rule);
  for (const [position, message] of messages.entries()) {
    const problem = walk.object(message, '');
    if (problem !== null) return refuse(problem.code, problem.message, `messages[${position}]`);
  }
  return { ok: true, measure };
}

interface Problem {
  readonly code: 'invalid_request' | 'not_supported';
  readonly message: string;
}

/** One walk over the messages; a class only to carry the measure and the rule down without passing them at each step. */
class InputWalk {
  readonly #measure: InputMeasure;
  readonly #rule: ImageRule;

  constructor(measure: InputMeasure, rule: ImageRule) {
    this.#measure = measure;
    this.#rule = rule;
  }

  object(object: JsonObject, parent: string): Problem | null {
    for (const key in object) {
      this.#measure.strings += 1;
      const value = object[key];
      const problem =
        typeof value === 'string' ? this.#string(value, key, parent, object) : this.#other(value, key, object);
      if (problem !== null) return problem;
    }
    return null;
  }

  #other(value: unknown, key: string, owner: JsonObject): Problem | null {
    if (Array.isArray(value)) {
      for (const element of value) {
        const problem =
          typeof element === 'string' ? this.#string(element, key, key, owner) : this.#other(element, key, owner);
        if (problem !== null) return problem;
      }
      return null;
    }
    if (!isObject(value)) return null;
    if (key === 'audio' && typeof value['id'] === 'string') {
      return {
        code: 'not_supported',
        message: 'Audio of an earlier answer cannot be referred to by its id; send its transcript.',
      };
    }
    return this.object(value, key);
  }

  #string(value: string, key: string, parent: string, owner: JsonObject): Problem | null {
    const measure = this.#measure;
    measure.strings += 1;
    // Calls and results are texts here, so a member of this name is never the caller's own.
    if (key === 'file_id')
      return { code: 'not_supported', message: 'Files cannot be referred to by file_id; send file_data.' };
    if (isAddress(key, parent) && isAccountAddress(value))
      return {
        code: 'not_supported',
        message: 'A file in an account at a provider cannot be referred to; send its data or a URL.',
      };
    if (key === 'ttl' && parent === 'cache_control' && value === '1h') measure.hasHourCache = true;
    if (this.#isMedia(value, key, parent, owner)) return null;
    if (!value.isWellFormed())
      return { code: 'invalid_request', message: 'A text holds half of a surrogate pair, which is not valid Unicode.' };
    measure.textBytes += Buffer.byteLength(value);
    measure.characters += value.length;
    return null;
  }

  #isMedia(value: string, key: string, parent: string, owner: JsonObject): boolean {
    switch (key) {
      case 'url':
        if (parent === 'image_url') return this.#image(owner['detail']);
        if (parent === 'video_url') return this.#file(value);
        return value.startsWith('data:') && this.#file(value);
      case 'image_url':
        return this.#image(owner['detail']);
      case 'video_url':
        return this.#file(value);
      case 'file_data':
        return this.#file(value);
      case 'data':
        return parent === 'input_audio' ? this.#audio(value) : parent === 'source' && this.#image(undefined);
      default:
        return false;
    }
  }

  #image(detail: unknown): true {
    const rule = this.#rule;
    this.#measure.images += 1;
    this.#measure.mediaTokensMax += detail === 'low' ? rule.low : detail === 'original' ? rule.original : rule.high;
    this.#measure.mediaTokensLikely += detail === 'low' ? Math.min(rule.low, 256) : 1_100;
    return true;
  }

  #audio(base64: string): true {
    this.#measure.hasAudio = true;
    // "UklGR" is the base64 of "RIFF": what the file says of itself, not what the caller says of it
    const perToken = base64.startsWith('UklGR') ? WAV_CHARACTERS_PER_TOKEN : AUDIO_CHARACTERS_PER_TOKEN;
    const tokens = Math.ceil(base64.length / perToken) + 32;
    this.#measure.mediaTokensMax += tokens;
    this.#measure.mediaTokensLikely += Math.ceil(tokens / 3);
    return true;
  }

  #file(value: string): true {
    this.#measure.hasFile = true;
    const isRemote = /^https?:/i.test(value);
    const tokens = isRemote
      ? REMOTE_FILE_TOKENS
      : Math.max(FILE_TOKENS_MIN, Math.ceil(value.length / FILE_CHARACTERS_PER_TOKEN));
    this.#measure.mediaTokensMax += tokens;
    this.#measure.mediaTokensLikely += Math.ceil(tokens / 8);
    return true;
  }
}

function isAddress(key: string, parent: string): boolean {
  return key === 'url' ? parent.endsWith('_url') : key.endsWith('_url') || key === 'file_data';
}

/** Tokens of roles and separators of one message, at most, in the chat templates of the models sold here. */
const MESSAGE_TOKENS_MAX = 16;
/** Instructions that a provider puts before every request; with tools it adds its own explanation of them. */
const HIDDEN_TOKENS_MAX = 512;
const HIDDEN_TOOL_TOKENS_MAX = 768;
const TOOL_TOKENS_MAX = 32;

/** `otherBytes` are the body's bytes outside `messages`: tools, schemas and whatever a provider may put into the prompt. */
export function inputTokens(
  measure: InputMeasure,
  otherBytes: number,
  tools: number,
): { bound: number; likely: number } {
  const hidden = HIDDEN_TOKENS_MAX + (tools > 0 ? HIDDEN_TOOL_TOKENS_MAX + tools * TOOL_TOKENS_MAX : 0);
  const bound =
    measure.textBytes + otherBytes + measure.messages * MESSAGE_TOKENS_MAX + measure.mediaTokensMax + hidden;
  const text = (measure.textBytes + (tools > 0 ? otherBytes : 0)) / 4;
  const likely = Math.ceil(text + measure.messages * 4 + measure.mediaTokensLikely + (tools > 0 ? 200 : 16));
  return { bound, likely: Math.min(likely, bound) };
}
