/** Basis points as people read them: 550 is "5.5 %". */
export function percentOfBasisPoints(basisPoints: number): string {
  return `${(basisPoints / 100).toLocaleString('en-US', { maximumFractionDigits: 2 })} %`;
}
