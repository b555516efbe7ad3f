import { type Offer, offersOf, type SkippedModel } from './genai-offers.js';
import { decodeGenaiPrices } from './genai-prices-data.js';
import { GENAI_SOURCES } from './genai-sources.js';
import type { ImportedEndpoint, ImportedModel } from './imported-model.js';
import type { ModelCapabilities } from './model.js';
import { knownCapabilities } from './model-capabilities.js';
import { identify, identityKey, type ModelIdentity } from './model-identity.js';
import { nameKey } from './model-name.js';
import type { ModelOperation } from './model-operation.js';
import { orderEndpoints } from './order-endpoints.js';
import type { PriceComponent } from './price-component.js';
import { providerInfo } from './providers.js';

export interface GenaiImport {
  readonly models: readonly ImportedModel[];
  /** everything in the data that did not become an endpoint, and why */
  readonly skipped: readonly SkippedModel[];
}

/**
 * Turns the provider list of `@pydantic/genai-prices` into models, endpoints and dated price schedules. Pure; throws when
 * the data has another shape. A model is named by the first source that offers it, so a reseller never takes an id from
 * its author.
 */
export function importGenaiPrices(data: unknown, { nowMs }: { readonly nowMs: number }): GenaiImport {
  const providers = new Map(decodeGenaiPrices(data).map((provider) => [provider.id, provider]));
  const skipped: SkippedModel[] = [...providers.values()]
    .filter((provider) => !GENAI_SOURCES.some((source) => source.sourceId === provider.id))
    .map((provider) => ({ id: provider.id, reason: 'not a provider of this catalogue' }));
  const offers: Offer[] = [];
  for (const source of GENAI_SOURCES) {
    const provider = providers.get(source.sourceId);
    if (provider) offers.push(...offersOf(source, provider, offers, skipped));
    else skipped.push({ id: source.sourceId, reason: 'missing from the price data' });
  }
  const models = modelsOf(offers, skipped, nowMs);
  return { models, skipped };
}

interface Draft {
  readonly identity: ModelIdentity;
  readonly operation: ModelOperation;
  readonly offers: Offer[];
}

function modelsOf(offers: readonly Offer[], skipped: SkippedModel[], nowMs: number): readonly ImportedModel[] {
  const usualNames = namesOfReseller(offers);
  const offered = new Set(offers.map((offer) => `${offer.source.provider}:${nameKey(offer.providerModel)}`));
  const drafts = new Map<string, Draft>();
  const snapshots = new Set<string>();
  for (const offer of offers) {
    const identity = identify(offer.source.provider, bareId(offer.providerModel), offer.source.ownAuthor);
    const named =
      offer.source.ownAuthor === null
        ? (usualNames.get(identityKey(identity)) ?? identity)
        : withoutLatest(identity, offer, offered);
    const key = identityKey(named);
    const draft = drafts.get(key);
    if (draft === undefined && snapshots.has(key)) {
      skipped.push({
        id: `${offer.source.provider}:${offer.providerModel}`,
        reason: 'a snapshot of a model its author already offers',
      });
      continue;
    }
    if (draft !== undefined && draft.operation !== offer.operation) {
      skipped.push({
        id: `${offer.source.provider}:${offer.providerModel}`,
        reason: `the model of that name is for ${draft.operation}`,
      });
      continue;
    }
    if (draft === undefined) drafts.set(key, { identity: named, operation: offer.operation, offers: [offer] });
    else draft.offers.push(offer);
    for (const alias of offer.aliases) snapshots.add(identityKey({ author: named.author, slug: nameKey(alias) }));
  }
  return [...drafts.values()].map((draft) => modelOf(draft, nowMs)).sort((a, b) => (a.id < b.id ? -1 : 1));
}

/** The reseller's ids are the names people know open models by; hosts' spellings are brought to them. */
function namesOfReseller(offers: readonly Offer[]): ReadonlyMap<string, ModelIdentity> {
  const names = new Map<string, ModelIdentity>();
  for (const { source, providerModel } of offers) {
    if (source.namesModels !== true) continue;
    const identity = identify(source.provider, providerModel, null);
    names.set(identityKey(identity), identity);
  }
  return names;
}

