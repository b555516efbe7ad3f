import { randomUUID } from 'node:crypto';
import { nanousd, nanousdPerMillion } from '@tollgate/amount';
import type { Database } from '@tollgate/prisma';
import { openDatabase, Prisma } from '@tollgate/prisma';
import { afterAll, beforeAll, expect, it } from 'vitest';
import {
  getRequest,
  isErrorEvent,
  listRequests,
  type RequestListing,
  requestIdFloor,
  type UsageEvent,
} from './index.js';
import { requestListing } from './requests.store.js';
import { requestAt, uuidV7, writeRequests } from './written-requests.fixture.js';

const db = openDatabase({ url: process.env.DATABASE_URL ?? '', applicationName: 'requests.store.test' });
afterAll(() => db.$disconnect());

const DAY = 86_400_000;
const BASE = Math.floor(Date.now() / DAY) * DAY - DAY;

async function idsOf(listing: RequestListing): Promise<string[]> {
  return (await listRequests(db, listing)).rows.map((row) => row.requestId);
}

it('pages through every request once, newest first, also while new ones arrive', async () => {
  const organizationId = randomUUID();
  const events = Array.from({ length: 25 }, (_, i) => requestAt(BASE + Math.floor(i / 4), { organizationId }));
  await writeRequests(db, events);
  const seen: string[] = [];
  for (let before: string | undefined; ; ) {
    const page = await listRequests(db, {
      organizationId,
      filters: {},
      limit: 7,
      ...(before === undefined ? {} : { before }),
    });
    seen.push(...page.rows.map((row) => row.requestId));
    if (page.next === null) break;
    before = page.next;
    await writeRequests(db, [requestAt(BASE + DAY - 1, { organizationId })]);
  }
  expect(seen).toEqual(
    events
      .map((event) => event.requestId)
      .sort()
      .reverse(),
  );
});

it('every filter keeps what it names and nothing else', async () => {
  const organizationId = randomUUID();
  const keyId = randomUUID();
  const projectId = randomUUID();
  const plain = requestAt(BASE, { organizationId });
  const special: [RequestListing['filters'], UsageEvent][] = [
    [{ keyId }, requestAt(BASE + 1_000, { organizationId, keyId })],
    [{ projectId }, requestAt(BASE + 2_000, { organizationId, projectId })],
    [{ model: "x/'; --%_" }, requestAt(BASE + 3_000, { organizationId, model: "x/'; --%_" })],
    [{ provider: 'groq' }, requestAt(BASE + 4_000, { organizationId, provider: 'groq' })],
    [{ status: 'error' }, requestAt(BASE + 5_000, { organizationId, status: 502 })],
    [{ fromMs: BASE + 6_000 }, requestAt(BASE + 6_000, { organizationId })],
  ];
  await writeRequests(db, [plain, ...special.map(([, event]) => event)]);
  for (const [filters, event] of special)
    expect(await idsOf({ organizationId, filters, limit: 10 })).toEqual([event.requestId]);
  expect(await idsOf({ organizationId, filters: { toMs: BASE + 1_000 }, limit: 10 })).toEqual([plain.requestId]);
  expect(await idsOf({ organizationId, filters: { status: 'ok' }, limit: 10 })).toHaveLength(6);
  expect(await idsOf({ organizationId, filters: { search: `gen-${plain.requestId}` }, limit: 10 })).toEqual([
    plain.requestId,
  ]);
  expect(await idsOf({ organizationId, filters: { search: plain.requestId.slice(0, 20) }, limit: 10 })).toEqual([
    plain.requestId,
  ]);
});

it('an error in the list is an error in the sums', async () => {
  const organizationId = randomUUID();
  const endings: UsageEvent['ending'][] = ['finished', 'client_left', 'provider_died', 'refused', 'crashed', 'expired'];
  const events = endings.flatMap((ending) =>
    [200, 399, 400, 500].map((status) => requestAt(BASE, { organizationId, ending, status })),
  );
  await writeRequests(db, events);
  const errors = events
    .filter(isErrorEvent)
    .map((event) => event.requestId)
    .sort();
  expect((await idsOf({ organizationId, filters: { status: 'error' }, limit: 100 })).sort()).toEqual(errors);
  const { rows } = await listRequests(db, { organizationId, filters: {}, limit: 100 });
  expect(
    rows
      .filter((row) => row.isError)
      .map((row) => row.requestId)
      .sort(),
  ).toEqual(errors);
});

