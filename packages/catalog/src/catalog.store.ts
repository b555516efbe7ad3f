import type { Database, Transaction } from '@tollgate/prisma';
import { type CatalogDiff, type CatalogProblem, checkCatalog, diffCatalog, EMPTY_DIFF } from './catalog-diff.js';
import type { ImportedModel, ImportedPrice } from './imported-model.js';
import { decodeCapabilities, decodeDataPolicy, type Endpoint, type Model } from './model.js';
import type { ModelOperation } from './model-operation.js';
import { newPriceVersions, WITHDRAWN } from './new-price-versions.js';
import { type OperatorEndpoint, proposeEndpoint } from './operator-endpoint.js';
import { orderEndpoints } from './order-endpoints.js';
import { decodeSchedule, encodeSchedule, type PriceSchedule, type PriceVersionRow } from './price-schedule.js';

/** Imports exclude one another by this advisory lock ('catalog' on a telephone). */
const IMPORT_LOCK = 2282564n;

interface ModelRow {
  readonly id: string;
  readonly author: string;
  readonly slug: string;
  readonly name: string;
  /** one of the CHECK of the column */
  readonly operation: ModelOperation;
  readonly description: string | null;
  readonly context_tokens: number | null;
  readonly max_output_tokens: number | null;
  readonly capabilities: unknown;
  readonly aliases: string[];
  readonly created_at: Date;
}

interface EndpointRow {
  readonly id: string;
  readonly model_id: string;
  readonly provider: string;
  readonly provider_model: string;
  readonly dialect: string;
  readonly operation: ModelOperation;
  readonly region: string | null;
  readonly is_enabled: boolean;
  readonly context_tokens: number | null;
  readonly max_output_tokens: number | null;
  readonly data_policy: unknown;
}

interface PriceRow {
  readonly id: bigint;
  readonly endpoint_id: string;
  readonly effective_from: Date;
  readonly schedule: unknown;
  readonly source: PriceVersionRow['source'];
}

/**
 * Every model that is not retired, with all endpoints (switched-off ones too) and the prices in force or still to come,
 * read in one snapshot. Throws when a stored price cannot be read: a damaged catalogue is not served in part.
 */
export async function loadCatalog(db: Database): Promise<Model[]> {
  return await db.$transaction((transaction) => readModels(transaction, false), {
    isolationLevel: 'RepeatableRead',
    timeout: 15_000,
  });
}

/**
 * A text that differs whenever `loadCatalog` would answer something else: four index look-ups instead of the whole catalogue, so that
 * every gateway can ask every few seconds.
 */
export async function catalogRevision(db: Database): Promise<string> {
  const [row] = await db.$queryRaw<{ revision: string }[]>`
    SELECT concat_ws('/', (SELECT max(id) FROM price_version), (SELECT max(id) FROM catalog_import WHERE status = 'applied'),
      (SELECT max(updated_at) FROM catalog_model), (SELECT count(*) FILTER (WHERE is_enabled) FROM catalog_endpoint)) AS revision`;
  return row?.revision ?? '';
}

async function readModels(db: Transaction, withRetired: boolean): Promise<Model[]> {
  const models = await db.$queryRaw<ModelRow[]>`
    SELECT id, author, slug, name, operation, description, context_tokens, max_output_tokens, capabilities, aliases, created_at
    FROM catalog_model WHERE retired_at IS NULL OR ${withRetired} ORDER BY id COLLATE "C"`;
  const endpoints = await db.$queryRaw<EndpointRow[]>`
    SELECT id, model_id, provider, provider_model, dialect, operation, region, is_enabled, context_tokens, max_output_tokens, data_policy
    FROM catalog_endpoint`;
  // A version that another one replaced over a day ago can no longer price anything, whatever the clocks say.
  const prices = await db.$queryRaw<PriceRow[]>`
    SELECT id, endpoint_id, effective_from, schedule, source FROM (
      SELECT *, lead(effective_from) OVER (PARTITION BY endpoint_id, source ORDER BY effective_from, id) AS replaced_at FROM price_version
    ) version
    WHERE replaced_at IS NULL OR replaced_at > now() - interval '1 day' ORDER BY id`;
  const pricesOf = groupBy(prices, (row) => row.endpoint_id);
  const endpointsOf = groupBy(endpoints, (row) => row.model_id);
  return models.map((row) =>
    toModel(
      row,
      (endpointsOf.get(row.id) ?? []).map((endpoint) => toEndpoint(endpoint, pricesOf.get(endpoint.id) ?? [])),
    ),
  );
}