/** `claude-3-5-haiku-latest` is claude-3-5-haiku, unless the provider offers that as well: then the two may differ. */
function withoutLatest(
  { author, slug }: ModelIdentity,
  { source }: Offer,
  offered: ReadonlySet<string>,
): ModelIdentity {
  const plain = slug.replace(/^(.+\d.*)-latest$/, '$1');
  return { author, slug: offered.has(`${source.provider}:${plain}`) ? slug : plain };
}

/** `accounts/fireworks/models/kimi-k3` → `kimi-k3`. */
function bareId(providerModel: string): string {
  return providerModel.replace(/^accounts\/fireworks\/(models|routers)\//, '');
}

function modelOf({ identity, operation, offers }: Draft, nowMs: number): ImportedModel {
  const id = `${identity.author}/${identity.slug}`;
  const names = new Map<string, string>();
  for (const { source, aliases } of offers) {
    if (source.ownAuthor !== identity.author) continue;
    for (const alias of aliases) if (nameKey(alias) !== identity.slug) names.set(nameKey(alias), alias);
  }
  const contexts = offers.flatMap((offer) => (offer.contextTokens === null ? [] : [offer.contextTokens]));
  return {
    id,
    ...identity,
    name: nameOf(id, identity, offers),
    operation,
    description: offers.find((offer) => offer.description !== null)?.description ?? null,
    contextTokens: contexts.length === 0 ? null : Math.max(...contexts),
    maxOutputTokens: null,
    capabilities: capabilitiesOf(id, operation, offers, nowMs),
    aliases: [...names.values()].sort(),
    endpoints: orderEndpoints(offers.map(endpointOf)),
  };
}

/** Names the price data gives to another model than the one its id stands for. */
const NAMES: Readonly<Record<string, string>> = {
  'openai/o4-mini': 'o4-mini',
  'deepseek/deepseek-reasoner': 'DeepSeek Reasoner',
};

/** The author's name for it, else the one it is generally known by, else any. */
function nameOf(id: string, { author, slug }: ModelIdentity, offers: readonly Offer[]): string {
  const named = (isPreferred: (offer: Offer) => boolean): string | null =>
    offers.find((offer) => offer.name !== null && isPreferred(offer))?.name ?? null;
  return (
    NAMES[id] ??
    named((offer) => offer.source.ownAuthor === author) ??
    named((offer) => offer.source.namesModels === true) ??
    named(() => true) ??
    slug
  );
}

function endpointOf(offer: Offer): ImportedEndpoint {
  const { source, operation, providerModel } = offer;
  const spoken = providerInfo(source.provider)?.operations[operation];
  if (spoken === undefined) throw new Error(`${source.provider} has no interface for ${operation}`);
  const other =
    operation === 'chat'
      ? source.otherDialect?.find(([pattern]) => pattern.test(providerModel.toLowerCase()))?.[1]
      : undefined;
  const [, region = null] = /^(global|regional)\./.exec(providerModel) ?? [];
  return {
    id: `${source.provider}:${bareId(providerModel)}`,
    provider: source.provider,
    providerModel,
    dialect: other ?? spoken.dialect,
    operation,
    region,
    contextTokens: offer.contextTokens,
    maxOutputTokens: null,
    prices: offer.prices,
  };
}

/** What is known of the family, and what a price proves: who charges for reading images reads images. Nothing is inferred from an absent price. */
function capabilitiesOf(
  id: string,
  operation: ModelOperation,
  offers: readonly Offer[],
  nowMs: number,
): ModelCapabilities {
  const known = knownCapabilities(id, operation);
  if (operation !== 'chat') return known;
  const priced = new Set<PriceComponent>();
  for (const { prices } of offers) {
    const current = prices.findLast((price) => price.effectiveFromMs <= nowMs)?.schedule.prices ?? {};
    for (const component of Object.keys(current)) priced.add(component as PriceComponent);
  }
  const proves = (...components: readonly PriceComponent[]): boolean => components.some((name) => priced.has(name));
  return {
    ...known,
    vision: proves('input_image') || known.vision,
    audioInput: proves('input_audio', 'cache_read_audio') || known.audioInput,
    audioOutput: proves('output_audio') || known.audioOutput,
    imageOutput: proves('output_image') || known.imageOutput,
    reasoning: proves('reasoning') || known.reasoning,
    promptCaching: proves('cache_read', 'cache_write_5m', 'cache_write_1h') || known.promptCaching,
    webSearch: proves('web_search') || known.webSearch,
  };
}
