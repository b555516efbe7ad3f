import { expect, it } from 'vitest';
import { EVENT_BYTES_MAX, LineReader } from './sse-reader.js';

function linesOf(bytes: Buffer, packetBytes: number): { readonly lines: string[]; readonly rest: string | null } {
  const reader = new LineReader();
  const lines: string[] = [];
  for (let from = 0; from < bytes.length; from += packetBytes)
    reader.push(bytes.subarray(from, from + packetBytes), (line) => lines.push(line));
  return { lines, rest: reader.end() };
}

it('lines are the same wherever the packets are cut', () => {
  const bytes = Buffer.from('{"a":"ü"}\r\n\n  \n{"b":1}\n{"c":2} ');
  for (let size = 1; size <= bytes.length; size += 1)
    expect(linesOf(bytes, size)).toEqual({ lines: ['{"a":"ü"}', '{"b":1}'], rest: '{"c":2}' });
});

it('a line of a megabyte in packets of seven bytes costs no more than reading it: it took 30 s to copy it again with each', () => {
  const began = performance.now();
  const { lines } = linesOf(Buffer.from(`${'x'.repeat(1_000_000)}\n`), 7);
  expect(lines).toEqual(['x'.repeat(1_000_000)]);
  expect(performance.now() - began).toBeLessThan(2_000);
});

it('a line without end is not kept', () => {
  const reader = new LineReader();
  const packet = Buffer.alloc(EVENT_BYTES_MAX / 8, 'x');
  for (let count = 0; count < 10; count += 1) reader.push(packet, () => {});
  expect(reader.hasOverflowed).toBe(true);
  expect(reader.end()).toBeNull();
});
