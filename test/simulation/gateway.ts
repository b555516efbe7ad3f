import { redis, Signal, type Steps, sleep, sql, wait } from './effects.ts';
import { encodeRecord, SCOPE, type UsageRecord } from './ledger.ts';
import { Loader } from './organization-loader.ts';
import type { RequestPlan } from './plan.ts';
import { Random } from './random.ts';
import { type AuthorizeItem, authorize } from './redis/authorize.ts';
import { extend } from './redis/extend.ts';
import type { Hold, Reply } from './redis/redis-state.ts';
import { openPlaces, renew } from './redis/renew.ts';
import { type SettleItem, settle } from './redis/settle.ts';
import { confirm } from './redis/streams.ts';
import { tellPosted } from './tell-posted.ts';
import type { TrueRequest } from './truth.ts';
import { Actor, type Process, type World } from './world.ts';

const TIME_TO_LIVE_MS = 90_000;
const RENEW_MS = 20_000;
const GATE_MS = 400;
const POLL_MS = 100;
const PATIENCE_MS = 50;
const SYNC_MS = 20;
const SHIP_AFTER_MS = 2_000;
const RETRY_MS = 500;

interface SpoolLine {
  readonly record: UsageRecord;
  isSynced: boolean;
}

const codeOf = ({ code }: Reply): string => code;

/** One gateway: its memory dies with the process, its disk does not. */
export class Gateway {
  readonly actor: Actor;
  disk: SpoolLine[] = [];
  #boot = 0;
  #loader: Loader;
  #live = new Map<string, { readonly organization: string; hold: Hold }>();
  /** settlements that are not known to be in the ledger */
  #unposted = new Map<string, SettleItem>();
  #knownPlace = '';
  #synced = new Signal();
  #isSyncing = false;

  constructor(
    readonly world: World,
    readonly index: number,
    readonly truth: ReadonlyMap<string, TrueRequest>,
  ) {
    this.actor = new Actor(`gateway${index}`, world, new Random(world.random.bits()));
    this.#loader = this.#newLoader();
    this.boot();
  }

