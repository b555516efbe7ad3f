import { expect, it } from 'vitest';
import { createWireGrammar } from './wire-grammar.js';

const HEAD = { modelVersion: 'm', responseId: 'r' };
const chunk = (candidate: object, more: object = {}) => ({ candidates: [candidate], ...HEAD, ...more });
const END = chunk({ finishReason: 'STOP' }, { usageMetadata: {} });
const check = (...chunks: readonly unknown[]): void => {
  const grammar = createWireGrammar();
  for (const one of chunks) grammar.add(one);
  grammar.end();
};

it('takes what Google sends', () => {
  check(chunk({ content: { role: 'model', parts: [{ text: 'a' }] } }), END);
  check({ ...HEAD, promptFeedback: { blockReason: 'SAFETY' }, usageMetadata: {} });
});

it.each([
  ['no chunk', []],
  ['no finish', [chunk({ content: {} }, { usageMetadata: {} })]],
  ['two finishes', [END, END]],
  ['something after the finish', [END, chunk({ content: { parts: [{ text: 'a' }] } }, { usageMetadata: {} })]],
  ['no usage at the end', [chunk({ finishReason: 'STOP' })]],
  ['another id', [{ ...chunk({}), responseId: 'x' }, END]],
  ['no model', [{ candidates: [], responseId: 'r' }, END]],
  ['a word that is none', [chunk({ finishReason: 'stop' }, { usageMetadata: {} })]],
  ['another role', [chunk({ content: { role: 'assistant', parts: [] } }), END]],
  ['a part of two kinds', [chunk({ content: { parts: [{ text: 'a', functionCall: {} }] } }), END]],
  [
    'a signature that is no base64',
    [chunk({ content: { parts: [{ text: 'a', thoughtSignature: 'tgs1.x y' }] } }), END],
  ],
  ['arguments that are no object', [chunk({ content: { parts: [{ functionCall: { name: 'f', args: '{}' } }] } }), END]],
  ['nothing but usage', [{ ...HEAD, usageMetadata: {} }]],
] as const)('refuses %s', (_name, chunks) => {
  expect(() => check(...chunks)).toThrow(/Gemini/);
});
