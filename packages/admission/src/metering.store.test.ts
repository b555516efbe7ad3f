import { nanousd } from '@tollgate/amount';
import type { Redis } from 'ioredis';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { Admission, AuthorizeRequest } from './admission.js';
import { createAdmission } from './create-admission.js';
import { organizationKeys } from './keys.js';
import { uuidv7 } from './uuid.fixture.js';
import { type Ledger, snapshot, World } from './world.fixture.js';

let world: World;
let ledger: Ledger;
let organizationId: string;
const opened: { redis: Redis; admission: Admission }[] = [];

beforeAll(async () => {
  world = await World.open();
});
afterAll(async () => {
  for (const { redis, admission } of opened) {
    await admission.close();
    redis.disconnect();
  }
  await world?.close();
});
beforeEach(() => {
  ({ organizationId, ledger } = world.next());
});

const CENT = 10_000_000n;
const HOLD = 3_000_000n;

/** Another gateway on the same Redis, with a connection of its own and the clock it believes in. */
async function gateway(name: string, offsetMs = 0): Promise<Admission> {
  const redis = world.redis.duplicate();
  const now = () => Date.now() + offsetMs;
  const loadOrganization = async () => ledger.snapshot;
  const admission = createAdmission({ redis, gatewayBoot: name, now, loadOrganization });
  opened.push({ redis, admission });
  await expect.poll(() => admission.epoch(), { timeout: 10_000 }).not.toBeNull();
  return admission;
}

