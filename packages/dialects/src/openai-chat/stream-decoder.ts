import type { ReplyContext, StreamDecoder } from '../canonical/codec.js';
import { parseObject } from '../canonical/json-read.js';
import type { Emit, StreamEnd } from '../canonical/reply.js';
import { SseReader } from '../canonical/sse-reader.js';
import type { ProviderFailure } from '../failure.js';
import type { Finish } from '../finish.js';
import type { Usage } from '../usage.js';
import { AnswerDecoder } from './answer-decoder.js';
import { decodeInlineFailure } from './provider-failure.js';

const OPEN_BRACE = 123;
const BODY_BYTES_MAX = 64 * 1_024 * 1_024;

/** Reads a streamed answer of this family. `[DONE]` is welcome and not needed: the end of the body ends a stream too (W03). */
export class ChatStreamDecoder implements StreamDecoder {
  isDone = false;
  malformedEvents = 0;
  readonly #answer: AnswerDecoder;
  readonly #reader = new SseReader();
  /** a body that begins like JSON is no stream: an error, or a whole answer from a provider that does not stream */
  #body: Buffer[] | null = null;
  #bodyBytes = 0;
  #hasBegun = false;
  #isCutShort = false;
  #emit: Emit = () => {};

  constructor(context: ReplyContext) {
    this.#answer = new AnswerDecoder(context);
  }

  get usage(): Usage | null {
    return this.#answer.usage;
  }

  get serviceTier(): string | null {
    return this.#answer.serviceTier;
  }

  get finish(): Finish | null {
    return this.#answer.finish(this.isDone);
  }

  get finishRaw(): string | null {
    return this.#answer.finishRaw;
  }

  get error(): ProviderFailure | null {
    return this.#answer.error;
  }

  push(packet: Buffer, emit: Emit): void {
    if (!this.#hasBegun) this.#begin(packet);
    if (this.#body !== null) return this.#keep(packet);
    this.#emit = emit;
    this.#reader.push(packet, this.#take);
    if (this.#reader.hasOverflowed) this.#answer.fail('event_too_long', 'The provider sent an event that is too long.');
  }

  end(emit: Emit): StreamEnd {
    this.#emit = emit;
    if (this.#body !== null) this.#takeBody(Buffer.concat(this.#body).toString('utf8'));
    else this.#takeRest();
    this.#answer.end(this.isDone, emit);
    const { error } = this.#answer;
    if (error !== null) return { kind: 'failed', error };
    if (this.finish !== null || this.isDone) return { kind: 'finished' };
    return { kind: 'died', reason: this.#isCutShort ? 'truncated_event' : 'no_finish' };
  }

  readonly #take = (name: string, data: string): void => {
    const trimmed = data.trim();
    if (trimmed === '') return;
    if (trimmed === '[DONE]') {
      this.isDone = true;
      return;
    }
    const chunk = parseObject(trimmed);
    if (chunk !== null) this.#answer.take(chunk, name, this.#emit);
    else this.#takeOther(name, trimmed);
  };

  /** Broken JSON may have been content: the answer is not whole. Data that never was JSON is noise. */
  #takeOther(name: string, data: string): void {
    if (this.#answer.error !== null) return;
    if (name === 'error') this.#answer.error = decodeInlineFailure({ error: { message: data } });
    else this.malformedEvents += 1;
    if (data.startsWith('{'))
      this.#answer.fail('malformed_event', 'The provider sent an event that is not valid JSON.');
  }

  #begin(packet: Buffer): void {
    let at = 0;
    while (at < packet.length && (packet[at] ?? 0) <= 32) at += 1;
    if (at === packet.length) return;
    this.#hasBegun = true;
    if (packet[at] === OPEN_BRACE) this.#body = [];
  }

  #keep(packet: Buffer): void {
    this.#bodyBytes += packet.length;
    if (this.#bodyBytes > BODY_BYTES_MAX)
      this.#answer.fail('event_too_long', 'The provider sent an answer that is too long.');
    else this.#body?.push(packet);
  }

  #takeBody(text: string): void {
    const body = parseObject(text);
    if (body === null) this.#isCutShort = true;
    else this.#answer.take(body, '', this.#emit, true);
  }

  #takeRest(): void {
    const rest = this.#reader.end();
    if (rest.kind === 'clean') return;
    const data = rest.data.trim();
    if (data === '[DONE]' || parseObject(data) !== null) return this.#take(rest.name, data);
    if (data === '') return;
    this.#isCutShort = true;
    this.malformedEvents += 1;
  }
}
