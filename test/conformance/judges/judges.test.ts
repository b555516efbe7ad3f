import type { ClientDialectId } from '@tollgate/dialects';
import { describe, expect, it } from 'vitest';
import { type Judge, judgementOf, type WrittenAnswer } from './judge.js';
import { JUDGES } from './judges.js';
import { mistralRefusal } from './mistral.js';

const CALL = { name: 'add', input: { a: 1, b: 2 } };
const ARGUMENTS = JSON.stringify(CALL.input);

/** The smallest answer of a dialect that says "Hi" and calls a tool. */
const CHAT = {
  id: 'gen-1',
  object: 'chat.completion',
  created: 1,
  model: 'm',
  system_fingerprint: null,
  choices: [
    {
      index: 0,
      finish_reason: 'tool_calls',
      logprobs: null,
      message: {
        role: 'assistant',
        content: 'Hi',
        refusal: null,
        tool_calls: [{ id: 'c1', type: 'function', function: { name: CALL.name, arguments: ARGUMENTS } }],
      },
    },
  ],
  usage: { prompt_tokens: 1, completion_tokens: 1, total_tokens: 2 },
};
const MESSAGE = {
  id: 'msg_1',
  type: 'message',
  role: 'assistant',
  model: 'm',
  content: [
    { type: 'text', text: 'Hi' },
    { type: 'tool_use', id: 'toolu_1', name: CALL.name, input: CALL.input },
  ],
  stop_reason: 'tool_use',
  stop_sequence: null,
  usage: { input_tokens: 1, output_tokens: 1 },
};
const RESPONSE = {
  id: 'resp_1',
  object: 'response',
  created_at: 1,
  completed_at: null,
  status: 'completed',
  error: null,
  incomplete_details: null,
  instructions: null,
  metadata: {},
  model: 'm',
  output: [
    {
      id: 'msg_1',
      type: 'message',
      role: 'assistant',
      status: 'completed',
      content: [{ type: 'output_text', text: 'Hi', annotations: [], logprobs: [] }],
    },
    { id: 'fc_1', type: 'function_call', call_id: 'c1', name: CALL.name, arguments: ARGUMENTS, status: 'completed' },
  ],
  parallel_tool_calls: true,
  temperature: 1,
  top_p: 1,
  presence_penalty: 0,
  frequency_penalty: 0,
  tool_choice: 'auto',
  tools: [],
  usage: {
    input_tokens: 1,
    input_tokens_details: { cached_tokens: 0 },
    output_tokens: 1,
    output_tokens_details: { reasoning_tokens: 0 },
    total_tokens: 2,
  },
};
const GEMINI = {
  candidates: [
    {
      index: 0,
      finishReason: 'STOP',
      content: { role: 'model', parts: [{ text: 'Hi' }, { functionCall: { name: CALL.name, args: CALL.input } }] },
    },
  ],
  usageMetadata: { promptTokenCount: 1, candidatesTokenCount: 1, totalTokenCount: 2 },
};
const WHOLE: Readonly<Record<ClientDialectId, object>> = {
  'openai-chat': CHAT,
  'openai-responses': RESPONSE,
  'anthropic-messages': MESSAGE,
  gemini: GEMINI,
};

/** The same as the events of a stream. */
const STREAMS: Readonly<Record<ClientDialectId, readonly object[]>> = {
  'openai-chat': [chunk({ role: 'assistant', content: 'Hi' }), chunk(callDelta()), chunk({}, 'tool_calls')],
  'openai-responses': responseEvents(),
  'anthropic-messages': messageEvents(),
  gemini: [GEMINI],
};

function chunk(delta: object, finish: string | null = null): object {
  const choices = [{ index: 0, delta, finish_reason: finish, logprobs: null }];
  return { id: 'gen-1', object: 'chat.completion.chunk', created: 1, model: 'm', choices };
}

function callDelta(): object {
  const called = { name: CALL.name, arguments: ARGUMENTS };
  return { tool_calls: [{ index: 0, id: 'c1', type: 'function', function: called }] };
}

function messageEvents(): object[] {
  const input_json = { type: 'input_json_delta', partial_json: ARGUMENTS };
  return [
    { type: 'message_start', message: { ...MESSAGE, content: [], stop_reason: null } },
    { type: 'content_block_start', index: 0, content_block: { type: 'text', text: '' } },
    { type: 'content_block_delta', index: 0, delta: { type: 'text_delta', text: 'Hi' } },
    { type: 'content_block_stop', index: 0 },
    { type: 'content_block_start', index: 1, content_block: { ...MESSAGE.content[1], input: {} } },
    { type: 'content_block_delta', index: 1, delta: input_json },
    { type: 'content_block_stop', index: 1 },
    { type: 'message_delta', delta: { stop_reason: 'tool_use', stop_sequence: null }, usage: { output_tokens: 1 } },
    { type: 'message_stop' },
  ];
}

