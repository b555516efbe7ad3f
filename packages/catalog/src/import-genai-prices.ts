import { operationOf } from './genai-operations.js';
import { decodeGenaiPrices, type GenaiModel, type GenaiProvider, matches, spelledOut } from './genai-prices-data.js';
import { importSchedules } from './genai-schedule.js';
import { GENAI_SOURCES, type GenaiSource } from './genai-sources.js';
import type { ImportedEndpoint, ImportedModel, ImportedPrice } from './imported-model.js';
import type { ModelCapabilities } from './model.js';
import { knownCapabilities } from './model-capabilities.js';
import { identify, identityKey, type ModelIdentity } from './model-identity.js';
import { ANY_DASHED_DATE, ANY_PACKED_DATE, nameKey, withoutDate } from './model-name.js';
import type { ModelOperation } from './model-operation.js';
import { orderEndpoints } from './order-endpoints.js';
import type { PriceComponent } from './price-component.js';
import type { ComponentPrices, PriceSchedule } from './price-schedule.js';
import { MODEL_SUPPLEMENTS, supplemented, supplementedPrices } from './price-supplements.js';
import { providerInfo } from './providers.js';

export interface SkippedModel {
  /** `provider:model` as the price data names them */
  readonly id: string;
  readonly reason: string;
}

export interface GenaiImport {
  readonly models: readonly ImportedModel[];
  /** everything in the data that did not become an endpoint, and why */
  readonly skipped: readonly SkippedModel[];
}

