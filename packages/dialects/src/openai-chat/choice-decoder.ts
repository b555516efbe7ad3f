import { filledText, isObject, object, objects, text } from '../canonical/json-read.js';
import type { Citation, JsonObject, Part, Seal } from '../canonical/part.js';
import type { Emit, PartDelta } from '../canonical/reply.js';
import { syntheticCallId } from '../canonical/tool-call-id.js';
import type { Finish } from '../finish.js';
import { type ArrivingCall, CallSorter, callDeltas, isComplete } from './call-decoder.js';
import { decodeAnnotation } from './citations.js';
import { thinkingText } from './content-decoder.js';
import { decodeFinish } from './finish.js';
import { decodeLogprobs } from './logprobs.js';
import { audioType, sourceOfUrl } from './media.js';
import { continues, isSameItem, type OpenThought, openAfter, readDetail } from './reasoning-details.js';

type Kind = 'text' | 'refusal' | 'reasoning' | 'audio' | 'tool_call';

interface OpenPart {
  readonly kind: Kind;
  readonly part: number;
  /** of reasoning: what it was told by */
  thought: OpenThought | null;
  pieces: number;
  readonly call: ArrivingCall | null;
}

const NOTHING_SAID: OpenThought = { isSealed: false, type: '', format: '', id: null, index: null };

/** One choice of an answer on its way: what each delta adds to which part. Whole messages are one delta. */
export class ChoiceDecoder {
  finishRaw: string | null = null;
  stopSequence: string | null = null;
  /** content for a call that had ended: it cannot be told any more */
  hasLostContent = false;
  readonly #index: number;
  readonly #requestId: string;
  readonly #audioType: string;
  readonly #emit: Emit;
  readonly #sorter = new CallSorter();
  /** by the calls' wire ids; what no call claims is told as a thought at the end */
  readonly #callSeals = new Map<string, Seal>();
  readonly #textSeals = new Map<number, Seal>();
  readonly #citations: Citation[] = [];
  readonly #usedIds = new Set<string>();
  #open: OpenPart | null = null;
  #parts = 0;
  #texts = 0;

  constructor(index: number, requestId: string, audioFormat: string, emit: Emit) {
    this.#index = index;
    this.#requestId = requestId;
    this.#audioType = audioType(audioFormat);
    this.#emit = emit;
  }

  /** What the answer came to: calls decide by being there (S10), whatever the provider called it. */
  finish(isDone: boolean): Finish | null {
    const named = decodeFinish(this.finishRaw);
    const hasCalls = this.#sorter.calls.some(({ state }) => state !== 'waiting');
    if (!hasCalls) return named;
    if (named === null) return isDone ? { kind: 'tool_calls' } : null;
    return CALLING.has(named.kind) ? { kind: 'tool_calls' } : named;
  }

  /** A choice of a chunk, or of a whole answer. Perplexity and Writer send both members: what arrives now, and all there is. */
  take(choice: JsonObject, isWhole: boolean): void {
    const [first, second] = isWhole ? ['message', 'delta'] : ['delta', 'message'];
    const delta = object(choice[first ?? '']) ?? object(choice[second ?? '']) ?? choice;
    for (const read of DELTA_READERS) read(this, delta, isWhole);
    const logprobs = decodeLogprobs(choice['logprobs']);
    if (logprobs !== null) this.#emit({ kind: 'logprobs', choice: this.#index, tokens: logprobs });
    const finish = text(choice['finish_reason']);
    if (finish !== null && (finish !== '' || this.finishRaw === null)) this.finishRaw = finish;
    this.stopSequence ??= filledText(choice['stop_reason']);
    this.#takeExtras(choice, delta);
  }