function groupBy<T>(rows: readonly T[], keyOf: (row: T) => string): ReadonlyMap<string, readonly T[]> {
  const groups = new Map<string, T[]>();
  for (const row of rows) {
    const group = groups.get(keyOf(row));
    if (group === undefined) groups.set(keyOf(row), [row]);
    else group.push(row);
  }
  return groups;
}

function toModel(row: ModelRow, endpoints: readonly Endpoint[]): Model {
  return {
    id: row.id,
    author: row.author,
    slug: row.slug,
    name: row.name,
    operation: row.operation,
    description: row.description,
    contextTokens: row.context_tokens,
    maxOutputTokens: row.max_output_tokens,
    capabilities: decodeCapabilities(row.capabilities),
    aliases: row.aliases,
    endpoints: orderEndpoints(endpoints),
    createdAtMs: row.created_at.getTime(),
  };
}

function toEndpoint(row: EndpointRow, prices: readonly PriceRow[]): Endpoint {
  return {
    id: row.id,
    modelId: row.model_id,
    provider: row.provider,
    providerModel: row.provider_model,
    dialect: row.dialect,
    operation: row.operation,
    region: row.region,
    contextTokens: row.context_tokens,
    maxOutputTokens: row.max_output_tokens,
    isEnabled: row.is_enabled,
    prices: prices.map((price) => ({
      id: price.id.toString(),
      effectiveFromMs: price.effective_from.getTime(),
      schedule: decodeSchedule(price.schedule),
      source: price.source,
    })),
    dataPolicy: decodeDataPolicy(row.data_policy),
  };
}

export interface CatalogImportRequest {
  /** where the data comes from, and its version: what an operator reads in the list of imports */
  readonly source: string;
  readonly sourceVersion: string;
  /** importChecksum(models): the same models are not imported twice in a row */
  readonly checksum: string;
  readonly models: readonly ImportedModel[];
  /** an operator has read the problems and applies it all the same */
  readonly acceptProblems?: boolean;
}

export interface CatalogImportResult {
  readonly importId: bigint;
  readonly status: 'applied' | 'unchanged' | 'refused';
  readonly diff: CatalogDiff;
  readonly problems: readonly CatalogProblem[];
}

/**
 * Compares an import with the stored catalogue and applies it in one transaction, or refuses it as a whole and stores
 * why. New price versions are written only where the schedule changes; operators' prices, switches and models of their
 * own stay as they are. What the source no longer has is left without an imported price, so it is refused, not guessed.
 */
export async function applyImport(
  db: Database,
  request: CatalogImportRequest,
  nowMs: number,
): Promise<CatalogImportResult> {
  return await db.$transaction(
    async (transaction) => {
      await transaction.$executeRaw`SELECT pg_advisory_xact_lock(${IMPORT_LOCK})`;
      const [latest] = await transaction.$queryRaw<{ id: bigint; checksum: string; status: string }[]>`
        SELECT id, checksum, status FROM catalog_import ORDER BY id DESC LIMIT 1`;
      if (latest?.status === 'applied' && latest.checksum === request.checksum) {
        return { importId: latest.id, status: 'unchanged', diff: EMPTY_DIFF, problems: [] };
      }
      const before = await readModels(transaction, true);
      const diff = diffCatalog(before, request.models, nowMs);
      const problems = checkCatalog(before, request.models, nowMs);
      const isRefused = problems.some((problem) => request.acceptProblems !== true || !isAcceptable(problem));
      if (isRefused && latest?.status === 'refused' && latest.checksum === request.checksum) {
        return { importId: latest.id, status: 'refused', diff, problems };
      }
      if (!isRefused) await writeModels(transaction, request.models, before, diff, nowMs);
      const importId = await recordImport(
        transaction,
        request,
        isRefused ? 'refused' : 'applied',
        { ...diff, problems },
        nowMs,
      );
      return { importId, status: isRefused ? 'refused' : 'applied', diff, problems };
    },
    { timeout: 30_000, maxWait: 5_000 },
  );
}

/** What an operator may wave through: odd prices and lost endpoints can be true, an endpoint without a price cannot. */
function isAcceptable({ kind }: CatalogProblem): boolean {
  return kind === 'price_jump' || kind === 'shrunk';
}

