import type { KeptAnswer, ReplyFacts, ReplyOptions, StreamEncoder } from '../canonical/codec.js';
import { parseObject } from '../canonical/json-read.js';
import { type Loss, Losses } from '../canonical/loss.js';
import type { JsonObject } from '../canonical/part.js';
import type { ReplyEvent } from '../canonical/reply.js';
import type { Failure } from '../failure.js';
import type { Finish } from '../finish.js';
import { errorObject } from './failure.js';
import { OutputWriter } from './output-writer.js';
import { endedState, IN_PROGRESS, type ResponseState, responseText } from './response-object.js';
import { DIALECT } from './wire.js';

export function createEncoder(options: ReplyOptions): Encoder {
  return new Encoder(options);
}

/**
 * The answer as OpenAI streams it: response.created, response.in_progress, each item with all of its steps, and a last event that holds the whole
 * response. Sequence numbers count from 0 without gaps.
 */
export class Encoder implements StreamEncoder {
  readonly lengthWord = 'max_output_tokens';
  readonly #options: ReplyOptions;
  readonly #losses = new Losses();
  readonly #writer: OutputWriter;
  #pending = '';
  #sequence = 0;
  #hasStarted = false;
  #finish: Finish | null = null;
  #more: JsonObject = {};
  #last: string | null = null;

  constructor(options: ReplyOptions) {
    this.#options = options;
    this.#writer = new OutputWriter(options.requestId, this.#losses, (type, fields) => this.#event(type, fields));
  }

  get losses(): readonly Loss[] {
    return this.#losses.list();
  }

  kept(): KeptAnswer | null {
    if (this.#last === null) return null;
    return { body: parseObject(this.#last) ?? {}, items: this.#writer.items };
  }

  write(event: ReplyEvent): string {
    if (event.kind === 'start') this.#start();
    else if (event.choice !== 0) this.#losses.dropped(`choices[${event.choice}]`);
    else this.#step(event);
    return this.#taken();
  }

  #step(event: Exclude<ReplyEvent, { kind: 'start' }>): void {
    switch (event.kind) {
      case 'part_start':
        return this.#writer.start(event.value);
      case 'part_delta':
        return this.#writer.delta(event.delta);
      case 'part_end':
        return this.#writer.end(event.isCut === true);
      case 'logprobs':
        return this.#writer.logprobs(event.tokens);
      case 'extras':
        this.#losses.extras(event.extras, DIALECT, '');
        if (event.extras.dialect === DIALECT) this.#more = { ...this.#more, ...event.extras.fields };
        return;
      case 'finish':
        if (event.stopSequence !== null) this.#losses.dropped('stop_sequence');
        this.#finish = event.finish;
        this.#writer.finish();
    }
  }

  terminal(facts: ReplyFacts): string {
    this.#start();
    this.#writer.finish();
    const state = endedState(this.#finish, facts, { output: this.#writer.items, serviceTier: null, more: this.#more });
    this.#last = responseText(this.#options, state);
    const losses = this.losses.map(({ field }) => field);
    const told = losses.length === 0 ? '' : `,"tollgate":${JSON.stringify({ losses })}`;
    this.#responseEvent(`response.${state.status}`, this.#last, told);
    return this.#taken();
  }

  failure(failure: Failure): string {
    this.#start();
    const error = errorObject(failure);
    const { code, message, param, charged_usd } = error;
    this.#event('error', { code, message, param, error });
    const state: ResponseState = {
      ...IN_PROGRESS,
      status: 'failed',
      error: { code, message, charged_usd },
      output: this.#writer.items,
    };
    this.#responseEvent('response.failed', responseText(this.#options, state), '');
    return this.#taken();
  }

  #start(): void {
    if (this.#hasStarted) return;
    this.#hasStarted = true;
    const response = responseText(this.#options, IN_PROGRESS);
    this.#responseEvent('response.created', response, '');
    this.#responseEvent('response.in_progress', response, '');
  }

  #responseEvent(type: string, response: string, more: string): void {
    this.#pending += `event: ${type}\ndata: {"type":"${type}","response":${response},"sequence_number":${this.#sequence}${more}}\n\n`;
    this.#sequence += 1;
  }

  #event(type: string, fields: JsonObject): void {
    const members = JSON.stringify(fields).slice(1, -1);
    this.#pending += `event: ${type}\ndata: {"type":"${type}",${members},"sequence_number":${this.#sequence}}\n\n`;
    this.#sequence += 1;
  }

  #taken(): string {
    const text = this.#pending;
    this.#pending = '';
    return text;
  }
}