  /** The body has ended: everything that waited is told, and what is open is closed. */
  end(): void {
    this.#openWaiting(true);
    this.#close();
    for (const [, seal] of this.#callSeals) this.#sealedThought(seal);
    this.#callSeals.clear();
    for (const [, seal] of this.#textSeals) this.#whole({ kind: 'text', text: '', seal });
    this.#textSeals.clear();
    if (this.#citations.length === 0) return;
    const annotations = this.#citations.map(({ raw }) => raw.value);
    this.#emit({ kind: 'extras', choice: this.#index, extras: { dialect: 'openai-chat', fields: { annotations } } });
  }

  // --- what a delta may hold: called by DELTA_READERS in their order ---------------------------------------------

  takeReasoning(delta: JsonObject): void {
    let isTold = false;
    for (const item of named(objects(delta['reasoning_details']))) isTold = this.#takeDetail(item) || isTold;
    if (isTold) return;
    const plain = filledText(delta['reasoning_content']) ?? filledText(delta['reasoning']);
    if (plain !== null) this.#think(plain);
  }

  takeContent(delta: JsonObject): void {
    const content = delta['content'] ?? delta['text'];
    if (typeof content === 'string') this.#say('text', content);
    else if (Array.isArray(content)) for (const part of content) this.#takeContentPart(part);
    // Cloudflare answers a schema with the object itself instead of its text.
    else if (isObject(content)) this.#say('text', JSON.stringify(content));
  }

  takeRefusal(delta: JsonObject): void {
    const refusal = delta['refusal'];
    if (typeof refusal === 'string') this.#say('refusal', refusal);
  }

  takeAudio(delta: JsonObject): void {
    const audio = delta['audio'];
    if (!isObject(audio)) return;
    const data = text(audio['data']) ?? '';
    const transcript = text(audio['transcript']) ?? '';
    if (data === '' && transcript === '') return;
    const source = { kind: 'base64', mediaType: this.#audioType, data: '' } as const;
    if (this.#open?.kind !== 'audio') this.#begin('audio', { kind: 'audio', source });
    this.#delta({ kind: 'audio', data, transcript });
  }

  takeImages(delta: JsonObject): void {
    for (const image of objects(delta['images'])) this.#takeImage(image);
  }

  takeCalls(delta: JsonObject, isWhole: boolean): void {
    for (const piece of callDeltas(delta, isWhole)) {
      const call = this.#sorter.add(piece);
      if (call.state === 'open') this.#tellCall(call);
      else if (call.state === 'closed') this.hasLostContent ||= call.untold.trim() !== '';
      else this.#openWaiting(false);
    }
  }

  takeAnnotations(delta: JsonObject): void {
    for (const annotation of objects(delta['annotations'])) {
      const citation = decodeAnnotation(annotation);
      if (citation !== null) this.cite(citation);
    }
  }

  /** A source of the text: told now where a text is open, else with the next one. */
  cite(citation: Citation): void {
    if (this.#open?.kind === 'text') this.#delta({ kind: 'citation', citation });
    else this.#citations.push(citation);
  }

  // --- texts -----------------------------------------------------------------------------------------------------

  #say(kind: 'text' | 'refusal', added: string): void {
    if (added === '') return;
    if (this.#open?.kind !== kind) this.#begin(kind, { kind, text: '' });
    this.#delta({ kind: 'text', text: added });
  }

  #takeContentPart(part: unknown): void {
    if (typeof part === 'string') return this.#say('text', part);
    if (!isObject(part)) return;
    const type = part['type'];
    if (type === 'thinking') return this.#think(thinkingText(part['thinking']));
    if (type === 'image_url') return this.#takeImage(part);
    if (typeof part['text'] === 'string') return this.#say('text', part['text']);
    if (typeof part['refusal'] === 'string') return this.#say('refusal', part['refusal']);
    this.#whole({ kind: 'opaque', dialect: 'openai-chat', type: text(type) ?? 'content', value: part });
  }

  #takeImage(image: JsonObject): void {
    const address = image['image_url'];
    const url = isObject(address) ? text(address['url']) : text(address);
    if (url !== null) this.#whole({ kind: 'image', source: sourceOfUrl(url) });
  }

  // --- thinking --------------------------------------------------------------------------------------------------

  #think(added: string): void {
    if (added === '') return;
    if (this.#open?.kind !== 'reasoning' || this.#open.thought?.isSealed === true)
      this.#beginThought(null, NOTHING_SAID);
    this.#delta({ kind: 'text', text: added });
  }

  #beginThought(id: string | null, thought: OpenThought): void {
    this.#begin('reasoning', { kind: 'reasoning', text: '', summary: [], seal: null, id });
    if (this.#open !== null) this.#open.thought = thought;
  }

  /** True where the item told what was thought: then the plain text beside it says the same. */
  #takeDetail(item: JsonObject): boolean {
    const detail = readDetail(item, (_id, format) => format === 'google-gemini-v1');
    switch (detail.kind) {
      case 'nothing':
        return false;
      case 'opaque':
        this.#whole(detail.value);
        return false;
      case 'call_seal':
        this.#sealCall(detail.callId, detail.seal);
        return false;
      case 'text_seal':
        this.#textSeals.set(detail.place, detail.seal);
        return false;
      case 'thought':
        return this.#takeThought(detail);
    }
  }

  #takeThought(detail: Extract<ReturnType<typeof readDetail>, { kind: 'thought' }>): boolean {
    const open = this.#open?.kind === 'reasoning' ? this.#open : null;
    const before = open?.thought ?? null;
    // An id comes with what is bound to it: where the rest was told without one, the seal is a thought of its own.
    const isNamed = before !== null && before.id === null && detail.id !== null && detail.seal !== null;
    const isMore =
      !isNamed &&
      before !== null &&
      (before === NOTHING_SAID ? detail.seal?.form !== 'redacted' : continues(before, detail));
    const isPiece = before !== null && isMore && isSameItem(before, detail);
    if (!isMore) this.#beginThought(detail.id, openAfter(detail, detail.id));
    else if (open !== null) open.thought = openAfter(detail, detail.id ?? before?.id ?? null);
    if (detail.text !== '') this.#delta({ kind: 'text', text: detail.text });
    if (detail.summary !== null && this.#open !== null) {
      if (!isPiece) this.#open.pieces += 1;
      this.#delta({ kind: 'summary', index: this.#open.pieces - 1, text: detail.summary });
    }
    if (detail.seal !== null) this.#delta({ kind: 'seal', seal: detail.seal });
    return detail.text !== '' || detail.summary !== null;
  }

  #sealedThought(seal: Seal): void {
    this.#beginThought(null, NOTHING_SAID);
    this.#delta({ kind: 'seal', seal });
    this.#close();
  }

  // --- calls -----------------------------------------------------------------------------------------------------

  #sealCall(wireId: string, seal: Seal): void {
    const call = this.#sorter.byWireId(wireId);
    if (call === undefined || call.state === 'closed') {
      this.#callSeals.set(wireId, seal);
      return;
    }
    call.seal ??= seal;
    if (call.state === 'open') this.#tellCall(call);
  }

