import { expect, it } from 'vitest';
import { CallResults } from './call-results.js';
import { Losses } from './loss.js';
import type { ToolResultPart } from './part.js';

const result = (callId: string): ToolResultPart => ({
  kind: 'tool_result',
  callId,
  name: null,
  content: [],
  isError: null,
  variant: 'function',
});

/** Turns by the calls they answer. */
function resultsOf(turns: readonly (readonly string[])[]): CallResults {
  return new CallResults(
    turns.map((ids, turn) => ({ parts: ids.map((id, part) => ({ part: result(id), at: `${turn}.${part}` })) })),
  );
}

it('T04: the last of several results in one turn is taken, the others are told', () => {
  const losses = new Losses();
  const results = resultsOf([[], ['a', 'b', 'a', 'a']]);
  expect(results.take('a', 0, losses)?.at).toBe('1.3');
  expect(losses.list()).toEqual([
    { field: '1.0', reason: 'dropped' },
    { field: '1.2', reason: 'dropped' },
  ]);
  expect(['1.0', '1.1', '1.2'].map((at) => results.isTaken(at))).toEqual([true, false, true]);
  expect(results.take('a', 0, losses)).toBeNull();
});

it('a result that comes too late is moved, one that came too early is not taken', () => {
  const losses = new Losses();
  const results = resultsOf([['a'], [], [], ['a'], [], ['a']]);
  expect(results.take('a', 1, losses)?.at).toBe('3.0');
  expect(results.take('a', 4, losses)?.at).toBe('5.0');
  expect(results.isTaken('0.0')).toBe(false);
  expect(losses.list()).toEqual([{ field: '3.0', reason: 'moved' }]);
});

it('a hundred thousand calls of one id are answered in the time of as many different ones', () => {
  const turns = Array.from({ length: 200_000 }, (_, turn) => (turn % 2 === 0 ? [] : ['a']));
  const results = resultsOf(turns);
  const losses = new Losses();
  const began = performance.now();
  for (let turn = 0; turn < turns.length; turn += 2) expect(results.take('a', turn, losses)?.turn).toBe(turn + 1);
  expect(performance.now() - began).toBeLessThan(5_000);
});