  get #bootName(): string {
    return `g${this.index}:${this.#boot}`;
  }

  #newLoader(): Loader {
    return new Loader(this.actor, this.world.defect === 'no_gate' ? 0 : GATE_MS);
  }

  /** A new process over the same disk: looks at Redis, then brings back what its disk has and the ledger has not. */
  boot(): void {
    const { actor, world } = this;
    actor.isAlive = true;
    actor.run = world.redis.isUp ? world.redis.run : null;
    this.#boot += 1;
    this.#loader = this.#newLoader();
    this.#live = new Map();
    this.#unposted = new Map();
    this.#knownPlace = '';
    this.#isSyncing = false;
    this.look();
    for (const { record } of this.disk) actor.start('replay', 'looking', (process) => this.#replay(process, record));
  }

  /** Nothing of the memory survives; what was not synced survives the process but not the machine. */
  die(how: 'process' | 'power' | 'disk'): void {
    const { statistics } = this.world;
    this.actor.kill();
    const lost = how === 'process' ? [] : this.disk.filter(({ isSynced }) => how === 'disk' || !isSynced);
    if (how === 'power' && lost.length > 0) statistics.hit('spool torn');
    if (how === 'disk' && lost.length > 0) statistics.hit('spool lost');
    this.disk = this.disk.filter((line) => !lost.includes(line));
    for (const { record } of lost) this.#truthOf(record.request).isOnDisk = false;
    for (const truth of this.truth.values()) if (truth.plan.gateway === this.index) truth.isRunning = false;
  }

  /** Behind the connection is another process, or the data may be gone. */
  look(): void {
    this.actor.start('look', 'looking', () => this.#lookUntilSeen());
  }

  reconnect(): void {
    if (!this.actor.isAlive) return;
    this.actor.run = this.world.redis.run;
    this.look();
    this.#assertAll();
  }

  /** The same server again, after it could not be reached. */
  reconnectSame(): void {
    if (this.actor.isAlive && this.actor.run !== null) this.reconnect();
  }

  begin(plan: RequestPlan): void {
    if (this.actor.isAlive) this.actor.start('request', 'authorizing', (process) => this.#request(process, plan));
  }

  #truthOf(request: string): TrueRequest {
    const found = this.truth.get(request);
    if (found === undefined) throw new Error(`no request ${request}`);
    return found;
  }

  *#lookUntilSeen(): Steps {
    while (!(yield* this.#look())) yield* sleep(POLL_MS);
  }

  /** PlaceWatch: opens the place where it is gone; a place that is another than before is a loss. */
  *#look(): Steps<boolean> {
    const found = yield* redis({
      name: 'mget',
      isReading: true,
      run: (state, { run }) => (state.generation === null ? null : `${run}:${state.generation}`),
      code: (place) => (place === null ? 'missing' : 'found'),
    });
    if (found.kind === 'failed') return false;
    if (found.value !== null) {
      this.#learn(found.value);
      return true;
    }
    const fresh = this.world.nextId();
    const opened = yield* redis({
      name: 'open',
      run: (state, stamp) => `${stamp.run}:${openPlaces(state, stamp, fresh).code}`,
      code: () => 'OPENED',
    });
    if (opened.kind === 'failed') return false;
    this.#learn(opened.value);
    return true;
  }

  #learn(place: string): void {
    if (place === this.#knownPlace) return;
    const isFirst = this.#knownPlace === '';
    this.#knownPlace = place;
    if (isFirst) return;
    this.#assertAll();
    if (this.world.defect === 'no_settling_again') return;
    for (const item of this.#unposted.values())
      this.actor.start('settle', 'settling', (one) => this.#settle(one, item, new Signal()));
  }

  #assertAll(): void {
    if (this.world.defect === 'no_reassertion') return;
    for (const request of this.#live.keys()) this.actor.start('renew', 'renewing', () => this.#renewNow(request));
  }

  *#keepAlive(request: string): Steps {
    yield* sleep(RENEW_MS);
    while (this.#live.has(request)) {
      const isRenewed = yield* this.#renewOne(request);
      yield* sleep(isRenewed ? RENEW_MS : 1_000);
    }
  }

  *#renewNow(request: string): Steps {
    yield* this.#renewOne(request);
  }

  *#renewOne(request: string): Steps<boolean> {
    for (let tries = 0; tries < 3; tries += 1) {
      const live = this.#live.get(request);
      if (live === undefined) return true;
      const item = {
        organization: live.organization,
        request,
        hold: live.hold,
        timeToLiveMs: TIME_TO_LIVE_MS,
        claim: null,
      };
      const renewed = yield* redis({
        name: 'renew',
        about: request,
        run: (state, stamp) => renew(state, stamp, item),
        code: codeOf,
      });
      if (renewed.kind === 'replied' && renewed.value.code !== 'NO_PLACE') return true;
      yield* this.#look();
      yield* sleep(50);
    }
    return false;
  }

  *#request(process: Process, plan: RequestPlan): Steps {
    const truth = this.#truthOf(plan.id);
    const item = yield* this.#authorize(plan);
    if (item === null) return;
    process.phase = 'held';
    this.actor.start('keep', 'keeping', () => this.#keepAlive(plan.id));
    yield* sleep(plan.durationMs);
    if (plan.extension > 0) {
      process.phase = 'extending';
      yield* this.#extend(plan, truth);
      yield* sleep(Math.min(50, plan.durationMs));
    }
    const wanted = BigInt(plan.charge);
    const charge = plan.isOverrun || wanted < truth.held ? wanted : truth.held;
    const record: UsageRecord = { request: plan.id, organization: plan.organization, charge, ending: 'settled' };
    this.disk.push({ record, isSynced: false });
    this.world.statistics.hit('spool appended');
    Object.assign(truth, { charge, isOnDisk: true, isRunning: false });
    process.phase = 'spooled';
    const synced = this.#syncSoon();
    const settlement = settlementOf(record, plan);
    this.#live.delete(plan.id);
    this.#unposted.set(plan.id, settlement);
    const confirmed = new Signal();
    this.actor.start('settle', 'settling', (one) => this.#settle(one, settlement, confirmed));
    this.actor.start('ship', 'waiting', (one) => this.#ship(one, record));
    yield* wait(confirmed, PATIENCE_MS);
    process.phase = 'settled';
    if (!confirmed.isDone) {
      yield* wait(synced);
      process.phase = 'synced';
    }
    yield* sleep(0);
    truth.isTerminal = true;
    this.world.say(`${plan.id} is answered to its end`);
  }

  /** Null when it was refused; then nothing runs. */
  *#authorize(plan: RequestPlan): Steps<AuthorizeItem | null> {
    const { world, actor } = this;
    const truth = this.#truthOf(plan.id);
    const read = yield* sql((ledger) => ledger.account(plan.organization).auth);
    if (read === null) return null;
    const item = authorizeItem(plan, read.value);
    const boot = this.#bootName;
    let [loads, waits] = [0, 0];
    for (;;) {
      const answer = yield* redis({
        name: 'authorize',
        about: plan.id,
        run: (state, stamp) => authorize(state, stamp, boot, item),
        code: codeOf,
        observe: (granted) => world.witness?.granted(item, granted),
      });
      if (answer.kind === 'failed') {
        if (answer.mayHaveRun)
          actor.start('settle', 'settling', (one) => this.#settle(one, releaseOf(plan), new Signal()));
        return null;
      }
      const { code, first } = answer.value;
      if (code === 'WAIT' && waits < 2) {
        waits += 1;
        yield* sleep(Number(first) + 1);
      } else if (code === 'RELOAD' && loads < 2) {
        loads += 1;
        if (!(yield* this.#loader.load(plan.organization, first))) return null;
      } else if (code === 'GRANTED' || code === 'HELD') {
        const hold = { ...item, amount: BigInt(first), boot };
        this.#live.set(plan.id, { organization: plan.organization, hold });
        Object.assign(truth, { held: hold.amount, isRunning: true });
        world.say(`${plan.id} runs with ${hold.amount}`);
        return item;
      } else return null;
    }
  }

  *#extend(plan: RequestPlan, truth: TrueRequest): Steps {
    const want = BigInt(plan.extension);
    const item = { organization: plan.organization, request: plan.id, want, floor: want / 2n };
    const answer = yield* redis({
      name: 'extend',
      about: plan.id,
      run: (state, stamp) => extend(state, stamp, item),
      code: codeOf,
    });
    const live = this.#live.get(plan.id);
    if (answer.kind === 'failed' || answer.value.code !== 'EXTENDED' || live === undefined) return;
    const amount = BigInt(answer.value.first);
    live.hold = { ...live.hold, amount };
    truth.held = amount;
  }

  /** Tried again until Redis has taken it, while this process lives. */
  *#settle(process: Process, item: SettleItem, confirmed: Signal): Steps {
    for (;;) {
      const answer = yield* redis({
        name: 'settle',
        about: item.request,
        run: (state, stamp) => settle(state, stamp, item),
        code: codeOf,
        observe: (settled) => this.world.witness?.settled(item, settled),
      });
      if (answer.kind === 'replied') break;
      process.phase = 'retrying';
      yield* sleep(RETRY_MS);
    }
    confirmed.fire();
  }

  #syncSoon(): Signal {
    if (!this.#isSyncing) {
      this.#isSyncing = true;
      this.#synced = new Signal();
      this.actor.start('sync', 'syncing', () => this.#sync(this.#synced));
    }
    return this.#synced;
  }

  *#sync(synced: Signal): Steps {
    yield* sleep(SYNC_MS);
    this.#isSyncing = false;
    const written = [...this.disk];
    yield* sleep(this.actor.random.below(8));
    for (const line of written) line.isSynced = true;
    this.world.statistics.hit('spool synced');
    synced.fire();
  }

  /** The shipper: what the ledger lacks two seconds later is posted past Redis and its worker. */
  *#ship(process: Process, record: UsageRecord): Steps {
    let isUntold = false;
    for (;;) {
      process.phase = 'waiting';
      yield* sleep(SHIP_AFTER_MS);
      process.phase = 'looking';
      const settled = yield* sql((ledger) => ledger.isSettled(record.request));
      if (settled === null) continue;
      if (settled.value && !isUntold) break;
      isUntold = true;
      if (yield* this.#postPast(process, record)) break;
    }
    this.#unposted.delete(record.request);
    process.phase = 'confirming';
    yield* redis({
      name: 'confirm',
      about: record.request,
      run: (state, { nowMs }) => confirm(state, record.request, 's', nowMs),
      code: () => 'OK',
    });
  }

  *#postPast(process: Process, record: UsageRecord): Steps<boolean> {
    process.phase = 'posting';
    const posted = yield* sql((ledger) => ledger.post([record]));
    const [posting] = posted?.value ?? [];
    if (posting === undefined) return false;
    this.world.statistics.hit(`post ${posting.kind}`);
    process.phase = 'telling';
    return yield* tellPosted(this.world, this.#loader, { posting, settled: '' });
  }

  /**
   * At boot: what the ledger lacks goes to Redis again; what Redis had resolved already is posted past it; and what the ledger has is told,
   * since the run that posted it may have died before it could.
   */
  *#replay(process: Process, record: UsageRecord): Steps {
    const item = settlementOf(record, this.#truthOf(record.request).plan);
    for (;;) {
      process.phase = 'looking';
      const settled = yield* sql((ledger) => ledger.settlement(record.request));
      const posting = settled?.value ?? null;
      if (posting !== null) {
        process.phase = 'telling';
        const isTold =
          this.world.defect === 'posted_never_told' ||
          (yield* tellPosted(this.world, this.#loader, { posting, settled: '' }));
        if (isTold) break;
        yield* sleep(RETRY_MS);
      } else if (settled !== null) {
        this.#unposted.set(record.request, item);
        process.phase = 'settling';
        const confirmed = new Signal();
        this.actor.start('settle', 'settling', (one) => this.#settle(one, item, confirmed));
        yield* wait(confirmed, 1_000);
        yield* sleep(SHIP_AFTER_MS);
        yield* this.#postIfMissing(process, record);
      } else yield* sleep(RETRY_MS);
    }
    this.#unposted.delete(record.request);
  }

  *#postIfMissing(process: Process, record: UsageRecord): Steps {
    process.phase = 'looking';
    const settled = yield* sql((ledger) => ledger.isSettled(record.request));
    if (settled === null || settled.value) return;
    while (!(yield* this.#postPast(process, record))) yield* sleep(RETRY_MS);
  }

  /** At the end of a schedule: makes sure that the organisation is loaded. */
  touch(organization: string): void {
    const loader = this.#loader;
    this.actor.start('touch', 'loading', function* () {
      yield* loader.load(organization, '');
    });
  }
}

function authorizeItem(plan: RequestPlan, auth: bigint): AuthorizeItem {
  const { hasSlot, rateTake, claim } = plan;
  const isStale = plan.salt % 16 === 0 && auth > 1n;
  return {
    organization: plan.organization,
    request: plan.id,
    auth: isStale ? auth - 1n : auth,
    want: BigInt(plan.want),
    floor: BigInt(plan.floor),
    timeToLiveMs: TIME_TO_LIVE_MS,
    scopes: [SCOPE],
    slots: hasSlot ? [{ rule: 'slot', limit: 2 }] : [],
    rates: rateTake > 0 ? [{ rule: 'rate', kind: 't', windowMs: 60_000, limit: 300, take: rateTake }] : [],
    meta: '',
    claim: claim === null ? null : { key: `${plan.organization}${claim}`, body: 'body' },
  };
}

function settlementOf(record: UsageRecord, { claim, organization }: RequestPlan): SettleItem {
  const becomes: 'done' | 'free' = record.charge === 0n ? 'free' : 'done';
  return {
    organization,
    request: record.request,
    charge: record.charge,
    event: encodeRecord(record),
    scopes: [SCOPE],
    tokens: Number(record.charge) % 200,
    isUnsent: false,
    claim: claim === null ? null : { key: `${organization}${claim}`, becomes },
  };
}

/** An authorize without an answer may have taken its hold. */
function releaseOf(plan: RequestPlan): SettleItem {
  const { id: request, organization, claim } = plan;
  const free = claim === null ? null : { key: `${organization}${claim}`, becomes: 'free' as const };
  return {
    organization,
    request,
    charge: 0n,
    event: null,
    scopes: [SCOPE],
    tokens: null,
    isUnsent: false,
    claim: free,
  };
}