async function writeModels(
  db: Transaction,
  models: readonly ImportedModel[],
  before: readonly Model[],
  diff: CatalogDiff,
  nowMs: number,
): Promise<void> {
  await upsertModels(db, models, nowMs);
  await upsertEndpoints(db, models);
  const stored = new Map(
    before.flatMap((model) => model.endpoints.map((endpoint) => [endpoint.id, endpoint.prices] as const)),
  );
  const rows = models.flatMap((model) =>
    model.endpoints.flatMap((endpoint) =>
      priceRows(endpoint.id, newPriceVersions(stored.get(endpoint.id) ?? [], endpoint.prices, nowMs)),
    ),
  );
  const withdrawn = diff.withdrawnEndpoints.flatMap((id) =>
    priceRows(id, newPriceVersions(stored.get(id) ?? [], [{ effectiveFromMs: 0, schedule: WITHDRAWN }], nowMs)),
  );
  await insertPrices(db, [...rows, ...withdrawn], 'import');
  await db.$executeRaw`
    UPDATE catalog_model SET retired_at = ${new Date(nowMs)} WHERE id = ANY(${[...diff.retiredModels]}::text[]) AND retired_at IS NULL`;
}

async function upsertModels(db: Transaction, models: readonly ImportedModel[], nowMs: number): Promise<void> {
  const batch = JSON.stringify(
    models.map(({ endpoints: _endpoints, contextTokens, maxOutputTokens, ...model }) => ({
      ...model,
      context_tokens: contextTokens,
      max_output_tokens: maxOutputTokens,
    })),
  );
  await db.$executeRaw`
    INSERT INTO catalog_model (id, author, slug, name, operation, description, context_tokens, max_output_tokens, capabilities, aliases, created_at, updated_at)
    SELECT id, author, slug, name, operation, description, context_tokens, max_output_tokens, capabilities,
           ARRAY(SELECT jsonb_array_elements_text(aliases)), ${new Date(nowMs)}, ${new Date(nowMs)}
    FROM jsonb_to_recordset(${batch}::jsonb) AS batch (id text, author text, slug text, name text, operation text, description text,
      context_tokens int, max_output_tokens int, capabilities jsonb, aliases jsonb)
    ON CONFLICT (id) DO UPDATE SET name = excluded.name, operation = excluded.operation, description = excluded.description, context_tokens = excluded.context_tokens,
      max_output_tokens = excluded.max_output_tokens, capabilities = excluded.capabilities, aliases = excluded.aliases,
      retired_at = NULL, updated_at = excluded.updated_at`;
}

async function upsertEndpoints(db: Transaction, models: readonly ImportedModel[]): Promise<void> {
  const batch = JSON.stringify(
    models.flatMap((model) =>
      model.endpoints.map((endpoint) => ({
        id: endpoint.id,
        model_id: model.id,
        provider: endpoint.provider,
        provider_model: endpoint.providerModel,
        dialect: endpoint.dialect,
        operation: endpoint.operation,
        region: endpoint.region,
        context_tokens: endpoint.contextTokens,
        max_output_tokens: endpoint.maxOutputTokens,
      })),
    ),
  );
  await db.$executeRaw`
    INSERT INTO catalog_endpoint (id, model_id, provider, provider_model, dialect, operation, region, context_tokens, max_output_tokens)
    SELECT id, model_id, provider, provider_model, dialect, operation, region, context_tokens, max_output_tokens
    FROM jsonb_to_recordset(${batch}::jsonb) AS batch (id text, model_id text, provider text, provider_model text, dialect text,
      operation text, region text, context_tokens int, max_output_tokens int)
    ON CONFLICT (id) DO UPDATE SET model_id = excluded.model_id, provider_model = excluded.provider_model, dialect = excluded.dialect, operation = excluded.operation,
      region = excluded.region, context_tokens = excluded.context_tokens, max_output_tokens = excluded.max_output_tokens`;
}

interface NewPrice {
  readonly endpointId: string;
  readonly effectiveFromMs: number;
  readonly schedule: PriceSchedule;
}

function priceRows(endpointId: string, prices: readonly ImportedPrice[]): readonly NewPrice[] {
  return prices.map((price) => ({ endpointId, ...price }));
}

async function insertPrices(
  db: Transaction,
  rows: readonly NewPrice[],
  source: PriceVersionRow['source'],
): Promise<readonly bigint[]> {
  const batch = JSON.stringify(
    rows.map((row, index) => ({
      position: index,
      endpoint_id: row.endpointId,
      effective_from: new Date(row.effectiveFromMs).toISOString(),
      schedule: encodeSchedule(row.schedule),
    })),
  );
  const inserted = await db.$queryRaw<{ id: bigint }[]>`
    INSERT INTO price_version (endpoint_id, effective_from, schedule, source)
    SELECT endpoint_id, effective_from, schedule, ${source}
    FROM jsonb_to_recordset(${batch}::jsonb) AS batch (position int, endpoint_id text, effective_from timestamptz, schedule jsonb)
    ORDER BY position RETURNING id`;
  return inserted.map((row) => row.id);
}

