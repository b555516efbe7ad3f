import type { Endpoint } from './model.js';
import type { PriceVersionRow } from './price-schedule.js';

/**
 * The price version in force at an instant, or null when none is. An operator's price wins over every imported one; an
 * operator's empty schedule hands the endpoint back to the imported price. Of two versions with the same start the one
 * stored later wins, so a wrong row is corrected by another row.
 */
export function priceAt(endpoint: Pick<Endpoint, 'prices'>, atMs: number): PriceVersionRow | null {
  let imported: PriceVersionRow | null = null;
  let operator: PriceVersionRow | null = null;
  for (const version of endpoint.prices) {
    if (version.effectiveFromMs > atMs) continue;
    switch (version.source) {
      case 'import':
        if (imported === null || isLater(version, imported)) imported = version;
        break;
      case 'operator':
        if (operator === null || isLater(version, operator)) operator = version;
        break;
    }
  }
  return operator !== null && !isEmpty(operator) ? operator : imported;
}

function isLater(a: PriceVersionRow, b: PriceVersionRow): boolean {
  if (a.effectiveFromMs !== b.effectiveFromMs) return a.effectiveFromMs > b.effectiveFromMs;
  // Ids are decimal strings of a sequence: the longer one is the greater one.
  return a.id.length !== b.id.length ? a.id.length > b.id.length : a.id >= b.id;
}

function isEmpty(version: PriceVersionRow): boolean {
  return Object.keys(version.schedule.prices).length === 0 && version.schedule.windows.length === 0;
}
