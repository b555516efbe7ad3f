import { importChecksum, importGenaiPrices } from '@tollgate/catalog';
import { applyImport } from '@tollgate/catalog/store';
import { GENAI_PRICES_VERSION, shippedPrices } from '../genai-prices.js';
import type { Services } from '../services.js';

export interface ImportReport {
  readonly status: 'applied' | 'unchanged' | 'refused';
  readonly models: number;
  readonly skipped: number;
}

/** Imports the shipped price data where it differs from what was applied last. A refused import is an alarm: prices stay as they are. */
export async function importCatalog({
  database,
  log,
  now,
}: Pick<Services, 'database' | 'log' | 'now'>): Promise<ImportReport> {
  const nowMs = now();
  const { models, skipped } = importGenaiPrices(await shippedPrices(), { nowMs });
  const source = {
    source: 'genai-prices',
    sourceVersion: GENAI_PRICES_VERSION,
    checksum: importChecksum(models),
    models,
  };
  const { importId, status } = await applyImport(database, source, nowMs);
  const report = { status, models: models.length, skipped: skipped.length };
  if (status === 'refused') log.error({ importId: importId.toString(), ...report }, 'the price import was refused');
  else log.info({ importId: importId.toString(), ...report }, 'price import');
  return report;
}