async function recordImport(
  db: Transaction,
  request: CatalogImportRequest,
  status: 'applied' | 'refused',
  diff: object,
  nowMs: number,
): Promise<bigint> {
  const appliedAt = status === 'applied' ? new Date(nowMs) : null;
  const [row] = await db.$queryRaw<{ id: bigint }[]>`
    INSERT INTO catalog_import (source, source_version, checksum, status, diff, created_at, applied_at)
    VALUES (${request.source}, ${request.sourceVersion}, ${request.checksum}, ${status}, ${JSON.stringify(diff)}::jsonb, ${new Date(nowMs)}, ${appliedAt}) RETURNING id`;
  if (row === undefined) throw new Error('an inserted row has an id');
  return row.id;
}

/**
 * Sets an operator's price from an instant on; it wins over every imported one. Returns the new price version, or null
 * when there is no such endpoint.
 */
export async function setOperatorPrice(
  db: Database,
  {
    endpointId,
    effectiveFromMs,
    schedule,
  }: { readonly endpointId: string; readonly effectiveFromMs: number; readonly schedule: PriceSchedule },
): Promise<string | null> {
  return await db.$transaction(async (transaction) => {
    const known = await transaction.$queryRaw<unknown[]>`SELECT 1 FROM catalog_endpoint WHERE id = ${endpointId}`;
    if (known.length === 0) return null;
    const [id] = await insertPrices(transaction, [{ endpointId, effectiveFromMs, schedule }], 'operator');
    return id === undefined ? null : id.toString();
  });
}

export type AddedEndpoint =
  | { readonly kind: 'added'; readonly endpointId: string; readonly modelId: string; readonly priceVersionId: string }
  | { readonly kind: 'refused'; readonly reason: string };

/**
 * Adds an endpoint that no price data knows, with the operator's price from now on; a model of its own comes with it. Refused where it could not
 * be called or charged for, where the model it should join is missing or for something else, and where the endpoint exists already: an import
 * leaves what is added here alone.
 */
export async function addOperatorEndpoint(
  db: Database,
  described: OperatorEndpoint,
  nowMs: number,
): Promise<AddedEndpoint> {
  const proposed = proposeEndpoint(described);
  if (proposed.kind === 'refused') return proposed;
  const { model } = proposed;
  const [endpoint] = model.endpoints;
  if (endpoint === undefined) throw new Error('a proposed model has an endpoint');
  return await db.$transaction(async (transaction) => {
    await transaction.$executeRaw`SELECT pg_advisory_xact_lock(${IMPORT_LOCK})`;
    const existing = await transaction.$queryRaw<unknown[]>`SELECT 1 FROM catalog_endpoint WHERE id = ${endpoint.id}`;
    if (existing.length > 0) return { kind: 'refused', reason: `${endpoint.id} exists: its price can be set` };
    const [known] = await transaction.$queryRaw<{ operation: ModelOperation }[]>`
      SELECT operation FROM catalog_model WHERE id = ${model.id} AND retired_at IS NULL`;
    if (known !== undefined && known.operation !== model.operation)
      return { kind: 'refused', reason: `${model.id} is for ${known.operation}` };
    if (known === undefined && described.modelId !== undefined)
      return { kind: 'refused', reason: `${model.id} is not a model of the catalogue` };
    if (known === undefined) await upsertModels(transaction, [model], nowMs);
    await upsertEndpoints(transaction, [model]);
    const price = { endpointId: endpoint.id, effectiveFromMs: nowMs, schedule: described.schedule };
    const [version] = await insertPrices(transaction, [price], 'operator');
    if (version === undefined) throw new Error('an inserted row has an id');
    return { kind: 'added', endpointId: endpoint.id, modelId: model.id, priceVersionId: version.toString() };
  });
}

/** Hands an endpoint back to its imported price. */
export async function clearOperatorPrice(
  db: Database,
  { endpointId, effectiveFromMs }: { readonly endpointId: string; readonly effectiveFromMs: number },
): Promise<string | null> {
  return await setOperatorPrice(db, { endpointId, effectiveFromMs, schedule: WITHDRAWN });
}
