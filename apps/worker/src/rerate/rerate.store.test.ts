import { randomBytes, randomUUID } from 'node:crypto';
import { nanousd, nanousdPerMillion } from '@tollgate/amount';
import { postUsage } from '@tollgate/billing';
import { type Database, openDatabase } from '@tollgate/prisma';
import { getRequest, requestIdFloor, type UsageEvent } from '@tollgate/usage';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { rerateOpen } from '../jobs/prices-rerate.js';
import { rerate } from './rerate.js';

const suffix = randomBytes(6).toString('hex');
const endpointId = `openai:rerate-${suffix}`;
const organizationId = randomUUID();
/** A day of its own: other tests' requests are of today. */
const fromMs = Date.UTC(2026, 0, 5);
let database: Database;
let requests = 0;

beforeAll(async () => {
  database = openDatabase({ url: process.env['DATABASE_URL'] ?? '', applicationName: 'rerate-test' });
  await database.$executeRaw`INSERT INTO organization (id, name, slug, markup_bp)
    VALUES (${organizationId}::uuid, 'Test', ${`rerate-${suffix}`}, 0)`;
  await database.$executeRaw`INSERT INTO catalog_model (id, author, slug, name, aliases, updated_at)
    VALUES (${endpointId}, 'test', ${suffix}, 'test', '{}', now())`;
  await database.$executeRaw`INSERT INTO catalog_endpoint (id, model_id, provider, provider_model, dialect)
    VALUES (${endpointId}, ${endpointId}, 'openai', ${suffix}, 'openai-chat')`;
});
afterAll(() => database.$disconnect());

/** A request of 1,000,000 input tokens at a dollar. */
function event(): UsageEvent {
  const requestId = `${requestIdFloor(fromMs + ++requests).slice(0, 14)}7${randomUUID().slice(15)}`;
  const dollar = 1_000_000_000n;
  return {
    version: 1,
    requestId,
    callerRequestId: null,
    organizationId,
    projectId: organizationId,
    keyId: organizationId,
    gatewayBoot: 'test',
    epoch: null,
    dialect: 'openai-chat',
    requestedModel: 'test',
    model: 'test',
    endpointId,
    provider: 'openai',
    region: null,
    isSandbox: true,
    isStream: false,
    priceVersionId: '1',
    markupBp: 0,
    lines: [{ bucket: 'input', quantity: 1_000_000, unitPriceNanousdPerMillion: nanousdPerMillion(dollar) }],
    costNanousd: nanousd(dollar),
    feeNanousd: nanousd(0n),
    chargeNanousd: nanousd(dollar),
    lossNanousd: nanousd(0n),
    tokens: { input: 1_000_000, cachedInput: 0, output: 0, reasoning: 0 },
    usageSource: 'reported',
    ending: 'finished',
    finish: 'stop',
    status: 200,
    errorCode: null,
    startedAtMs: fromMs,
    settledAtMs: fromMs,
    durationMs: 1,
    firstTokenMs: null,
    gatewayMs: null,
    features: { inputCharacters: 1, messages: 1, tools: 0, images: 0 },
    metadata: {},
    attempts: [],
    losses: [],
  };
}

function file(changes: Record<string, unknown> = {}): string {
  return JSON.stringify({
    id: `test-${suffix}-${requests}`,
    reason: 'The provider lowered its price',
    endpointId,
    from: new Date(fromMs).toISOString(),
    to: new Date(fromMs + 60_000).toISOString(),
    schedule: { prices: { input: '750000000', output: '0' }, tiers: [], windows: [] },
    ...changes,
  });
}

async function run(text: string, isPosting: boolean) {
  const lines: string[] = [];
  const code = await rerate(database, { text, isPosting, say: (line) => void lines.push(line), now: Date.now });
  return { code, said: lines.join('\n') };
}

async function post() {
  const posted = event();
  await postUsage(database, [posted], { via: 'test' });
  return posted.requestId;
}

describe('npm run rerate', () => {
  it('says what it would post, posts with --post, and the receipt shows it', async () => {
    const requestId = await post();
    const text = file();
    const dry = await run(text, false);
    expect([dry.code, dry.said]).toEqual([
      0,
      expect.stringContaining('would post: 1 of 1 requests, charges -0.25 USD'),
    ]);
    expect((await getRequest(database, { organizationId, requestId }))?.event?.corrections).toEqual([]);
    const wet = await run(text, true);
    expect([wet.code, wet.said]).toEqual([0, expect.stringContaining('posted: 1 of 1 requests, charges -0.25 USD')]);
    const found = await getRequest(database, { organizationId, requestId });
    expect(found?.event).toMatchObject({ chargeNanousd: 1_000_000_000n });
    expect(found?.event?.corrections).toMatchObject([
      {
        reason: 'The provider lowered its price',
        oldChargeNanousd: 1_000_000_000n,
        chargeNanousd: 750_000_000n,
        lines: [{ bucket: 'input', quantity: 1_000_000, unitPriceNanousdPerMillion: 750_000_000n }],
      },
    ]);
    expect((await run(text, true)).said).toContain('posted: 0 of 0 requests');
  });

  it('what a command left unfinished a worker finishes', async () => {
    const requestId = await post();
    const text = file();
    await run(text, true);
    const late = await post();
    await database.$executeRaw`UPDATE price_correction SET position = NULL, finished_at = NULL
      WHERE id = ${`test-${suffix}-${requests - 1}`}`;
    const log = { info: () => undefined, error: () => undefined } as never;
    await rerateOpen({ database, log, now: Date.now });
    for (const id of [requestId, late])
      expect((await getRequest(database, { organizationId, requestId: id }))?.event?.corrections).toHaveLength(1);
  });

  it.each<[string, string]>([
    ['no JSON', '{'],
    ['an empty interval', file({ to: new Date(fromMs).toISOString() })],
    ['a time that is none', file({ from: 'yesterday' })],
    ['no such endpoint', file({ endpointId: 'openai:none' })],
    ['no price for the output', file({ schedule: { prices: { input: '1' }, tiers: [], windows: [] } })],
    ['no price at all', file({ schedule: { prices: {}, tiers: [], windows: [] } })],
    ['a negative price', file({ schedule: { prices: { input: '-1', output: '1' }, tiers: [], windows: [] } })],
    ['a price that is no integer', file({ schedule: { prices: { input: 0.5, output: '1' }, tiers: [], windows: [] } })],
    ['a member nobody knows', file({ shedule: {} })],
  ])('refuses %s, and posts nothing', async (_what, text) => {
    const before = await database.$queryRaw`SELECT count(*) FROM price_correction`;
    expect(await run(text, true)).toEqual({ code: 1, said: expect.stringContaining('refused: ') });
    expect(await database.$queryRaw`SELECT count(*) FROM price_correction`).toEqual(before);
  });
});
