import { operationOf } from './genai-operations.js';
import { type GenaiModel, type GenaiProvider, matches, spelledOut } from './genai-prices-data.js';
import { importSchedules } from './genai-schedule.js';
import type { GenaiSource } from './genai-sources.js';
import type { ImportedPrice } from './imported-model.js';
import { identityKey } from './model-identity.js';
import { ANY_DASHED_DATE, ANY_PACKED_DATE, nameKey, withoutDate } from './model-name.js';
import type { ModelOperation } from './model-operation.js';
import type { ComponentPrices, PriceSchedule } from './price-schedule.js';
import { MODEL_SUPPLEMENTS, supplemented, supplementedPrices } from './price-supplements.js';
import { providerInfo } from './providers.js';

export interface SkippedModel {
  /** `provider:model` as the price data names them */
  readonly id: string;
  readonly reason: string;
}

/** One id of one provider, ready to be attached to a model. */
export interface Offer {
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
 * Everything a provider of the price data offers: what its entries list, what it sells at another provider's prices (`others` are the offers
 * found so far), and what only our supplements know. What is left out is added to `skipped`, with the reason.
 */
export function offersOf(
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