/** One id of one provider, ready to be attached to a model. */
interface Offer {
  readonly source: GenaiSource;
  readonly operation: ModelOperation;
  readonly providerModel: string;
  readonly aliases: readonly string[];
  readonly name: string | null;
  readonly description: string | null;
  readonly contextTokens: number | null;
  readonly prices: readonly ImportedPrice[];
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

function offersOf(
  source: GenaiSource,
  provider: GenaiProvider,
  others: readonly Offer[],
  skipped: SkippedModel[],
): readonly Offer[] {
  const offers = new Map<string, Offer>();
  const keyOf = (providerModel: string): string => identityKey({ author: source.provider, slug: providerModel });
  for (const model of provider.models) {
    for (const member of membersOf(source, provider, model)) {
      const offer = offerOf(source, model, member);
      const key = keyOf(member.providerModel);
      if (typeof offer === 'string') skipped.push({ id: `${source.provider}:${member.providerModel}`, reason: offer });
      else if (offers.has(key))
        skipped.push({
          id: `${source.provider}:${member.providerModel}`,
          reason: 'priced twice; the first entry counts',
        });
      else offers.set(key, offer);
    }
  }
  for (const offer of [...fallbackOffers(source, provider, others), ...supplementOffers(source)]) {
    if (!offers.has(keyOf(offer.providerModel))) offers.set(keyOf(offer.providerModel), offer);
  }
  return [...offers.values()];
}

/** An id of an entry as something to be had at its provider, or the reason why it is not. */
function offerOf(source: GenaiSource, model: GenaiModel, member: Member): Offer | string {
  if (model.deprecated) return 'withdrawn by its provider';
  const id = member.providerModel.toLowerCase();
  const reason = source.leaveOut?.find(([pattern]) => pattern.test(id))?.[1];
  if (reason !== undefined) return reason;
  const providerModel = spelledFor(source, member.providerModel);
  const operation = operationOf(providerModel);
  if (providerInfo(source.provider)?.operations[operation] === undefined)
    return `no interface for ${operation} of this provider is spoken`;
  const prices = importSchedules(model, operation);
  if (!prices.ok) return prices.reason;
  const isNamed = nameKey(member.providerModel) === nameKey(model.id) || member.isFirst;
  return {
    source,
    operation,
    providerModel,
    aliases: member.aliases,
    name: isNamed ? (model.name ?? null) : null,
    description: isNamed ? (model.description ?? null) : null,
    contextTokens: model.context_window ?? null,
    prices: supplemented(source.provider, model.id, prices.prices),
  };
}

/** The id as the provider's interface takes it. */
function spelledFor(source: GenaiSource, id: string): string {
  const rule = source.spelling?.find(([pattern]) => pattern.test(id));
  return `${rule === undefined ? id : id.replace(rule[0], rule[1])}${source.suffix ?? ''}`;
}

/**
 * What a provider sells at another one's prices without being listed. Searches of the web are left out: each platform has its own, at its own
 * price.
 */
function fallbackOffers(source: GenaiSource, provider: GenaiProvider, others: readonly Offer[]): readonly Offer[] {
  const { fallback } = source;
  if (fallback === undefined || !provider.fallback_model_providers?.includes(fallback.sourceId)) return [];
  return others
    .filter((offer) => offer.source.sourceId === fallback.sourceId && fallback.serves.test(offer.providerModel))
    .map((offer) => ({
      ...offer,
      source,
      providerModel: spelledFor(source, offer.providerModel),
      aliases: [],
      prices: offer.prices.map(withoutSearches),
    }));
}

function withoutSearches({ effectiveFromMs, schedule }: ImportedPrice): ImportedPrice {
  const level = <T extends Pick<PriceSchedule, 'prices' | 'tiers'>>(part: T): T => ({
    ...part,
    prices: withoutSearch(part.prices),
    tiers: part.tiers.map((tier) => ({ ...tier, prices: withoutSearch(tier.prices) })),
  });
  return { effectiveFromMs, schedule: { ...level(schedule), windows: schedule.windows.map(level) } };
}

function withoutSearch({ web_search: _search, ...prices }: ComponentPrices): ComponentPrices {
  return prices;
}

function supplementOffers(source: GenaiSource): readonly Offer[] {
  return MODEL_SUPPLEMENTS.filter((entry) => entry.provider === source.provider).map((entry) => ({
    source,
    operation: operationOf(entry.model),
    providerModel: entry.model,
    aliases: [],
    name: entry.name,
    description: null,
    contextTokens: null,
    prices: supplementedPrices(entry),
  }));
}

interface Member {
  readonly providerModel: string;
  readonly aliases: readonly string[];
  readonly isFirst: boolean;
}

/**
 * One entry of the data prices several ids: dated snapshots and other spellings of one model, but also models of their
 * own that happen to cost the same. The former become aliases of the member they belong to, the latter members.
 */
function membersOf(source: GenaiSource, provider: GenaiProvider, model: GenaiModel): readonly Member[] {
  const { ids, beginnings } = spelledOut(model.match);
  const own = ids.filter((id) => !id.toLowerCase().startsWith(`${source.sourceId}/`));
  const covered = own.length === 0 || matches(model.match, model.id) ? [model.id, ...own] : own;
  const all = source.entryIs === 'each' ? covered : covered.slice(0, 1);
  const keyOf = (id: string): string => identityKey({ author: '', slug: id }).replace(/-latest$/, '');
  const groups = new Map<string, string[]>();
  for (const id of all) {
    const group = groups.get(keyOf(id));
    if (group === undefined) groups.set(keyOf(id), [id]);
    else if (!group.includes(id)) group.push(id);
  }
  const members = new Map<string, string[]>();
  for (const [key, spellings] of groups) {
    const stem = withoutDate(key);
    const home = stem !== null && groups.has(stem) ? stem : key;
    members.set(home, [...(members.get(home) ?? []), ...spellings]);
  }
  return [...members].map(([key, spellings], index) => {
    const plain = spellings.filter((id) => keyOf(id) === key);
    // An entry's own id is one the interface takes; of two mere matches it takes the one that says latest.
    const providerModel =
      plain.find((id) => id === model.id) ?? plain.find((id) => id.endsWith('-latest')) ?? plain[0] ?? key;
    const slugs = [...spelledOnce(spellings, providerModel), ...beginnings.filter((text) => keyOf(text) === key)];
    const dated = plain.flatMap((id) => anyDate(provider, model, id.replace(/-latest$/, '')));
    return { providerModel, aliases: [...slugs, ...dated], isFirst: index === 0 };
  });
}

/** Of several spellings of one snapshot the provider takes the one that begins like its own id. */
function spelledOnce(spellings: readonly string[], providerModel: string): readonly string[] {
  const stem = nameKey(providerModel).replace(/-latest$/, '');
  const keyOf = (id: string): string => identityKey({ author: '', slug: id });
  const proper = new Set(spellings.filter((id) => withoutDate(nameKey(id)) === stem).map(keyOf));
  return spellings.filter(
    (id) => withoutDate(nameKey(id)) === null || withoutDate(nameKey(id)) === stem || !proper.has(keyOf(id)),
  );
}

/** The placeholders of dated names, where the entry says that it covers every date. */
function anyDate(provider: GenaiProvider, model: GenaiModel, id: string): readonly string[] {
  const covers = (name: string): boolean => provider.models.find((other) => matches(other.match, name)) === model;
  return [
    ...(covers(`${id}-2031-01-31`) ? [`${id}${ANY_DASHED_DATE}`] : []),
    ...(covers(`${id}-20310131`) ? [`${id}${ANY_PACKED_DATE}`] : []),
  ];
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
