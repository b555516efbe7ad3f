import { randomUUID } from 'node:crypto';
import type { Principal } from '@tollgate/access';
import { type Admission, connectAdmissionRedis, createAdmission, type Settlement } from '@tollgate/admission';
import { nanousd } from '@tollgate/amount';
import { postUsage } from '@tollgate/billing';
import { openDatabase } from '@tollgate/prisma';
import { createLogger } from '@tollgate/telemetry';
import { decodeUsageEvent } from '@tollgate/usage';
import { afterAll, afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { AnswerMemory } from '../memory/answer-memory.js';
import {
  chunk,
  type ExchangeWorld,
  exchangeWorld,
  type FakeProvider,
  JSON_BODY,
  STREAM,
  wholeReply,
} from './exchange.fixture.js';
import { answerStream, answerWhole, CHAT, DOORS, refuseAll, SPEECH, STREAMED } from './repeated-request.fixture.js';

const database = openDatabase({ url: process.env.DATABASE_URL ?? '', applicationName: 'idempotency.store.test' });
const redis = connectAdmissionRedis(process.env.REDIS_URL ?? '');
const log = createLogger({ name: 'test', destination: { write: () => undefined } });
const worlds: ExchangeWorld[] = [];
const admissions: Admission[] = [];
let owner: Owner;

type Owner = Pick<Principal, 'organizationId' | 'projectId' | 'keyId' | 'keepsReasoning'>;
interface Gateway {
  readonly world: ExchangeWorld;
  readonly memory: AnswerMemory;
  readonly admission: Admission;
  readonly settlements: Settlement[];
}

beforeEach(async () => {
  owner = await newOwner();
});
afterEach(async () => {
  for (const world of worlds.splice(0)) await world.close();
  for (const admission of admissions.splice(0)) await admission.close();
});
afterAll(async () => {
  redis.disconnect();
  await database.$disconnect();
});

async function newOwner(keepsReasoning = true): Promise<Owner> {
  const [organizationId, projectId] = [randomUUID(), randomUUID()];
  await database.organization.create({
    data: { id: organizationId, name: 'Test', slug: `test-${organizationId}`, markupBp: 550 },
  });
  await database.project.create({ data: { id: projectId, organizationId, name: projectId, keepsReasoning } });
  return { organizationId, projectId, keyId: randomUUID(), keepsReasoning };
}

/** A gateway of its own, on the Redis and the Postgres that all of them share. */
async function gateway(
  answer: Parameters<typeof exchangeWorld>[0],
  { who = owner, ...change }: { who?: Owner } & Parameters<typeof exchangeWorld>[1] = {},
): Promise<Gateway> {
  const settlements: Settlement[] = [];
  const availableNanousd = nanousd(10n ** 15n);
  const books = { availableNanousd, status: 'active' as const, authVersion: '1', postingSequence: '1', armed: [] };
  const real = createAdmission({
    redis,
    gatewayBoot: randomUUID(),
    now: Date.now,
    loadOrganization: async () => books,
  });
  const settle: Admission['settle'] = (settlement) => {
    settlements.push(settlement);
    // Its event stays here: others drain the streams of this Redis.
    return real.settle({ ...settlement, append: false });
  };
  const admission: Admission = new Proxy(real, {
    get: (target, name) => {
      if (name === 'settle') return settle;
      const member: unknown = Reflect.get(target, name);
      return typeof member === 'function' ? member.bind(target) : member;
    },
  });
  const memory = new AnswerMemory(database, log, Date.now);
  const world = await exchangeWorld(answer, { admission, answerMemory: memory, caller: who, ...change });
  worlds.push(world);
  admissions.push(real);
  await vi.waitFor(() => expect(real.epoch()).not.toBeNull());
  return { world, memory, admission: real, settlements };
}

interface Answer {
  readonly status: number;
  readonly headers: Headers;
  readonly bytes: Buffer;
  readonly error: Record<string, unknown>;
}

async function post(
  { world }: Gateway,
  key: string | null,
  {
    path = '/v1/chat/completions',
    body = CHAT as unknown,
    type = 'application/json',
    signal = AbortSignal.timeout(8_000),
  } = {},
): Promise<Answer> {
  const headers = { 'content-type': type, ...(key === null ? {} : { 'idempotency-key': key }) };
  const sent = Buffer.isBuffer(body) ? new Uint8Array(body) : JSON.stringify(body);
  const response = await fetch(world.url + path, { method: 'POST', headers, body: sent, signal });
  const bytes = Buffer.from(await response.arrayBuffer());
  const isRefused = response.status >= 400;
  const error = isRefused ? (JSON.parse(bytes.toString()) as { error: Record<string, unknown> }).error : {};
  return { status: response.status, headers: response.headers, bytes, error };
}

const chargesOf = ({ settlements }: Gateway) =>
  settlements.map(({ chargeNanousd }) => chargeNanousd).filter((charge) => charge > 0n);

/** What a Redis that lost its data no longer knows. */
async function loseClaims(): Promise<void> {
  const names = await redis.keys('*:idem:*');
  if (names.length > 0) await redis.del(...names);
}

function expectSame(again: Answer, first: Answer): void {
  expect(again.status).toBe(first.status);
  expect(again.bytes.equals(first.bytes)).toBe(true);
  for (const name of [
    'content-type',
    'x-generation-id',
    'x-tollgate-model',
    'x-tollgate-cost-usd',
    'x-tollgate-usage-source',
  ])
    expect([name, again.headers.get(name)]).toEqual([name, first.headers.get(name)]);
  expect(first.headers.get('idempotent-replayed')).toBeNull();
  expect(again.headers.get('idempotent-replayed')).toBe('true');
}

describe('the same request again, under its Idempotency-Key', () => {
  it.each(DOORS)('%s: is the same answer byte for byte, for one charge', async (_, path, body, answer) => {
    const one = await gateway(answer, { endpoints: ['groq'], models: [SPEECH] });
    const first = await post(one, 'k', { path, body });
    expect(first.status).toBe(200);
    const again = await post(one, 'k', { path, body });
    expectSame(again, first);
    expect(again.headers.get('x-generation-id')).toMatch(/^gen-/);
    expect([one.world.providers.length, one.settlements.length, chargesOf(one).length]).toEqual([1, 1, 1]);
  });

  it('is the same answer at another gateway, also one that comes before it was stored, and with Redis emptied', async () => {
    const [one, two] = [await gateway(answerWhole), await gateway(answerWhole)];
    const first = await post(one, 'k');
    expectSame(await post(two, 'k'), first);
    await one.memory.whenIdle();
    await loseClaims();
    expectSame(await post(two, 'k'), first);
    expect([two.world.providers.length, two.settlements.length]).toEqual([0, 0]);
  });

  it('without a key runs again, as ever', async () => {
    const one = await gateway(answerWhole);
    await post(one, null);
    await post(one, null);
    expect(chargesOf(one)).toHaveLength(2);
  });

  it('M8: 50 at once at two gateways are one call and one charge; the others are told to come back, and then have the answer', async () => {
    const waiting: FakeProvider[] = [];
    const pair = [
      await gateway((provider) => void waiting.push(provider)),
      await gateway((provider) => void waiting.push(provider)),
    ] as const;
    const asked = Array.from({ length: 50 }, (_, index) => post(pair[index % 2 === 0 ? 0 : 1], 'k'));
    await vi.waitFor(() => expect(waiting).toHaveLength(1));
    const conflicts = Promise.all(asked.map((answer) => answer.then(({ status }) => status)));
    // The others have their answer while the one runs.
    await vi.waitFor(async () => {
      const early = await post(pair[1], 'k');
      expect(early.error).toMatchObject({ code: 'idempotency_conflict', retryable: true, charged_usd: '0' });
      expect([early.status, early.headers.get('retry-after'), early.headers.get('x-should-retry')]).toEqual([
        409,
        '1',
        null,
      ]);
    });
    for (const provider of waiting) answerWhole(provider);
    const statuses = await conflicts;
    expect(statuses.filter((status) => status === 200).length).toBeGreaterThan(0);
    expect(statuses.every((status) => status === 200 || status === 409)).toBe(true);
    expect(waiting).toHaveLength(1);
    expect(pair.flatMap(chargesOf)).toHaveLength(1);
    expect((await post(pair[1], 'k')).headers.get('idempotent-replayed')).toBe('true');
  });

  it('with another body is refused, while it runs and after', async () => {
    const waiting: FakeProvider[] = [];
    const one = await gateway((provider) => void waiting.push(provider));
    const running = post(one, 'k');
    await vi.waitFor(() => expect(waiting).toHaveLength(1));
    const other = { ...CHAT, temperature: 1 };
    const during = await post(one, 'k', { body: other });
    for (const provider of waiting) answerWhole(provider);
    await running;
    const after = await post(one, 'k', { body: other });
    for (const answer of [during, after]) {
      expect(answer.status).toBe(422);
      expect(answer.error).toMatchObject({ code: 'idempotency_mismatch', charged_usd: '0' });
    }
    const reordered = { messages: CHAT.messages, model: CHAT.model };
    expect((await post(one, 'k', { body: reordered })).status).toBe(422);
    expect((await post(one, 'k', { path: '/v1/messages', body: CHAT })).status).toBe(422);
    expect(waiting).toHaveLength(1);
  });

  it('that failed for nothing runs again', async () => {
    let isDown = true;
    const one = await gateway((provider) => (isDown ? refuseAll(provider) : answerWhole(provider)));
    expect((await post(one, 'k')).status).toBe(400);
    isDown = false;
    expect((await post(one, 'k')).status).toBe(200);
    expect((await post(one, 'k')).headers.get('idempotent-replayed')).toBe('true');
    expect(chargesOf(one)).toHaveLength(1);
  });

  it('whose stream broke for nothing runs again', async () => {
    let isDown = true;
    const one = await gateway((provider) => {
      if (!isDown) return answerStream(provider);
      provider.handler.onHead(200, STREAM);
      provider.handler.onData(chunk({ content: 'Hel' }));
      provider.handler.onFault('reset', 'test');
    });
    expect((await post(one, 'k', { body: STREAMED })).bytes.toString()).toContain('"error"');
    isDown = false;
    expect((await post(one, 'k', { body: STREAMED })).bytes.toString()).toContain('[DONE]');
    expect(chargesOf(one)).toHaveLength(1);
  });

  it.each(['', 'k'.repeat(256)])('a key that is none (%j) is the mistake of its caller', async (key) => {
    const one = await gateway(answerWhole);
    expect((await post(one, key)).error).toMatchObject({ code: 'invalid_request', param: 'Idempotency-Key' });
    expect(one.world.providers).toHaveLength(0);
  });
});

describe('a client that lost its connection', () => {
  it.each([
    ['whole', CHAT, answerWhole],
    ['streaming', STREAMED, answerStream],
  ])(
    'gets the whole answer on its next try, %s, when the provider came to its end meanwhile',
    async (_, body, answer) => {
      const one = await gateway((provider) => void setTimeout(() => answer(provider), 80), { endpoints: ['groq'] });
      const leaving = new AbortController();
      const asked = post(one, 'k', { body, signal: leaving.signal }).catch(() => null);
      await vi.waitFor(() => expect(one.world.providers).toHaveLength(1));
      leaving.abort();
      await asked;
      await vi.waitFor(() => expect(chargesOf(one)).toHaveLength(1));
      const again = await post(one, 'k', { body });
      expect([again.status, again.headers.get('idempotent-replayed')]).toEqual([200, 'true']);
      const other = await post(await gateway(answer, { who: await newOwner(), endpoints: ['groq'] }), null, { body });
      const plain = (bytes: Buffer) =>
        bytes
          .toString()
          .replace(/gen-[0-9a-f-]{36}/g, 'gen')
          .replace(/"created":\d+/g, '');
      expect(plain(again.bytes)).toBe(plain(other.bytes));
      expect(chargesOf(one)).toHaveLength(1);
    },
  );

  it('and paid for a part is told so, with the receipt, and pays no second time', async () => {
    const one = await gateway(({ handler }) => {
      handler.onHead(200, STREAM);
      handler.onData(chunk({ content: 'Hello' }));
    });
    const leaving = new AbortController();
    const { url } = one.world;
    const response = await fetch(`${url}/v1/chat/completions`, {
      method: 'POST',
      headers: { 'idempotency-key': 'k' },
      body: JSON.stringify(STREAMED),
      signal: leaving.signal,
    });
    await response.body?.getReader().read();
    leaving.abort();
    await vi.waitFor(() => expect(chargesOf(one)).toHaveLength(1));
    const again = await post(one, 'k', { body: STREAMED });
    expect(again.status).toBe(409);
    expect(again.error).toMatchObject({ code: 'already_completed' });
    expect(again.error['charged_usd']).not.toBe('0');
    expect(one.world.providers).toHaveLength(1);
  });
});

describe('an answer that is not kept', () => {
  async function expectReceipt(one: Gateway, again: Answer, first: Answer): Promise<void> {
    const id = String(first.headers.get('x-generation-id')).replace('gen-', '');
    expect([again.status, again.headers.get('x-should-retry'), again.headers.get('retry-after')]).toEqual([
      409,
      'false',
      null,
    ]);
    expect(again.error).toMatchObject({
      code: 'already_completed',
      retryable: false,
      charged_usd: first.headers.get('x-tollgate-cost-usd'),
      details: { receipt: `/v1/receipts/${id}` },
    });
    expect(chargesOf(one)).toHaveLength(1);
  }

  it('under zero retention is told as completed, with its charge and receipt', async () => {
    const one = await gateway(answerWhole, { who: await newOwner(false) });
    const first = await post(one, 'k');
    await expectReceipt(one, await post(one, 'k'), first);
    await one.memory.whenIdle();
    await loseClaims();
    await expectReceipt(one, await post(one, 'k'), first);
  });

  it('is one of more than 256 KB', async () => {
    const one = await gateway(({ handler }) => {
      handler.onHead(200, JSON_BODY);
      const reply = JSON.parse(wholeReply().toString()) as { choices: { message: { content: string } }[] };
      for (const choice of reply.choices) choice.message.content = 'x'.repeat(256 * 1024);
      handler.onData(Buffer.from(JSON.stringify(reply)));
      handler.onEnd();
    });
    const first = await post(one, 'k');
    expect(first.bytes.length).toBeGreaterThan(256 * 1024);
    await expectReceipt(one, await post(one, 'k'), first);
  });

  it('is one that only its caller could open: with another API key of the project there is the receipt alone', async () => {
    const one = await gateway(answerWhole);
    const first = await post(one, 'k');
    await one.memory.whenIdle();
    const found = await one.memory.find(owner, (await onlyRow()).keyHash);
    if (found.kind !== 'found') throw new Error(found.kind);
    const { keyHash } = await onlyRow();
    const open = (who: Owner, idempotencyKey: string, token: string) =>
      one.memory.open(who, keyHash, found.answer, { idempotencyKey, token });
    expect(open(owner, 'k', 'tg_test')?.body.equals(first.bytes)).toBe(true);
    expect(open(owner, 'k', 'tg_other')).toBeNull();
    expect(open(owner, 'kk', 'tg_test')).toBeNull();
    expect(open({ ...owner, projectId: randomUUID() }, 'k', 'tg_test')).toBeNull();
    expect(Buffer.from((await onlyRow()).answer ?? []).includes('Hello')).toBe(false);
  });
});

const onlyRow = () => database.idempotentAnswer.findFirstOrThrow({ where: { projectId: owner.projectId } });

describe('when something fails', () => {
  it('two tenants with the same key never meet', async () => {
    const [one, two] = [await gateway(answerWhole), await gateway(answerWhole, { who: await newOwner() })];
    const sibling = await gateway(answerWhole, { who: { ...owner, projectId: (await siblingOf(owner)).projectId } });
    const ids = new Set<string | null>();
    for (const each of [one, two, sibling]) ids.add((await post(each, 'order-1')).headers.get('x-generation-id'));
    expect(ids.size).toBe(3);
    for (const each of [one, two, sibling])
      expect((await post(each, 'order-1')).headers.get('idempotent-replayed')).toBe('true');
  });

  it('a gateway that dies lets the key go when its hold is swept', async () => {
    const dying = await gateway(() => undefined);
    const leaving = new AbortController();
    const lost = post(dying, 'k', { signal: leaving.signal }).catch(() => null);
    await vi.waitFor(() => expect(dying.world.providers).toHaveLength(1));
    const two = await gateway(answerWhole);
    expect((await post(two, 'k')).error).toMatchObject({ code: 'idempotency_conflict' });
    await sweep(two);
    expect((await post(two, 'k')).status).toBe(200);
    leaving.abort();
    await lost;
  });

  it('a gateway that died before it kept the answer leaves its charge in the ledger, which tells it', async () => {
    const one = await gateway(answerWhole);
    const first = await post(one, 'k');
    await one.memory.whenIdle();
    await database.idempotentAnswer.deleteMany({ where: { projectId: owner.projectId } });
    const early = await post(one, 'k');
    expect([early.status, early.error['code']]).toEqual([409, 'idempotency_conflict']);
    const [event] = one.settlements.flatMap((settlement) => {
      const decoded = decodeUsageEvent(settlement.event);
      return decoded.ok ? [decoded.event] : [];
    });
    if (event === undefined) throw new Error('nothing was settled');
    await postUsage(database, [event], { via: 'spool' });
    const told = await post(one, 'k');
    expect(told.error).toMatchObject({
      code: 'already_completed',
      charged_usd: first.headers.get('x-tollgate-cost-usd'),
      details: { receipt: `/v1/receipts/${event.requestId}` },
    });
    expect(chargesOf(one)).toHaveLength(1);
  });

  it('a store that is away stops nobody: Redis alone guards the key', async () => {
    const away = new AnswerMemory({} as never, log, Date.now);
    const one = await gateway(answerWhole, { answerMemory: away });
    expect((await post(one, 'k')).status).toBe(200);
    const again = await post(one, 'k');
    expect([again.status, again.error['code']]).toEqual([503, 'admission_unavailable']);
    expect(chargesOf(one)).toHaveLength(1);
  });

  it('a revoked key gets no answer, not even its own', async () => {
    let isRevoked = false;
    const one = await gateway(answerWhole);
    const keys = one.world.ports.keys;
    const recheck = keys.recheck.bind(keys);
    vi.spyOn(keys, 'recheck').mockImplementation((token) =>
      isRevoked ? Promise.resolve({ kind: 'revoked' }) : recheck(token),
    );
    await post(one, 'k');
    isRevoked = true;
    expect((await post(one, 'k')).error).toMatchObject({ code: 'key_revoked' });
  });
});

async function siblingOf({ organizationId }: Owner): Promise<{ projectId: string }> {
  const projectId = randomUUID();
  await database.project.create({ data: { id: projectId, organizationId, name: projectId } });
  return { projectId };
}

/** What the worker's sweeper does with the holds of a gateway that is gone. */
async function sweep({ admission }: Gateway): Promise<void> {
  const [held] = Object.entries(await redis.hgetall(await heldName())).filter(([name]) => name !== '#place');
  const [requestId = '', value = ''] = held ?? [];
  const { claimKeyHash } = JSON.parse(value.split('|').slice(5).join('|')) as { claimKeyHash: string };
  const claim = { keyHash: claimKeyHash, becomes: 'free' } as const;
  const nothing = { scopes: null, chargeNanousd: nanousd(0n), event: '', append: false, claim };
  expect(await admission.settle({ organizationId: owner.organizationId, requestId, ...nothing })).toEqual({
    kind: 'settled',
  });
}

async function heldName(): Promise<string> {
  const [name = ''] = await redis.keys(`*:held:${owner.organizationId}`);
  return name;
}
