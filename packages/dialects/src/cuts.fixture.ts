/** The bytes as the packets they arrive in when cut at the given places. */
export function packetsAt(bytes: Buffer, cuts: readonly number[]): readonly Buffer[] {
  return [...cuts, bytes.length].map((cut, index) => bytes.subarray(cuts[index - 1] ?? 0, cut));
}

/** Random cuts from a seed: the same ones in every run. */
export function createCuts(seed: number): (length: number, count: number) => number[] {
  let random = seed;
  const next = (below: number): number => {
    random = (Math.imul(random, 1_664_525) + 1_013_904_223) >>> 0;
    return random % below;
  };
  return (length, count) => Array.from({ length: count }, () => next(length)).sort((a, b) => a - b);
}
