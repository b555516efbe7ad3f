import type { ReplyOptions } from '../canonical/codec.js';
import type { Losses } from '../canonical/loss.js';
import type { Citation, JsonObject, Part, Seal, ToolCallPart } from '../canonical/part.js';
import type { PartDelta, ReplyEvent, TokenLogprob } from '../canonical/reply.js';
import { sealBase64 } from '../canonical/seal-envelope.js';
import { isSyntheticCallId } from '../canonical/tool-call-id.js';
import { callArguments } from './encode-parts.js';
import { encodeFinish } from './finish.js';
import { encodeGrounding } from './grounding.js';
import { encodeLogprobs } from './logprobs.js';
import { encodeMedia } from './media.js';

type Wire = JsonObject;
const NOTHING: readonly Wire[] = [];

/**
 * Writes the parts of one candidate as events come. Text goes out at once; a call waits for the end of its arguments, because clients take only
 * whole ones. Thoughts are shown to who asked for them; their seal goes out in any case: on the thought where it is shown, else on the part after it.
 */
export class CandidateWriter {
  readonly index: number;
  /** some part has been written */
  hasParts = false;
  readonly #losses: Losses;
  readonly #showsThoughts: boolean;
  #open: Part | null = null;
  #seal: Seal | null = null;
  /** of a thought that is not shown */
  #pending: Seal | null = null;
  #arguments: string[] = [];
  #texts: string[] = [];
  #textBytes = 0;
  #summary = 0;
  #citations: Citation[] = [];
  #cited: { readonly citation: Citation; readonly text: string; readonly before: number }[] = [];
  #logprobs: TokenLogprob[] = [];
  #extras: JsonObject = {};
  #finish: Extract<ReplyEvent, { kind: 'finish' }> | null = null;

  constructor(index: number, options: ReplyOptions, losses: Losses) {
    this.index = index;
    this.#losses = losses;
    this.#showsThoughts = options.request.reasoning?.isShown === true;
  }

  /** Text of an open text part, with nothing to say beside it: the usual case, written without building a part. */
  get takesPlainText(): boolean {
    return this.#open?.kind === 'text' && this.#pending === null;
  }

  /** What `takesPlainText` was written by the caller itself. */
  noteText(text: string): void {
    this.hasParts = true;
    this.#texts.push(text);
  }

  take(event: Exclude<ReplyEvent, { kind: 'start' }>): readonly Wire[] {
    const parts = this.#step(event);
    if (parts.length > 0) this.hasParts = true;
    return parts;
  }

