import { openCorrections, rerateNext } from '@tollgate/billing';
import type { Services } from '../services.js';

/** A run ends after this time, and the next one goes on: nothing else of the queue waits long. */
const RUN_MS = 8_000;

export interface RerateReport {
  readonly corrected: number;
  readonly finished: number;
}

/**
 * Posts open corrections of prices, batch by batch, whoever asked for them and however far somebody came with them. Admission learns of the
 * differences as of any credit, from the next run of `grants.post`.
 */
export async function rerateOpen({
  database,
  log,
  now,
}: Pick<Services, 'database' | 'log' | 'now'>): Promise<RerateReport> {
  const endMs = now() + RUN_MS;
  let corrected = 0;
  let finished = 0;
  for (const correctionId of await openCorrections(database)) {
    while (now() < endMs) {
      const step = await rerateNext(database, correctionId, { actor: 'worker', nowMs: now() });
      if (step.kind !== 'posted') {
        finished += 1;
        log.info({ correctionId }, 'a price correction is posted');
        break;
      }
      const { sums, part } = step;
      corrected += sums.corrected;
      log.info({ correctionId, corrected: sums.corrected, part }, 'price correction');
      if (sums.unpriced > 0)
        log.error({ correctionId, requests: sums.unpriced }, 'a price correction lacks a price its requests need');
    }
  }
  return { corrected, finished };
}
