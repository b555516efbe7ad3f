import { randomBytes } from 'node:crypto';
import { readdirSync, readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import path from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { nanousdPerMillion } from '@tollgate/amount';
import { type Database, openDatabase } from '@tollgate/prisma';
import pg from 'pg';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import {
  addOperatorEndpoint,
  applyImport,
  type CatalogImportResult,
  clearOperatorPrice,
  loadCatalog,
  setOperatorPrice,
} from './catalog.store.js';
import {
  buildCatalog,
  type ImportedModel,
  importChecksum,
  importGenaiPrices,
  type Model,
  type PriceSchedule,
  priceAt,
  UNKNOWN_CAPABILITIES,
} from './index.js';

/** An import is about the whole catalogue, so this file has a database of its own. */
const migrations = path.join(path.dirname(fileURLToPath(import.meta.url)), '../../../prisma/migrations');
const name = `catalog_${randomBytes(6).toString('hex')}`;
const nowMs = Date.now();
let db: Database;

function urlOf(database: string | null): string {
  const url = new URL(process.env.DATABASE_URL ?? '');
  if (database !== null) url.pathname = `/${database}`;
  return url.toString();
}

async function onServer(url: string, statements: readonly string[]): Promise<void> {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  for (const statement of statements) await client.query(statement);
  await client.end();
}

beforeAll(async () => {
  await onServer(urlOf(null), [`CREATE DATABASE ${name}`]);
  const folders = readdirSync(migrations)
    .filter((entry) => /^\d/.test(entry))
    .sort();
  await onServer(
    urlOf(name),
    folders.map((folder) => readFileSync(path.join(migrations, folder, 'migration.sql'), 'utf8')),
  );
  db = openDatabase({ url: urlOf(name), applicationName: 'catalog-test', maxConnections: 4 });
});

afterAll(async () => {
  await db.$disconnect();
  await onServer(urlOf(null), [`DROP DATABASE ${name} WITH (FORCE)`]);
});

beforeEach(async () => {
  await onServer(urlOf(name), ['TRUNCATE catalog_model, catalog_endpoint, price_version, catalog_import CASCADE']);
});

const flat = (input: number, output: number): PriceSchedule => ({
  prices: {
    input: nanousdPerMillion(BigInt(input) * 1_000_000n),
    output: nanousdPerMillion(BigInt(output) * 1_000_000n),
  },
  tiers: [],
  windows: [],
});

function imported(slug: string, schedule: PriceSchedule, more: Partial<ImportedModel> = {}): ImportedModel {
  const prices = [{ effectiveFromMs: 0, schedule }];
  return {
    id: `openai/${slug}`,
    author: 'openai',
    slug,
    name: slug,
    operation: 'chat',
    description: null,
    contextTokens: 128_000,
    maxOutputTokens: null,
    capabilities: UNKNOWN_CAPABILITIES,
    aliases: [],
    endpoints: [
      {
        id: `openai:${slug}`,
        provider: 'openai',
        providerModel: slug,
        dialect: 'openai-chat',
        operation: 'chat',
        region: null,
        contextTokens: null,
        maxOutputTokens: null,
        prices,
      },
    ],
    ...more,
  };
}

/** Ten models, so that one of them may go without the import looking truncated. */
const others = Array.from({ length: 10 }, (_, index) => imported(`other-${index}`, flat(100, 200)));

async function run(
  models: readonly ImportedModel[],
  atMs = nowMs,
  acceptProblems = false,
): Promise<CatalogImportResult> {
  const source = { source: 'test', sourceVersion: '1', checksum: importChecksum(models) };
  return await applyImport(db, { ...source, models, acceptProblems }, atMs);
}

async function inForce(slug: string, atMs = nowMs): Promise<PriceSchedule | null> {
  const found = (await loadCatalog(db)).find((model) => model.slug === slug)?.endpoints[0];
  return found === undefined ? null : (priceAt(found, atMs)?.schedule ?? null);
}

async function versions(slug: string): Promise<number> {
  return await db.priceVersion.count({ where: { endpointId: `openai:${slug}` } });
}

describe('an import of prices', () => {
  it('applied twice changes nothing the second time', async () => {
    expect(await run(others)).toMatchObject({
      status: 'applied',
      diff: { addedModels: others.map((model) => model.id).sort() },
    });
    const before = await loadCatalog(db);
    expect(await run(others, nowMs + 1_000)).toMatchObject({ status: 'unchanged' });
    expect(await loadCatalog(db)).toEqual(before);
    expect(await db.catalogImport.count()).toBe(1);
  });

  it('keeps the models as they were proposed', async () => {
    const rich = imported('rich', flat(1, 2), {
      aliases: ['rich-2026-01-01', "o'neil"],
      capabilities: { ...UNKNOWN_CAPABILITIES, vision: true },
      description: 'a "model"\n',
    });
    await run([...others, rich]);
    const [stored] = (await loadCatalog(db)).filter((model) => model.slug === 'rich');
    expect(stored).toMatchObject({
      ...rich,
      endpoints: [
        {
          id: 'openai:rich',
          isEnabled: true,
          prices: [{ effectiveFromMs: 0, source: 'import', schedule: flat(1, 2) }],
        },
      ],
    });
  });

  it('keeps what a model is for, and takes a price that its operation is charged by', async () => {
    const schedule = { ...flat(1, 1), prices: { search_unit: nanousdPerMillion(2_000_000_000_000n) } };
    const plain = imported('ranker', schedule, { operation: 'rerank' });
    const ranker = {
      ...plain,
      endpoints: plain.endpoints.map((endpoint) => ({ ...endpoint, dialect: 'rerank', operation: 'rerank' as const })),
    };
    expect(await run([...others, ranker])).toMatchObject({ status: 'applied', problems: [] });
    const stored = (await loadCatalog(db)).find((model) => model.slug === 'ranker');
    expect(stored).toMatchObject({ operation: 'rerank', endpoints: [{ dialect: 'rerank', operation: 'rerank' }] });
    expect(stored?.endpoints[0]?.prices[0]?.schedule).toEqual(schedule);
    await expect(db.$executeRaw`UPDATE catalog_model SET operation = 'telepathy'`).rejects.toThrow(/operation_check/);
    await expect(db.$executeRaw`UPDATE catalog_endpoint SET operation = 'telepathy'`).rejects.toThrow(
      /operation_check/,
    );
  });

  it('writes one version for a changed price, from now on, and keeps the old one', async () => {
    await run([...others, imported('moving', flat(100, 200))]);
    const result = await run([...others, imported('moving', flat(150, 200))]);
    expect(result).toMatchObject({
      status: 'applied',
      diff: {
        repricedEndpoints: ['openai:moving'],
        changes: [{ endpointId: 'openai:moving', component: 'input', before: '100000000', after: '150000000' }],
      },
    });
    expect(await versions('moving')).toBe(2);
    expect(await versions('other-0')).toBe(1);
    expect(await inForce('moving')).toEqual(flat(150, 200));
    expect(await inForce('moving', nowMs - 1)).toEqual(flat(100, 200));
  });

  it('announces a change, takes it back, and never changes what a past instant cost', async () => {
    const announced = (prices: { effectiveFromMs: number; schedule: PriceSchedule }[]): ImportedModel => {
      const model = imported('announced', flat(1, 2));
      return { ...model, endpoints: model.endpoints.map((endpoint) => ({ ...endpoint, prices })) };
    };
    const tomorrowMs = nowMs + 86_400_000;
    const first = { effectiveFromMs: 0, schedule: flat(1, 2) };
    await run([...others, announced([first, { effectiveFromMs: tomorrowMs, schedule: flat(2, 4) }])]);
    expect(await inForce('announced', tomorrowMs)).toEqual(flat(2, 4));
    await run([...others, announced([first])]);
    expect(await inForce('announced')).toEqual(flat(1, 2));
    expect(await inForce('announced', tomorrowMs)).toEqual(flat(1, 2));
    expect(await versions('announced')).toBe(3);
  });

  it("leaves an operator's price in force until the operator hands it back", async () => {
    await run([...others, imported('ours', flat(100, 200))]);
    expect(
      await setOperatorPrice(db, { endpointId: 'openai:ours', effectiveFromMs: nowMs - 10, schedule: flat(7, 8) }),
    ).toMatch(/^\d+$/);
    await run([...others, imported('ours', flat(120, 200))]);
    expect(await inForce('ours')).toEqual(flat(7, 8));
    await clearOperatorPrice(db, { endpointId: 'openai:ours', effectiveFromMs: nowMs - 5 });
    expect(await inForce('ours')).toEqual(flat(120, 200));
    expect(
      await setOperatorPrice(db, { endpointId: 'openai:nobody', effectiveFromMs: 0, schedule: flat(1, 1) }),
    ).toBeNull();
  });

  it('takes an endpoint of an operator’s own, free only because it says so, and no import touches it', async () => {
    await run(others);
    const local = { provider: 'ollama', providerModel: 'qwen3:8b', schedule: flat(0, 0) };
    expect(await addOperatorEndpoint(db, local, nowMs)).toMatchObject({ kind: 'added', modelId: 'ollama/qwen3:8b' });
    const joining = { provider: 'azure', providerModel: 'other-0', modelId: 'openai/other-0', schedule: flat(3, 4) };
    expect(await addOperatorEndpoint(db, joining, nowMs)).toMatchObject({ kind: 'added', modelId: 'openai/other-0' });
    expect(await run([...others, imported('new', flat(1, 2))], nowMs + 1)).toMatchObject({
      status: 'applied',
      diff: { retiredModels: [], withdrawnEndpoints: [] },
    });
    const models = await loadCatalog(db);
    const priced = (endpointId: string): PriceSchedule | undefined => {
      const endpoint = models.flatMap((model) => model.endpoints).find(({ id }) => id === endpointId);
      return endpoint && priceAt(endpoint, nowMs)?.schedule;
    };
    expect(priced('ollama:qwen3:8b')).toEqual(flat(0, 0));
    expect(priced('azure:other-0')).toEqual(flat(3, 4));
    expect(models.find(({ id }) => id === 'openai/other-0')?.name).toBe('other-0');
    for (const [wrong, reason] of [
      [local, /exists/],
      [{ ...joining, providerModel: 'x', modelId: 'openai/nobody' }, /not a model/],
      [{ ...joining, providerModel: 'x', operation: 'embeddings' as const }, /is for chat/],
      [{ ...local, providerModel: 'x', schedule: { ...flat(0, 0), prices: {} } }, /without a price/],
    ] as const)
      expect(await addOperatorEndpoint(db, wrong, nowMs)).toMatchObject({
        kind: 'refused',
        reason: expect.stringMatching(reason),
      });
  });

  it('leaves an endpoint switched off that an operator switched off', async () => {
    await run(others);
    await db.catalogEndpoint.update({ where: { id: 'openai:other-0' }, data: { isEnabled: false } });
    await run([...others, imported('new', flat(1, 2))]);
    expect((await db.catalogEndpoint.findUnique({ where: { id: 'openai:other-0' } }))?.isEnabled).toBe(false);
  });

  it('leaves what its source no longer has without a price, and takes it back when it returns', async () => {
    const gone = imported('gone', flat(1, 2));
    await run([...others, gone]);
    expect(await run(others)).toMatchObject({
      status: 'applied',
      diff: { retiredModels: ['openai/gone'], withdrawnEndpoints: ['openai:gone'] },
    });
    expect((await loadCatalog(db)).map((model) => model.slug)).not.toContain('gone');
    expect(await db.priceVersion.count()).toBe(12);
    expect(await run([...others, gone], nowMs + 1)).toMatchObject({
      status: 'applied',
      diff: { withdrawnEndpoints: [] },
    });
    expect(await inForce('gone', nowMs + 1)).toEqual(flat(1, 2));
  });

  it('does not retire a model that an operator has priced', async () => {
    await run([...others, imported('kept', flat(1, 2))]);
    await setOperatorPrice(db, { endpointId: 'openai:kept', effectiveFromMs: 0, schedule: flat(3, 4) });
    expect(await run(others)).toMatchObject({ status: 'applied', diff: { retiredModels: [] } });
    expect(await inForce('kept')).toEqual(flat(3, 4));
  });

  it.each([
    [
      'an input price ten times as high and more',
      [...others.slice(1), imported('other-0', flat(1_001, 200))],
      'price_jump',
    ],
    ['a price that falls to zero', [...others.slice(1), imported('other-0', flat(100, 0))], 'price_jump'],
    ['most endpoints missing', others.slice(0, 3), 'shrunk'],
    [
      'an endpoint without an output price',
      [...others, imported('half', { ...flat(1, 1), prices: { input: nanousdPerMillion(1n) } })],
      'missing_price',
    ],
    ['an endpoint named twice', [...others, imported('other-0', flat(100, 200))], 'duplicate'],
    ['nothing in it', [], 'empty'],
  ])('B19: with %s is refused as a whole, and the refusal stored', async (_case, models, kind) => {
    await run(others);
    const before = await loadCatalog(db);
    const result = await run(models);
    expect(result).toMatchObject({ status: 'refused' });
    expect(result.problems.map((problem) => problem.kind)).toContain(kind);
    expect(await loadCatalog(db)).toEqual(before);
    expect(await db.catalogImport.findUnique({ where: { id: result.importId } })).toMatchObject({
      status: 'refused',
      appliedAt: null,
    });
    expect((await run(models)).importId).toBe(result.importId);
  });

  it('with odd but true prices is applied once an operator accepts them; without prices never', async () => {
    await run(others);
    const jump = [...others.slice(1), imported('other-0', flat(5_000, 200))];
    expect(await run(jump)).toMatchObject({ status: 'refused' });
    expect(await run(jump, nowMs, true)).toMatchObject({ status: 'applied' });
    expect(await inForce('other-0')).toEqual(flat(5_000, 200));
    expect(await run([], nowMs, true)).toMatchObject({ status: 'refused' });
  });

  it('started twice at once is applied once', async () => {
    const results = await Promise.all([run(others), run(others), run(others)]);
    expect(results.map((result) => result.status).sort()).toEqual(['applied', 'unchanged', 'unchanged']);
    expect(await db.priceVersion.count()).toBe(others.length);
  });

  it('never changes a stored price', async () => {
    await run(others);
    await expect(db.$executeRaw`UPDATE price_version SET effective_from = now()`).rejects.toThrow(/append-only/);
  });
});

describe('the published data', () => {
  it('is stored and read back whole, and a request can be priced from it', async () => {
    const worker = createRequire(new URL('../../../apps/worker/package.json', import.meta.url));
    const library: { waitForUpdate(): Promise<unknown> } = await import(
      pathToFileURL(worker.resolve('@pydantic/genai-prices')).href
    );
    const { models } = importGenaiPrices(await library.waitForUpdate(), { nowMs });
    expect(await run(models)).toMatchObject({ status: 'applied', problems: [] });
    const stored: Model[] = await loadCatalog(db);
    expect(stored.length).toBe(models.length);
    expect(stored.map((model) => model.endpoints.map((endpoint) => endpoint.id))).toEqual(
      models.map((model) => model.endpoints.map((endpoint) => endpoint.id)),
    );
    const resolution = buildCatalog(stored).resolve('gpt-4o-mini');
    const endpoint = resolution.kind === 'found' ? resolution.model.endpoints[0] : undefined;
    expect(endpoint && priceAt(endpoint, nowMs)?.schedule.prices.output).toBe(600_000_000n);
    expect(await run(models, nowMs + 1)).toMatchObject({ status: 'unchanged' });
  });
});
