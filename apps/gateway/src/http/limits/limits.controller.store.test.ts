import { randomBytes, randomUUID } from 'node:crypto';
import { createKey, createLimit, createOrganizationForUser, verifyKey } from '@tollgate/access';
import type { Admission } from '@tollgate/admission';
import { buildCatalog } from '@tollgate/catalog';
import { openDatabase } from '@tollgate/prisma';
import { createLogger } from '@tollgate/telemetry';
import { request } from 'undici';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { GatewayConfig } from '../../config.js';
import type { TokenCounter } from '../../exchange/count-tokens.js';
import type { Exchange } from '../../exchange/exchange.js';
import { KeyCache } from '../../keys/key-cache.js';
import type { ReasoningVault } from '../../memory/reasoning-vault.js';
import type { ResponseMemory } from '../../memory/response-memory.js';
import { Readiness } from '../../readiness.js';
import { createHttpServer, type HttpPorts, type HttpServer } from '../http-server.js';

const pepper = 'a pepper for tests, long enough for everybody';
const database = openDatabase({ url: process.env.DATABASE_URL ?? '', applicationName: 'limits.controller.test' });
const told: { organizationId: string; authVersion: string }[] = [];
const admission = {
  raiseAuthVersion: async (change: { organizationId: string; authVersion: string }) => {
    told.push(change);
    return { kind: 'applied' };
  },
} as Admission;
const MODEL = 'openai/gpt-4o-mini';
let server: HttpServer;

beforeAll(async () => {
  const keys = new KeyCache({
    verify: (token) => verifyKey(database, { token, pepper, nowMs: Date.now() }),
    now: Date.now,
  });
  const capabilities = {};
  const model = { id: MODEL, author: 'openai', slug: 'gpt-4o-mini', aliases: ['mini'], capabilities, endpoints: [] };
  const catalog = buildCatalog([{ ...model, name: MODEL, operation: 'chat' } as never]);
  server = await createHttpServer({
    config: { port: 0, host: '127.0.0.1', maxBodyBytes: 100_000, keyPepper: pepper } as GatewayConfig,
    exchange: {} as Exchange,
    explainer: {} as HttpPorts['explainer'],
    receiptKeys: {} as HttpPorts['receiptKeys'],
    houseMarkup: () => [],
    tokenCounter: {} as TokenCounter,
    memory: {} as ResponseMemory,
    vault: {} as ReasoningVault,
    keys,
    log: createLogger({ name: 'test', level: 'silent' }),
    database,
    admission,
    readiness: new Readiness(),
    catalog: () => catalog,
  });
  await server.listen();
});
afterAll(async () => {
  await server.close();
  await database.$disconnect();
});
beforeEach(() => void told.splice(0));

interface Tenant {
  readonly organizationId: string;
  readonly projectId: string;
  readonly userId: string;
  readonly manager: string;
  readonly caller: string;
  readonly callerId: string;
}

async function newTenant(): Promise<Tenant> {
  const userId = randomUUID();
  const nowMs = Date.now();
  await database.user.create({ data: { id: userId, name: 'Ada', email: `${userId}@example.test` } });
  const terms = { markupBp: 550, termsVersion: null, nowMs, random: randomBytes };
  const person = { userId, userName: 'Ada', email: `${userId}@example.test` };
  const { organizationId, projectId } = await createOrganizationForUser(database, { ...person, ...terms });
  const newKey = async (kind: 'management' | 'inference') => {
    const limits = { limitNanousd: null, expiresAtMs: null, createdById: userId };
    const wish = { organizationId, projectId: null, kind, name: kind, pepper, nowMs, random: randomBytes };
    const made = await createKey(database, { ...wish, ...limits });
    if (made.kind !== 'created') throw new Error(made.kind);
    return { token: made.token, keyId: made.key.keyId };
  };
  const [manager, caller] = [await newKey('management'), await newKey('inference')];
  return { organizationId, projectId, userId, manager: manager.token, caller: caller.token, callerId: caller.keyId };
}

type Json = Record<string, unknown>;

async function call(key: string, method: 'GET' | 'POST' | 'PATCH' | 'DELETE', path: string, body?: unknown) {
  const answer = await request(`http://127.0.0.1:${server.port()}${path}`, {
    method,
    headers: {
      authorization: `Bearer ${key}`,
      ...(body === undefined ? {} : { 'content-type': 'application/json' }),
    },
    ...(body === undefined ? {} : { body: typeof body === 'string' ? body : JSON.stringify(body) }),
  });
  const json = (await answer.body.json()) as { data: Json & Json[]; error: Json };
  return { status: answer.statusCode, data: json.data, error: json.error };
}

const budget = { subject: 'organization', measure: 'budget', window: 'month', limit_usd: '12.5' };

