import { Redis } from 'ioredis';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { z } from 'zod';
import { authorizeLua } from '../../packages/admission/src/authorize.lua.js';
import { changeLua, creditLua, newsLua } from '../../packages/admission/src/change.lua.js';
import { claimExpiredLua, releaseExpiredLua } from '../../packages/admission/src/expired.lua.js';
import { extendLua } from '../../packages/admission/src/extend.lua.js';
import { organizationKeys } from '../../packages/admission/src/keys.js';
import { beginLoadLua, loadLua } from '../../packages/admission/src/load.lua.js';
import { type OwnRedis, startOwnRedis } from '../../packages/admission/src/own-redis.fixture.js';
import { recountLua } from '../../packages/admission/src/recount.lua.js';
import { openPlacesLua, renewLua } from '../../packages/admission/src/renew.lua.js';
import { settleLua } from '../../packages/admission/src/settle.lua.js';
import { acknowledgeLua, claimLua, confirmShippedLua, reclaimLua } from '../../packages/admission/src/streams.lua.js';
import { Random } from './random.ts';
import { type AuthorizeItem, authorize } from './redis/authorize.ts';
import { change, credit, news } from './redis/change.ts';
import { type Dump, dumpRedis, encodeRates, encodeSlots } from './redis/dump-redis.ts';
import { claimExpired, releaseExpired } from './redis/expired.ts';
import { extend } from './redis/extend.ts';
import { beginLoad, load } from './redis/load.ts';
import { readRedis } from './redis/read-redis.ts';
import { recount } from './redis/recount.ts';
import {
  CONFIRMED_MARKER_MS,
  emptyRedis,
  MARKER_MS,
  type Rate,
  type RedisState,
  type Reply,
  type Slot,
} from './redis/redis-state.ts';
import { openPlaces, renew } from './redis/renew.ts';
import { settle } from './redis/settle.ts';
import { acknowledge, claim, confirm, reclaim } from './redis/streams.ts';

const firstSeed = Number(process.env.TOLLGATE_SEED ?? 1);
const COURSES = 100;
const STEPS = 120;
const CLAIM_MS = 86_400_000;
const RUN = '0123456789abcdef';

let server: OwnRedis;
let redis: Redis;

beforeAll(async () => {
  server = await startOwnRedis();
  redis = new Redis(server.url);
});
afterAll(async () => {
  redis?.disconnect();
  await server?.stop();
});

const scopes = ['key:a', 'rule:b@2026-11'];
const hex = (random: Random, digits: number) =>
  Array.from({ length: digits }, () => random.below(16).toString(16)).join('');
const uuid = (random: Random) =>
  `${hex(random, 8)}-${hex(random, 4)}-7${hex(random, 3)}-8${hex(random, 3)}-${hex(random, 12)}`;

type Compared = readonly [name: string, modelled: readonly unknown[], real: unknown];

const entries = z.array(z.tuple([z.string(), z.string(), z.array(z.string())]));

/** The same course through the model and through the real scripts, whose clock is fixed by their text. */
class Course {
  readonly #random: Random;
  readonly #organization: string;
  readonly #requests: string[];
  readonly #keys: ReturnType<typeof organizationKeys>;
  readonly #claims = ['c'.repeat(16), 'd'.repeat(16)];
  #state: RedisState = emptyRedis();
  #run = RUN;
  #nowMs = 1_795_000_000_000;
  #sequence = 10n;
  #loads: { generation: string; newsSeen: string; epochSeen: string }[] = [];
  readonly codes = new Set<string>();

  constructor(seed: number) {
    this.#random = new Random(seed);
    this.#organization = uuid(this.#random);
    this.#requests = Array.from({ length: 5 }, () => uuid(this.#random));
    this.#keys = organizationKeys(this.#organization);
  }

