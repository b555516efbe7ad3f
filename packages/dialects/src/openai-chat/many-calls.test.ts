import { expect, it } from 'vitest';
import { parseObject } from '../canonical/json-read.js';
import { contextOf } from '../empty-request.fixture.js';
import { playStream } from '../play-stream.fixture.js';
import { provider } from './provider.js';

/** An answer of many calls must not stop everybody else's: 150,000 in one answer of 19 MB took three minutes. */
const CALLS = 30_000;
const call = (index: number, more: object) => ({ index, id: `c${index}`, type: 'function', function: more });
const chunk = (calls: readonly object[], finish: string | null): Buffer =>
  Buffer.from(
    `data: ${JSON.stringify({ choices: [{ index: 0, delta: { tool_calls: calls }, finish_reason: finish }] })}\n\n`,
  );

it('thirty thousand calls in one answer are read in one pass', () => {
  const calls = Array.from({ length: CALLS }, (_, index) => call(index, { name: 'f', arguments: '{}' }));
  const message = { role: 'assistant', content: null, tool_calls: calls };
  const body = Buffer.from(JSON.stringify({ choices: [{ index: 0, message, finish_reason: 'tool_calls' }] }));
  const began = performance.now();
  const decoded = provider.decodeReply(body, contextOf());
  expect(decoded.kind === 'reply' && decoded.reply.choices[0]?.parts.length).toBe(CALLS);
  const streamed = playStream(provider.createDecoder(contextOf()), chunk(calls, 'tool_calls'));
  expect(streamed.reply.choices[0]?.parts.length).toBe(CALLS);
  expect(performance.now() - began).toBeLessThan(3_000);
});

it('calls whose deltas take turns are whole, and are not read again with every delta', () => {
  const text = JSON.stringify({ text: '}'.repeat(20_000) });
  const packets: Buffer[] = [0, 1].map((index) => chunk([call(index, { name: `f${index}`, arguments: '' })], null));
  for (let from = 0; from < text.length; from += 10)
    for (const index of [0, 1])
      packets.push(chunk([{ index, function: { arguments: text.slice(from, from + 10) } }], null));
  packets.push(chunk([], 'tool_calls'));
  const began = performance.now();
  const { reply } = playStream(provider.createDecoder(contextOf()), Buffer.concat(packets));
  const told = reply.choices[0]?.parts.map((part) => (part.kind === 'tool_call' ? parseObject(part.arguments) : null));
  expect(told).toEqual([JSON.parse(text), JSON.parse(text)]);
  expect(performance.now() - began).toBeLessThan(5_000);
});