/** UUIDv7s of another millisecond. */
function idAt(atMs: number): string {
  const hex = atMs.toString(16).padStart(12, '0');
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}${uuidv7().slice(13)}`;
}

const holds = async () => {
  const fields = await world.redis.hkeys(organizationKeys(organizationId).holds);
  return fields.filter((field) => !field.startsWith('#'));
};
const armed = (scope: string, limit: bigint) => ({ scope, limitNanousd: nanousd(limit), spentNanousd: nanousd(0n) });

describe('several gateways', () => {
  const projects = ['one', 'two', 'three'].map((name) => ({ key: `key:${name}`, budget: `rule:${name}@2026-11` }));
  const ORGANIZATION = 'rule:all@2026-11';

  /** A thousand requests at once, dealt out over four gateways and the keys of three projects. */
  async function thousand(gateways: readonly Admission[]): Promise<{ granted: AuthorizeRequest[]; refused: string[] }> {
    const asked = Array.from({ length: 1_000 }, (_, index) => {
      const { key, budget } = projects[index % 3] ?? projects[0] ?? { key: '', budget: '' };
      return world.ask({ want: HOLD, scopes: [key, budget, ORGANIZATION] });
    });
    const answers = await Promise.all(
      asked.map((request, index) => (gateways[index % 4] ?? world.admission).authorize(request)),
    );
    return {
      granted: asked.filter((_, index) => answers[index]?.kind === 'granted'),
      refused: answers.flatMap((answer) => (answer.kind === 'insufficient' ? [answer.scope] : [])),
    };
  }

  const limits = (key: bigint, project: bigint, organization: bigint) => [
    ...projects.flatMap((one) => [armed(one.key, key), armed(one.budget, project)]),
    armed(ORGANIZATION, organization),
  ];

  it.each([
    { what: 'the balance', balance: CENT, key: CENT, project: CENT, organization: CENT, admitted: 3 },
    {
      what: 'the organisation’s budget',
      balance: 100n * CENT,
      key: CENT,
      project: CENT,
      organization: 20_000_000n,
      admitted: 6,
    },
    {
      what: 'each project’s budget',
      balance: 100n * CENT,
      key: CENT,
      project: 6_000_000n,
      organization: 5n * CENT,
      admitted: 6,
    },
    {
      what: 'each key’s limit',
      balance: 100n * CENT,
      key: 3_999_999n,
      project: CENT,
      organization: 5n * CENT,
      admitted: 3,
    },
  ])(
    'M2: keys of three projects at four gateways spend no more than $what allows, and every count agrees afterwards',
    async (terms) => {
      const { balance, key, project, organization, admitted } = terms;
      ledger.snapshot = snapshot(balance, { armed: limits(key, project, organization) });
      const gateways = await Promise.all([1, 2, 3, 4].map((index) => gateway(`gateway:${index}`)));
      const { granted, refused } = await thousand(gateways);
      expect([granted.length, refused.length]).toEqual([admitted, 1_000 - admitted]);
      const spent = 1_000_001n;
      for (const request of granted)
        await gateways[0]?.settle(world.pay(request.requestId, spent, { scopes: request.scopes }));
      const total = BigInt(admitted) * spent;
      expect(await world.left()).toBe((balance - total).toString());
      expect(await world.left(`left:${ORGANIZATION}`)).toBe((organization - total).toString());
      for (const one of projects) {
        const own = BigInt(granted.filter(({ scopes }) => scopes.includes(one.key)).length) * spent;
        expect(await world.left(`left:${one.key}`)).toBe((key - own).toString());
        expect(await world.left(`left:${one.budget}`)).toBe((project - own).toString());
      }
      expect(await holds()).toEqual([]);
    },
    30_000,
  );

  it('M24: however many keys, projects and gateways an organisation spreads its requests over, its rate is one', async () => {
    ledger.snapshot = snapshot(100n * CENT, { armed: limits(CENT, CENT, CENT) });
    const gateways = await Promise.all([1, 2].map((index) => gateway(`gateway:rate:${index}`)));
    const rate = { ruleId: uuidv7(), measure: 'requests', windowMs: 86_400_000, limit: 25, take: 1 } as const;
    const answers = await Promise.all(
      Array.from({ length: 400 }, (_, index) =>
        (gateways[index % 2] ?? world.admission).authorize(
          world.ask({ scopes: [projects[index % 3]?.key ?? ''], rates: [rate] }),
        ),
      ),
    );
    expect(answers.filter(({ kind }) => kind === 'granted')).toHaveLength(25);
    expect(answers.filter(({ kind }) => kind === 'rate_limited')).toHaveLength(375);
  });
});

describe('clocks', () => {
  it('M18: gateways ten minutes apart share rates and holds: time is Redis’s own, whatever they believe', async () => {
    ledger.snapshot = snapshot(CENT);
    const [early, late] = [await gateway('gateway:early', -600_000), await gateway('gateway:late', 600_000)];
    const rate = { ruleId: uuidv7(), measure: 'requests', windowMs: 60_000, limit: 4, take: 1 } as const;
    const asked = [early, late, early, late, early, late].map((admission, index) => {
      const atMs = Date.now() + (index % 2 === 0 ? -600_000 : 600_000);
      return { admission, request: world.ask({ requestId: idAt(atMs), want: 1_000n, rates: [rate] }) };
    });
    const kinds: string[] = [];
    for (const { admission, request } of asked) kinds.push((await admission.authorize(request)).kind);
    expect(kinds).toEqual([...Array(4).fill('granted'), 'rate_limited', 'rate_limited']);
    for (const admission of [early, late]) {
      const expired = await admission.expiredHolds({ limit: 1_000 });
      expect(expired.filter((hold) => hold.organizationId === organizationId)).toEqual([]);
    }
    // Each settles what the other admitted.
    for (const { admission, request } of asked.slice(0, 4)) {
      const other = admission === early ? late : early;
      expect(await other.settle(world.pay(request.requestId, 700n))).toEqual({ kind: 'settled' });
    }
    expect(await world.left()).toBe((CENT - 4n * 700n).toString());
  });

  it('M19: a budget that begins anew at midnight leaves running requests in the period they were admitted in', async () => {
    const [today, tomorrow] = ['rule:1@2026-11-20', 'rule:1@2026-11-21'];
    ledger.snapshot = snapshot(CENT, { armed: [armed(today, 1_000n), armed(tomorrow, 1_000n)] });
    const { admission } = world;
    const running = Array.from({ length: 100 }, () => world.ask({ want: 10n, scopes: [today] }));
    for (const request of running) expect((await admission.authorize(request)).kind).toBe('granted');
    expect(await admission.authorize(world.ask({ want: 1n, scopes: [today] }))).toMatchObject({ scope: today });
    const next = world.ask({ want: 1_000n, scopes: [tomorrow] });
    expect(await admission.authorize(next)).toMatchObject({ kind: 'granted' });
    expect(await world.left(`left:${today}`)).toBe('0');
    for (const request of running) await admission.settle(world.pay(request.requestId, 4n, { scopes: [today] }));
    expect(await world.left(`left:${today}`)).toBe('600');
    expect(await world.left(`left:${tomorrow}`)).toBe('0');
    await admission.settle(world.pay(next.requestId, 0n, { scopes: [tomorrow], append: false }));
    expect(await world.left(`left:${tomorrow}`)).toBe('1000');
  });
});

describe('a hold', () => {
  it.each([0n, 1n, 5n * 10n ** 18n])(
    'M4: of %s is taken however rich the organisation is: nobody is trusted past it',
    async (want) => {
      ledger.snapshot = snapshot(9n * 10n ** 18n);
      const request = world.ask({ want });
      expect(await world.admission.authorize(request)).toMatchObject({ kind: 'granted', grantedNanousd: want });
      expect(await holds()).toEqual([request.requestId]);
      expect(await world.left()).toBe((9n * 10n ** 18n - want).toString());
    },
  );

  it('M5: that was broken is charged to the nano-dollar, below zero if need be, and the next request waits for credit', async () => {
    ledger.snapshot = snapshot(100n);
    const request = world.ask({ want: 100n });
    await world.admission.authorize(request);
    await world.admission.settle(world.pay(request.requestId, 10_000_000_001n));
    expect(await world.left()).toBe('-9999999901');
    expect(await world.admission.authorize(world.ask({ want: 1n }))).toMatchObject({ kind: 'insufficient' });
  });

  it('M17: is settled once: a settlement that is sent again, by whomever, charges nothing more', async () => {
    ledger.snapshot = snapshot(CENT);
    const restarted = await gateway('gateway:restarted');
    const request = world.ask({ want: HOLD });
    await world.admission.authorize(request);
    const settlement = world.pay(request.requestId, 1_234_567n);
    const answers = await Promise.all(
      Array.from({ length: 20 }, (_, index) => (index % 2 === 0 ? world.admission : restarted).settle(settlement)),
    );
    expect(answers.filter(({ kind }) => kind === 'settled')).toHaveLength(1);
    expect(await world.left()).toBe((CENT - 1_234_567n).toString());
    expect(await world.appended()).toHaveLength(1);
  });
});
