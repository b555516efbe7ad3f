import { z } from 'zod';
import type { ModelOperation } from './model-operation.js';
import type { PriceVersionRow } from './price-schedule.js';

/** What a model can do. `null` means nobody has told us: it is shown as unknown and never used to refuse a request. */
export interface ModelCapabilities {
  readonly vision: boolean | null;
  readonly audioInput: boolean | null;
  readonly audioOutput: boolean | null;
  readonly imageOutput: boolean | null;
  readonly tools: boolean | null;
  readonly reasoning: boolean | null;
  readonly structuredOutput: boolean | null;
  readonly promptCaching: boolean | null;
  readonly webSearch: boolean | null;
}

/** What a provider does with prompts; `null` means unknown. */
export interface DataPolicy {
  readonly trainsOnPrompts: boolean | null;
  readonly retentionDays: number | null;
}

/** One way to reach a model: a provider, its own id for the model, a dialect, prices. `id` is `provider:providerModel`. */
export interface Endpoint {
  readonly id: string;
  readonly modelId: string;
  readonly provider: string;
  /** what is written into the upstream request */
  readonly providerModel: string;
  readonly dialect: string;
  /** which door of the gateway it stands behind; the dialect is one of that operation */
  readonly operation: ModelOperation;
  readonly region: string | null;
  readonly contextTokens: number | null;
  readonly maxOutputTokens: number | null;
  readonly isEnabled: boolean;
  readonly prices: readonly PriceVersionRow[];
  readonly dataPolicy: DataPolicy;
}

/** A model as customers know it. `id` is `author/slug`; endpoints stand in order of preference. */
export interface Model {
  readonly id: string;
  readonly author: string;
  readonly slug: string;
  readonly name: string;
  /** what all its endpoints do */
  readonly operation: ModelOperation;
  readonly description: string | null;
  readonly contextTokens: number | null;
  readonly maxOutputTokens: number | null;
  readonly capabilities: ModelCapabilities;
  /**
   * Other names. A name that is the provider's id plus a date is a snapshot and is sent upstream as written; a name that
   * ends in `-YYYY-MM-DD` or `-YYYYMMDD` in these very letters stands for every date.
   */
  readonly aliases: readonly string[];
  readonly endpoints: readonly Endpoint[];
  readonly createdAtMs: number;
}

const flag = z.boolean().nullable().default(null);
const capabilitiesSchema = z.object({
  vision: flag,
  audioInput: flag,
  audioOutput: flag,
  imageOutput: flag,
  tools: flag,
  reasoning: flag,
  structuredOutput: flag,
  promptCaching: flag,
  webSearch: flag,
});
const dataPolicySchema = z.object({ trainsOnPrompts: flag, retentionDays: z.number().int().nullable().default(null) });

/** Everything unknown: where a description of a model starts. */
export const UNKNOWN_CAPABILITIES: ModelCapabilities = capabilitiesSchema.parse({});
export const UNKNOWN_DATA_POLICY: DataPolicy = dataPolicySchema.parse({});

/** Reads the JSON columns of the catalogue tables; a flag that is absent is unknown. */
export function decodeCapabilities(json: unknown): ModelCapabilities {
  return capabilitiesSchema.parse(json);
}

export function decodeDataPolicy(json: unknown): DataPolicy {
  return dataPolicySchema.parse(json);
}
