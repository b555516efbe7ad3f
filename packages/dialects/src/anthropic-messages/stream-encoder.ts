import type { ReplyFacts, ReplyOptions, StreamEncoder } from '../canonical/codec.js';
import { type Loss, Losses } from '../canonical/loss.js';
import { inputTokensOf, measureRequest } from '../canonical/measure.js';
import type { Citation, JsonObject, Part, Seal } from '../canonical/part.js';
import type { PartDelta, ReplyEvent } from '../canonical/reply.js';
import { sealText } from '../canonical/seal-envelope.js';
import { wireCallId } from '../canonical/tool-call-id.js';
import type { Failure } from '../failure.js';
import {
  type BlockFacts,
  blockFacts,
  clientBlocks,
  isRedacted,
  nameReasoningLosses,
  ownFields,
  SUMMARY_SEPARATOR,
  sealBlocks,
  tellCitation,
} from './client-blocks.js';
import { failureEvent } from './failure.js';
import { encodeFinish } from './finish.js';
import { messageId, ownMembers, tollgateMember } from './reply-writer.js';
import { encodeUsage, usageJson } from './usage.js';
import { CALL_ID_RULE, isServerCall, ME } from './wire.js';

/** The part that is being written. Its block opens with its first content, so that no empty block is ever sent. */
interface OpenPart {
  readonly value: Part;
  readonly at: string;
  isBlockOpen: boolean;
  hasWords: boolean;
  /** the piece of the summary that was written last */
  summaryIndex: number;
  seal: Seal | null;
  /** text of a custom tool's call, which is wrapped as JSON once it is whole */
  customText: string;
}

type PartEvent<Kind extends ReplyEvent['kind']> = Extract<ReplyEvent, { readonly kind: Kind }>;
type Handlers = { readonly [Kind in ReplyEvent['kind']]: (encoder: Encoder, event: PartEvent<Kind>) => string };

const HANDLERS: Handlers = {
  start: (encoder) => encoder.startMessage(),
  part_start: (encoder, { value, part }) => encoder.startPart(value, part),
  part_delta: (encoder, { delta }) => encoder.growPart(delta),
  part_end: (encoder, { isCut }) => encoder.endPart(isCut === true),
  logprobs: (encoder) => encoder.lose('logprobs'),
  extras: (encoder, event) => encoder.keepExtras(event),
  finish: (encoder, event) => encoder.keepFinish(event),
};

export function createEncoder(options: ReplyOptions): StreamEncoder {
  return new Encoder(options);
}

/** Writes the vendor's events: message_start once, blocks one after the other, and with the settlement message_delta and message_stop. */
class Encoder implements StreamEncoder {
  readonly lengthWord = 'max_tokens';
  readonly #options: ReplyOptions;
  readonly #losses = new Losses();
  readonly #facts: BlockFacts;
  #hasStarted = false;
  #blocks = 0;
  #open: OpenPart | null = null;
  #hasCalls = false;
  #members: JsonObject = {};
  #finish: PartEvent<'finish'> | null = null;

  constructor(options: ReplyOptions) {
    this.#options = options;
    this.#facts = blockFacts(options.request, this.#losses);
  }

  get losses(): readonly Loss[] {
    return this.#losses.list();
  }

  write(event: ReplyEvent): string {
    if (event.kind !== 'start' && event.choice !== 0) return this.lose(`choices[${event.choice}]`);
    // every handler takes the event of its own kind; the lookup cannot say so to the compiler
    return (HANDLERS[event.kind] as (encoder: Encoder, event: ReplyEvent) => string)(this, event);
  }

  terminal({ usage, cost }: ReplyFacts): string {
    const start = this.#hasStarted ? '' : this.startMessage();
    const { context_management: management, ...members } = this.#members;
    const stopSequence = this.#finish?.stopSequence ?? null;
    const delta = JSON.stringify({
      stop_reason: this.#stopReason(stopSequence),
      stop_sequence: stopSequence,
      ...members,
    });
    const managed = management === undefined ? '' : `,"context_management":${JSON.stringify(management)}`;
    const reported = usageJson(encodeUsage(usage), cost);
    const ending = `{"type":"message_delta","delta":${delta},"usage":${reported}${managed}}`;
    const stop = `{"type":"message_stop"${tollgateMember(this.losses)}}`;
    return `${start}${this.endPart()}${named('message_delta', ending)}${named('message_stop', stop)}`;
  }

  /** An open block stays open: whoever runs a call when its block closes must not run half of one. */
  failure(failure: Failure): string {
    return failureEvent(failure);
  }

