import { createHash } from 'node:crypto';
import type { ModelCapabilities } from './model.js';
import type { ModelOperation } from './model-operation.js';
import { encodeSchedule, type PriceSchedule } from './price-schedule.js';

/** A price as a source announces it. The earliest one of an endpoint starts at 0: it has always been so. */
export interface ImportedPrice {
  readonly effectiveFromMs: number;
  readonly schedule: PriceSchedule;
}

export interface ImportedEndpoint {
  readonly id: string;
  readonly provider: string;
  readonly providerModel: string;
  readonly dialect: string;
  readonly operation: ModelOperation;
  readonly region: string | null;
  readonly contextTokens: number | null;
  readonly maxOutputTokens: number | null;
  /** ascending by date, at least one */
  readonly prices: readonly ImportedPrice[];
}

/** A model as a source of prices describes it: what an import proposes to the stored catalogue. */
export interface ImportedModel {
  readonly id: string;
  readonly author: string;
  readonly slug: string;
  readonly name: string;
  readonly operation: ModelOperation;
  readonly description: string | null;
  readonly contextTokens: number | null;
  readonly maxOutputTokens: number | null;
  readonly capabilities: ModelCapabilities;
  readonly aliases: readonly string[];
  readonly endpoints: readonly ImportedEndpoint[];
}

/** What an import would store, as one hash: the same models give the same checksum, whatever file they came from. */
export function importChecksum(models: readonly ImportedModel[]): string {
  const hash = createHash('sha256');
  for (const model of models) {
    const endpoints = model.endpoints.map((endpoint) => ({
      ...endpoint,
      prices: endpoint.prices.map((price) => ({ ...price, schedule: encodeSchedule(price.schedule) })),
    }));
    hash.update(JSON.stringify({ ...model, endpoints }));
  }
  return hash.digest('hex');
}
