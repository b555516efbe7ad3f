import { decodeGenaiPrices, type GenaiModel, type GenaiProvider, matches, spelledOut } from './genai-prices-data.js';
import { importSchedules } from './genai-schedule.js';
import { GENAI_SOURCES, type GenaiSource } from './genai-sources.js';
import type { ImportedEndpoint, ImportedModel, ImportedPrice } from './imported-model.js';
import { type ModelCapabilities, UNKNOWN_CAPABILITIES } from './model.js';
import { identify, identityKey, type ModelIdentity } from './model-identity.js';
import { ANY_DASHED_DATE, ANY_PACKED_DATE, nameKey, withoutDate } from './model-name.js';
import { orderEndpoints } from './order-endpoints.js';
import type { PriceComponent } from './price-component.js';
import { supplemented } from './price-supplements.js';
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
  const offers = GENAI_SOURCES.flatMap((source) => {
    const provider = providers.get(source.sourceId);
    if (provider) return offersOf(source, provider, skipped);
    skipped.push({ id: source.sourceId, reason: 'missing from the price data' });
    return [];
  });
  const models = modelsOf(offers, skipped, nowMs);
  return { models, skipped };
}

function offersOf(source: GenaiSource, provider: GenaiProvider, skipped: SkippedModel[]): Offer[] {
  const offers = new Map<string, Offer>();
  for (const model of provider.models) {
    const skip = (id: string, reason: string): unknown => skipped.push({ id: `${source.provider}:${id}`, reason });
    if (model.deprecated) {
      skip(model.id, 'withdrawn by its provider');
      continue;
    }
    const prices = importSchedules(model);
    for (const member of membersOf(source, provider, model)) {
      const reason = source.leaveOut?.find(([pattern]) => pattern.test(member.providerModel.toLowerCase()))?.[1];
      const key = identityKey({ author: source.provider, slug: member.providerModel });
      if (reason !== undefined) skip(member.providerModel, reason);
      else if (!prices.ok) skip(member.providerModel, prices.reason);
      else if (offers.has(key)) skip(member.providerModel, 'priced twice; the first entry counts');
      else {
        const isNamed = nameKey(member.providerModel) === nameKey(model.id) || member.isFirst;
        offers.set(key, {
          source,
          ...member,
          name: isNamed ? (model.name ?? null) : null,
          description: isNamed ? (model.description ?? null) : null,
          contextTokens: model.context_window ?? null,
          prices: supplemented(source.provider, model.id, prices.prices),
        });
      }
    }
  }
  return [...offers.values()];
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
    if (draft === undefined) drafts.set(key, { identity: named, offers: [offer] });
    else draft.offers.push(offer);
    for (const alias of offer.aliases) snapshots.add(identityKey({ author: named.author, slug: nameKey(alias) }));
  }
  return [...drafts.values()].map((draft) => modelOf(draft, nowMs)).sort((a, b) => (a.id < b.id ? -1 : 1));
}

/** The reseller's ids are the names people know open models by; hosts' spellings are brought to them. */
function namesOfReseller(offers: readonly Offer[]): ReadonlyMap<string, ModelIdentity> {
  const names = new Map<string, ModelIdentity>();
  for (const { source, providerModel } of offers) {
    if (providerInfo(source.provider)?.kind !== 'reseller') continue;
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

function modelOf({ identity, offers }: Draft, nowMs: number): ImportedModel {
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
    description: offers.find((offer) => offer.description !== null)?.description ?? null,
    contextTokens: contexts.length === 0 ? null : Math.max(...contexts),
    maxOutputTokens: null,
    capabilities: capabilitiesOf(offers, nowMs),
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
    named((offer) => providerInfo(offer.source.provider)?.kind === 'reseller') ??
    named(() => true) ??
    slug
  );
}

function endpointOf(offer: Offer): ImportedEndpoint {
  const { source, providerModel } = offer;
  const info = providerInfo(source.provider);
  if (info === undefined) throw new Error(`${source.provider} is not in the table of providers`);
  const other = source.otherDialect?.find(([pattern]) => pattern.test(providerModel.toLowerCase()))?.[1];
  const [, region = null] = /^(global|regional)\./.exec(providerModel) ?? [];
  return {
    id: `${source.provider}:${bareId(providerModel)}`,
    provider: source.provider,
    providerModel,
    dialect: other ?? info.nativeDialect,
    region,
    contextTokens: offer.contextTokens,
    maxOutputTokens: null,
    prices: offer.prices,
  };
}

/** Only what a price proves: who charges for reading images reads images. Nothing is inferred from an absent price. */
function capabilitiesOf(offers: readonly Offer[], nowMs: number): ModelCapabilities {
  const priced = new Set<PriceComponent>();
  for (const { prices } of offers) {
    const current = prices.findLast((price) => price.effectiveFromMs <= nowMs)?.schedule.prices ?? {};
    for (const component of Object.keys(current)) priced.add(component as PriceComponent);
  }
  const proven = (...components: readonly PriceComponent[]): true | null =>
    components.some((name) => priced.has(name)) ? true : null;
  return {
    ...UNKNOWN_CAPABILITIES,
    vision: proven('input_image'),
    audioInput: proven('input_audio', 'cache_read_audio'),
    audioOutput: proven('output_audio'),
    imageOutput: proven('output_image'),
    reasoning: proven('reasoning'),
    promptCaching: proven('cache_read', 'cache_write_5m', 'cache_write_1h'),
    webSearch: proven('web_search'),
  };
}