  #stopReason(stopSequence: string | null): string {
    return encodeFinish({
      finish: this.#finish?.finish ?? null,
      raw: this.#finish?.raw ?? null,
      stopSequence,
      source: this.#options.source,
      hasCalls: this.#hasCalls,
    });
  }

  // --- handlers -------------------------------------------------------------------------------------------------------------

  startMessage(): string {
    if (this.#hasStarted) return '';
    this.#hasStarted = true;
    const { requestId, model } = this.#options;
    const message = {
      id: messageId(requestId),
      type: 'message',
      role: 'assistant',
      model,
      content: [],
      stop_reason: null,
      stop_sequence: null,
      usage: { ...encodeUsage(null), input_tokens: this.#likelyInput() },
    };
    return event({ type: 'message_start', message });
  }

  /** Nobody has counted yet, and some clients read the input here alone: what is likely, corrected by message_delta. */
  #likelyInput(): number {
    const { request } = this.#options;
    return inputTokensOf(request, measureRequest(request)).likely;
  }

  startPart(value: Part, part: number): string {
    const at = `content[${part}]`;
    const before = `${this.startMessage()}${this.endPart()}`;
    const open: OpenPart = {
      value,
      at,
      isBlockOpen: false,
      hasWords: false,
      summaryIndex: -1,
      seal: null,
      customText: '',
    };
    switch (value.kind) {
      case 'text':
        this.#open = open;
        return `${before}${this.#sealFirst(value.seal)}${this.#words(value.text)}${this.#cite(value.citations ?? [])}`;
      case 'refusal':
        this.#open = open;
        this.#losses.approximated(at);
        return `${before}${this.#words(value.text)}`;
      case 'audio':
        this.#open = open;
        return `${before}${this.#words(value.transcript ?? '')}`;
      case 'reasoning':
        this.#open = { ...open, seal: value.seal };
        nameReasoningLosses(value, at, this.#losses);
        return `${before}${this.#words(value.text)}${value.summary.map((piece, index) => this.#summary(index, piece)).join('')}`;
      case 'tool_call':
        this.#open = open;
        return `${before}${this.#sealFirst(value.seal)}${this.#startCall(open)}`;
      case 'server_tool':
      case 'opaque':
      case 'image':
      case 'video':
      case 'document':
      case 'tool_result':
        return `${before}${this.#wholeBlocks(clientBlocks(value, at, this.#facts))}`;
    }
  }

  growPart(delta: PartDelta): string {
    const open = this.#open;
    if (open === null) return '';
    switch (delta.kind) {
      case 'text':
        return this.#words(delta.text);
      case 'summary':
        return this.#summary(delta.index, delta.text);
      case 'arguments':
        return this.#arguments(open, delta.text);
      case 'citation':
        return this.#cite([delta.citation]);
      case 'seal':
        open.seal = delta.seal;
        return '';
      case 'audio':
        return this.#words(delta.transcript);
    }
  }

  endPart(isCut = false): string {
    const open = this.#open;
    if (open === null) return '';
    this.#open = null;
    const { value } = open;
    if (value.kind === 'reasoning') return this.#endReasoning(open);
    if (value.kind === 'audio') {
      if (open.isBlockOpen) this.#losses.approximated(open.at);
      else this.#losses.dropped(open.at);
    }
    const input = JSON.stringify({ input: open.customText });
    // half a text must not look like a whole one: its JSON breaks off, as any input of a block that was cut does
    const custom = open.customText === '' ? '' : this.#inputDelta(isCut ? input.slice(0, -2) : input);
    const stop = open.isBlockOpen ? this.#stopBlock() : '';
    // a seal that came after the words can only stand behind them, in a block that counts one further
    return `${custom}${stop}${this.#wholeBlocks(open.seal === null ? [] : sealBlocks(open.seal))}`;
  }

  keepExtras({ extras }: PartEvent<'extras'>): string {
    this.#members = { ...this.#members, ...ownMembers(extras, this.#losses) };
    return '';
  }

  keepFinish(finish: PartEvent<'finish'>): string {
    this.#finish = finish;
    return '';
  }

  lose(field: string): string {
    this.#losses.dropped(field);
    return '';
  }

  // --- pieces of a part -------------------------------------------------------------------------------------------------------

  #words(text: string): string {
    const open = this.#open;
    if (open === null || text === '') return '';
    open.hasWords = true;
    if (open.value.kind !== 'reasoning')
      return `${this.#openText(open)}${this.#delta(`{"type":"text_delta","text":${JSON.stringify(text)}}`)}`;
    if (this.#facts.isThinkingHidden) return '';
    return `${this.#openThinking(open)}${this.#delta(`{"type":"thinking_delta","thinking":${JSON.stringify(text)}}`)}`;
  }

  #summary(index: number, text: string): string {
    const open = this.#open;
    if (open === null || text === '') return '';
    this.#losses.approximated(`${open.at}.summary`);
    const isNext = open.summaryIndex !== -1 && open.summaryIndex !== index;
    open.summaryIndex = index;
    return this.#words(isNext ? SUMMARY_SEPARATOR + text : text);
  }

  #cite(citations: readonly Citation[]): string {
    const open = this.#open;
    if (open === null) return '';
    return citations.map((citation) => this.#citation(open, citation)).join('');
  }

  #citation(open: OpenPart, citation: Citation): string {
    const said = tellCitation(citation, open.at, this.#losses);
    if (said === null) return '';
    return `${this.#openText(open)}${this.#delta(JSON.stringify({ type: 'citations_delta', citation: said }))}`;
  }

  #openText(open: OpenPart): string {
    if (open.isBlockOpen) return '';
    open.isBlockOpen = true;
    return this.#startBlock({ type: 'text', text: '', ...ownFields(open.value, open.at, this.#losses) });
  }

  #openThinking(open: OpenPart): string {
    if (open.isBlockOpen) return '';
    open.isBlockOpen = true;
    const own = ownFields(open.value, open.at, this.#losses);
    return this.#startBlock({ type: 'thinking', thinking: '', signature: '', ...own });
  }

  /** What nobody may read has a block of its own; a signature without words stands in an empty thinking block. */
  #endReasoning(open: OpenPart): string {
    const { seal } = open;
    if (seal === null) return open.isBlockOpen ? this.#stopBlock() : '';
    if (isRedacted(seal, open.hasWords ? 'words' : '')) {
      const closed = open.isBlockOpen ? this.#stopBlock() : '';
      return `${closed}${this.#wholeBlocks([{ type: 'redacted_thinking', data: sealText(seal, ME) }])}`;
    }
    const signature = JSON.stringify(sealText(seal, ME));
    const signed = this.#openThinking(open);
    return `${signed}${this.#delta(`{"type":"signature_delta","signature":${signature}}`)}${this.#stopBlock()}`;
  }

  #startCall(open: OpenPart): string {
    const { value } = open;
    if (value.kind !== 'tool_call') return '';
    open.isBlockOpen = true;
    this.#hasCalls = true;
    const own = ownFields(value, open.at, this.#losses);
    const id = wireCallId(value.id, CALL_ID_RULE);
    const start = this.#startBlock({ type: 'tool_use', id, name: value.name, input: {}, ...own });
    return `${start}${this.#inputDelta('')}${this.#arguments(open, value.arguments)}`;
  }

  #arguments(open: OpenPart, text: string): string {
    if (text === '') return '';
    if (open.value.kind === 'tool_call' && open.value.variant === 'custom') {
      this.#losses.approximated(`${open.at}.arguments`);
      open.customText += text;
      return '';
    }
    return this.#inputDelta(text);
  }

  #sealFirst(seal: Seal | undefined): string {
    return this.#wholeBlocks(sealBlocks(seal));
  }

  // --- events -----------------------------------------------------------------------------------------------------------------

  /** Blocks that arrive complete; calls of the vendor's own tools and compaction stream their content in one piece, as the vendor does (W20). */
  #wholeBlocks(blocks: readonly JsonObject[]): string {
    return blocks.map((block) => this.#wholeBlock(block)).join('');
  }

  #wholeBlock(block: JsonObject): string {
    const { type } = block;
    if (isServerCall(type)) {
      const start = this.#startBlock({ ...block, input: {} });
      return `${start}${this.#inputDelta('')}${this.#inputDelta(JSON.stringify(block['input'] ?? {}))}${this.#stopBlock()}`;
    }
    if (type === 'compaction') {
      const { content } = block;
      const delta = this.#startBlock({ ...block, content: null });
      return `${delta}${this.#delta(JSON.stringify({ type: 'compaction_delta', content }))}${this.#stopBlock()}`;
    }
    if (type === 'thinking') {
      const start = this.#startBlock({ ...block, signature: '' });
      const signature = JSON.stringify(block['signature']);
      return `${start}${this.#delta(`{"type":"signature_delta","signature":${signature}}`)}${this.#stopBlock()}`;
    }
    return `${this.#startBlock(block)}${this.#stopBlock()}`;
  }

  #startBlock(block: JsonObject): string {
    this.#blocks += 1;
    return event({ type: 'content_block_start', index: this.#blocks - 1, content_block: block });
  }

  #inputDelta(json: string): string {
    return this.#delta(`{"type":"input_json_delta","partial_json":${JSON.stringify(json)}}`);
  }

  #delta(delta: string): string {
    const data = `{"type":"content_block_delta","index":${this.#blocks - 1},"delta":${delta}}`;
    return `event: content_block_delta\ndata: ${data}\n\n`;
  }

  #stopBlock(): string {
    return event({ type: 'content_block_stop', index: this.#blocks - 1 });
  }
}

function event(data: JsonObject & { readonly type: string }): string {
  return named(data.type, JSON.stringify(data));
}

function named(name: string, json: string): string {
  return `event: ${name}\ndata: ${json}\n\n`;
}