  #step(event: Exclude<ReplyEvent, { kind: 'start' }>): readonly Wire[] {
    switch (event.kind) {
      case 'part_start':
        return this.#start(event.value);
      case 'part_delta':
        return this.#delta(event.delta);
      case 'part_end':
        return this.#end(event.isCut === true);
      case 'logprobs':
        for (const token of event.tokens) this.#logprobs.push(token);
        return NOTHING;
      case 'extras':
        this.#losses.extras(event.extras, 'gemini', '');
        if (event.extras.dialect === 'gemini') this.#extras = { ...this.#extras, ...event.extras.fields };
        return NOTHING;
      case 'finish':
        if (event.stopSequence !== null) this.#losses.dropped('stop_sequence');
        this.#finish = event;
        return NOTHING;
    }
  }

  #start(value: Part): readonly Wire[] {
    this.#open = value;
    this.#seal = 'seal' in value ? (value.seal ?? null) : null;
    this.#arguments = [];
    this.#texts = [];
    this.#summary = 0;
    switch (value.kind) {
      case 'text':
        this.#citations = [...(value.citations ?? [])];
        return value.text === '' ? NOTHING : this.#text(value.text);
      case 'refusal':
        return value.text === '' ? NOTHING : this.#text(value.text);
      case 'reasoning':
        return [...this.#thought(value.text), ...value.summary.flatMap((piece, at) => this.#summaryPiece(at, piece))];
      case 'tool_call':
        this.#arguments.push(value.arguments);
        return NOTHING;
      case 'audio':
        return this.#audio(value);
      case 'image':
      case 'video':
      case 'document':
        return this.#whole(encodeMedia(value), `a ${value.kind} of another provider`);
      case 'server_tool':
        return this.#whole(value.dialect === 'gemini' ? value.value : null, `${value.dialect}.${value.tool}`);
      case 'opaque':
        return this.#whole(value.dialect === 'gemini' ? value.value : null, `${value.dialect}.${value.type}`);
      case 'tool_result':
        return this.#whole(null, 'tool_result');
    }
  }

  #delta(delta: PartDelta): readonly Wire[] {
    switch (delta.kind) {
      case 'text':
        return this.#open?.kind === 'reasoning' ? this.#thought(delta.text) : this.#text(delta.text);
      case 'summary':
        return this.#summaryPiece(delta.index, delta.text);
      case 'arguments':
        this.#arguments.push(delta.text);
        return NOTHING;
      case 'seal':
        this.#seal = delta.seal;
        return NOTHING;
      case 'citation':
        this.#citations.push(delta.citation);
        return NOTHING;
      case 'audio':
        return this.#sound(delta.data, delta.transcript);
    }
  }

  #end(isCut: boolean): readonly Wire[] {
    const open = this.#open;
    this.#open = null;
    switch (open?.kind) {
      case 'text':
        return this.#endText();
      case 'reasoning':
        return this.#endThought();
      case 'tool_call':
        // this dialect has only whole calls: where one is cut, Google ends without it
        return isCut ? NOTHING : this.#call({ ...open, arguments: this.#arguments.join('') });
      default:
        this.#textBytes += Buffer.byteLength(this.#texts.join(''));
        return NOTHING;
    }
  }

  #text(text: string): readonly Wire[] {
    if (text === '') return NOTHING;
    this.#texts.push(text);
    return [{ text, ...this.#pendingSignature() }];
  }

  /** As Gemini does it: the signature of a text comes after it, on an empty one (W27). */
  #endText(): readonly Wire[] {
    const text = this.#texts.join('');
    for (const citation of this.#citations) this.#cited.push({ citation, text, before: this.#textBytes });
    this.#citations = [];
    this.#textBytes += Buffer.byteLength(text);
    return this.#seal === null ? NOTHING : [...this.#settled(), { text: '', ...signature(this.#seal) }];
  }

  #thought(text: string): readonly Wire[] {
    return text === '' || !this.#showsThoughts ? NOTHING : [{ text, thought: true }];
  }

  #summaryPiece(index: number, text: string): readonly Wire[] {
    const isNew = index !== this.#summary;
    this.#summary = index;
    return this.#thought(isNew && text !== '' ? `\n\n${text}` : text);
  }

  #endThought(): readonly Wire[] {
    const seal = this.#seal;
    if (seal === null) return NOTHING;
    if (this.#showsThoughts) return [{ text: '', thought: true, ...signature(seal) }];
    const before = this.#settled();
    this.#pending = seal;
    return before;
  }

  #call(call: ToolCallPart): readonly Wire[] {
    const own = this.#seal;
    const before = own === null ? NOTHING : this.#settled();
    const id = isSyntheticCallId(call.id) ? {} : { id: call.id };
    const args = callArguments(call, `tool_calls.${call.name}`, this.#losses);
    const signed = own === null ? this.#pendingSignature() : signature(own);
    return [...before, { functionCall: { ...id, name: call.name, args }, ...signed }];
  }

  #whole(wire: Wire | null, loss: string): readonly Wire[] {
    if (wire === null) {
      this.#losses.dropped(loss);
      return NOTHING;
    }
    const signed = this.#seal === null ? {} : signature(this.#seal);
    return [...this.#settled(), { ...wire, ...signed }];
  }

  #audio(value: Extract<Part, { kind: 'audio' }>): readonly Wire[] {
    if (value.source.kind !== 'base64') return this.#whole(encodeMedia(value), 'audio');
    return this.#sound(value.source.data, value.transcript ?? '');
  }

  /** What was said stands beside the sound: as text, the one place this wire has for it. */
  #sound(data: string, transcript: string): readonly Wire[] {
    const open = this.#open;
    const type = open?.kind === 'audio' && open.source.kind === 'base64' ? open.source.mediaType : 'audio/wav';
    const sound = data === '' ? NOTHING : [{ inlineData: { mimeType: type, data } }];
    return [...this.#settled(), ...sound, ...this.#text(transcript)];
  }

  #pendingSignature(): JsonObject {
    const seal = this.#pending;
    this.#pending = null;
    return seal === null ? {} : signature(seal);
  }

  /** A seal that waits and cannot stand on the next part gets an empty text of its own. */
  #settled(): readonly Wire[] {
    return this.#pending === null ? NOTHING : [{ text: '', ...this.#pendingSignature() }];
  }

  /** Why the prompt got no answer, if that is all there is: it stands at the top of the response, without a candidate. */
  get blockedPrompt(): unknown {
    return this.hasParts ? undefined : this.#extras['promptFeedback'];
  }

  /** The candidate's last members, after the given parts (all of them in a whole answer, the last ones of a stream). */
  candidate(parts: readonly Wire[]): JsonObject {
    const all = [...parts, ...this.#settled()];
    const { promptFeedback: _feedback, ...extras } = this.#extras;
    const hasOwn = 'groundingMetadata' in extras || 'citationMetadata' in extras;
    const grounding = hasOwn ? null : encodeGrounding(this.#cited);
    if (this.#logprobs.some(({ bytes }) => bytes !== null)) this.#losses.dropped('logprobs.bytes');
    return {
      content: { ...(all.length === 0 ? {} : { parts: all }), role: 'model' },
      finishReason: encodeFinish(this.#finish?.finish ?? null, this.#finish?.raw ?? null),
      index: this.index,
      ...(grounding === null ? {} : { groundingMetadata: grounding }),
      ...extras,
      ...(this.#logprobs.length === 0 ? {} : { logprobsResult: encodeLogprobs(this.#logprobs) }),
    };
  }
}

/** A seal of Gemini's as it is, anybody else's wrapped in base64: a client sends it back on the part where it got it. */
function signature(seal: Seal): JsonObject {
  return { thoughtSignature: sealBase64(seal, 'gemini') };
}
