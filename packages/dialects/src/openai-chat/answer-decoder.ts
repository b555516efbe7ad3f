import type { ReplyContext } from '../canonical/codec.js';
import { choiceIndex, filledText, isObject, objects } from '../canonical/json-read.js';
import type { JsonObject } from '../canonical/part.js';
import type { Emit } from '../canonical/reply.js';
import type { ProviderFailure } from '../failure.js';
import type { Finish } from '../finish.js';
import type { Usage } from '../usage.js';
import { ChoiceDecoder } from './choice-decoder.js';
import { decodeSources } from './citations.js';
import { decodeInlineFailure } from './provider-failure.js';
import { decodeUsage } from './usage.js';

/** Top-level members that say something of the answer and that clients of this dialect read. */
const TOLD_MEMBERS = [
  'citations',
  'search_results',
  'related_questions',
  'moderation',
  'prompt_filter_results',
] as const;

/**
 * An answer in chunks: `choices[].delta` of a stream, or the one chunk that a whole answer is. Usage may stand anywhere and more than once: the last
 * report wins, nothing is added (W-groq). An error under HTTP 200 ends it.
 */
export class AnswerDecoder {
  usage: Usage | null = null;
  serviceTier: string | null = null;
  error: ProviderFailure | null = null;
  readonly #context: ReplyContext;
  readonly #choices = new Map<number, ChoiceDecoder>();
  readonly #told = new Map<string, unknown>();
  #emit: Emit = () => {};
  #hasStarted = false;

  constructor(context: ReplyContext) {
    this.#context = context;
  }

  get finishRaw(): string | null {
    let blank: string | null = null;
    for (const [, { finishRaw }] of this.#choices) {
      if (finishRaw !== null && finishRaw !== '') return finishRaw;
      blank ??= finishRaw;
    }
    return blank;
  }

  finish(isDone: boolean): Finish | null {
    for (const [, choice] of this.#choices) {
      const finish = choice.finish(isDone);
      if (finish !== null) return finish;
    }
    return null;
  }

  /** Takes a chunk, or all of an answer. `name` is that of its event. */
  take(chunk: JsonObject, name: string, emit: Emit, isWhole = false): void {
    this.#emit = emit;
    this.#noteFacts(chunk);
    if (this.error !== null || this.#noteError(chunk, name)) return;
    const choices = objects(chunk['choices']);
    for (const choice of choices) {
      const index = choiceIndex(choice['index'], 0);
      if (index === null) return this.fail('malformed_event', 'The provider sent a choice with an impossible index.');
      const decoder = this.#choiceAt(index);
      decoder.take(choice, isWhole);
      if (choice['finish_reason'] === 'error')
        this.fail('provider_error', 'The provider ended the answer with an error.');
      else if (decoder.hasLostContent)
        this.fail('malformed_event', 'The provider went on with a tool call that had ended.');
    }
    this.#noteTold(chunk);
  }

  fail(code: string, message: string): void {
    this.error ??= { status: 502, code, message, param: null, retryAfterMs: null, shouldRetry: null, kind: 'server' };
  }

  /** Closes everything and tells how each choice ended. Nothing more is told of an answer that failed. */
  end(isDone: boolean, emit: Emit): void {
    this.#emit = emit;
    if (this.error !== null) return;
    this.#tellMembers();
    for (const [, choice] of this.#choices) choice.end();
    for (const [index, choice] of this.#choices)
      emit({
        kind: 'finish',
        choice: index,
        finish: choice.finish(isDone),
        raw: choice.finishRaw,
        stopSequence: choice.stopSequence,
      });
  }

  #choiceAt(index: number): ChoiceDecoder {
    const known = this.#choices.get(index);
    if (known !== undefined) return known;
    if (!this.#hasStarted) this.#emit({ kind: 'start' });
    this.#hasStarted = true;
    const format = filledText(this.#context.request.audioOutput?.['format']) ?? 'wav';
    const choice = new ChoiceDecoder(index, this.#context.requestId, format, (event) => this.#emit(event));
    this.#choices.set(index, choice);
    return choice;
  }

  #noteFacts(chunk: JsonObject): void {
    const groq = chunk['x_groq'];
    const usage = decodeUsage(chunk['usage'] ?? (isObject(groq) ? groq['usage'] : null));
    if (usage !== null) this.usage = usage;
    this.serviceTier = filledText(chunk['service_tier']) ?? this.serviceTier;
  }

  #noteError(chunk: JsonObject, name: string): boolean {
    const failed = objects(chunk['choices']).find((choice) => isObject(choice['error']));
    const isError =
      isPresent(chunk['error']) || name === 'error' || chunk['object'] === 'error' || failed !== undefined;
    if (isError) this.error = decodeInlineFailure(failed ?? chunk);
    return isError;
  }

  /** Perplexity repeats them in every chunk: the last ones are told, once, at the end. */
  #noteTold(chunk: JsonObject): void {
    for (const name of TOLD_MEMBERS) {
      const value = chunk[name];
      if (value !== undefined && value !== null && !(Array.isArray(value) && value.length === 0))
        this.#told.set(name, value);
    }
  }

  #tellMembers(): void {
    const [first] = this.#choices;
    if (this.#told.size === 0 || first === undefined) return;
    const [index, choice] = first;
    for (const source of decodeSources(this.#told.get('search_results'), this.#told.get('citations')))
      choice.cite(source);
    const fields = Object.fromEntries(this.#told);
    this.#emit({ kind: 'extras', choice: index, extras: { dialect: 'openai-chat', fields } });
  }
}

function isPresent(value: unknown): boolean {
  return value !== undefined && value !== null && value !== false;
}
