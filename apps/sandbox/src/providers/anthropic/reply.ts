import type { Frame } from '../../attempt/reply-plan.js';
import type { PiecedCall } from '../openai/answer.js';
import type { Piece } from '../openai/tokens.js';

/** A content block of a reply before it is on the wire. */
export type ReplyBlock =
  | { readonly kind: 'thinking'; readonly pieces: readonly Piece[]; readonly signature: string }
  | { readonly kind: 'redacted'; readonly data: string }
  | { readonly kind: 'text'; readonly pieces: readonly Piece[] }
  | { readonly kind: 'tool'; readonly id: string; readonly call: PiecedCall };

/** Token counts as Anthropic reports them: the cache is beside the input, thinking inside the output. */
export interface ReportedUsage {
  readonly inputTokens: number;
  readonly cacheReadTokens: number;
  readonly written5mTokens: number;
  readonly written1hTokens: number;
  readonly outputTokens: number;
  readonly thinkingTokens: number;
}

/** Everything of a reply. Without `usage` it is left out. */
export interface Reply {
  readonly id: string;
  readonly model: string;
  readonly blocks: readonly ReplyBlock[];
  readonly stopReason: string | null;
  readonly stopSequence: string | null;
  readonly usage: ReportedUsage | null;
  /** Vertex says neither tier nor place. */
  readonly isVertex: boolean;
}

/** The body of a reply that is not streamed. */
export function replyBody(reply: Reply): Record<string, unknown> {
  return {
    model: reply.model,
    id: reply.id,
    type: 'message',
    role: 'assistant',
    content: reply.blocks.map(wholeBlock),
    stop_reason: reply.stopReason,
    stop_sequence: reply.stopSequence,
    stop_details: null,
    ...(reply.usage === null
      ? {}
      : { usage: { ...startUsage(reply, reply.usage.outputTokens), ...thinkingDetails(reply.usage) } }),
  };
}

function wholeBlock(block: ReplyBlock): Record<string, unknown> {
  switch (block.kind) {
    case 'thinking':
      return { type: 'thinking', thinking: joined(block.pieces), signature: block.signature };
    case 'redacted':
      return { type: 'redacted_thinking', data: block.data };
    case 'text':
      return { type: 'text', text: joined(block.pieces) };
    case 'tool':
      return {
        type: 'tool_use',
        id: block.id,
        name: block.call.name,
        input: JSON.parse(joined(block.call.pieces) || '{}'),
      };
  }
}

/** The events of a streamed reply, each with the tokens it carries. */
export function replyFrames(reply: Reply): Frame[] {
  const event = eventWriter();
  const frames: Frame[] = [messageStart(reply, event)];
  const ping: Frame = { payload: 'event: ping\ndata: {"type": "ping"}\n\n', tokens: 0, carriesUsage: false };
  for (const [index, block] of reply.blocks.entries()) {
    const [start, ...rest] = blockFrames(block, index, event);
    if (start === undefined) continue;
    frames.push(start, ...(index === 0 ? [ping] : []), ...rest);
  }
  if (reply.blocks.length === 0) frames.push(ping);
  frames.push(messageDelta(reply, event), plain(event('message_stop', {})));
  return frames;
}

type EventWriter = (type: string, fields: Readonly<Record<string, unknown>>) => string;

/** Events as the vendor writes them: the type twice, and spaces before the closing brace. */
function eventWriter(): EventWriter {
  let turn = 0;
  return (type, fields) => {
    turn += 1;
    const json = JSON.stringify({ type, ...fields });
    return `event: ${type}\ndata: ${json.slice(0, -1)}${' '.repeat((turn * 7) % 16)}}\n\n`;
  };
}

function plain(payload: string, tokens = 0): Frame {
  return { payload, tokens, carriesUsage: false };
}

const tokensAtStart = 1;

function messageStart(reply: Reply, event: EventWriter): Frame {
  const usage = reply.usage === null ? {} : { usage: startUsage(reply, tokensAtStart) };
  const message = {
    model: reply.model,
    id: reply.id,
    type: 'message',
    role: 'assistant',
    content: [],
    stop_reason: null,
    stop_sequence: null,
    stop_details: null,
    ...usage,
  };
  return plain(event('message_start', { message }));
}

function messageDelta(reply: Reply, event: EventWriter): Frame {
  const delta = { stop_reason: reply.stopReason, stop_sequence: reply.stopSequence, stop_details: null };
  const { usage } = reply;
  const said =
    usage === null
      ? {}
      : { usage: { ...promptUsage(usage), output_tokens: usage.outputTokens, ...thinkingDetails(usage) } };
  return { payload: event('message_delta', { delta, ...said }), tokens: 0, carriesUsage: usage !== null };
}

function promptUsage(usage: ReportedUsage): Record<string, number> {
  return {
    input_tokens: usage.inputTokens,
    cache_creation_input_tokens: usage.written5mTokens + usage.written1hTokens,
    cache_read_input_tokens: usage.cacheReadTokens,
  };
}

function startUsage(reply: Reply, outputTokens: number): Record<string, unknown> {
  if (reply.usage === null) return {};
  return {
    ...promptUsage(reply.usage),
    cache_creation: {
      ephemeral_5m_input_tokens: reply.usage.written5mTokens,
      ephemeral_1h_input_tokens: reply.usage.written1hTokens,
    },
    output_tokens: outputTokens,
    ...(reply.isVertex ? {} : { service_tier: 'standard', inference_geo: 'not_available' }),
  };
}

function thinkingDetails(usage: ReportedUsage): Record<string, unknown> {
  return usage.thinkingTokens === 0 ? {} : { output_tokens_details: { thinking_tokens: usage.thinkingTokens } };
}

function blockFrames(block: ReplyBlock, index: number, event: EventWriter): Frame[] {
  const start = (content: Record<string, unknown>, tokens = 0): Frame =>
    plain(event('content_block_start', { index, content_block: content }), tokens);
  const delta = (fields: Record<string, unknown>): string => event('content_block_delta', { index, delta: fields });
  const stop = (): Frame => plain(event('content_block_stop', { index }));
  switch (block.kind) {
    case 'redacted':
      return [start({ type: 'redacted_thinking', data: block.data }), stop()];
    case 'thinking':
      return [
        start({ type: 'thinking', thinking: '', signature: '' }),
        ...block.pieces.map((piece) => ({
          ...plain(delta({ type: 'thinking_delta', thinking: piece.text })),
          thinkingTokens: piece.tokens,
        })),
        plain(delta({ type: 'signature_delta', signature: block.signature })),
        stop(),
      ];
    case 'text':
      return [
        start({ type: 'text', text: '' }),
        ...block.pieces.map((piece) => plain(delta({ type: 'text_delta', text: piece.text }), piece.tokens)),
        stop(),
      ];
    case 'tool':
      return [
        start({ type: 'tool_use', id: block.id, name: block.call.name, input: {} }, block.call.nameTokens),
        plain(delta({ type: 'input_json_delta', partial_json: '' })),
        ...argumentFrames(block.call, (text) => delta({ type: 'input_json_delta', partial_json: text })),
        stop(),
      ];
  }
}

/** A call without arguments streams nothing but the empty delta before. */
function argumentFrames(call: PiecedCall, delta: (text: string) => string): Frame[] {
  if (joined(call.pieces) === '{}') return [];
  return call.pieces.map((piece) => plain(delta(piece.text), piece.tokens));
}

function joined(pieces: readonly Piece[]): string {
  return pieces.map((piece) => piece.text).join('');
}