it('a request comes back as it was written, log and charge', async () => {
  const organizationId = randomUUID();
  const event = requestAt(BASE, {
    organizationId,
    callerRequestId: 'mine-1',
    region: 'eu',
    gatewayMs: 2.5,
    metadata: { team: 'söker "x"' },
    losses: ['logit_bias'],
    finish: null,
    firstTokenMs: null,
    tokens: { input: 7, cachedInput: 3, output: 5, reasoning: 2 },
    feeNanousd: nanousd(3n),
    lossNanousd: nanousd(99n),
    lines: [{ bucket: 'input', quantity: 7, unitPriceNanousdPerMillion: nanousdPerMillion(2n ** 62n) }],
    attempts: [
      {
        endpointId: 'openai:gpt-4o-mini',
        provider: 'openai',
        providerModel: 'gpt-4o-mini',
        startedMs: 0.5,
        durationMs: 799,
        firstByteMs: null,
        status: 200,
        outcome: 'answered',
        errorCode: null,
        reason: 'the only endpoint',
      },
    ],
  });
  await writeRequests(db, [event]);
  const found = await getRequest(db, { organizationId, requestId: event.requestId });
  expect(found?.log).toMatchObject({
    requestId: event.requestId,
    startedAtMs: event.startedAtMs,
    callerRequestId: 'mine-1',
    region: 'eu',
    gatewayMs: 2.5,
    metadata: event.metadata,
    losses: event.losses,
    attempts: event.attempts,
    features: event.features,
    finish: null,
    firstTokenMs: null,
    isStream: true,
    isSandbox: true,
    inputTokens: 7,
    cachedInputTokens: 3,
    outputTokens: 5,
    reasoningTokens: 2,
    chargeNanousd: event.chargeNanousd,
  });
  expect(found?.event).toMatchObject({
    requestId: event.requestId,
    priceVersionId: '1',
    markupBp: 550,
    lines: event.lines,
    costNanousd: event.costNanousd,
    feeNanousd: 3n,
    chargeNanousd: event.chargeNanousd,
    usageSource: 'reported',
    ending: 'finished',
    settledAtMs: event.settledAtMs,
  });
  expect(JSON.stringify(found, (_, value: unknown) => (typeof value === 'bigint' ? String(value) : value))).not.toMatch(
    /loss_?nanousd|test:boot/i,
  );
});

it('the charge outlives the log row', async () => {
  const organizationId = randomUUID();
  const event = requestAt(BASE, { organizationId });
  await writeRequests(db, [event]);
  await db.requestLog.deleteMany({ where: { organizationId } });
  expect(await getRequest(db, { organizationId, requestId: event.requestId })).toMatchObject({
    log: null,
    event: { requestId: event.requestId },
  });
});

it('a request that is posted between the two reads is not shown by halves', async () => {
  const organizationId = randomUUID();
  const event = requestAt(BASE, { organizationId });
  await writeRequests(db, [event]);
  let reads = 0;
  // The first read of the charge comes a moment before the posting commits.
  const racing = new Proxy(db, {
    get: (target, name) => {
      if (name !== '$queryRaw') return Reflect.get(target, name);
      return (...query: Parameters<Database['$queryRaw']>) => {
        reads += 1;
        return reads === 2 ? Promise.resolve([]) : target.$queryRaw(...query);
      };
    },
  });
  const found = await getRequest(racing, { organizationId, requestId: event.requestId });
  expect(found?.log?.requestId).toBe(event.requestId);
  expect(found?.event?.requestId).toBe(event.requestId);
});

it("another organisation's request is answered like one that never was", async () => {
  const [mine, theirs] = [randomUUID(), randomUUID()];
  const event = requestAt(BASE, { organizationId: theirs });
  await writeRequests(db, [event]);
  for (const requestId of [event.requestId, uuidV7(BASE)])
    expect(await getRequest(db, { organizationId: mine, requestId })).toBeNull();
  expect(await idsOf({ organizationId: mine, filters: { search: event.requestId }, limit: 10 })).toEqual([]);
  expect(await idsOf({ organizationId: mine, filters: { keyId: event.keyId }, limit: 10 })).toEqual([]);
  expect(await idsOf({ organizationId: mine, filters: {}, before: event.requestId, limit: 10 })).toEqual([]);
});

it('values of a wrong type match nothing and are never an error', async () => {
  const organizationId = randomUUID();
  const event = requestAt(BASE, { organizationId });
  await writeRequests(db, [event]);
  const wrong: unknown[] = [
    event.requestId.toUpperCase(),
    ` ${event.requestId}`,
    `${event.requestId}\u0000`,
    '',
    '../',
    [event.requestId],
    { $ne: 1 },
    7,
    null,
  ];
  for (const value of wrong) {
    const text = value as string;
    expect(await getRequest(db, { organizationId, requestId: text })).toBeNull();
    expect(await getRequest(db, { organizationId: text, requestId: event.requestId })).toBeNull();
    expect(await idsOf({ organizationId: text, filters: {}, limit: 5 })).toEqual([]);
    expect(await idsOf({ organizationId, filters: {}, before: text, limit: 5 })).toEqual([]);
    expect(await idsOf({ organizationId, filters: { keyId: text }, limit: 5 })).toEqual([]);
  }
  for (const model of ['\u0000', 'x'.repeat(100_000), ['m'] as unknown as string])
    expect(await idsOf({ organizationId, filters: { model }, limit: 5 })).toEqual([]);
  expect(await idsOf({ organizationId, filters: { fromMs: Number.NaN }, limit: 5 })).toEqual([]);
  expect(await idsOf({ organizationId, filters: {}, limit: Number.NaN })).toHaveLength(1);
});