  /**
   * Opens calls that wait, in their order. One that is open is closed only when its arguments are complete: until then the others are kept, so
   * that calls whose deltas take turns are told one after the other.
   */
  #openWaiting(isEnd: boolean): void {
    for (const call of this.#sorter.unclosed()) {
      if (call.state === 'open') {
        if (!isEnd && !isComplete(call)) return;
        continue;
      }
      // T28: without a name it is no call
      if (call.name === '') {
        if (isEnd) continue;
        return;
      }
      this.#openCall(call);
      if (!isEnd && !isComplete(call)) return;
    }
  }

  #openCall(call: ArrivingCall): void {
    const seal = call.seal ?? this.#callSeals.get(call.wireId) ?? null;
    this.#callSeals.delete(call.wireId);
    call.seal = seal;
    call.isSealTold = seal !== null;
    const sealed = seal === null ? {} : { seal };
    const value: Part = {
      kind: 'tool_call',
      id: this.#idOf(call),
      name: call.name,
      arguments: '',
      variant: call.variant,
      ...sealed,
    };
    this.#begin('tool_call', value, call);
    call.state = 'open';
    this.#tellCall(call);
  }

  /** The provider's id; one of ours where it has none, or has used it before in this answer (S14, W26). */
  #idOf({ wireId }: ArrivingCall): string {
    const isNew = wireId !== '' && !this.#usedIds.has(wireId);
    const position = this.#usedIds.size + this.#index * 1_000;
    const id = isNew ? wireId : syntheticCallId(this.#requestId, position);
    this.#usedIds.add(id);
    return id;
  }

  #tellCall(call: ArrivingCall): void {
    if (call.untold !== '') this.#delta({ kind: 'arguments', text: call.untold });
    call.untold = '';
    if (call.seal !== null && !call.isSealTold) this.#delta({ kind: 'seal', seal: call.seal });
    call.isSealTold = call.seal !== null;
  }

  // --- parts -----------------------------------------------------------------------------------------------------

  #begin(kind: Kind, value: Part, call: ArrivingCall | null = null): void {
    this.#close();
    this.#open = { kind, part: this.#parts, thought: null, pieces: 0, call };
    this.#emit({ kind: 'part_start', choice: this.#index, part: this.#parts, value });
    this.#parts += 1;
    if (kind !== 'text') return;
    for (const citation of this.#citations.splice(0)) this.#delta({ kind: 'citation', citation });
  }

  #delta(delta: PartDelta): void {
    if (this.#open !== null) this.#emit({ kind: 'part_delta', choice: this.#index, part: this.#open.part, delta });
  }

  /** A part that is there at once. */
  #whole(value: Part): void {
    this.#close();
    this.#emit({ kind: 'part_start', choice: this.#index, part: this.#parts, value });
    this.#emit({ kind: 'part_end', choice: this.#index, part: this.#parts });
    this.#parts += 1;
  }

  #close(): void {
    const open = this.#open;
    if (open === null) return;
    if (open.kind === 'text') this.#sealText();
    if (open.call !== null) open.call.state = 'closed';
    this.#emit({ kind: 'part_end', choice: this.#index, part: open.part });
    this.#open = null;
  }

  #sealText(): void {
    const seal = this.#textSeals.get(this.#texts);
    this.#textSeals.delete(this.#texts);
    this.#texts += 1;
    if (seal !== undefined) this.#delta({ kind: 'seal', seal });
  }

  /** What other dialects have no name for, and clients of this one look for. */
  #takeExtras(choice: JsonObject, delta: JsonObject): void {
    const fields: Record<string, unknown> = {};
    const filter = choice['content_filter_results'];
    if (isObject(filter) && Object.keys(filter).length > 0) fields['content_filter_results'] = filter;
    const executed = delta['executed_tools'];
    if (Array.isArray(executed) && executed.length > 0) fields['executed_tools'] = executed;
    const files = objects(delta['annotations']).filter((one) => one['type'] !== 'url_citation');
    if (files.length > 0) fields['annotations'] = files;
    if (Object.keys(fields).length === 0) return;
    this.#emit({ kind: 'extras', choice: this.#index, extras: { dialect: 'openai-chat', fields } });
  }
}

