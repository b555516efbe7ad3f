/** Replaces [from, to) by `bytes`; an insertion has from = to, a removal has no bytes. */
export interface Splice {
  readonly from: number;
  readonly to: number;
  readonly bytes: Buffer;
}

/** Applies splices to a body: everything outside them is a slice of the body itself, neither copied nor rewritten. */
export function applySplices(body: Buffer, splices: readonly Splice[]): Buffer[] {
  const ordered = [...splices].sort((a, b) => a.from - b.from || a.to - b.to);
  const parts: Buffer[] = [];
  let position = 0;
  for (const splice of ordered) {
    if (splice.from < position) throw new Error('splices overlap');
    if (splice.from > position) parts.push(body.subarray(position, splice.from));
    if (splice.bytes.length > 0) parts.push(splice.bytes);
    position = splice.to;
  }
  if (position < body.length) parts.push(body.subarray(position));
  return parts;
}
