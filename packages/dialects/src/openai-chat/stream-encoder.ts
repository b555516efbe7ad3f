import type { ReplyFacts, ReplyOptions, StreamEncoder } from '../canonical/codec.js';
import { type Loss, Losses } from '../canonical/loss.js';
import type { Extras, JsonObject, Part, Seal, ToolCallPart } from '../canonical/part.js';
import type { PartDelta, ReplyEvent } from '../canonical/reply.js';
import type { Failure } from '../failure.js';
import { encodeFailureEvent } from './failure.js';
import { encodeLogprobs } from './logprobs.js';
import { deltaItem, encodeDetails, sealItem } from './reasoning-details.js';
import {
  annotationsOf,
  callMember,
  endOf,
  imageMember,
  lossesMember,
  mannerOf,
  noteLost,
  placeExtras,
  type ReplyManner,
} from './reply-parts.js';
import { usageJson } from './usage.js';

/** What has been written of one choice. */
interface ChoiceState {
  hasRole: boolean;
  calls: number;
  /** items of reasoning_details so far, and texts and characters of content */
  details: number;
  texts: number;
  characters: number;
  /** where the open text begins in the content: its citations count from there */
  textFrom: number;
  open: Part | null;
  /** of an open call: its arguments have begun */
  hasArguments: boolean;
  /** of open reasoning: the piece of its summary that is being written, and the index of the last item */
  piece: number;
  item: number;
}

type EventOf<Kind extends ReplyEvent['kind']> = Extract<ReplyEvent, { kind: Kind }>;
type EventWriters = {
  readonly [Kind in ReplyEvent['kind']]: (encoder: ChatStreamEncoder, event: EventOf<Kind>) => string;
};

/** One writer for each canonical event. */
const WRITERS: EventWriters = {
  start: () => '',
  part_start: (encoder, { choice, value }) => encoder.startPart(choice, value),
  part_delta: (encoder, { choice, delta }) => encoder.addDelta(choice, delta),
  part_end: (encoder, { choice, isCut }) => encoder.endPart(choice, isCut === true),
  logprobs: (encoder, { choice, tokens }) =>
    encoder.chunk(choice, {}, `"logprobs":${JSON.stringify(encodeLogprobs(tokens))},`),
  extras: (encoder, { choice, extras }) => encoder.addExtras(choice, extras),
  finish: (encoder, event) => encoder.finish(event),
};

/**
 * Writes chunks as OpenAI and OpenRouter do: the role in the first delta of a choice, calls counted from 0 in each choice (S15), thinking under
 * both its names and with its seals, the finish alone, and the usage chunk only for who asked (P08).
 */
export class ChatStreamEncoder implements StreamEncoder {
  readonly lengthWord = 'length';
  readonly #manner: ReplyManner;
  readonly #options: ReplyOptions;
  readonly #losses = new Losses();
  readonly #choices = new Map<number, ChoiceState>();
  /** `data: {…,"choices":[` with everything that never changes */
  readonly #head: string;

