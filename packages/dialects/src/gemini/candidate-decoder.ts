import { filledText, isObject, objects, otherMembers } from '../canonical/json-read.js';
import type { JsonObject, Part, Seal } from '../canonical/part.js';
import type { Emit, PartDelta } from '../canonical/reply.js';
import { readSealBase64 } from '../canonical/seal-envelope.js';
import { syntheticCallId } from '../canonical/tool-call-id.js';
import type { Finish } from '../finish.js';
import { decodeFinish } from './finish.js';
import { Grounding } from './grounding.js';
import { decodeLogprobs } from './logprobs.js';
import { inlineSource, mediaPart } from './media.js';
import { opaquePart, type PartKind, partKindOf, serverToolPart } from './part-kind.js';
import { PartialArguments } from './partial-arguments.js';

/** What all candidates of one answer share. */
export interface AnswerFacts {
  readonly requestId: string;
  /** names of the caller's tools that take free text: they were declared as functions of one argument */
  readonly customTools: ReadonlySet<string>;
  /** calls without an id so far, in the whole answer */
  unnamedCalls: number;
  /** why the answer cannot be trusted */
  problem: string | null;
}

type Open =
  | { readonly kind: 'text' | 'reasoning'; isSealed: boolean; readonly texts: string[] }
  | { readonly kind: 'call'; readonly partial: PartialArguments }
  | { readonly kind: 'audio'; readonly mediaType: string; rest: Buffer }
  | null;

const KNOWN = new Set(['content', 'finishReason', 'index', 'logprobsResult']);

/** One candidate of an answer: its parts as they come, and what is known of it at the end. */
export class CandidateDecoder {
  readonly index: number;
  finishRaw: string | null = null;
  /** set for a prompt that was blocked: there is a reason, and no answer */
  isBlocked = false;
  hasCalls = false;
  grounding: unknown;
  readonly #facts: AnswerFacts;
  readonly #sources = new Grounding();
  #extras: Record<string, unknown> | null = null;
  #parts = 0;
  #open: Open = null;
  /** bytes of visible text in the parts that are closed */
  #textBytes = 0;

  constructor(index: number, facts: AnswerFacts) {
    this.index = index;
    this.#facts = facts;
  }

  get finish(): Finish | null {
    return this.isBlocked ? { kind: 'content_filter' } : decodeFinish(this.finishRaw, this.hasCalls);
  }

  take(candidate: JsonObject, emit: Emit): void {
    const { content, groundingMetadata } = candidate;
    this.#sources.note(groundingMetadata, candidate['citationMetadata']);
    if (isObject(groundingMetadata) && Object.keys(groundingMetadata).length > 0) this.grounding = groundingMetadata;
    if (isObject(content)) for (const part of objects(content['parts'])) this.#takePart(part, emit);
    const tokens = decodeLogprobs(candidate['logprobsResult']);
    if (tokens !== null) emit({ kind: 'logprobs', choice: this.index, tokens });
    this.note(otherMembers(candidate, KNOWN));
    this.finishRaw = filledText(candidate['finishReason']) ?? this.finishRaw;
  }

  /** Members that no part carries: the last of each counts, and an empty object says nothing. */
  note(fields: JsonObject | null): void {
    for (const name in fields) {
      const value = fields[name];
      const isBlank = value === null || (isObject(value) && Object.keys(value).length === 0);
      if (isBlank) continue;
      this.#extras ??= {};
      this.#extras[name] = value;
    }
  }

