import { nanousd } from '@tollgate/amount';
import fc from 'fast-check';
import type { Redis } from 'ioredis';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Admission } from './admission.js';
import { connectAdmissionRedis } from './admission-redis.js';
import { amountsLua } from './amounts.lua.js';
import { createAdmission } from './create-admission.js';
import { organizationKeys } from './keys.js';
import type { OrganizationSnapshot } from './organization-loader.js';
import { type OwnRedis, startOwnRedis } from './own-redis.fixture.js';
import { uuidv7 } from './uuid.fixture.js';

const seed = Number(process.env.TOLLGATE_SEED ?? Date.now() % 2 ** 31);
const LARGEST = 2n ** 63n - 1n;

/** Amounts of every length, and around the places where a double stops being exact. */
const anyAmount = fc.oneof(
  fc.bigInt({ min: 0n, max: 2_000n }),
  fc.bigInt({ min: 0n, max: LARGEST }),
  fc
    .integer({ min: 0, max: 18 })
    .chain((digits) => fc.bigInt({ min: 10n ** BigInt(digits) - 3n, max: 10n ** BigInt(digits) + 3n }))
    .map((value) => (value < 0n ? 0n : value)),
  fc.bigInt({ min: 2n ** 53n - 3n, max: 2n ** 53n + 3n }),
  fc.bigInt({ min: LARGEST - 3n, max: LARGEST }),
);

const atMost = (limit: bigint, value: bigint) => (value > limit ? limit : value);

let server: OwnRedis;
let redis: Redis;
let admission: Admission;
const ledgers = new Map<string, OrganizationSnapshot>();

beforeAll(async () => {
  server = await startOwnRedis();
  redis = connectAdmissionRedis(server.url);
  admission = createAdmission({
    redis,
    gatewayBoot: 'gateway-test:1',
    now: Date.now,
    loadOrganization: async (id) => ledgers.get(id) ?? null,
  });
  for (let tries = 0; admission.epoch() === null && tries < 200; tries += 1)
    await new Promise((done) => setTimeout(done, 10));
});

afterAll(async () => {
  await admission?.close();
  redis?.disconnect();
  await server?.stop();
});

describe(`admission against a model in whole numbers (seed ${seed})`, () => {
  it('compares amounts in Lua as whole numbers do, at any size and sign', async () => {
    const signed = fc.tuple(anyAmount, fc.boolean()).map(([amount, isNegative]) => (isNegative ? -amount : amount));
    const script = `${amountsLua}\nlocal out = {}\nfor i = 1, #ARGV, 2 do out[#out + 1] = less(ARGV[i], ARGV[i + 1]) and 1 or 0 end\nreturn out`;
    await fc.assert(
      fc.asyncProperty(fc.array(fc.tuple(signed, signed), { minLength: 1, maxLength: 100 }), async (pairs) => {
        const answer = await redis.eval(script, 0, ...pairs.flatMap(([a, b]) => [a.toString(), b.toString()]));
        expect(answer).toEqual(pairs.map(([a, b]) => (a < b ? 1 : 0)));
      }),
      { seed, numRuns: 200 },
    );
  });

  it('grants the least of what is wanted, what the balance has and what each limit leaves, or names the first that is short', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(anyCase, { minLength: 1, maxLength: 25 }), async (cases) => {
        await Promise.all(cases.map(checkGrant));
      }),
      { seed, numRuns: 60 },
    );
  });

  it('after any course of events, the balance is what the ledger says less what is held', async () => {
    const step = fc.oneof(
      {
        weight: 6,
        arbitrary: fc.record({ kind: fc.constant('authorize' as const), want: fc.bigInt({ min: 0n, max: 400n }) }),
      },
      {
        weight: 6,
        arbitrary: fc.record({
          kind: fc.constant('settle' as const),
          which: fc.nat(9),
          charge: fc.bigInt({ min: 0n, max: 300n }),
        }),
      },
      { weight: 3, arbitrary: fc.record({ kind: fc.constant('post' as const), which: fc.nat(9) }) },
      {
        weight: 2,
        arbitrary: fc.record({ kind: fc.constant('credit' as const), amount: fc.bigInt({ min: 1n, max: 500n }) }),
      },
      { weight: 1, arbitrary: fc.constant({ kind: 'lose' as const }) },
      { weight: 1, arbitrary: fc.constant({ kind: 'forget' as const }) },
    );
    await fc.assert(
      fc.asyncProperty(fc.array(step, { maxLength: 40 }), async (steps) => {
        const course = new Course();
        for (const one of steps) await course.take(one);
        await course.finish();
      }),
      { seed, numRuns: 120 },
    );
  });
});

