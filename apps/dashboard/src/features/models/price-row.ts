import type { NanousdPerMillion } from '@tollgate/amount';
import { type Endpoint, isCallable, type Model, type PriceSchedule, priceAt, providerInfo } from '@tollgate/catalog';
import { pricesAt } from '@tollgate/pricing';

/** One model at one provider, as the price list shows it. Prices are the provider's, per million tokens. */
export interface PriceRow {
  readonly endpointId: string;
  readonly modelId: string;
  readonly provider: string;
  readonly region: string | null;
  readonly contextTokens: number | null;
  readonly input: NanousdPerMillion | null;
  readonly output: NanousdPerMillion | null;
  readonly cached: NanousdPerMillion | null;
  /** the price depends on the length of the prompt or the time of day */
  readonly isVariable: boolean;
  readonly isCallable: boolean;
}

export function priceRows(models: readonly Model[], nowMs: number): PriceRow[] {
  return models.flatMap((model) =>
    model.endpoints.filter((endpoint) => endpoint.isEnabled).map((endpoint) => priceRow(model, endpoint, nowMs)),
  );
}

function priceRow(model: Model, endpoint: Endpoint, nowMs: number): PriceRow {
  const schedule = priceAt(endpoint, nowMs)?.schedule ?? null;
  const prices = schedule === null ? {} : pricesAt(schedule, nowMs).prices;
  return {
    endpointId: endpoint.id,
    modelId: model.id,
    provider: providerTitle(endpoint.provider),
    region: endpoint.region,
    contextTokens: endpoint.contextTokens ?? model.contextTokens,
    input: prices.input ?? null,
    output: prices.output ?? null,
    cached: prices.cache_read ?? null,
    isVariable: schedule !== null && isVariable(schedule),
    isCallable: isCallable(endpoint),
  };
}

export function isVariable(schedule: PriceSchedule): boolean {
  return schedule.tiers.length > 0 || schedule.windows.length > 0 || schedule.serviceTiers !== undefined;
}

export function providerTitle(id: string): string {
  return providerInfo(id)?.name ?? id;
}