/** Items of one message: a summary has the id of the encrypted content behind it. */
function named(items: readonly JsonObject[]): readonly JsonObject[] {
  return items.map((item, index) => {
    if (item['type'] !== 'reasoning.summary' || filledText(item['id']) !== null) return item;
    const sealed = items.slice(index + 1).find(({ type }) => type !== 'reasoning.summary');
    const isOwn = sealed?.['type'] === 'reasoning.encrypted' && sealed['format'] === item['format'];
    return isOwn && filledText(sealed['id']) !== null ? { ...item, id: sealed['id'] } : item;
  });
}

const CALLING: ReadonlySet<Finish['kind']> = new Set(['stop', 'function_call', 'tool_calls', 'other']);

type DeltaReader = (choice: ChoiceDecoder, delta: JsonObject, isWhole: boolean) => void;

/** Everything a delta or a message may hold, in the order in which it is told: thinking comes before what it led to. */
const DELTA_READERS: readonly DeltaReader[] = [
  (choice, delta) => choice.takeReasoning(delta),
  (choice, delta) => choice.takeAnnotations(delta),
  (choice, delta) => choice.takeContent(delta),
  (choice, delta) => choice.takeRefusal(delta),
  (choice, delta) => choice.takeAudio(delta),
  (choice, delta) => choice.takeImages(delta),
  (choice, delta, isWhole) => choice.takeCalls(delta, isWhole),
];
