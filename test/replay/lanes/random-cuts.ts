/** Cuts bytes at places drawn from a seed: inside of UTF-8 characters, between `\r` and `\n`, in the middle of everything. */
export function randomCuts(bytes: Buffer, seed: number): readonly Buffer[] {
  let state = (seed * 2_654_435_761) >>> 0 || 1;
  const draw = (): number => {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    state >>>= 0;
    return state;
  };
  const pieces: Buffer[] = [];
  let from = 0;
  while (from < bytes.length) {
    const size = draw() % 7 === 0 ? 1 + (draw() % 3) : 1 + (draw() % 400);
    pieces.push(bytes.subarray(from, Math.min(bytes.length, from + size)));
    from += size;
  }
  return pieces;
}
