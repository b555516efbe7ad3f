import { displayUsd, type NanousdPerMillion, nanousd } from '@tollgate/amount';

/** A price per million with a markup on it, as people read it. A dash where there is none. For reading only: charges are computed exactly elsewhere. */
export function priceText(price: NanousdPerMillion | null | undefined, markupBp: number): string {
  if (price === null || price === undefined) return '–';
  return displayUsd(nanousd((price * BigInt(10_000 + markupBp)) / 10_000n), 4);
}