describe('a limit by API', () => {
  it('is made, listed, changed and removed, and every gateway is told each time', async () => {
    const { manager, organizationId } = await newTenant();
    const made = await call(manager, 'POST', '/v1/limits', { ...budget, model: 'mini' });
    expect([made.status, made.data]).toMatchObject([
      201,
      {
        subject: 'organization',
        subject_id: organizationId,
        model: MODEL,
        measure: 'budget',
        window: 'month',
        limit_usd: '12.5',
        used_usd: '0',
        remaining_usd: '12.5',
        description: `budget of the organisation per month for ${MODEL}`,
      },
    ]);
    expect(String(made.data.resets_at)).toMatch(/^\d{4}-\d{2}-01T00:00:00\.000Z$/);
    const path = `/v1/limits/${made.data.id}`;
    expect((await call(manager, 'GET', '/v1/limits')).data).toEqual([made.data]);
    const changed = await call(manager, 'PATCH', path, { limit_usd: 0 });
    expect([changed.status, changed.data]).toMatchObject([200, { limit_usd: '0', remaining_usd: '0' }]);
    expect((await call(manager, 'GET', path)).data).toEqual(changed.data);
    expect((await call(manager, 'DELETE', path)).status).toBe(200);
    expect((await call(manager, 'DELETE', path)).error).toMatchObject({ code: 'not_found' });
    const organization = await database.organization.findUniqueOrThrow({ where: { id: organizationId } });
    expect(told.map((change) => change.organizationId)).toEqual([organizationId, organizationId, organizationId]);
    expect(told.at(-1)?.authVersion).toBe(organization.authVersion.toString());
  });

  it('shows what was spent under it', async () => {
    const { manager, organizationId } = await newTenant();
    const made = await call(manager, 'POST', '/v1/limits', { ...budget, window: 'lifetime' });
    const row = { organizationId, scope: `rule:${made.data.id}`, period: 'lifetime', spentNanousd: 20_000_000_001n };
    await database.budgetSpend.create({ data: row });
    expect((await call(manager, 'GET', `/v1/limits/${made.data.id}`)).data).toMatchObject({
      used_usd: '20.000000001',
      remaining_usd: '0',
      resets_at: null,
    });
  });

  it('that is there already is a 409 that names it, also when two ask at once', async () => {
    const { manager } = await newTenant();
    const answers = await Promise.all([1, 2, 3].map(() => call(manager, 'POST', '/v1/limits', budget)));
    const [made] = answers.filter(({ status }) => status === 201);
    const refused = answers.filter(({ status }) => status !== 201);
    expect(refused.map(({ status, error }) => [status, error.code])).toEqual([
      [409, 'already_exists'],
      [409, 'already_exists'],
    ]);
    expect(refused[0]?.error.message).toContain(String(made?.data.id));
    expect(told).toHaveLength(1);
  });

  it.each<[string, unknown, string | null]>([
    ['a budget below zero', { ...budget, limit_usd: '-1' }, 'limit_usd'],
    ['a budget below a nano-dollar', { ...budget, limit_usd: 1e-10 }, 'limit_usd'],
    ['a budget of ten decimals', { ...budget, limit_usd: '0.0000000001' }, 'limit_usd'],
    ['a budget beyond an int64', { ...budget, limit_usd: '9223372037' }, 'limit_usd'],
    ['a budget of no number', '{"subject":"organization","measure":"budget","window":"day","limit_usd":NaN}', null],
    ['a budget that is null', { ...budget, limit_usd: null }, 'limit_usd'],
    ['a budget as a count', { ...budget, limit_usd: undefined, limit: 5 }, null],
    ['a budget per minute', { ...budget, window: 'minute' }, 'window'],
    ['a budget per year', { ...budget, window: 'year' }, 'window'],
    ['a budget without a window', { ...budget, window: undefined }, 'window'],
    ['requests per week', { subject: 'organization', measure: 'requests', window: 'week', limit: 1 }, 'window'],
    ['half a request', { subject: 'organization', measure: 'requests', window: 'day', limit: 0.5 }, 'limit'],
    ['2^53 + 1 tokens', { subject: 'organization', measure: 'tokens', window: 'day', limit: 2 ** 53 + 2 }, 'limit'],
    ['requests as text', { subject: 'organization', measure: 'requests', window: 'day', limit: '5' }, 'limit'],
    ['slots per day', { subject: 'organization', measure: 'concurrency', window: 'day', limit: 1 }, 'window'],
    ['an unknown measure', { ...budget, measure: 'characters' }, 'measure'],
    ['an unknown subject', { ...budget, subject: 'team' }, 'subject'],
    ['a member nobody knows of', { ...budget, nonsense: true }, null],
    ['nothing', {}, 'measure'],
  ])('%s is a 400 that says what is wrong', async (_name, body, param) => {
    const { manager } = await newTenant();
    const { status, error } = await call(manager, 'POST', '/v1/limits', body);
    expect([status, error.type]).toEqual([400, 'invalid_request_error']);
    if (param !== null) expect(error.param).toBe(param);
    expect(String(error.message)).toMatch(/.{10}/);
    expect(told).toEqual([]);
  });

  it('of an unknown model is refused, and a change in the wrong words too', async () => {
    const { manager } = await newTenant();
    const unknown = await call(manager, 'POST', '/v1/limits', { ...budget, model: 'nobody/nothing' });
    expect([unknown.status, unknown.error.code]).toEqual([404, 'model_not_found']);
    const { data } = await call(manager, 'POST', '/v1/limits', budget);
    for (const wish of [{ limit: 5 }, { limit_usd: '-1' }, {}, { limit_usd: '1', window: 'day' }])
      expect((await call(manager, 'PATCH', `/v1/limits/${data.id}`, wish)).status).toBe(400);
  });
});

