import type { EncodedRequest, PassOptions, ReplyContext, ReplyOptions, Target } from '../canonical/codec.js';
import type { JsonObject, Part, Seal } from '../canonical/part.js';
import type { CanonicalRequest, ReasoningOptions, Tool } from '../canonical/request.js';
import { EMPTY_REQUEST } from '../empty-request.fixture.js';
import { NO_QUIRKS } from '../provider-quirks.js';
import { encodeRequest } from './request-writer.js';
import type { ClaudeHost } from './wire.js';

/** A request of another dialect with one word in it. */
export const ASKED: CanonicalRequest = { ...EMPTY_REQUEST, model: 'anthropic/claude', maxOutputTokens: 1_000 };

export const TARGET: Target = {
  model: 'claude-sonnet-4-5',
  quirks: NO_QUIRKS,
  outputMax: null,
  safetyIdentifier: null,
};

export const WEATHER: Tool = {
  kind: 'function',
  name: 'get_weather',
  description: 'The weather in a city',
  parameters: { type: 'object', properties: { city: { type: 'string' } } },
  strict: null,
};

export const text = (words: string): Part => ({ kind: 'text', text: words });

export const call = (id: string, written = '{"city":"Paris"}'): Part => ({
  kind: 'tool_call',
  id,
  name: 'get_weather',
  arguments: written,
  variant: 'function',
});

export const result = (callId: string, words: string): Part => ({
  kind: 'tool_result',
  callId,
  name: 'get_weather',
  content: [{ kind: 'text', text: words }],
  isError: null,
  variant: 'function',
});

export interface Encoded extends EncodedRequest {
  readonly body: JsonObject & { readonly messages?: readonly JsonObject[] };
  /** `reason field` */
  readonly lost: readonly string[];
}

/** Encodes what is changed about ASKED; throws where it is refused. */
export function encoded(
  changes: Partial<CanonicalRequest>,
  target: Partial<Target> = {},
  host: ClaudeHost = 'direct',
): Encoded {
  const result = encodeRequest({ ...ASKED, ...changes }, { ...TARGET, ...target }, host);
  if (!result.ok) throw new Error(`${result.failure.code} ${result.failure.param}: ${result.failure.message}`);
  return { ...result.value, lost: result.value.losses.map(({ reason, field }) => `${reason} ${field}`) };
}

export const OPTIONS: ReplyOptions = {
  requestId: 'r1',
  model: 'our/model',
  provider: 'Anthropic',
  created: 1_800_000_000,
  request: { ...ASKED, dialect: 'anthropic-messages' },
  source: 'anthropic-messages',
};

export const PASS: PassOptions = { ...OPTIONS, quirks: NO_QUIRKS };

export function contextOf(request: CanonicalRequest = ASKED): ReplyContext {
  return { requestId: 'r1', request, quirks: NO_QUIRKS, headers: {} };
}

/** One event as the vendor frames it. */
export function sse(data: JsonObject & { readonly type: string }): string {
  return `event: ${data.type}\ndata: ${JSON.stringify(data)}\n\n`;
}

export const start = (usage: JsonObject = { input_tokens: 9, output_tokens: 1 }): string =>
  sse({
    type: 'message_start',
    message: {
      model: 'claude-sonnet-4-5-20250929',
      id: 'msg_theirs',
      type: 'message',
      role: 'assistant',
      content: [],
      stop_reason: null,
      stop_sequence: null,
      usage,
    },
  });

/** A block with its deltas. */
export function block(index: number, opening: JsonObject, ...deltas: readonly JsonObject[]): string {
  return [
    sse({ type: 'content_block_start', index, content_block: opening }),
    ...deltas.map((delta) => sse({ type: 'content_block_delta', index, delta })),
    sse({ type: 'content_block_stop', index }),
  ].join('');
}

export const words = (index: number, ...pieces: readonly string[]): string =>
  block(index, { type: 'text', text: '' }, ...pieces.map((piece) => ({ type: 'text_delta', text: piece })));

export const ending = (stopReason = 'end_turn', usage: JsonObject = { output_tokens: 7 }): string =>
  sse({ type: 'message_delta', delta: { stop_reason: stopReason, stop_sequence: null }, usage }) +
  sse({ type: 'message_stop' });

export const PING = sse({ type: 'ping' });

export const NO_REASONING: ReasoningOptions = {
  isEnabled: null,
  effort: null,
  budgetTokens: null,
  summary: null,
  isShown: null,
};
export const seal = (dialect: Seal['dialect'], value: string, form: Seal['form'] = 'signature'): Seal => ({
  dialect,
  form,
  value,
});
export const thinking = (of: Seal | null, words = 'Hm.'): Part => ({
  kind: 'reasoning',
  text: words,
  summary: [],
  seal: of,
  id: null,
});
export const talk = (...turns: readonly [CanonicalRequest['messages'][number]['role'], ...Part[]][]) =>
  turns.map(([role, ...parts]) => ({ role, parts }));
