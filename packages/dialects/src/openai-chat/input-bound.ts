import { isAccountAddress } from '../account-objects.js';
import { audioTokens, fileTokens, imageTokens, type MediaTokens } from '../canonical/media-tokens.js';
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

export type MeasuredInput = { readonly ok: true; readonly measure: InputMeasure } | Refusal;

/** Measures `messages` of a parsed request. Nesting was bounded when the body was located. */
export function measureInput(messages: readonly JsonObject[], model: string): MeasuredInput {
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
  const walk = new InputWalk(measure, model);
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

/** One walk over the messages; a class only to carry the measure and the model down without passing them at each step. */
class InputWalk {
  readonly #measure: InputMeasure;
  readonly #model: string;

  constructor(measure: InputMeasure, model: string) {
    this.#measure = measure;
    this.#model = model;
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
    this.#measure.images += 1;
    return this.#add(imageTokens(this.#model, detail));
  }

  #audio(base64: string): true {
    this.#measure.hasAudio = true;
    return this.#add(audioTokens(base64));
  }

  #file(value: string): true {
    this.#measure.hasFile = true;
    const isRemote = /^https?:/i.test(value);
    return this.#add(fileTokens(isRemote ? { kind: 'url' } : { kind: 'base64', data: value }));
  }

  #add({ most, likely }: MediaTokens): true {
    this.#measure.mediaTokensMax += most;
    this.#measure.mediaTokensLikely += likely;
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