function responseEvents(): object[] {
  const [message, call] = RESPONSE.output;
  const part = { type: 'output_text', text: '', annotations: [], logprobs: [] };
  const at = { item_id: 'msg_1', output_index: 0, content_index: 0 };
  const events = [
    { type: 'response.created', response: { ...RESPONSE, status: 'in_progress', output: [], usage: null } },
    { type: 'response.output_item.added', output_index: 0, item: { ...message, status: 'in_progress', content: [] } },
    { type: 'response.content_part.added', ...at, part },
    { type: 'response.output_text.delta', ...at, delta: 'Hi', logprobs: [] },
    { type: 'response.output_text.done', ...at, text: 'Hi', logprobs: [] },
    { type: 'response.content_part.done', ...at, part: { ...part, text: 'Hi' } },
    { type: 'response.output_item.done', output_index: 0, item: message },
    { type: 'response.output_item.added', output_index: 1, item: { ...call, arguments: '', status: 'in_progress' } },
    { type: 'response.function_call_arguments.delta', item_id: 'fc_1', output_index: 1, delta: ARGUMENTS },
    {
      type: 'response.function_call_arguments.done',
      item_id: 'fc_1',
      output_index: 1,
      name: 'add',
      arguments: ARGUMENTS,
    },
    { type: 'response.output_item.done', output_index: 1, item: call },
    { type: 'response.completed', response: RESPONSE },
  ];
  return events.map((event, index) => ({ ...event, sequence_number: index }));
}

function written(text: string, isStream: boolean): WrittenAnswer {
  const bytes = Buffer.from(text);
  const pieces = [...bytes].map((byte) => Buffer.from([byte]));
  return { bytes, pieces, isStream, isPassed: false, choices: 1, framing: 'sse' };
}

const whole = (body: object): WrittenAnswer => written(JSON.stringify(body), false);
const stream = (events: readonly object[]): WrittenAnswer => {
  const named = (event: object): string => ('type' in event ? `event: ${String(event.type)}\n` : '');
  return written(events.map((event) => `${named(event)}data: ${JSON.stringify(event)}\n\n`).join(''), true);
};

const all = Object.entries(JUDGES).flatMap(([client, judges]) =>
  judges.map((judge): [string, ClientDialectId, Judge] => [judge.name, client as ClientDialectId, judge]),
);

describe.each(all)('%s', (_name, client, judge) => {
  const isSilent = judge.name.startsWith('@openrouter/sdk');

  it('understands an answer, whole and however its stream is cut', async () => {
    const understood = isSilent ? null : { text: 'Hi', calls: [CALL] };
    const answers = [whole(WHOLE[client]), stream(STREAMS[client])].filter((one) => judge.reads?.(one) ?? true);
    for (const answer of answers)
      expect(await judgementOf(judge, answer)).toEqual({ judge: judge.name, refusal: null, understood });
  });

  it('refuses an answer that breaks its users, or reads something else', async () => {
    for (const answer of broken(client).filter((one) => judge.reads?.(one) ?? true)) {
      const { refusal, understood } = await judgementOf(judge, answer);
      if (refusal === null) expect(understood).not.toEqual({ text: 'Hi', calls: [CALL] });
      if (isSilent) expect(refusal).not.toBeNull();
    }
  });
});

/** An answer whose words or calls are not where they belong, whole and streamed. */
function broken(client: ClientDialectId): readonly WrittenAnswer[] {
  const cut = STREAMS[client]
    .slice(0, 2)
    .map((event) => ({ ...event, choices: [{ index: 'x' }], candidates: 'x', item: 7 }));
  const empty = {
    ...WHOLE[client],
    choices: [{ index: 0 }],
    content: [{ type: 'text' }],
    output: [{ type: 'message', content: [] }],
  };
  return [whole({ ...empty, candidates: [{ content: { parts: [{ text: 7 }] } }] }), stream(cut)];
}

describe('Mistral’s SDK', () => {
  it('sends what has its types, and nothing else', () => {
    const asked = { model: 'm', messages: [{ role: 'user', content: 'Hi' }] };
    expect(mistralRefusal(asked)).toBeNull();
    expect(mistralRefusal({ ...asked, stream: true })).toBeNull();
    expect(mistralRefusal({ ...asked, messages: [{ role: 'developer', content: 'Hi' }] })).not.toBeNull();
  });
});
