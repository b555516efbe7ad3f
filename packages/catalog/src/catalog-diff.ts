import type { ImportedModel, ImportedPrice } from './imported-model.js';
import type { Endpoint, Model } from './model.js';
import { type ModelOperation, missingPrice } from './model-operation.js';
import { isWithdrawn, newPriceVersions, scheduleAt } from './new-price-versions.js';
import { PRICE_COMPONENTS, type PriceComponent } from './price-component.js';
import { type PriceSchedule, sheetsOf } from './price-schedule.js';
import { providerInfo } from './providers.js';

/** One component of one endpoint that will cost something else. Prices are decimal strings of nano-dollars per million, null: none. */
export interface PriceChange {
  readonly endpointId: string;
  readonly effectiveFromMs: number;
  readonly component: PriceComponent;
  readonly before: string | null;
  readonly after: string | null;
}

/** What an import would do, as an operator reads it. */
export interface CatalogDiff {
  readonly addedModels: readonly string[];
  readonly retiredModels: readonly string[];
  readonly addedEndpoints: readonly string[];
  readonly withdrawnEndpoints: readonly string[];
  readonly repricedEndpoints: readonly string[];
  /** base prices that change; a repriced endpoint without one changes only in tiers or windows */
  readonly changes: readonly PriceChange[];
}

export interface CatalogProblem {
  readonly kind: 'empty' | 'shrunk' | 'duplicate' | 'unknown_provider' | 'missing_price' | 'price_jump';
  readonly endpointId: string | null;
  readonly message: string;
}

export const EMPTY_DIFF: CatalogDiff = {
  addedModels: [],
  retiredModels: [],
  addedEndpoints: [],
  withdrawnEndpoints: [],
  repricedEndpoints: [],
  changes: [],
};

/** A price may move by this factor in one import; more is a typing error until somebody says otherwise. */
const LARGEST_JUMP = 10n;
/** An import may lose this share of endpoints; more is a truncated file. In percent. */
const LARGEST_LOSS = 20;

/** Endpoints whose prices came from an import and are not withdrawn: those an import may withdraw. */
function importedEndpoints(models: readonly Model[], nowMs: number): readonly Endpoint[] {
  return models
    .flatMap((model) => model.endpoints)
    .filter(({ prices }) => {
      const imported = prices.filter((version) => version.source === 'import');
      return imported.length > 0 && !isWithdrawn(scheduleAt(imported, nowMs));
    });
}

/** Compares the stored catalogue with a proposed one, as of an instant. */
export function diffCatalog(before: readonly Model[], after: readonly ImportedModel[], nowMs: number): CatalogDiff {
  const stored = new Map(
    before.flatMap((model) => model.endpoints.map((endpoint) => [endpoint.id, endpoint] as const)),
  );
  const proposed = new Map(
    after.flatMap((model) => model.endpoints.map((endpoint) => [endpoint.id, endpoint] as const)),
  );
  const repriced = [...proposed.values()].flatMap((endpoint) => {
    const known = stored.get(endpoint.id);
    const rows = known === undefined ? [] : newPriceVersions(known.prices, endpoint.prices, nowMs);
    return known === undefined || rows.length === 0 ? [] : [{ known, rows }];
  });
  const modelsAfter = new Set(after.map((model) => model.id));
  const modelsBefore = new Set(before.map((model) => model.id));
  return {
    addedModels: after.flatMap((model) => (modelsBefore.has(model.id) ? [] : [model.id])),
    retiredModels: before
      .filter((model) => !modelsAfter.has(model.id) && isOnlyImported(model))
      .map((model) => model.id),
    addedEndpoints: [...proposed.keys()].filter((id) => !stored.has(id)),
    withdrawnEndpoints: importedEndpoints(before, nowMs).flatMap((endpoint) =>
      proposed.has(endpoint.id) ? [] : [endpoint.id],
    ),
    repricedEndpoints: repriced.map(({ known }) => known.id),
    changes: repriced.flatMap(({ known, rows }) => rows.flatMap((row) => changesOf(known, row))),
  };
}

/** A model of which any price is an operator's stays theirs. */
function isOnlyImported(model: Model): boolean {
  const prices = model.endpoints.flatMap((endpoint) => endpoint.prices);
  return prices.length > 0 && prices.every((version) => version.source === 'import');
}

function changesOf(endpoint: Endpoint, row: ImportedPrice): readonly PriceChange[] {
  const previous = scheduleAt(
    endpoint.prices.filter((version) => version.source === 'import'),
    row.effectiveFromMs,
  );
  return PRICE_COMPONENTS.flatMap((component) => {
    const before = previous.prices[component]?.toString() ?? null;
    const after = row.schedule.prices[component]?.toString() ?? null;
    return before === after
      ? []
      : [{ endpointId: endpoint.id, effectiveFromMs: row.effectiveFromMs, component, before, after }];
  });
}

/** Why an import must not be applied as it is; an empty list lets it through. */
export function checkCatalog(
  before: readonly Model[],
  after: readonly ImportedModel[],
  nowMs: number,
): readonly CatalogProblem[] {
  const endpoints = after.flatMap((model) => model.endpoints);
  const diff = diffCatalog(before, after, nowMs);
  const problems: CatalogProblem[] = [];
  if (endpoints.length === 0)
    problems.push({ kind: 'empty', endpointId: null, message: 'the import has no endpoints' });
  const existing = importedEndpoints(before, nowMs).length;
  if (diff.withdrawnEndpoints.length * 100 > existing * LARGEST_LOSS) {
    problems.push({
      kind: 'shrunk',
      endpointId: null,
      message: `${diff.withdrawnEndpoints.length} of ${existing} endpoints would be withdrawn`,
    });
  }
  const seen = new Set<string>();
  for (const endpoint of endpoints) {
    const complain = (kind: CatalogProblem['kind'], message: string): unknown =>
      problems.push({ kind, endpointId: endpoint.id, message });
    if (seen.has(endpoint.id)) complain('duplicate', 'named twice');
    seen.add(endpoint.id);
    if (providerInfo(endpoint.provider) === undefined)
      complain('unknown_provider', `${endpoint.provider} is not in the table of providers`);
    if (
      endpoint.prices.length === 0 ||
      endpoint.prices.some((price) => !isComplete(price.schedule, endpoint.operation))
    )
      complain('missing_price', `a price that ${endpoint.operation} is charged by is missing`);
  }
  return [...problems, ...diff.changes.filter(isJump).map(jumpProblem)];
}

function isComplete(schedule: PriceSchedule, operation: ModelOperation): boolean {
  return sheetsOf(schedule).every((sheet) =>
    [sheet, ...sheet.windows].every(({ prices }) => missingPrice(operation, prices) === null),
  );
}

function isJump({ before, after }: PriceChange): boolean {
  if (before === null || after === null) return false;
  const [from, to] = [BigInt(before), BigInt(after)];
  return from === 0n ? false : to * LARGEST_JUMP < from || to > from * LARGEST_JUMP;
}

function jumpProblem({ endpointId, component, before, after }: PriceChange): CatalogProblem {
  return {
    kind: 'price_jump',
    endpointId,
    message: `${component} would go from ${before} to ${after} nano-dollars per million`,
  };
}
