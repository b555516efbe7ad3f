import { expect, it } from 'vitest';
import { compileShapes } from './compile-shapes.js';
import { TypedShapes } from './typed-shapes.js';
import type { VendorTypeName } from './vendor-types.js';

const hello = { role: 'user', content: 'Hello' };
const gemini = { contents: [{ role: 'user', parts: [{ text: 'Hello' }] }] };
const converse = { messages: [{ role: 'user', content: [{ text: 'Hello' }] }] };
const message = {
  id: 'msg_1',
  type: 'message',
  role: 'assistant',
  model: 'm',
  content: [{ type: 'text', text: 'Hi' }],
  stop_reason: 'end_turn',
  stop_sequence: null,
};
const chatAnswer = {
  id: 'gen-1',
  object: 'chat.completion',
  created: 1,
  model: 'm',
  choices: [
    { index: 0, finish_reason: 'stop', logprobs: null, message: { role: 'assistant', content: 'Hi', refusal: null } },
  ],
};
const geminiAnswer = { candidates: [{ content: { role: 'model', parts: [{ text: 'Hi' }] }, finishReason: 'STOP' }] };
const delta = {
  type: 'response.output_text.delta',
  item_id: 'i',
  output_index: 0,
  content_index: 0,
  sequence_number: 1,
};
const blockDelta = { type: 'content_block_delta', index: 0, delta: { type: 'text_delta', text: 'Hi' } };
const chunk = { id: 'gen-1', object: 'chat.completion.chunk', created: 1, model: 'm' };

/** Of each vendor's type: a body that has it, and the same body with one thing wrong. */
const SAMPLES: readonly (readonly [VendorTypeName, right: object, wrong: object])[] = [
  ['openai-chat', { model: 'm', messages: [hello] }, { model: 'm', messages: [hello], enable_thinking: true }],
  [
    'openai-responses',
    { model: 'm', input: [hello] },
    { model: 'm', input: [{ role: 'user', content: [{ type: 'text' }] }] },
  ],
  ['anthropic-messages', { model: 'm', max_tokens: 1, messages: [hello] }, { model: 'm', messages: [hello] }],
  ['gemini', gemini, { ...gemini, generationConfig: { maxTokens: 1 } }],
  [
    'bedrock-converse',
    converse,
    { ...converse, messages: [{ role: 'user', content: [{ type: 'text', text: 'Hello' }] }] },
  ],
  [
    'bedrock-invoke',
    { anthropic_version: 'bedrock-2023-05-31', max_tokens: 1, messages: [hello] },
    { anthropic_version: 'bedrock-2023-05-31', max_tokens: 1, messages: [hello], model: 'm' },
  ],
  ['mistral-chat', { model: 'm', messages: [hello] }, { model: 'm', messages: [hello], max_completion_tokens: 1 }],
  ['cohere', { model: 'm', messages: [hello] }, { model: 'm', messages: [hello], tool_choice: 'auto' }],
  ['ollama', { model: 'm', stream: false, messages: [hello] }, { model: 'm', stream: false, messages: [hello], n: 2 }],
  [
    'openai-chat answer',
    chatAnswer,
    { ...chatAnswer, choices: [{ ...chatAnswer.choices[0], finish_reason: 'end_turn' }] },
  ],
  ['openai-chat event', { ...chunk, choices: [] }, { ...chunk, choices: [{ index: 0, finish_reason: null }] }],
  ['openai-responses event', { ...delta, delta: 'Hi', logprobs: [] }, { ...delta, logprobs: [] }],
  ['anthropic-messages event', blockDelta, { ...blockDelta, delta: { type: 'text', text: 'Hi' } }],
  ['gemini answer', geminiAnswer, { candidates: [{ ...geminiAnswer.candidates[0], finishReason: 'stop' }] }],
  ['gemini event', geminiAnswer, { ...geminiAnswer, usage: {} }],
];

it('a body of the vendor’s type passes, the same body with one thing wrong is found', () => {
  const shapes = new TypedShapes();
  for (const [type, right, wrong] of SAMPLES) {
    shapes.add(type, right, 'right');
    shapes.add(type, wrong, 'wrong');
  }
  // Usage has members that this answer lacks.
  shapes.add('anthropic-messages answer', { ...message, usage: { input_tokens: 1, output_tokens: 1 } }, 'wrong');
  const found = compileShapes(shapes.list);
  expect(found.filter(({ seenIn }) => seenIn === 'right')).toEqual([]);
  expect(found.map(({ type }) => type).sort()).toEqual(
    [...SAMPLES.map(([type]) => type), 'anthropic-messages answer'].sort(),
  );
});

it('what only some providers know is no word for the others', () => {
  const shapes = new TypedShapes();
  const body = { model: 'm', messages: [hello], enable_thinking: true };
  shapes.add('openai-chat', body, 'openai', 'openai');
  shapes.add('openai-chat', body, 'alibaba', 'alibaba');
  expect(compileShapes(shapes.list).map(({ seenIn }) => seenIn)).toEqual(['openai']);
});

it('long conversations look like short ones', () => {
  const shapes = new TypedShapes();
  shapes.add('openai-chat', { model: 'm', messages: [hello] }, 'short');
  shapes.add('openai-chat', { model: 'other', messages: [hello, { ...hello, content: 'Bye' }] }, 'long');
  expect(shapes.list).toHaveLength(1);
  expect(shapes.bodies).toBe(2);
});
