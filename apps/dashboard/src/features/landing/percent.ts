/** Basis points as people read them: 550 is "5.5 %", never broken across lines. */
export function percentOfBasisPoints(basisPoints: number): string {
  return `${(basisPoints / 100).toLocaleString('en-US', { maximumFractionDigits: 2 })}\u00a0%`;
}