  async run(): Promise<void> {
    await redis.flushall();
    for (let step = 0; step < STEPS; step += 1) {
      this.#nowMs += this.#random.below(300);
      const [name, modelled, real] = await this.#step();
      expect(real, `step ${step} ${name}`).toEqual(modelled);
      const [code = ''] = modelled;
      this.codes.add(`${name} ${String(code)}`);
      expect(await this.#stored(), `step ${step} ${name} ${modelled.join(' ')}`).toEqual(
        dumpRedis(this.#state, this.#organization),
      );
    }
  }

  #step(): Promise<Compared> {
    const steps: (() => Promise<Compared>)[] = [
      () => this.#authorize(),
      () => this.#authorize(),
      () => this.#authorize(),
      () => this.#settle(),
      () => this.#settle(),
      () => this.#recount(),
      () => this.#recount(),
      () => this.#renew(),
      () => this.#extend(),
      () => this.#begin(),
      () => this.#load(),
      () => this.#load(),
      () => this.#credit(),
      () => this.#change(),
      () => this.#sweep(),
      () => this.#drain(),
      () => this.#disturb(),
    ];
    return this.#random.pick(steps)();
  }

  get #stamp() {
    return { run: this.#run, nowMs: this.#nowMs };
  }

  async #eval(script: string, keys: readonly string[], args: readonly (string | number | bigint)[]): Promise<unknown> {
    const seconds = Math.floor(this.#nowMs / 1_000);
    const micros = (this.#nowMs % 1_000) * 1_000;
    const fixed = script.replaceAll("redis.call('TIME')", `{ '${seconds}', '${micros}' }`);
    return redis.eval(fixed, keys.length, ...keys, ...args.map(String));
  }

  #rates(): Rate[] {
    const all: Rate[] = [
      { rule: 'r1', kind: 'r', windowMs: 60_000, limit: 7, take: 1 },
      {
        rule: 't1',
        kind: 't',
        windowMs: 60_000,
        limit: this.#random.below(3) === 0 ? 0 : 500,
        take: this.#random.below(300),
      },
    ];
    return all.filter(() => this.#random.once(2));
  }

  #slots(): Slot[] {
    return this.#random.once(2) ? [{ rule: 's1', limit: this.#random.between(1, 3) }] : [];
  }