  /** Closes what is open and tells what no part carries. */
  close(emit: Emit): void {
    this.#close(emit);
    if (this.#extras !== null)
      emit({ kind: 'extras', choice: this.index, extras: { dialect: 'gemini', fields: this.#extras } });
  }

  end(emit: Emit): void {
    emit({ kind: 'finish', choice: this.index, finish: this.finish, raw: this.finishRaw, stopSequence: null });
  }

  #takePart(part: JsonObject, emit: Emit): void {
    HANDLERS[partKindOf(part)](this, part, emit);
  }

  // --- what the handlers do -----------------------------------------------------------------------------------------------

  text(kind: 'text' | 'reasoning', text: string, seal: Seal | null, emit: Emit): void {
    if (text === '' && seal === null) return;
    const isOpen = this.#open?.kind === kind && !this.#open.isSealed;
    if (!isOpen) this.#openText(kind, emit);
    const open = this.#open;
    if (open?.kind !== kind) return;
    if (text !== '') this.#delta({ kind: 'text', text }, emit);
    if (kind === 'text') open.texts.push(text);
    if (seal === null) return;
    this.#delta({ kind: 'seal', seal }, emit);
    open.isSealed = true;
  }

  #openText(kind: 'text' | 'reasoning', emit: Emit): void {
    const thought: Part = { kind: 'reasoning', text: '', summary: [], seal: null, id: null };
    this.#start(kind === 'text' ? { kind: 'text', text: '' } : thought, emit);
    this.#open = { kind, isSealed: false, texts: [] };
  }

  /** A call: whole, or the beginning of one whose arguments follow, or their next pieces, or `{}`, which ends it (W30). */
  call(call: JsonObject, seal: Seal | null, emit: Emit): void {
    const name = filledText(call['name']);
    if (name !== null) this.#openCall(name, call, seal, emit);
    const open = this.#open;
    if (open?.kind !== 'call') {
      this.#facts.problem ??= 'The provider sent arguments that belong to no call.';
      return;
    }
    const { args, partialArgs } = call;
    if (partialArgs !== undefined) this.#arguments(open.partial.add(partialArgs), emit);
    if (open.partial.isOutOfOrder) this.#facts.problem ??= 'The provider sent pieces of arguments out of order.';
    if (call['willContinue'] === true) return;
    if (name !== null && isObject(args)) this.#closeCall(this.#argumentsOf(name, args), emit);
    else this.#close(emit);
  }

  #openCall(name: string, call: JsonObject, seal: Seal | null, emit: Emit): void {
    const variant = this.#facts.customTools.has(name) ? 'custom' : 'function';
    const id = filledText(call['id']) ?? this.#madeUpId();
    // The seal comes with the name: told at the start, clients whose seals stand before what they seal can put it there.
    const sealed = seal === null ? {} : { seal };
    this.#start({ kind: 'tool_call', id, name, arguments: '', variant, ...sealed }, emit);
    this.hasCalls = true;
    this.#open = { kind: 'call', partial: new PartialArguments() };
  }

  #madeUpId(): string {
    const position = this.#facts.unnamedCalls;
    this.#facts.unnamedCalls += 1;
    return syntheticCallId(this.#facts.requestId, position);
  }

  #argumentsOf(name: string, args: JsonObject): string {
    const { input } = args;
    return this.#facts.customTools.has(name) && typeof input === 'string' ? input : JSON.stringify(args);
  }