it('the floor of a time is the same id here and in the database', async () => {
  for (const atMs of [0, 1, BASE, BASE + 12_345, Date.UTC(9000, 0, 1)]) {
    const [row] = await db.$queryRaw<{ id: string }[]>`SELECT uuid_floor(${new Date(atMs)}::timestamptz)::text AS id`;
    expect(row?.id).toBe(requestIdFloor(atMs));
  }
});

const crowded = randomUUID();

/** 20,000 rows of one day, every twentieth of one organisation: reading all of them would be noticed. */
beforeAll(async () => {
  await db.$executeRaw`
    INSERT INTO request_log (request_id, organization_id, project_id, key_id, dialect, requested_model, model, provider, endpoint_id,
      status, ending, finish, usage_source, is_stream, is_sandbox, started_at, duration_ms, input_characters, message_count,
      tool_count, image_count, input_tokens, cached_input_tokens, output_tokens, reasoning_tokens, charge_nanousd, attempts)
    SELECT (lpad(to_hex(${BASE}::bigint + i * 4), 12, '0') || '7' || substr(md5(${crowded} || i), 1, 3) || '8' || substr(md5(i || ${crowded}), 1, 15))::uuid,
      CASE WHEN i % 20 = 0 THEN ${crowded}::uuid ELSE gen_random_uuid() END, ${crowded}::uuid, ${crowded}::uuid, 'openai-chat', 'm', 'm/' || i % 3, 'p', 'e',
      200, 'finished', 'stop', 'reported', TRUE, TRUE, now(), 800, 1, 1, 0, 0, 10, 0, 5, 0, 100, '[]'
    FROM generate_series(1, 20000) i`;
  await db.$executeRaw`ANALYZE request_log`;
});

/** Partitions with more than a page or two of rows that a statement would read from end to end. */
async function scannedPartitions(statement: Prisma.Sql): Promise<{ plan: string; scanned: string[] }> {
  const [row] = await db.$queryRaw<{ 'QUERY PLAN': unknown }[]>(Prisma.sql`EXPLAIN (FORMAT JSON) ${statement}`);
  const plan = JSON.stringify(row?.['QUERY PLAN']);
  const read = [...plan.matchAll(/"Node Type":"Seq Scan"[^{}]*?"Relation Name":"(\w+)"/g)].map(
    (match) => match[1] ?? '',
  );
  const filled = await db.$queryRaw<{ relname: string }[]>`
    SELECT relname::text FROM pg_class WHERE relname IN (SELECT jsonb_array_elements_text(${JSON.stringify(read)}::jsonb)) AND relpages > 4`;
  return { plan, scanned: filled.map(({ relname }) => relname) };
}

it.each([
  ['the newest page', {}],
  ['one model', { model: 'm/2' }],
  ['one key', { keyId: crowded }],
  ['a day', { fromMs: BASE, toMs: BASE + DAY }],
  ['an id', { search: requestIdFloor(BASE + 40_000).slice(0, 8) }],
  ['errors', { status: 'error' }],
] as [string, RequestListing['filters']][])(
  '%s of a crowded table is read through an index',
  async (_what, filters) => {
    const statement = requestListing({ organizationId: crowded, filters, before: uuidV7(BASE + DAY) }, 51);
    if (statement === null) throw new Error('no statement');
    const { plan, scanned } = await scannedPartitions(statement);
    expect(scanned).toEqual([]);
    expect(plan).toContain('Index Scan');
    expect(await idsOf({ organizationId: crowded, filters, limit: 50 })).toHaveLength(
      filters.status === 'error' ? 0 : 50,
    );
  },
);

it('a range of time reads only the partitions of its days', async () => {
  const statement = requestListing({ organizationId: crowded, filters: { fromMs: BASE, toMs: BASE + DAY } }, 51);
  if (statement === null) throw new Error('no statement');
  const { plan } = await scannedPartitions(statement);
  const day = new Date(BASE).toISOString().slice(0, 10).replaceAll('-', '');
  expect([...new Set(plan.match(/"Relation Name":"\w+"/g))]).toEqual([`"Relation Name":"request_log_${day}"`]);
});

it('the check itself sees a scan', async () => {
  expect(
    (await scannedPartitions(Prisma.sql`SELECT count(*) FROM request_log WHERE provider = 'p'`)).scanned,
  ).not.toEqual([]);
});
