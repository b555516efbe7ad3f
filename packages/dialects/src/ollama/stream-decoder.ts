import type { ReplyContext, StreamDecoder } from '../canonical/codec.js';
import { parseObject } from '../canonical/json-read.js';
import type { Part } from '../canonical/part.js';
import type { Emit, StreamEnd } from '../canonical/reply.js';
import { LineReader } from '../canonical/sse-reader.js';
import type { ProviderFailure } from '../failure.js';
import type { Finish } from '../finish.js';
import type { Usage } from '../usage.js';
import { failed, inlineFailure } from './failure.js';
import { finishOf, readEnd } from './finish.js';
import { CallReader, readLogprobs, readWords } from './reply.js';
import { decodeUsage } from './usage.js';

/** Lines of JSON, each a whole piece of the answer, as canonical events. Calls come whole, in one line. */
export class OllamaStream implements StreamDecoder {
  usage: Usage | null = null;
  readonly serviceTier = null;
  error: ProviderFailure | null = null;
  isDone = false;
  malformedEvents = 0;
  finishRaw: string | null = null;
  readonly #lines = new LineReader();
  readonly #calls: CallReader;
  #emit: Emit = () => {};
  #hasStarted = false;
  #open: 'text' | 'reasoning' | null = null;
  #parts = 0;

  constructor(context: ReplyContext) {
    this.#calls = new CallReader(context);
  }

  get finish(): Finish | null {
    return this.isDone ? finishOf(this.finishRaw, this.#calls.hasCalls) : null;
  }

  push(packet: Buffer, emit: Emit): void {
    this.#emit = emit;
    this.#lines.push(packet, (line) => this.#take(line));
    if (this.#lines.hasOverflowed) this.error ??= failed('The provider sent a line that is too long.');
  }

  end(emit: Emit): StreamEnd {
    this.#emit = emit;
    const rest = this.#lines.end();
    const isCutShort = rest !== null && parseObject(rest) === null;
    if (rest !== null && !isCutShort) this.#take(rest);
    if (this.error !== null) return { kind: 'failed', error: this.error };
    this.#close();
    if (!this.isDone) return { kind: 'died', reason: isCutShort ? 'truncated_event' : 'no_finish' };
    this.#start();
    this.#emit({ kind: 'finish', choice: 0, finish: this.finish, raw: this.finishRaw, stopSequence: null });
    return { kind: 'finished' };
  }

  #take(line: string): void {
    if (this.error !== null) return;
    const value = parseObject(line);
    if (value === null) {
      this.malformedEvents += 1;
      this.error = failed('The provider sent a line that is not valid JSON.');
      return;
    }
    this.error = inlineFailure(value);
    const words = readWords(value);
    if (this.error !== null || words === null) return;
    const logprobs = readLogprobs(value['logprobs']);
    if (words.thinking !== null) this.#add('reasoning', words.thinking);
    if (words.text !== null) this.#add('text', words.text);
    if (logprobs !== null) {
      this.#start();
      this.#emit({ kind: 'logprobs', choice: 0, tokens: logprobs });
    }
    for (const call of words.calls) this.#addCall(this.#calls.read(call));
    const end = readEnd(value);
    if (end === null) return;
    this.isDone = true;
    this.finishRaw = end.raw;
    this.usage = decodeUsage(value);
  }

  #start(): void {
    if (this.#hasStarted) return;
    this.#hasStarted = true;
    this.#emit({ kind: 'start' });
  }

  #add(kind: 'text' | 'reasoning', words: string): void {
    if (this.#open !== kind) {
      this.#openPart(kind === 'text' ? { kind, text: '' } : { kind, text: '', summary: [], seal: null, id: null });
      this.#open = kind;
    }
    this.#emit({ kind: 'part_delta', choice: 0, part: this.#parts, delta: { kind: 'text', text: words } });
  }

  #addCall(call: Extract<Part, { kind: 'tool_call' }>): void {
    this.#openPart({ ...call, arguments: '' });
    this.#emit({
      kind: 'part_delta',
      choice: 0,
      part: this.#parts,
      delta: { kind: 'arguments', text: call.arguments },
    });
    this.#end();
  }

  #openPart(value: Part): void {
    this.#close();
    this.#start();
    this.#emit({ kind: 'part_start', choice: 0, part: this.#parts, value });
  }

  #close(): void {
    if (this.#open === null) return;
    this.#open = null;
    this.#end();
  }

  #end(): void {
    this.#emit({ kind: 'part_end', choice: 0, part: this.#parts });
    this.#parts += 1;
  }
}
