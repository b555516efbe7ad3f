import { eventMessage } from './aws-event-stream.fixture.js';
import type { DialectId, JsonObject } from './canonical/part.js';

/** One answer (a thought, a text, two calls, a bill) as a provider of the dialect gives it, whole and in events, and how it fails. */
export interface ProviderSample {
  readonly whole: JsonObject;
  readonly events: readonly JsonObject[];
  /** `events[finishAt]` is the first that says the answer ends: without it, nothing may pass for a whole answer */
  readonly finishAt: number;
  /** an error under HTTP 200: whole, and as an event */
  readonly wholeError: JsonObject;
  readonly errorEvent: JsonObject;
  /** how one event, as JSON, stands in the stream; and what follows the last one */
  frame(json: string): Buffer;
  readonly tail: string;
}

const sse = (json: string): Buffer => Buffer.from(`data: ${json}\n\n`);
const named = (json: string): Buffer => {
  const name = /^\{(?:"id":"[^"]*",)?"type":"([\w.-]+)"/.exec(json)?.[1];
  return Buffer.concat([Buffer.from(name === undefined ? '' : `event: ${name}\n`), sse(json)]);
};
/** `{"messageStart":{…}}`: the only member is the event's name. */
const converse = (json: string): Buffer => {
  const [, name = 'metadata', payload = json] = /^\{"(\w+)":(.*)\}$/.exec(json) ?? [];
  return name === 'exception' ? exception(payload) : awsEvent(name, payload);
};
const invoke = (json: string): Buffer => {
  const payload = /^\{"exception":(.*)\}$/.exec(json)?.[1];
  return payload === undefined
    ? awsEvent('chunk', `{"bytes":"${Buffer.from(json).toString('base64')}"}`)
    : exception(payload);
};
const awsEvent = (type: string, payload: string): Buffer =>
  eventMessage({ ':event-type': type, ':message-type': 'event' }, Buffer.from(payload));
const exception = (payload: string): Buffer =>
  eventMessage({ ':exception-type': 'throttlingException', ':message-type': 'exception' }, Buffer.from(payload));
const line = (json: string): Buffer => Buffer.from(`${json}\n`);

const DONE = 'data: [DONE]\n\n';

// --- OpenAI's chat and who speaks as it does ----------------------------------------------------------------------------

const chatChunk = (delta: JsonObject, finish: string | null = null, more: JsonObject = {}): JsonObject => ({
  id: 'chatcmpl-1',
  object: 'chat.completion.chunk',
  created: 1,
  model: 'm',
  choices: [{ index: 0, delta, finish_reason: finish }],
  ...more,
});
const chatCall = (index: number, more: JsonObject): JsonObject => chatChunk({ tool_calls: [{ index, ...more }] });
const CHAT_USAGE = { prompt_tokens: 9, completion_tokens: 7, total_tokens: 16 };
const CHAT_CALLS = [
  { id: 'call_1', type: 'function', function: { name: 'look_up', arguments: '{"at":"a"}' } },
  { id: 'call_2', type: 'function', function: { name: 'look_up', arguments: '{}' } },
];

const chat: ProviderSample = {
  whole: {
    id: 'chatcmpl-1',
    object: 'chat.completion',
    created: 1,
    model: 'm',
    choices: [
      {
        index: 0,
        message: { role: 'assistant', reasoning_content: 'Hm.', content: 'Grüße', tool_calls: CHAT_CALLS },
        finish_reason: 'tool_calls',
      },
    ],
    usage: CHAT_USAGE,
  },
  events: [
    chatChunk({ role: 'assistant', content: '' }),
    chatChunk({ reasoning_content: 'Hm.' }),
    chatChunk({ content: 'Grü' }),
    chatChunk({ content: 'ße' }),
    chatCall(0, { ...CHAT_CALLS[0], function: { name: 'look_up', arguments: '' } }),
    chatCall(0, { function: { arguments: '{"at":' } }),
    chatCall(0, { function: { arguments: '"a"}' } }),
    chatCall(1, CHAT_CALLS[1] ?? {}),
    chatChunk({}, 'tool_calls'),
    chatChunk({}, null, { choices: [], usage: CHAT_USAGE }),
  ],
  finishAt: 8,
  wholeError: { error: { message: 'overloaded', type: 'server_error', code: 'overloaded' } },
  errorEvent: { error: { message: 'overloaded', type: 'server_error', code: 'overloaded' } },
  frame: sse,
  tail: DONE,
};

// --- OpenAI's responses -------------------------------------------------------------------------------------------------

const OUTPUT = [
  { type: 'reasoning', id: 'rs_1', summary: [{ type: 'summary_text', text: 'Hm.' }], encrypted_content: 'gAAA' },
  {
    type: 'message',
    id: 'msg_1',
    role: 'assistant',
    status: 'completed',
    content: [{ type: 'output_text', text: 'Grüße', annotations: [] }],
  },
  { type: 'function_call', id: 'fc_1', call_id: 'call_1', name: 'look_up', arguments: '{"at":"a"}' },
] as const;
const RESPONSE = {
  id: 'resp_1',
  object: 'response',
  created_at: 1,
  status: 'completed',
  model: 'm',
  output: OUTPUT,
  error: null,
  incomplete_details: null,
  usage: { input_tokens: 9, output_tokens: 7, total_tokens: 16, output_tokens_details: { reasoning_tokens: 2 } },
};
const begun = { ...RESPONSE, status: 'in_progress', output: [], usage: null };
const RESPONSES_EVENTS: readonly JsonObject[] = [
  { type: 'response.created', response: begun },
  { type: 'response.in_progress', response: begun },
  { type: 'response.output_item.added', output_index: 0, item: { type: 'reasoning', id: 'rs_1', summary: [] } },
  {
    type: 'response.reasoning_summary_part.added',
    item_id: 'rs_1',
    output_index: 0,
    summary_index: 0,
    part: { type: 'summary_text', text: '' },
  },
  {
    type: 'response.reasoning_summary_text.delta',
    item_id: 'rs_1',
    output_index: 0,
    summary_index: 0,
    delta: 'Hm.',
  },
  { type: 'response.output_item.done', output_index: 0, item: OUTPUT[0] },
  { type: 'response.output_item.added', output_index: 1, item: { ...OUTPUT[1], status: 'in_progress', content: [] } },
  {
    type: 'response.content_part.added',
    item_id: 'msg_1',
    output_index: 1,
    content_index: 0,
    part: { type: 'output_text', text: '', annotations: [] },
  },
  { type: 'response.output_text.delta', item_id: 'msg_1', output_index: 1, content_index: 0, delta: 'Grü' },
  { type: 'response.output_text.delta', item_id: 'msg_1', output_index: 1, content_index: 0, delta: 'ße' },
  { type: 'response.output_text.done', item_id: 'msg_1', output_index: 1, content_index: 0, text: 'Grüße' },
  {
    type: 'response.content_part.done',
    item_id: 'msg_1',
    output_index: 1,
    content_index: 0,
    part: { type: 'output_text', text: 'Grüße', annotations: [] },
  },
  { type: 'response.output_item.done', output_index: 1, item: OUTPUT[1] },
  { type: 'response.output_item.added', output_index: 2, item: { ...OUTPUT[2], arguments: '' } },
  { type: 'response.function_call_arguments.delta', item_id: 'fc_1', output_index: 2, delta: '{"at":' },
  { type: 'response.function_call_arguments.delta', item_id: 'fc_1', output_index: 2, delta: '"a"}' },
  { type: 'response.function_call_arguments.done', item_id: 'fc_1', output_index: 2, arguments: '{"at":"a"}' },
  { type: 'response.output_item.done', output_index: 2, item: OUTPUT[2] },
  { type: 'response.completed', response: RESPONSE },
];
const responses: ProviderSample = {
  whole: RESPONSE,
  events: RESPONSES_EVENTS.map((event, index) => ({ ...event, sequence_number: index })),
  finishAt: RESPONSES_EVENTS.length - 1,
  wholeError: { ...begun, status: 'failed', error: { code: 'server_error', message: 'overloaded' } },
  errorEvent: { type: 'error', code: 'server_error', message: 'overloaded', param: null, sequence_number: 3 },
  frame: named,
  tail: '',
};

// --- Anthropic's messages, and the same at Bedrock ----------------------------------------------------------------------

const CLAUDE_USAGE = { input_tokens: 9, output_tokens: 7 };
const delta = (index: number, value: JsonObject): JsonObject => ({ type: 'content_block_delta', index, delta: value });
const MESSAGE = { id: 'msg_1', type: 'message', role: 'assistant', model: 'm', content: [], stop_reason: null };
const messages: ProviderSample = {
  whole: {
    ...MESSAGE,
    content: [
      { type: 'thinking', thinking: 'Hm.', signature: 'c2ln' },
      { type: 'text', text: 'Grüße' },
      { type: 'tool_use', id: 'toolu_1', name: 'look_up', input: { at: 'a' } },
    ],
    stop_reason: 'tool_use',
    stop_sequence: null,
    usage: CLAUDE_USAGE,
  },
  events: [
    { type: 'message_start', message: { ...MESSAGE, usage: { input_tokens: 9, output_tokens: 1 } } },
    { type: 'content_block_start', index: 0, content_block: { type: 'thinking', thinking: '', signature: '' } },
    { type: 'ping' },
    delta(0, { type: 'thinking_delta', thinking: 'Hm.' }),
    delta(0, { type: 'signature_delta', signature: 'c2ln' }),
    { type: 'content_block_stop', index: 0 },
    { type: 'content_block_start', index: 1, content_block: { type: 'text', text: '' } },
    delta(1, { type: 'text_delta', text: 'Grü' }),
    delta(1, { type: 'text_delta', text: 'ße' }),
    { type: 'content_block_stop', index: 1 },
    {
      type: 'content_block_start',
      index: 2,
      content_block: { type: 'tool_use', id: 'toolu_1', name: 'look_up', input: {} },
    },
    delta(2, { type: 'input_json_delta', partial_json: '{"at":' }),
    delta(2, { type: 'input_json_delta', partial_json: '"a"}' }),
    { type: 'content_block_stop', index: 2 },
    { type: 'message_delta', delta: { stop_reason: 'tool_use', stop_sequence: null }, usage: CLAUDE_USAGE },
    { type: 'message_stop' },
  ],
  finishAt: 14,
  wholeError: { type: 'error', error: { type: 'overloaded_error', message: 'overloaded' } },
  errorEvent: { type: 'error', error: { type: 'overloaded_error', message: 'overloaded' } },
  frame: named,
  tail: '',
};

// --- Gemini -------------------------------------------------------------------------------------------------------------

const geminiChunk = (parts: readonly JsonObject[], more: JsonObject = {}): JsonObject => ({
  candidates: [{ index: 0, content: { role: 'model', parts }, ...more }],
  usageMetadata: { promptTokenCount: 9, candidatesTokenCount: 7, totalTokenCount: 16 },
  modelVersion: 'm',
  responseId: 'r',
});
const GEMINI_CALL = { functionCall: { name: 'look_up', args: { at: 'a' } }, thoughtSignature: 'c2ln' };
const geminiSample: ProviderSample = {
  whole: geminiChunk([{ text: 'Hm.', thought: true }, { text: 'Grüße' }, GEMINI_CALL], { finishReason: 'STOP' }),
  events: [
    geminiChunk([{ text: 'Hm.', thought: true }]),
    geminiChunk([{ text: 'Grü' }]),
    geminiChunk([{ text: 'ße' }]),
    geminiChunk([GEMINI_CALL]),
    geminiChunk([{ text: '' }], { finishReason: 'STOP' }),
  ],
  finishAt: 4,
  wholeError: { error: { code: 503, message: 'overloaded', status: 'UNAVAILABLE' } },
  errorEvent: { error: { code: 503, message: 'overloaded', status: 'UNAVAILABLE' } },
  frame: sse,
  tail: '',
};

// --- Bedrock's own ------------------------------------------------------------------------------------------------------

const CONVERSE_USAGE = { inputTokens: 9, outputTokens: 7, totalTokens: 16 };
const blockDelta = (index: number, value: JsonObject): JsonObject => ({
  contentBlockDelta: { contentBlockIndex: index, delta: value },
});
const converseSample: ProviderSample = {
  whole: {
    output: {
      message: {
        role: 'assistant',
        content: [
          { reasoningContent: { reasoningText: { text: 'Hm.', signature: 'c2ln' } } },
          { text: 'Grüße' },
          { toolUse: { toolUseId: 'tooluse_1', name: 'look_up', input: { at: 'a' } } },
        ],
      },
    },
    stopReason: 'tool_use',
    usage: CONVERSE_USAGE,
  },
  events: [
    { messageStart: { role: 'assistant' } },
    blockDelta(0, { reasoningContent: { text: 'Hm.' } }),
    blockDelta(0, { reasoningContent: { signature: 'c2ln' } }),
    { contentBlockStop: { contentBlockIndex: 0 } },
    blockDelta(1, { text: 'Grü' }),
    blockDelta(1, { text: 'ße' }),
    { contentBlockStop: { contentBlockIndex: 1 } },
    {
      contentBlockStart: { contentBlockIndex: 2, start: { toolUse: { toolUseId: 'tooluse_1', name: 'look_up' } } },
    },
    blockDelta(2, { toolUse: { input: '{"at":' } }),
    blockDelta(2, { toolUse: { input: '"a"}' } }),
    { contentBlockStop: { contentBlockIndex: 2 } },
    { messageStop: { stopReason: 'tool_use' } },
    { metadata: { usage: CONVERSE_USAGE, metrics: { latencyMs: 1 } } },
  ],
  finishAt: 11,
  wholeError: { message: 'overloaded' },
  errorEvent: { exception: { message: 'overloaded' } },
  frame: converse,
  tail: '',
};

// --- Cohere and Ollama --------------------------------------------------------------------------------------------------

const cohereEvent = (type: string, index: number, message: JsonObject): JsonObject => ({
  type,
  index,
  delta: { message },
});
const COHERE_USAGE = { billed_units: { input_tokens: 9, output_tokens: 7 }, tokens: { input_tokens: 9 } };
const cohereSample: ProviderSample = {
  whole: {
    id: 'a-b',
    finish_reason: 'TOOL_CALL',
    message: { role: 'assistant', tool_plan: 'Grüße', tool_calls: CHAT_CALLS },
    usage: COHERE_USAGE,
  },
  events: [
    { id: 'a-b', type: 'message-start', delta: { message: { role: 'assistant', content: [] } } },
    cohereEvent('content-start', 0, { content: { type: 'thinking', thinking: '' } }),
    cohereEvent('content-delta', 0, { content: { thinking: 'Hm.' } }),
    { type: 'content-end', index: 0 },
    { type: 'tool-plan-delta', delta: { message: { tool_plan: 'Grüße' } } },
    cohereEvent('tool-call-start', 0, {
      tool_calls: { ...CHAT_CALLS[0], function: { name: 'look_up', arguments: '' } },
    }),
    cohereEvent('tool-call-delta', 0, { tool_calls: { function: { arguments: '{"at":' } } }),
    cohereEvent('tool-call-delta', 0, { tool_calls: { function: { arguments: '"a"}' } } }),
    { type: 'tool-call-end', index: 0 },
    { type: 'message-end', delta: { finish_reason: 'TOOL_CALL', usage: COHERE_USAGE } },
  ],
  finishAt: 9,
  wholeError: { id: 'a', message: 'overloaded' },
  errorEvent: { type: 'message-end', delta: { finish_reason: 'ERROR', error: 'overloaded' } },
  frame: named,
  tail: DONE,
};

const ollamaLine = (message: JsonObject, more: JsonObject = {}): JsonObject => ({
  model: 'm',
  created_at: '2026-01-01T00:00:00Z',
  message: { role: 'assistant', content: '', ...message },
  done: false,
  ...more,
});
const OLLAMA_END = { done: true, done_reason: 'stop', prompt_eval_count: 9, eval_count: 7 };
const OLLAMA_CALLS = [{ function: { name: 'look_up', arguments: { at: 'a' } } }];
const ollamaSample: ProviderSample = {
  whole: ollamaLine({ thinking: 'Hm.', content: 'Grüße', tool_calls: OLLAMA_CALLS }, OLLAMA_END),
  events: [
    ollamaLine({ thinking: 'Hm.' }),
    ollamaLine({ content: 'Grü' }),
    ollamaLine({ content: 'ße' }),
    ollamaLine({ tool_calls: OLLAMA_CALLS }),
    ollamaLine({}, OLLAMA_END),
  ],
  finishAt: 4,
  wholeError: { error: 'overloaded' },
  errorEvent: { error: 'overloaded' },
  frame: line,
  tail: '',
};

/** The stream of a sample, one frame for each event, its tail in a frame of its own. */
export function framesOf({ events, frame, tail }: ProviderSample): readonly Buffer[] {
  const frames = events.map((event) => frame(JSON.stringify(event)));
  return tail === '' ? frames : [...frames, Buffer.from(tail)];
}

export const SAMPLES: Readonly<Record<DialectId, ProviderSample>> = {
  'openai-chat': chat,
  'openai-responses': responses,
  'anthropic-messages': messages,
  gemini: geminiSample,
  'bedrock-converse': converseSample,
  'bedrock-invoke': {
    ...messages,
    frame: invoke,
    errorEvent: { exception: { message: 'overloaded' } },
  },
  cohere: cohereSample,
  'mistral-chat': chat,
  ollama: ollamaSample,
};
