import { expect, it } from 'vitest';
import { type Finish, namedFinish } from './finish.js';
import { finishOf } from './ollama/finish.js';
import { decodeFinish as decodeResponsesFinish } from './openai-responses/finish.js';

const NAMED = { END: { kind: 'stop' }, MAX: { kind: 'length' } } as const satisfies Record<string, Finish>;

it('a vendor’s word means what its list says; blank ones are no finish, unknown ones are kept', () => {
  for (const raw of [null, undefined, '', 3]) expect(namedFinish(raw, NAMED)).toBeNull();
  expect(namedFinish('MAX', NAMED, true)).toEqual({ kind: 'length' });
  expect(namedFinish('eos', NAMED, true)).toEqual({ kind: 'other', raw: 'eos' });
});

it('S10: calls decide over the word', () => {
  expect([namedFinish('END', NAMED), namedFinish('END', NAMED, true)]).toEqual([
    { kind: 'stop' },
    { kind: 'tool_calls' },
  ]);
});

it('a word that every object has is a word nobody knows', () => {
  const other = { kind: 'other', raw: 'constructor' };
  expect(namedFinish('constructor', NAMED)).toEqual(other);
  expect(finishOf('constructor', false)).toEqual(other);
  const response = { status: 'incomplete', incomplete_details: { reason: 'constructor' } };
  expect(decodeResponsesFinish(response, false).finish).toEqual(other);
});