  async #authorize() {
    const random = this.#random;
    const floor = BigInt(random.below(300));
    const item: AuthorizeItem = {
      organization: this.#organization,
      request: random.pick(this.#requests),
      auth: BigInt(random.once(8) ? random.below(4) : 1),
      floor,
      want: floor + BigInt(random.below(300)),
      timeToLiveMs: random.between(1, 5_000),
      scopes: scopes.filter(() => random.once(2)),
      slots: this.#slots(),
      rates: this.#rates(),
      meta: '{"v":1}|x',
      claim: random.once(3) ? { key: random.pick(this.#claims), body: 'b'.repeat(16) } : null,
    };
    const { organization, holds, expiry, donePrefix, generation, rates, claimPrefix } = this.#keys;
    const done = donePrefix + item.request;
    const claimKey = item.claim === null ? done : claimPrefix + item.claim.key;
    const modelled = authorize(this.#state, this.#stamp, 'boot:1', item);
    const real = await this.#eval(
      authorizeLua,
      [organization, holds, expiry, done, generation, rates, claimKey],
      [
        ...[this.#run, 'boot:1', CLAIM_MS, item.organization, item.request, item.auth, item.want, item.floor],
        ...[item.timeToLiveMs, item.scopes.join(','), encodeSlots(item.slots), encodeRates(item.rates), item.meta],
        item.claim?.body ?? '',
      ],
    );
    return ['authorize', flat(modelled), real] as const;
  }

  async #settle() {
    const random = this.#random;
    const request = random.pick(this.#requests);
    const becomes: 'done' | 'free' = random.once(2) ? 'done' : 'free';
    const item = {
      organization: this.#organization,
      request,
      charge: BigInt(random.once(3) ? 0 : random.below(400)),
      event: random.once(4) ? null : `e${random.below(1_000)}`,
      scopes: random.once(3) ? null : scopes.filter(() => random.once(2)),
      tokens: random.once(2) ? null : random.below(400),
      isUnsent: random.once(3),
      claim: random.once(3) ? { key: random.pick(this.#claims), becomes } : null,
    };
    const keys = this.#keys;
    const done = keys.donePrefix + request;
    const modelled = settle(this.#state, this.#stamp, item);
    const real = await this.#eval(
      settleLua,
      [
        ...[keys.organization, keys.holds, keys.expiry, done, keys.generation, keys.stream, keys.orphans, keys.rates],
        item.claim === null ? done : keys.claimPrefix + item.claim.key,
      ],
      [
        ...[this.#run, MARKER_MS, CLAIM_MS, item.organization, request, item.charge, item.event === null ? 0 : 1],
        ...[
          item.event ?? '',
          item.scopes?.join(',') ?? '*',
          item.tokens ?? '',
          item.isUnsent ? 1 : 0,
          item.claim?.becomes ?? '',
        ],
      ],
    );
    return ['settle', flat(modelled), real] as const;
  }

  async #recount() {
    const random = this.#random;
    const { organization, holds, expiry, donePrefix, generation, news: newsKey } = this.#keys;
    const request = random.pick(this.#requests);
    const epoch = this.#state.organizations.get(this.#organization)?.epoch ?? '';
    const debited = this.#state.markers.get(request)?.amount ?? '';
    const item = {
      organization: this.#organization,
      request,
      charge: /^\d+$/.test(debited) && random.once(2) ? BigInt(debited) : BigInt(random.below(400)),
      settled: random.once(2) ? epoch : '',
      sequence: random.once(10) ? null : this.#nextSequence(),
      scopes: scopes.filter(() => random.once(2)),
      isForgotten: random.once(10),
    };
    const modelled = recount(this.#state, this.#stamp, item);
    const real = await this.#eval(
      recountLua,
      [organization, holds, expiry, donePrefix + request, generation, newsKey],
      [
        ...[this.#run, MARKER_MS, item.organization, request, item.charge, item.settled, item.sequence ?? ''],
        ...[item.scopes.join(','), item.isForgotten ? 1 : 0],
      ],
    );
    return ['recount', flat(modelled), real] as const;
  }

  async #renew() {
    const random = this.#random;
    const keys = this.#keys;
    const request = random.pick(this.#requests);
    const slots = this.#slots();
    const claim = random.once(3) ? { key: random.pick(this.#claims), body: 'body' } : null;
    const done = keys.donePrefix + request;
    const hold = { amount: BigInt(random.below(200)), boot: 'boot:2', scopes, slots, rates: this.#rates(), meta: 'm' };
    const item = { organization: this.#organization, request, hold, timeToLiveMs: random.between(1, 5_000), claim };
    const modelled = renew(this.#state, this.#stamp, item);
    const rest = [hold.boot, scopes.join(','), encodeSlots(slots), encodeRates(hold.rates), hold.meta].join('|');
    const real = await this.#eval(
      renewLua,
      [
        ...[keys.organization, keys.holds, keys.expiry, done, keys.generation, keys.orphans],
        claim === null ? done : keys.claimPrefix + claim.key,
      ],
      [this.#run, item.timeToLiveMs, CLAIM_MS, item.organization, request, hold.amount, rest, claim?.body ?? ''],
    );
    return ['renew', flat(modelled), real] as const;
  }

  async #extend() {
    const random = this.#random;
    const floor = BigInt(random.below(200));
    const item = {
      organization: this.#organization,
      request: random.pick(this.#requests),
      floor,
      want: floor + BigInt(random.below(200)),
    };
    const modelled = extend(this.#state, this.#stamp, item);
    const { organization, holds, generation } = this.#keys;
    const args = [this.#run, item.request, item.want, item.floor];
    return ['extend', flat(modelled), await this.#eval(extendLua, [organization, holds, generation], args)] as const;
  }

  async #begin() {
    const { generation, news: newsKey, organization, firstSeen } = this.#keys;
    const fresh = hex(this.#random, 12);
    const modelled = beginLoad(this.#state, this.#stamp, this.#organization, fresh);
    this.#loads.push({ generation: modelled.code, newsSeen: modelled.first, epochSeen: modelled.second });
    const real = await this.#eval(beginLoadLua, [generation, newsKey, organization, firstSeen], [this.#run, fresh]);
    return ['begin', [modelled.code, modelled.first, modelled.second], real] as const;
  }

  async #load() {
    if (this.#loads.length === 0 || this.#random.once(2)) return this.#begin();
    const random = this.#random;
    const begun = this.#loads[this.#loads.length - 1 - random.below(Math.min(2, this.#loads.length))];
    if (begun === undefined) return this.#begin();
    const sequence = this.#sequence;
    const snapshot = {
      available: BigInt(random.below(2_000)),
      status: random.once(8) ? 'suspended' : 'active',
      auth: 1n,
      sequence,
      armed: scopes.map((scope) => ({ scope, limit: 1_000n, left: BigInt(random.below(1_000)) })),
    };
    const loadId = hex(random, 12);
    const item = { organization: this.#organization, ...begun, loadId, gateMs: random.once(3) ? 20_000 : 0, snapshot };
    const modelled = load(this.#state, this.#stamp, item);
    const keys = this.#keys;
    const real = await this.#eval(
      loadLua,
      [keys.organization, keys.holds, keys.expiry, keys.generation, keys.orphans, keys.news, keys.firstSeen],
      [
        ...[this.#run, begun.generation, loadId, begun.newsSeen, begun.epochSeen, snapshot.available, snapshot.status],
        ...[snapshot.auth, sequence, item.gateMs, this.#organization],
        ...snapshot.armed.flatMap(({ scope, limit, left }) => [scope, limit, left]),
      ],
    );
    return ['load', [modelled.code, modelled.first], real] as const;
  }

  async #credit() {
    const random = this.#random;
    const id = random.pick(this.#requests);
    const sequence = random.once(8) ? null : this.#nextSequence();
    const amount = BigInt(random.below(600) - 200);
    const { organization, donePrefix, generation, news: newsKey } = this.#keys;
    const modelled = credit(this.#state, this.#stamp, {
      organization: this.#organization,
      credit: id,
      amount,
      sequence,
    });
    const args = [this.#run, amount, sequence ?? '', MARKER_MS];
    const real = await this.#eval(creditLua, [organization, donePrefix + id, generation, newsKey], args);
    return ['credit', [modelled.code, modelled.first], real] as const;
  }

  async #change() {
    const random = this.#random;
    const { organization, generation, news: newsKey } = this.#keys;
    const armed = [{ scope: random.pick(scopes), limit: BigInt(random.below(2_000)), left: BigInt(random.below(900)) }];
    const limits = random.pick(['same', 'unknown', armed] as const);
    const auth = random.once(2) ? null : BigInt(random.below(3));
    const status = random.once(2) ? null : random.once(4) ? 'suspended' : 'active';
    if (random.once(6)) {
      news(this.#state, this.#stamp, this.#organization);
      return ['news', ['OK', ''], await this.#eval(newsLua, [newsKey], [])] as const;
    }
    const modelled = change(this.#state, this.#stamp, { organization: this.#organization, auth, status, limits });
    const real = await this.#eval(
      changeLua,
      [organization, generation, newsKey],
      [
        ...[this.#run, auth ?? '', status ?? '', typeof limits === 'string' ? limits : 'changed'],
        ...(typeof limits === 'string' ? [] : limits.flatMap(({ scope, limit, left }) => [scope, limit, left])),
      ],
    );
    return ['change', [modelled.code, modelled.first], real] as const;
  }

  async #sweep() {
    const keys = this.#keys;
    const leaseMs = this.#random.between(1, 2_000);
    const claimed = claimExpired(this.#state, this.#nowMs, 1, leaseMs);
    const real = await this.#eval(claimExpiredLua, [keys.expiry], [1, leaseMs]);
    const rows = claimed.map(({ organization, request, claimedUntilMs }) => [
      0,
      `${organization}|${request}`,
      String(claimedUntilMs),
    ]);
    expect(real).toEqual(rows);
    const [one] = claimed;
    if (one === undefined) return ['claimExpired', ['nothing'], ['nothing']] as const;
    const claimedUntilMs = this.#random.once(5) ? one.claimedUntilMs - 1 : one.claimedUntilMs;
    const claimKey = this.#random.once(2) ? this.#random.pick(this.#claims) : null;
    const released = releaseExpired(this.#state, this.#stamp, { ...one, claimedUntilMs, claim: claimKey });
    const answer = await this.#eval(
      releaseExpiredLua,
      [
        ...[keys.organization, keys.holds, keys.expiry, keys.generation, keys.orphans],
        claimKey === null ? keys.orphans : keys.claimPrefix + claimKey,
      ],
      [this.#run, one.organization, one.request, claimedUntilMs],
    );
    return ['releaseExpired', flat(released), answer] as const;
  }

  async #drain() {
    const random = this.#random;
    const { stream, donePrefix } = this.#keys;
    if (random.once(4)) {
      const request = random.pick(this.#requests);
      confirm(this.#state, request, 's', this.#nowMs);
      const real = await this.#eval(confirmShippedLua, [donePrefix + request], [CONFIRMED_MARKER_MS]);
      return ['confirm', [1], [real]] as const;
    }
    const isReclaim = random.once(2);
    const taken = isReclaim
      ? reclaim(this.#state.stream, 'one', { count: 2, idleMs: 0, nowMs: this.#nowMs })
      : claim(this.#state.stream, 'one', 2, this.#nowMs);
    const real = await this.#take(isReclaim ? reclaimLua : claimLua, stream);
    expect(real.map(({ request }) => request)).toEqual(taken.map(({ request }) => request));
    if (random.once(2)) return ['claim', [taken.length], [real.length]] as const;
    acknowledge(this.#state, taken, this.#nowMs);
    const keys = taken.flatMap(({ request }) => [stream, donePrefix + request]);
    if (taken.length > 0)
      await this.#eval(acknowledgeLua, keys, ['ledger', CONFIRMED_MARKER_MS, ...real.map(({ id }) => id)]);
    return ['acknowledge', [taken.length], [real.length]] as const;
  }

  async #take(script: string, stream: string): Promise<{ id: string; request: string }[]> {
    const args = script === claimLua ? ['ledger', 'one', 2] : ['ledger', 'one', 2, 0, 3_600_000];
    const rows = await this.#eval(script, [stream], args);
    return entries.parse(rows).map(([, id, fields]) => ({ id, request: fields[fields.indexOf('request') + 1] ?? '' }));
  }

  /** A restart, a flush of everything, a lost generation, or another gateway that opens the place. */
  async #disturb() {
    const random = this.#random;
    const { generation, firstSeen } = this.#keys;
    if (random.once(3)) {
      this.#run = hex(random, 16);
      return ['restart', [], []] as const;
    }
    if (random.once(6)) {
      await redis.flushall();
      this.#state = emptyRedis();
      return ['flush', [], []] as const;
    }
    const fresh = hex(random, 12);
    const modelled = openPlaces(this.#state, this.#stamp, fresh);
    const real = await this.#eval(openPlacesLua, [generation, firstSeen], [this.#run, fresh]);
    return ['openPlaces', [modelled.code], [real]] as const;
  }

  #nextSequence(): bigint {
    if (this.#random.once(2)) this.#sequence += 1n;
    return this.#sequence - BigInt(this.#random.below(3));
  }

  #stored(): Promise<Dump> {
    return readRedis(redis, { organization: this.#organization, requests: this.#requests, claims: this.#claims });
  }
}

const flat = ({ code, first, second, third }: Reply): unknown[] => [code, first, second, third];

describe('the reducers of the simulation are the scripts', () => {
  it(`answer and write the same, over random courses (seed ${firstSeed})`, async () => {
    const codes = new Set<string>();
    for (let index = 0; index < COURSES; index += 1) {
      const course = new Course(firstSeed * 1_000 + index);
      await course.run();
      for (const code of course.codes) codes.add(code);
    }
    const missing = EXPECTED.filter((code) => !codes.has(code));
    expect(missing).toEqual([]);
  });
});

/** A course that never gets there proves nothing about it. */
const EXPECTED = [
  ...['GRANTED', 'HELD', 'SHORT', 'RATE', 'BUSY', 'REPEATED', 'STALE_KEY', 'SUSPENDED', 'DONE', 'WAIT', 'RELOAD'].map(
    (code) => `authorize ${code}`,
  ),
  ...['SETTLED', 'DEFERRED', 'DUPLICATE', 'UNLOADED'].map((code) => `settle ${code}`),
  ...['COUNTED', 'INSIDE', 'DEBITED', 'DUPLICATE', 'UNLOADED', 'RELOAD'].map((code) => `recount ${code}`),
  ...['KEPT', 'ASSERTED', 'DONE', 'NO_PLACE'].map((code) => `renew ${code}`),
  ...['EXTENDED', 'SHORT', 'GONE'].map((code) => `extend ${code}`),
  ...['LOADED', 'STALE', 'NEWS', 'RACE'].map((code) => `load ${code}`),
  ...['CREDITED', 'DUPLICATE', 'INSIDE', 'UNLOADED', 'RELOAD'].map((code) => `credit ${code}`),
  ...['CHANGED', 'KNOWN', 'UNLOADED'].map((code) => `change ${code}`),
  ...['RELEASED', 'RENEWED'].map((code) => `releaseExpired ${code}`),
];