const anyCase = fc.record({
  available: anyAmount,
  limits: fc.array(fc.tuple(anyAmount, anyAmount), { maxLength: 3 }),
  amounts: fc.tuple(anyAmount, anyAmount),
});

interface Case {
  readonly available: bigint;
  /** limit and spent of each scope */
  readonly limits: readonly (readonly [bigint, bigint])[];
  readonly amounts: readonly [bigint, bigint];
}

async function checkGrant({ available, limits, amounts: [one, other] }: Case): Promise<void> {
  const organizationId = uuidv7();
  const scopes = limits.map((_, index) => `key:${index}`);
  const armed = limits.map(([limit, spent], index) => ({
    scope: `key:${index}`,
    limitNanousd: nanousd(limit),
    spentNanousd: nanousd(spent),
  }));
  ledgers.set(organizationId, {
    availableNanousd: nanousd(available),
    status: 'active',
    authVersion: '7',
    postingSequence: '1',
    armed,
  });
  const [floor, want] = one < other ? [one, other] : [other, one];
  const left = [available, ...limits.map(([limit, spent]) => limit - spent)];
  const grant = [...left, want].sort((a, b) => (a < b ? -1 : 1))[0] ?? 0n;
  const short = left.findIndex((value) => value < floor);
  const requested = {
    wantNanousd: nanousd(want),
    floorNanousd: nanousd(floor),
    rates: [],
    slots: [],
    meta: '{}',
    claim: null,
  };
  const answer = await admission.authorize({
    organizationId,
    requestId: uuidv7(),
    authVersion: '7',
    scopes,
    ...requested,
  });
  const missing = { availableNanousd: left[short], shortfallNanousd: atMost(LARGEST, floor - (left[short] ?? 0n)) };
  expect(answer).toMatchObject(
    short < 0
      ? { kind: 'granted', grantedNanousd: grant }
      : { kind: 'insufficient', scope: ['organization', ...scopes][short], ...missing },
  );
  const taken = short < 0 ? grant : 0n;
  const stored = await redis.hmget(
    organizationKeys(organizationId).organization,
    'available',
    ...scopes.map((scope) => `left:${scope}`),
  );
  expect(stored).toEqual(left.map((value) => (value - taken).toString()));
}

type Step =
  | { kind: 'authorize'; want: bigint }
  | { kind: 'settle'; which: number; charge: bigint }
  | { kind: 'post'; which: number }
  | { kind: 'credit'; amount: bigint }
  | { kind: 'lose' }
  | { kind: 'forget' };

interface Waiting {
  readonly requestId: string;
  readonly charge: bigint;
  readonly settledEpoch: string;
}

/** One organisation, its ledger, and what the world did to it. */
class Course {
  readonly organizationId = uuidv7();
  readonly scope = 'key:one';
  balance = 1_000n;
  spent = 0n;
  sequence = 1n;
  running: string[] = [];
  unposted: Waiting[] = [];
  posted: (Waiting & { sequence: string })[] = [];

  constructor() {
    this.write();
  }

  write(): void {
    ledgers.set(this.organizationId, {
      availableNanousd: nanousd(this.balance),
      status: 'active',
      authVersion: '1',
      postingSequence: this.sequence.toString(),
      armed: [{ scope: this.scope, limitNanousd: nanousd(100_000n), spentNanousd: nanousd(this.spent) }],
    });
  }

