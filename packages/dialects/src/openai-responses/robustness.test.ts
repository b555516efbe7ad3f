import { expect, it } from 'vitest';
import type { PassOptions } from '../canonical/codec.js';
import { isObject } from '../canonical/json-read.js';
import type { JsonObject } from '../canonical/part.js';
import { NO_QUIRKS } from '../provider-quirks.js';
import { encodeRequest } from './encode-request.js';
import { pass } from './pass.js';
import { provider } from './provider.js';
import { CONTEXT, decodeCut, requestOf, sse } from './recordings.fixture.js';
import { decodeRequest } from './request.js';
import { resume, storageWish } from './stored-state.js';
import { createEncoder } from './stream-encoder.js';

/** Every value of a sample is replaced by every one of these, one at a time: nothing may throw but what the contract says. */
const WRONG: readonly unknown[] = [
  null,
  true,
  -1,
  1e99,
  '',
  'x',
  [],
  [null],
  [7],
  {},
  { type: 7 },
  { type: 'message' },
];

function* variants(value: unknown): Generator<unknown> {
  yield* WRONG;
  if (Array.isArray(value))
    for (const [index, element] of value.entries())
      for (const other of variants(element)) yield value.map((one: unknown, at) => (at === index ? other : one));
  else if (isObject(value))
    for (const [name, member] of Object.entries(value))
      for (const other of variants(member)) yield { ...value, [name]: other };
}

const OUTPUT: readonly JsonObject[] = [
  {
    type: 'reasoning',
    id: 'rs_1',
    summary: [{ type: 'summary_text', text: 'Hm.' }],
    content: [{ type: 'reasoning_text', text: 'x' }],
    encrypted_content: 'gAAA',
  },
  {
    type: 'message',
    id: 'msg_1',
    role: 'assistant',
    status: 'completed',
    content: [
      {
        type: 'output_text',
        text: 'Hi',
        annotations: [{ type: 'url_citation', url: 'u' }],
        logprobs: [{ token: 'Hi', logprob: 0, bytes: [72], top_logprobs: [] }],
      },
    ],
  },
  { type: 'function_call', id: 'fc_1', call_id: 'call_1', name: 'a', arguments: '{}' },
  { type: 'image_generation_call', id: 'ig_1', result: 'aW1n', output_format: 'png' },
  { type: 'web_search_call', id: 'ws_1', action: { type: 'search' } },
];
const REQUEST = {
  model: 'm',
  instructions: 'Be.',
  input: [
    {
      role: 'user',
      content: [
        { type: 'input_text', text: 'Hi' },
        { type: 'input_image', image_url: 'data:image/png;base64,aW1n', detail: 'low' },
        { type: 'input_file', filename: 'a.txt', file_data: 'data:text/plain;base64,SGk=' },
        { type: 'input_audio', input_audio: { data: 'aW1n', format: 'wav' } },
      ],
    },
    ...OUTPUT,
    { type: 'function_call_output', call_id: 'call_1', output: [{ type: 'input_text', text: 'x' }] },
  ],
  tools: [
    { type: 'function', name: 'a', parameters: { type: 'object' }, strict: true },
    { type: 'web_search', filters: { allowed_domains: ['a'] }, user_location: { type: 'approximate' } },
  ],
  tool_choice: { type: 'allowed_tools', mode: 'auto', tools: [{ type: 'function', name: 'a' }] },
  text: { format: { type: 'json_schema', name: 'n', schema: {}, strict: true }, verbosity: 'low' },
  reasoning: { effort: 'low', summary: 'auto' },
  include: ['reasoning.encrypted_content'],
  metadata: { a: 'b' },
  stream: true,
  store: true,
};
const RESPONSE = {
  id: 'resp_1',
  object: 'response',
  status: 'completed',
  model: 'm',
  output: OUTPUT,
  usage: {
    input_tokens: 3,
    input_tokens_details: { cached_tokens: 1 },
    output_tokens: 2,
    output_tokens_details: { reasoning_tokens: 1 },
  },
  incomplete_details: null,
  error: null,
};
const EVENTS: readonly JsonObject[] = [
  { type: 'response.created', sequence_number: 0, response: { id: 'resp_1', status: 'in_progress' } },
  { type: 'response.output_item.added', output_index: 0, item: { type: 'reasoning', id: 'rs_1', summary: [] } },
  { type: 'response.reasoning_summary_text.delta', output_index: 0, summary_index: 0, delta: 'Hm.' },
  { type: 'response.reasoning_summary_text.done', output_index: 0, summary_index: 0, text: 'Hm. Yes' },
  { type: 'response.output_item.done', output_index: 0, item: OUTPUT[0] },
  {
    type: 'response.output_item.added',
    output_index: 1,
    item: { type: 'message', id: 'msg_1', role: 'assistant', content: [] },
  },
  { type: 'response.content_part.added', output_index: 1, content_index: 0, part: { type: 'output_text', text: '' } },
  { type: 'response.output_text.delta', output_index: 1, content_index: 0, delta: 'Hi', logprobs: [] },
  {
    type: 'response.output_text.annotation.added',
    output_index: 1,
    content_index: 0,
    annotation: { type: 'url_citation' },
  },
  { type: 'response.content_part.done', output_index: 1, content_index: 0, part: { type: 'output_text', text: 'Hi!' } },
  { type: 'response.output_item.done', output_index: 1, item: OUTPUT[1] },
  {
    type: 'response.output_item.added',
    output_index: 2,
    item: { type: 'function_call', call_id: 'c', name: 'a', arguments: '' },
  },
  { type: 'response.function_call_arguments.delta', output_index: 2, delta: '{' },
  { type: 'response.function_call_arguments.done', output_index: 2, arguments: '{}' },
  { type: 'response.completed', response: RESPONSE },
];