describe('whose limits', () => {
  it("another organisation's subjects and limits are a 404, like those that never were", async () => {
    const [mine, other] = [await newTenant(), await newTenant()];
    for (const [subject, subject_id] of [
      ['project', other.projectId],
      ['key', other.callerId],
      ['member', other.userId],
      ['organization', other.organizationId],
      ['key', 'x'],
      ['project', undefined],
    ]) {
      const answer = await call(mine.manager, 'POST', '/v1/limits', { ...budget, subject, subject_id });
      expect([answer.status, answer.error.param]).toEqual([404, 'subject_id']);
    }
    const { data } = await call(other.manager, 'POST', '/v1/limits', budget);
    for (const [method, body] of [['GET'], ['PATCH', { limit_usd: '1' }], ['DELETE']] as const)
      expect((await call(mine.manager, method, `/v1/limits/${data.id}`, body)).status).toBe(404);
    expect((await call(mine.manager, 'GET', '/v1/limits')).data).toEqual([]);
  });

  it('an inference key sees what binds it, without what others spent, and may change nothing', async () => {
    const { organizationId, manager, caller, callerId, projectId } = await newTenant();
    const wish = { organizationId, model: null, nowMs: Date.now(), random: randomBytes, amount: 60n };
    const rate = { ...wish, measure: 'requests', subjectId: callerId, subject: 'key' };
    for (const window of ['minute', 'day']) await createLimit(database, { ...rate, window });
    await call(manager, 'POST', '/v1/limits', { ...budget, subject: 'key', subject_id: callerId });
    await call(manager, 'POST', '/v1/limits', { ...budget, subject: 'project', subject_id: projectId });
    const others = await call(manager, 'POST', '/v1/keys', { name: 'other' });
    await call(manager, 'POST', '/v1/limits', { ...budget, subject: 'key', subject_id: others.data.id });
    const { data } = await call(caller, 'GET', '/v1/limits');
    expect(data.map(({ subject, measure, used_usd }) => [subject, measure, used_usd])).toEqual([
      ['key', 'requests', undefined],
      ['key', 'requests', undefined],
      ['key', 'budget', '0'],
      ['project', 'budget', null],
    ]);
    expect((await call(manager, 'GET', '/v1/limits')).data).toHaveLength(5);
    const key = await call(caller, 'GET', '/v1/key');
    expect(key.data.limits).toEqual(data);
    expect(key.data.rate_limit).toMatchObject({ requests: 60, interval: '86400s' });
    expect((await call(caller, 'POST', '/v1/limits', budget)).error.code).toBe('wrong_key_kind');
    expect((await call(caller, 'DELETE', `/v1/limits/${data[0]?.id}`)).error.code).toBe('wrong_key_kind');
  });
});

describe('who made a key', () => {
  it('is who made the management key it was made with: no member gets out of their budget by making keys', async () => {
    const { manager, userId } = await newTenant();
    await call(manager, 'POST', '/v1/limits', { ...budget, subject: 'member', subject_id: userId });
    const answer = await request(`http://127.0.0.1:${server.port()}/v1/keys`, {
      method: 'POST',
      headers: { authorization: `Bearer ${manager}`, 'content-type': 'application/json' },
      body: JSON.stringify({ name: 'another' }),
    });
    const { key } = (await answer.body.json()) as { key: string };
    expect((await call(key, 'GET', '/v1/limits')).data).toMatchObject([{ subject: 'member', subject_id: userId }]);
  });
});

describe('a budget that takes long to count', () => {
  it('keeps nobody waiting but who asked for it, however many of them one organisation asks for', async () => {
    const [greedy, other] = [await newTenant(), await newTenant()];
    const blocker = openDatabase({ url: process.env.DATABASE_URL ?? '', applicationName: 'limits.blocker' });
    let asked: Promise<{ status: number }[]> = Promise.resolve([]);
    await blocker.$transaction(
      async (transaction) => {
        await transaction.$executeRaw`LOCK TABLE usage_event IN ACCESS EXCLUSIVE MODE`;
        const windows = ['day', 'week', 'month', 'lifetime'];
        const wishes = [null, MODEL].flatMap((model) => windows.map((window) => ({ ...budget, model, window })));
        asked = Promise.all(wishes.map((wish) => call(greedy.manager, 'POST', '/v1/limits', wish)));
        // By then each of them was verified, and stands at the lock or waits for its turn.
        for (let tries = 0; tries < 20; tries += 1) await transaction.$queryRaw`SELECT 1 FROM pg_sleep(0.02)`;
        expect((await call(other.manager, 'GET', '/v1/limits')).status).toBe(200);
      },
      { timeout: 10_000 },
    );
    expect((await asked).map(({ status }) => status)).toEqual(Array(8).fill(201));
    await blocker.$disconnect();
  });
});