  async take(step: Step): Promise<void> {
    const keys = organizationKeys(this.organizationId);
    switch (step.kind) {
      case 'authorize': {
        const requestId = uuidv7();
        if ((await this.authorize(requestId, step.want)).kind === 'granted') this.running.push(requestId);
        return;
      }
      case 'settle': {
        const [requestId] = this.running.splice(step.which % Math.max(1, this.running.length), 1);
        if (requestId !== undefined) await this.settle(requestId, step.charge);
        return;
      }
      case 'post': {
        const [one] = this.unposted.splice(step.which % Math.max(1, this.unposted.length), 1);
        if (one !== undefined) await this.post(one);
        return;
      }
      case 'credit': {
        this.balance += step.amount;
        this.sequence += 1n;
        this.write();
        const credit = {
          organizationId: this.organizationId,
          creditId: uuidv7(),
          amountNanousd: nanousd(step.amount),
          postingSequence: this.sequence.toString(),
        };
        // Told twice, as after a crash between telling and remembering it.
        await admission.credit(credit);
        await admission.credit(credit);
        return;
      }
      case 'lose':
        await redis.del(keys.generation);
        return;
      case 'forget':
        await admission.forget(this.organizationId);
        return;
    }
  }

  authorize(requestId: string, want: bigint) {
    const amounts = {
      wantNanousd: nanousd(want),
      floorNanousd: nanousd(0n),
      rates: [],
      slots: [],
      meta: '{}',
      claim: null,
    };
    return admission.authorize({
      organizationId: this.organizationId,
      requestId,
      authVersion: '1',
      scopes: [this.scope],
      ...amounts,
    });
  }

  /** Settled twice at once, as a client that retries does. */
  async settle(requestId: string, charge: bigint): Promise<void> {
    const settlement = {
      organizationId: this.organizationId,
      requestId,
      scopes: [this.scope],
      chargeNanousd: nanousd(charge),
      event: 'event',
      append: true,
    };
    const outcomes = await Promise.all([admission.settle(settlement), admission.settle(settlement)]);
    expect(outcomes.map(({ kind }) => kind)).toEqual(['settled', 'duplicate']);
    const entries = await redis.xrevrange(organizationKeys(this.organizationId).stream, '+', '-', 'COUNT', 20);
    const fields = entries.map(([, flat]) => flat).find((flat) => flat.includes(requestId)) ?? [];
    this.unposted.push({ requestId, charge, settledEpoch: fields[fields.indexOf('epoch') + 1] ?? '' });
  }

  /** Posted once, recounted twice: the worker may die between the two. */
  async post(one: Waiting): Promise<void> {
    this.balance -= one.charge;
    this.spent += one.charge;
    this.sequence += 1n;
    this.write();
    const posted = { ...one, sequence: this.sequence.toString() };
    this.posted.push(posted);
    await this.recount(posted);
    await this.recount(posted);
  }

  async recount({ requestId, charge, settledEpoch, sequence }: Waiting & { sequence: string }): Promise<void> {
    const event = {
      organizationId: this.organizationId,
      requestId,
      scopes: [this.scope],
      chargeNanousd: nanousd(charge),
      settledEpoch,
      postingSequence: sequence,
    };
    expect((await admission.recount(event)).kind).not.toBe('unavailable');
  }

  async finish(): Promise<void> {
    for (const requestId of this.running.splice(0)) await this.settle(requestId, 7n);
    for (const one of this.unposted.splice(0)) await this.post(one);
    // A worker that comes back reads everything again.
    for (const one of this.posted) await this.recount(one);
    await this.authorize(uuidv7(), 0n);
    const stored = await redis.hmget(
      organizationKeys(this.organizationId).organization,
      'available',
      `left:${this.scope}`,
    );
    expect(stored).toEqual([this.balance.toString(), (100_000n - this.spent).toString()]);
  }
}
