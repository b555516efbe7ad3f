import type { ImportedModel } from './imported-model.js';
import { knownCapabilities } from './model-capabilities.js';
import { type ModelOperation, missingPrice } from './model-operation.js';
import { type PriceSchedule, sheetsOf } from './price-schedule.js';
import { CALLABLE_DIALECTS } from './provider.js';
import { providerInfo } from './providers.js';

/** An endpoint that no price data knows: a model on a server of one's own, or one a provider offers before it is in the data. */
export interface OperatorEndpoint {
  readonly provider: string;
  /** what is written into the upstream request */
  readonly providerModel: string;
  /** the model it is one more endpoint of; absent: a model of its own, `provider/providerModel` */
  readonly modelId?: string;
  readonly name?: string;
  /** default: chat */
  readonly operation?: ModelOperation;
  /** default: the provider's for this operation */
  readonly dialect?: string;
  readonly contextTokens?: number | null;
  readonly maxOutputTokens?: number | null;
  /** what it costs, from now on; zero has to be written down like any other price */
  readonly schedule: PriceSchedule;
}

export type ProposedEndpoint =
  | { readonly kind: 'proposed'; readonly model: ImportedModel }
  | { readonly kind: 'refused'; readonly reason: string };

/** The model and endpoint an operator describes, or why they could not be called or charged for. Pure. */
export function proposeEndpoint(described: OperatorEndpoint): ProposedEndpoint {
  const { provider, providerModel, operation = 'chat', schedule } = described;
  const refuse = (reason: string): ProposedEndpoint => ({ kind: 'refused', reason });
  const info = providerInfo(provider);
  if (info === undefined) return refuse(`${provider} is not a provider`);
  const dialect = described.dialect ?? info.operations[operation]?.dialect;
  if (dialect === undefined) return refuse(`${info.name} has no interface for ${operation} that is spoken`);
  if (!CALLABLE_DIALECTS.has(dialect)) return refuse(`${dialect} is not spoken`);
  for (const { prices } of sheetsOf(schedule).flatMap((sheet) => [sheet, ...sheet.windows])) {
    const missing = missingPrice(operation, prices);
    if (missing !== null) return refuse(`without a price for ${missing}, ${operation} cannot be charged`);
  }
  const id = described.modelId ?? `${provider}/${slugOf(providerModel)}`;
  if (!MODEL_ID.test(id)) return refuse(`${id} cannot be the id of a model`);
  const slash = id.indexOf('/');
  const limits = { contextTokens: described.contextTokens ?? null, maxOutputTokens: described.maxOutputTokens ?? null };
  return {
    kind: 'proposed',
    model: {
      id,
      author: id.slice(0, slash),
      slug: id.slice(slash + 1),
      name: described.name ?? providerModel,
      operation,
      description: null,
      ...limits,
      capabilities: knownCapabilities(id, operation),
      aliases: [],
      endpoints: [
        {
          id: `${provider}:${providerModel}`,
          provider,
          providerModel,
          dialect,
          operation,
          region: null,
          ...limits,
          prices: [{ effectiveFromMs: 0, schedule }],
        },
      ],
    },
  };
}

const MODEL_ID = /^[a-z0-9][a-z0-9.-]*\/[a-z0-9][a-z0-9._:-]*$/;

/** `Qwen/Qwen3 8B` → `qwen3-8b`: the last part, in the letters that ids of models have. */
function slugOf(providerModel: string): string {
  const last = providerModel.slice(providerModel.lastIndexOf('/') + 1);
  return last.toLowerCase().replace(/[^a-z0-9._:-]+/g, '-');
}