  #arguments(text: string, emit: Emit): void {
    if (text !== '') this.#delta({ kind: 'arguments', text }, emit);
  }

  #closeCall(rest: string, emit: Emit): void {
    this.#arguments(rest, emit);
    this.#end(emit);
  }

  media(part: JsonObject, emit: Emit): void {
    const source = inlineSource(part['inlineData']);
    if (source === null) return this.whole(opaquePart(part), emit);
    if (source.mediaType.startsWith('audio/')) return this.#audio(source.mediaType, source.data, emit);
    const seal = sealOf(part);
    const media = mediaPart(source, null, null);
    this.whole(media.kind === 'image' && seal !== null ? { ...media, seal } : media, emit);
  }

  /** Sound goes on from chunk to chunk. Base64 can only be joined where it ends with a whole group of three bytes. */
  #audio(mediaType: string, data: string, emit: Emit): void {
    if (this.#open?.kind !== 'audio' || this.#open.mediaType !== mediaType) {
      this.#start({ kind: 'audio', source: { kind: 'base64', mediaType, data: '' } }, emit);
      this.#open = { kind: 'audio', mediaType, rest: Buffer.alloc(0) };
    }
    const open = this.#open;
    const bytes = Buffer.concat([open.rest, Buffer.from(data, 'base64')]);
    const whole = bytes.length - (bytes.length % 3);
    open.rest = bytes.subarray(whole);
    if (whole > 0) this.#delta({ kind: 'audio', data: bytes.toString('base64', 0, whole), transcript: '' }, emit);
  }

  /** A part that never streams. */
  whole(part: Part, emit: Emit): void {
    this.#start(part, emit);
    this.#end(emit);
  }

  // --- parts --------------------------------------------------------------------------------------------------------------

  #start(value: Part, emit: Emit): void {
    this.#close(emit);
    emit({ kind: 'part_start', choice: this.index, part: this.#parts, value });
    this.#parts += 1;
  }

  #delta(delta: PartDelta, emit: Emit): void {
    emit({ kind: 'part_delta', choice: this.index, part: this.#parts - 1, delta });
  }

  #end(emit: Emit): void {
    this.#open = null;
    emit({ kind: 'part_end', choice: this.index, part: this.#parts - 1 });
  }

  #close(emit: Emit): void {
    const open = this.#open;
    if (open === null) return;
    if (open.kind === 'text') this.#cite(open.texts.join(''), emit);
    if (open.kind === 'call') this.#arguments(open.partial.close(), emit);
    if (open.kind === 'audio' && open.rest.length > 0)
      this.#delta({ kind: 'audio', data: open.rest.toString('base64'), transcript: '' }, emit);
    this.#end(emit);
  }

  #cite(text: string, emit: Emit): void {
    for (const citation of this.#sources.take(text, this.#textBytes)) this.#delta({ kind: 'citation', citation }, emit);
    this.#textBytes += Buffer.byteLength(text);
  }
}

type Handler = (candidate: CandidateDecoder, part: JsonObject, emit: Emit) => void;

const HANDLERS: Readonly<Record<PartKind, Handler>> = {
  text: (candidate, part, emit) => {
    const kind = part['thought'] === true ? 'reasoning' : 'text';
    candidate.text(kind, filledText(part['text']) ?? '', sealOf(part), emit);
  },
  functionCall: (candidate, part, emit) => {
    const call = part['functionCall'];
    if (isObject(call)) candidate.call(call, sealOf(part), emit);
  },
  inlineData: (candidate, part, emit) => {
    if (part['thought'] === true) candidate.whole(opaquePart(part), emit);
    else candidate.media(part, emit);
  },
  executableCode: (candidate, part, emit) => candidate.whole(serverToolPart('executableCode', part), emit),
  codeExecutionResult: (candidate, part, emit) => candidate.whole(serverToolPart('codeExecutionResult', part), emit),
  toolCall: (candidate, part, emit) => candidate.whole(serverToolPart('toolCall', part), emit),
  toolResponse: (candidate, part, emit) => candidate.whole(serverToolPart('toolResponse', part), emit),
  functionResponse: (candidate, part, emit) => candidate.whole(opaquePart(part), emit),
  fileData: (candidate, part, emit) => candidate.whole(opaquePart(part), emit),
  unknown: (candidate, part, emit) => {
    const seal = sealOf(part);
    const isBare = Object.keys(part).every((name) => name === 'thoughtSignature' || name === 'thought');
    if (!isBare) candidate.whole(opaquePart(part), emit);
    else if (seal !== null) candidate.text(part['thought'] === true ? 'reasoning' : 'text', '', seal, emit);
  },
};

function sealOf(part: JsonObject): Seal | null {
  const value = filledText(part['thoughtSignature']);
  return value === null ? null : readSealBase64(value, 'gemini', 'signature');
}