  constructor(options: ReplyOptions) {
    this.#options = options;
    this.#manner = mannerOf(options);
    const { created, model, provider } = options;
    const facts = { id: this.#manner.id, object: 'chat.completion.chunk', created, model, provider };
    this.#head = `data: ${JSON.stringify(facts).slice(0, -1)},"choices":[`;
  }

  get losses(): readonly Loss[] {
    return this.#losses.list();
  }

  write(event: ReplyEvent): string {
    const writer = WRITERS[event.kind] as (encoder: ChatStreamEncoder, event: ReplyEvent) => string;
    return writer(this, event);
  }

  terminal(facts: ReplyFacts): string {
    if (!this.#options.request.includeUsage || facts.usage === null) return 'data: [DONE]\n\n';
    const lost = JSON.stringify(lossesMember(this.#losses)).slice(1, -1);
    const usage = `"usage":${usageJson(facts.usage, facts.cost)}`;
    return `${this.#head}],${usage}${lost === '' ? '' : `,${lost}`}}\n\ndata: [DONE]\n\n`;
  }

  failure(failure: Failure): string {
    return encodeFailureEvent(failure).toString('utf8');
  }

  // --- events, called by WRITERS ---------------------------------------------------------------------------------

  /** One chunk of one choice. `members` is JSON of further members of the choice, each with its comma. */
  chunk(choice: number, delta: JsonObject, members = '', top = ''): string {
    const state = this.#stateOf(choice);
    // S31: whoever reads `content` finds null, not nothing
    const told = state.hasRole ? delta : { role: 'assistant', content: '', ...delta };
    state.hasRole = true;
    return `${this.#head}{"index":${choice},"delta":${JSON.stringify(told)},${members}"finish_reason":null}]${top}}\n\n`;
  }

  startPart(choice: number, value: Part): string {
    const state = this.#stateOf(choice);
    state.open = value;
    switch (value.kind) {
      case 'text': {
        state.textFrom = state.characters;
        const said = value.text === '' ? '' : this.addDelta(choice, { kind: 'text', text: value.text });
        const cited = (value.citations ?? []).map((citation) => this.addDelta(choice, { kind: 'citation', citation }));
        const sealed = value.seal === undefined ? '' : this.addDelta(choice, { kind: 'seal', seal: value.seal });
        return said + cited.join('') + sealed;
      }
      case 'refusal':
        return value.text === '' ? '' : this.addDelta(choice, { kind: 'text', text: value.text });
      case 'reasoning':
        return this.#startReasoning(choice, state, value);
      case 'tool_call':
        return this.#startCall(choice, state, value);
      case 'image': {
        const image = imageMember(value);
        return image === null ? '' : this.chunk(choice, { content: null, images: [image] });
      }
      case 'audio':
        return this.#startAudio(choice, value);
      case 'opaque':
        return this.#startOpaque(choice, state, value);
      case 'video':
      case 'document':
      case 'tool_result':
      case 'server_tool':
        noteLost(value, this.#losses);
        return '';
    }
  }

  addDelta(choice: number, delta: PartDelta): string {
    const state = this.#stateOf(choice);
    switch (delta.kind) {
      case 'text':
        return this.#addText(choice, state, delta.text);
      case 'summary':
        return this.#addSummary(choice, state, delta.index, delta.text);
      case 'arguments':
        return this.#addArguments(choice, state, delta.text);
      case 'seal':
        return this.#addSeal(choice, state, delta.seal);
      case 'citation': {
        const annotations = annotationsOf([delta.citation], state.textFrom, this.#losses);
        return annotations.length === 0 ? '' : this.chunk(choice, { content: null, annotations });
      }
      case 'audio':
        return this.chunk(choice, { content: null, audio: { ...audioPiece(delta), id: `audio_${this.#manner.id}` } });
    }
  }

  endPart(choice: number, isCut: boolean): string {
    const state = this.#stateOf(choice);
    const { open } = state;
    state.open = null;
    if (open?.kind === 'text') state.texts += 1;
    if (isCut) return '';
    // W19: a function without arguments was called with none, and accumulators want JSON
    if (open?.kind !== 'tool_call' || state.hasArguments || open.variant === 'custom') return '';
    return this.#argumentsChunk(choice, state, open.variant, '{}');
  }

  addExtras(choice: number, extras: Extras): string {
    const placed = placeExtras(extras, this.#losses);
    const isEmpty = [placed.choice, placed.message, placed.top].every((one) => Object.keys(one).length === 0);
    if (isEmpty) return '';
    const members = JSON.stringify(placed.choice).slice(1, -1);
    const top = JSON.stringify(placed.top).slice(1, -1);
    return this.chunk(choice, placed.message, members === '' ? '' : `${members},`, top === '' ? '' : `,${top}`);
  }

  finish({ choice, finish, raw, stopSequence }: EventOf<'finish'>): string {
    const state = this.#stateOf(choice);
    if (stopSequence !== null) this.#losses.dropped('stop_sequence');
    const reason = JSON.stringify(endOf(finish, state.calls > 0, this.#manner.isLegacy));
    const delta = state.hasRole ? '{}' : '{"role":"assistant","content":""}';
    const end = `"finish_reason":${reason},"native_finish_reason":${JSON.stringify(raw)}`;
    // Who asked for no usage chunk gets no chunk without choices: the losses then stand here
    const lost = this.#options.request.includeUsage ? '' : JSON.stringify(lossesMember(this.#losses)).slice(1, -1);
    return `${this.#head}{"index":${choice},"delta":${delta},${end}}]${lost === '' ? '' : `,${lost}`}}\n\n`;
  }

  // --- texts and thinking ----------------------------------------------------------------------------------------

  #addText(choice: number, state: ChoiceState, text: string): string {
    switch (state.open?.kind) {
      case 'refusal':
        return this.chunk(choice, { content: null, refusal: text });
      case 'reasoning':
        return this.#thought(choice, text, { type: 'reasoning.text', text }, this.#itemOf(state, -1));
      default:
        state.characters += text.length;
        return this.chunk(choice, { content: text });
    }
  }

  #startReasoning(choice: number, state: ChoiceState, value: Extract<Part, { kind: 'reasoning' }>): string {
    state.piece = -2;
    const told = value.text === '' ? '' : this.addDelta(choice, { kind: 'text', text: value.text });
    const pieces = value.summary.map((text, index) => this.addDelta(choice, { kind: 'summary', index, text }));
    return (
      told + pieces.join('') + (value.seal === null ? '' : this.addDelta(choice, { kind: 'seal', seal: value.seal }))
    );
  }

  #addSummary(choice: number, state: ChoiceState, index: number, text: string): string {
    return this.#thought(choice, text, { type: 'reasoning.summary', summary: text }, this.#itemOf(state, index));
  }

  /** The index of the item a delta belongs to: a new one for each piece of a summary, and for the text (-1). */
  #itemOf(state: ChoiceState, piece: number): number {
    if (state.piece !== piece) {
      state.item = state.details;
      state.details += 1;
    }
    state.piece = piece;
    return state.item;
  }

  #thought(choice: number, plain: string, item: JsonObject, index: number): string {
    if (!this.#manner.showsReasoning) return '';
    const { open } = this.#stateOf(choice);
    const id = open?.kind === 'reasoning' && open.id !== null ? { id: open.id } : {};
    const detail = { ...item, format: this.#manner.format, ...id, index };
    return this.chunk(choice, {
      content: null,
      reasoning: plain,
      reasoning_content: plain,
      reasoning_details: [detail],
    });
  }

  #addSeal(choice: number, state: ChoiceState, seal: Seal): string {
    const { open } = state;
    if (open?.kind === 'reasoning') {
      if (!this.#manner.showsReasoning) return '';
      // a signature belongs to its text's item; what is encrypted is an item of its own
      const isOfText = seal.form === 'signature' && seal.dialect !== 'gemini' && state.piece === -1;
      const index = isOfText ? state.item : this.#itemOf(state, -3);
      return this.chunk(choice, { content: null, reasoning_details: [deltaItem(seal, open.id, index)] });
    }
    const id = open?.kind === 'tool_call' ? open.id : `text_${state.texts}`;
    return this.chunk(choice, { content: null, reasoning_details: [this.#sealDetail(state, seal, id)] });
  }

  #sealDetail(state: ChoiceState, seal: Seal, id: string): JsonObject {
    const item = { ...sealItem(seal, id), index: state.details };
    state.details += 1;
    return item;
  }

  #startOpaque(choice: number, state: ChoiceState, value: Extract<Part, { kind: 'opaque' }>): string {
    noteLost(value, this.#losses);
    const items =
      this.#manner.showsReasoning && value.dialect === 'openai-chat' ? encodeDetails([value], state.details) : [];
    if (items.length === 0) return '';
    state.details += items.length;
    return this.chunk(choice, { content: null, reasoning_details: items });
  }

  // --- calls and media -------------------------------------------------------------------------------------------

  #startCall(choice: number, state: ChoiceState, value: ToolCallPart): string {
    const index = state.calls;
    state.calls += 1;
    state.hasArguments = value.arguments !== '';
    if (this.#manner.isLegacy) {
      if (index > 0) this.#losses.dropped('tool_calls');
      return index > 0
        ? ''
        : this.chunk(choice, { content: null, function_call: { name: value.name, arguments: value.arguments } });
    }
    const details =
      value.seal === undefined ? {} : { reasoning_details: [this.#sealDetail(state, value.seal, value.id)] };
    const call = { index, ...withoutArguments(callMember(value), value) };
    return this.chunk(choice, { content: null, ...details, tool_calls: [call] });
  }

  #addArguments(choice: number, state: ChoiceState, text: string): string {
    if (text === '' || state.open?.kind !== 'tool_call') return '';
    state.hasArguments = true;
    return this.#argumentsChunk(choice, state, state.open.variant, text);
  }

  #argumentsChunk(choice: number, state: ChoiceState, variant: ToolCallPart['variant'], text: string): string {
    if (this.#manner.isLegacy) return state.calls > 1 ? '' : this.chunk(choice, { function_call: { arguments: text } });
    const piece = variant === 'custom' ? { custom: { input: text } } : { function: { arguments: text } };
    return this.chunk(choice, { tool_calls: [{ index: state.calls - 1, ...piece }] });
  }

  #startAudio(choice: number, value: Extract<Part, { kind: 'audio' }>): string {
    const data = value.source.kind === 'base64' ? value.source.data : '';
    const transcript = value.transcript ?? '';
    return data === '' && transcript === '' ? '' : this.addDelta(choice, { kind: 'audio', data, transcript });
  }

  #stateOf(choice: number): ChoiceState {
    const known = this.#choices.get(choice);
    if (known !== undefined) return known;
    const state: ChoiceState = {
      hasRole: false,
      calls: 0,
      details: 0,
      texts: 0,
      characters: 0,
      textFrom: 0,
      open: null,
      hasArguments: false,
      piece: -2,
      item: 0,
    };
    this.#choices.set(choice, state);
    return state;
  }
}

function audioPiece({ data, transcript }: Extract<PartDelta, { kind: 'audio' }>): JsonObject {
  return { ...(data === '' ? {} : { data }), ...(transcript === '' ? {} : { transcript }) };
}

/** A call as it begins: its arguments come in deltas. */
function withoutArguments(call: JsonObject, { name, variant, arguments: given }: ToolCallPart): JsonObject {
  return variant === 'custom'
    ? { ...call, custom: { name, input: given } }
    : { ...call, function: { name, arguments: given } };
}
