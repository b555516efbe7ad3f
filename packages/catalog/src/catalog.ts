import { createHash } from 'node:crypto';
import type { Endpoint, Model } from './model.js';
import { type ModelVariant, nameKey, splitVariant, withAnyDate, withoutDate } from './model-name.js';
import { scheduleKey } from './price-schedule.js';
import { providerInfo } from './providers.js';
import { suggestNames } from './suggest-names.js';

export type Resolution =
  | {
      readonly kind: 'found';
      /** For a dated snapshot: the model with only the endpoints that serve it, each asked for exactly that snapshot. */
      readonly model: Model;
      readonly variant: ModelVariant | null;
      /** the provider's id of the snapshot that was asked for */
      readonly snapshot: string | null;
    }
  | { readonly kind: 'unknown'; readonly suggestions: readonly string[] };

/** An immutable view of all models; a changed catalogue is a new one with another `version`. */
export interface Catalog {
  resolve(name: string): Resolution;
  readonly models: readonly Model[];
  endpoint(id: string): Endpoint | undefined;
  readonly version: string;
}

/**
 * Builds the look-up once; `resolve` is then two map look-ups at most. Names are matched in this order, the first wins:
 * model ids, endpoint ids, slugs, aliases, ids of providers. Within a step, the model that stands first wins.
 */
export function buildCatalog(models: readonly Model[]): Catalog {
  const names = indexNames(models);
  const endpoints = new Map(
    models.flatMap((model) => model.endpoints.map((endpoint) => [endpoint.id, endpoint] as const)),
  );
  const single = indexEndpoints(models);
  const ids = models.map((model) => model.id);
  const pinned = new Map<string, Model>();

  const find = (name: string): { model: Model; snapshot: string | null } | null => {
    const key = nameKey(name);
    const exact = names.get(key);
    if (exact) return pin(exact, key, pinned);
    const dated = withAnyDate(key);
    const model = dated === null ? undefined : names.get(nameKey(dated));
    return model ? pin(model, key, pinned) : null;
  };

  return {
    models,
    version: versionOf(models),
    endpoint: (id) => endpoints.get(id),
    resolve(name) {
      const alone = single.get(nameKey(name));
      if (alone) return { kind: 'found', model: alone, variant: null, snapshot: null };
      const exact = find(name);
      if (exact) return { kind: 'found', ...exact, variant: null };
      const { name: base, variant } = splitVariant(name);
      const found = variant === null ? null : find(base);
      return found ? { kind: 'found', ...found, variant } : { kind: 'unknown', suggestions: suggestNames(base, ids) };
    },
  };
}

/** Who names an endpoint means that one and no other: its model with nothing else to fall back to. */
function indexEndpoints(models: readonly Model[]): ReadonlyMap<string, Model> {
  const names = new Set(models.map((model) => nameKey(model.id)));
  return new Map(
    models.flatMap((model) =>
      model.endpoints
        .filter((endpoint) => !names.has(nameKey(endpoint.id)))
        .map((endpoint) => [nameKey(endpoint.id), { ...model, endpoints: [endpoint] }] as const),
    ),
  );
}

function indexNames(models: readonly Model[]): Map<string, Model> {
  const names = new Map<string, Model>();
  const claim = (name: string, model: Model): void => {
    const key = nameKey(name);
    if (!names.has(key)) names.set(key, model);
  };
  for (const model of models) claim(model.id, model);
  for (const model of models) for (const endpoint of model.endpoints) claim(endpoint.id, model);
  for (const model of models) claim(model.slug, model);
  for (const model of models) {
    for (const alias of model.aliases) {
      claim(alias, model);
      if (!alias.includes('/')) claim(`${model.author}/${alias}`, model);
    }
  }
  for (const model of models) for (const endpoint of model.endpoints) claim(endpoint.providerModel, model);
  return names;
}

/**
 * A caller who names a snapshot gets that snapshot or nothing: sending the moving name instead would change the model
 * behind their back.
 */
function pin(model: Model, key: string, pinned: Map<string, Model>): { model: Model; snapshot: string | null } {
  const bare = key.slice(key.lastIndexOf('/') + 1);
  const stem = withoutDate(bare);
  if (stem === null || bare === nameKey(model.slug)) return { model, snapshot: null };
  const owners = snapshotEndpoints(model, bare, stem);
  if (owners.length === 0) return { model, snapshot: null };
  const known = pinned.get(key);
  if (known) return { model: known, snapshot: bare };
  const exact = { ...model, endpoints: owners };
  // Unlisted dates are unbounded in number and come from callers: only listed names are kept.
  if (model.aliases.some((alias) => nameKey(alias) === bare)) pinned.set(key, exact);
  return { model: exact, snapshot: bare };
}

/**
 * Endpoints that serve a snapshot, each under its own id of it: those whose id is the undated name take the dated one, those of platforms that
 * keep the date in their own spelling (`…20250929-v1:0`, `…@20250929`) have it already; else the author's own, whose snapshots may follow
 * another pattern.
 */
function snapshotEndpoints(model: Model, bare: string, stem: string): readonly Endpoint[] {
  const day = /(20\d{2})-?(\d{2})-?(\d{2})$/.exec(bare)?.slice(1).join('') ?? null;
  const same = model.endpoints.flatMap((endpoint) => {
    const id = nameKey(endpoint.providerModel);
    if (day !== null && id !== bare && id.includes(day)) return [endpoint];
    if (providerInfo(endpoint.provider)?.hasDeployments === true) return [];
    return id.replace(/-latest$/, '') === stem ? [{ ...endpoint, providerModel: bare }] : [];
  });
  return same.length > 0
    ? same
    : model.endpoints
        .filter((endpoint) => providerInfo(endpoint.provider)?.kind === 'first_party')
        .map((endpoint) => ({ ...endpoint, providerModel: bare }));
}

function versionOf(models: readonly Model[]): string {
  const hash = createHash('sha256');
  for (const model of models) {
    hash.update(`${model.id}\n${model.aliases.join('\n')}\n`);
    for (const endpoint of model.endpoints) {
      hash.update(
        `${endpoint.id}\n${endpoint.providerModel}\n${endpoint.dialect}\n${endpoint.operation}\n${endpoint.isEnabled}\n`,
      );
      for (const version of endpoint.prices)
        hash.update(`${version.id}\n${version.effectiveFromMs}\n${scheduleKey(version.schedule)}\n`);
    }
  }
  return hash.digest('hex').slice(0, 16);
}
