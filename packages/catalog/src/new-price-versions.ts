import type { ImportedPrice } from './imported-model.js';
import { type PriceSchedule, type PriceVersionRow, scheduleKey } from './price-schedule.js';

/** No price at all: what an import stores for an endpoint that its source no longer has. Such an endpoint is refused as unpriced. */
export const WITHDRAWN: PriceSchedule = { prices: {}, tiers: [], windows: [] };

export function isWithdrawn(schedule: PriceSchedule): boolean {
  return Object.keys(schedule.prices).length === 0 && schedule.windows.length === 0;
}

/**
 * The rows to add so that, from now on, the stored imported prices say what the source announces: nothing where they say
 * it already, one row per instant at which they would say something else. An announced change that is taken back gets a
 * row with the same start, which wins because it is stored later. What the past cost is never rewritten.
 */
export function newPriceVersions(
  stored: readonly PriceVersionRow[],
  announced: readonly ImportedPrice[],
  nowMs: number,
): readonly ImportedPrice[] {
  const imported = stored.filter((version) => version.source === 'import');
  if (imported.length === 0) return announced;
  const later = [...imported, ...announced].map((price) => price.effectiveFromMs).filter((startMs) => startMs > nowMs);
  const rows: ImportedPrice[] = [];
  for (const atMs of [...new Set([nowMs, ...later])].sort((a, b) => a - b)) {
    const wanted = scheduleAt(announced, atMs);
    const says = scheduleAt([...byStorage(imported), ...rows], atMs);
    if (scheduleKey(wanted) !== scheduleKey(says)) rows.push({ effectiveFromMs: atMs, schedule: wanted });
  }
  return rows;
}

/** What imported prices say at an instant; of two with the same start the later in the list wins. */
export function scheduleAt(prices: readonly ImportedPrice[], atMs: number): PriceSchedule {
  let inForce: ImportedPrice | null = null;
  for (const price of prices) {
    if (price.effectiveFromMs <= atMs && (inForce === null || price.effectiveFromMs >= inForce.effectiveFromMs))
      inForce = price;
  }
  return inForce?.schedule ?? WITHDRAWN;
}

function byStorage(versions: readonly PriceVersionRow[]): readonly PriceVersionRow[] {
  return [...versions].sort((a, b) => (BigInt(a.id) < BigInt(b.id) ? -1 : 1));
}