const OPTIONS: PassOptions = {
  requestId: 'r1',
  model: 'm',
  provider: 'p',
  created: 1,
  request: requestOf({ dialect: 'openai-responses' }),
  source: 'openai-responses',
  quirks: NO_QUIRKS,
};
const FACTS = { usage: null, cost: '1' };

it('whatever is wrong in a request, it is read or refused with a field, and what is read can be sent', () => {
  const target = { model: 'm', quirks: NO_QUIRKS, outputMax: 5, safetyIdentifier: 'h' };
  let read = 0;
  let refused = 0;
  for (const variant of variants(REQUEST)) {
    const body = Buffer.from(JSON.stringify(variant));
    storageWish(body);
    resume(body, { history: OUTPUT });
    const decoded = decodeRequest(body, { model: null, isStream: null });
    if (decoded.ok) {
      read += 1;
      encodeRequest(decoded.value, target);
      const spliced = pass.spliceRequest(body, decoded.value, target);
      if (spliced.ok) JSON.parse(Buffer.concat(spliced.value.body).toString('utf8'));
    } else {
      refused += 1;
      expect(decoded.failure.message).not.toBe('');
    }
  }
  expect(Math.min(read, refused)).toBeGreaterThan(100);
});

it('whatever is wrong in an answer, it is an answer, an error or unreadable, and passing it on keeps it JSON', () => {
  for (const variant of variants(RESPONSE)) {
    const body = Buffer.from(JSON.stringify(variant));
    expect(['reply', 'failed', 'unreadable']).toContain(provider.decodeReply(body, CONTEXT).kind);
    const whole = pass.readReply(body, OPTIONS);
    if (whole.kind !== 'reply') continue;
    JSON.parse(whole.reply.render(FACTS).body.toString('utf8'));
    expect(whole.reply.countOutput()).toBeGreaterThanOrEqual(0);
  }
});

it('a number out of all proportion costs nothing', () => {
  const events = EVENTS.map((event) => ('summary_index' in event ? { ...event, summary_index: 4e9 } : event));
  const { events: emitted } = decodeCut(provider.createDecoder(CONTEXT), sse(events));
  const encoder = createEncoder(OPTIONS);
  for (const event of emitted) encoder.write(event);
  encoder.write({ kind: 'start' });
  const far = { kind: 'part_delta', choice: 0, part: 0, delta: { kind: 'summary', index: 4e9, text: 'x' } } as const;
  const thought = { kind: 'reasoning', text: '', summary: [], seal: null, id: null } as const;
  encoder.write({ kind: 'part_start', choice: 0, part: 0, value: thought });
  expect(encoder.write(far)).toContain('"summary_index":0');
});

it('whatever is wrong in a stream, it ends in one of the ways a stream can end', () => {
  for (const [index, event] of EVENTS.entries())
    for (const variant of variants(event)) {
      const events = EVENTS.map((one, at) => (at === index ? variant : one)) as JsonObject[];
      const bytes = sse(events.map((one) => (isObject(one) ? one : { strange: one })));
      const { end } = decodeCut(provider.createDecoder(CONTEXT), bytes);
      expect(['finished', 'failed', 'died']).toContain(end.kind);
      const stream = pass.createStream(OPTIONS);
      stream.push(bytes, () => {});
      if (stream.end(() => {}).kind === 'finished') stream.terminal(FACTS);
      stream.countOutput();
    }
});
