import { copyRange } from './byte-writer.js';

/** Replaces [from, to) by `bytes`; an insertion has from = to, a removal has no bytes. */
export interface Splice {
  readonly from: number;
  readonly to: number;
  readonly bytes: Buffer;
}

const inOrder = (a: Splice, b: Splice): number => a.from - b.from || a.to - b.to;

/** Applies splices to a body: everything outside them is a slice of the body itself, neither copied nor rewritten. */
export function applySplices(body: Buffer, splices: readonly Splice[]): Buffer[] {
  const parts: Buffer[] = [];
  let position = 0;
  for (const splice of [...splices].sort(inOrder)) {
    if (splice.from < position) throw new Error('splices overlap');
    if (splice.from > position) parts.push(body.subarray(position, splice.from));
    if (splice.bytes.length > 0) parts.push(splice.bytes);
    position = splice.to;
  }
  if (position < body.length) parts.push(body.subarray(position));
  return parts;
}

/** The same in one new buffer. */
export function joinSplices(body: Buffer, splices: readonly Splice[]): Buffer {
  let length = body.length;
  for (const splice of splices) length += splice.bytes.length - (splice.to - splice.from);
  const joined = Buffer.allocUnsafe(length);
  let source = 0;
  let target = 0;
  for (const splice of [...splices].sort(inOrder)) {
    if (splice.from < source) throw new Error('splices overlap');
    target = copyRange(body, source, splice.from, joined, target);
    target = copyRange(splice.bytes, 0, splice.bytes.length, joined, target);
    source = splice.to;
  }
  copyRange(body, source, body.length, joined, target);
  return joined;
}
