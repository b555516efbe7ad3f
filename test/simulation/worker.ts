import { redis, type Steps, sleep, sql } from './effects.ts';
import { type Account, type Announcement, decodeRecord, encodeRecord, type Posting, SCOPE } from './ledger.ts';
import { Loader } from './organization-loader.ts';
import { Random } from './random.ts';
import { change, credit } from './redis/change.ts';
import { type ClaimedHold, claimExpired, findHold, releaseExpired } from './redis/expired.ts';
import type { Reply, StreamRow } from './redis/redis-state.ts';
import { settle } from './redis/settle.ts';
import { acknowledge, claim, reclaim } from './redis/streams.ts';
import { tellPosted } from './tell-posted.ts';
import type { TrueRequest } from './truth.ts';
import { Actor, type Process, type World } from './world.ts';

const BATCH = 3;
const RECLAIM_IDLE_MS = 30_000;
const LEASE_MS = 60_000;
const SWEEP_AT_ONCE = 16;
const codeOf = ({ code }: Reply): string => code;

/** One worker: drains the stream, sweeps expired holds, announces credits. */
export class Worker {
  readonly actor: Actor;
  #loader: Loader;
  #isDraining = false;

  constructor(
    readonly world: World,
    index: number,
    readonly truth: ReadonlyMap<string, TrueRequest>,
  ) {
    this.actor = new Actor(`worker${index}`, world, new Random(world.random.bits()));
    this.#loader = new Loader(this.actor, 400);
  }

  boot(): void {
    this.actor.isAlive = true;
    this.actor.run = this.world.redis.isUp ? this.world.redis.run : null;
    this.#loader = new Loader(this.actor, 400);
    this.#isDraining = false;
    this.drain();
  }

  reconnect(): void {
    if (!this.actor.isAlive) return;
    this.actor.run = this.world.redis.run;
    this.drain();
  }

  drain(idleMs = RECLAIM_IDLE_MS): void {
    if (!this.actor.isAlive || this.#isDraining) return;
    this.#isDraining = true;
    this.actor.start('drain', 'claiming', (process) => this.#drain(process, idleMs));
  }

  sweep(): void {
    if (this.actor.isAlive) this.actor.start('sweep', 'claiming', (process) => this.#sweep(process));
  }

  announce(grant: { readonly id: string; readonly organization: string; readonly amount: bigint }): void {
    if (this.actor.isAlive) this.actor.start('announce', 'posting', (process) => this.#grant(process, grant));
  }

  /** What an earlier worker posted and did not say. */
  announceOpen(): void {
    for (const open of this.world.ledger.announcements.values())
      this.actor.start('announce', 'telling', (process) => this.#tell(process, open));
  }

  *#drain(process: Process, idleMs: number): Steps {
    for (;;) {
      process.phase = 'claiming';
      const rows = yield* this.#claim(idleMs);
      if (rows.length === 0) break;
      if (this.world.defect === 'acknowledge_before_commit') yield* this.#acknowledge(rows);
      yield* this.#postAll(process, rows);
    }
    this.#isDraining = false;
  }

  *#claim(idleMs: number): Steps<StreamRow[]> {
    const { name } = this.actor;
    let isAgain = false;
    const claimed = yield* redis({
      name: 'claim',
      run: ({ stream }, { nowMs }) => {
        const again = reclaim(stream, name, { count: BATCH, idleMs, nowMs });
        isAgain = again.length > 0;
        return isAgain ? again : claim(stream, name, BATCH, nowMs);
      },
      code: (rows) => (rows.length === 0 ? 'none' : isAgain ? 'again' : 'fresh'),
    });
    return claimed.kind === 'replied' ? claimed.value : [];
  }

  /** A batch that could not be posted stays in this process's hands. */
  *#postAll(process: Process, rows: readonly StreamRow[]): Steps {
    process.phase = 'posting';
    let postings: Posting[] | null = null;
    while (postings === null) {
      const posted = yield* sql((ledger) => ledger.post(rows.map(({ event }) => decodeRecord(event))));
      postings = posted?.value ?? null;
      if (postings === null) yield* sleep(250);
    }
    process.phase = 'telling';
    const told: StreamRow[] = [];
    for (const [index, row] of rows.entries()) {
      const posting = postings[index];
      if (posting === undefined) continue;
      this.world.statistics.hit(`post ${posting.row.ending === 'expired' ? 'expired' : posting.kind}`);
      if (yield* tellPosted(this.world, this.#loader, { posting, settled: row.epoch })) told.push(row);
    }
    process.phase = 'acknowledging';
    yield* this.#acknowledge(told);
  }

  *#acknowledge(rows: readonly StreamRow[]): Steps {
    yield* redis({
      name: 'acknowledge',
      run: (state, { nowMs }) => acknowledge(state, rows, nowMs),
      code: () => 'OK',
    });
  }

  *#sweep(process: Process): Steps {
    const claimed = yield* redis({
      name: 'sweep',
      run: (state, { nowMs }) => claimExpired(state, nowMs, SWEEP_AT_ONCE, LEASE_MS),
      code: (holds) => (holds.length === 0 ? 'none' : 'claimed'),
    });
    if (claimed.kind === 'failed') return;
    for (const hold of claimed.value) yield* this.#sweepOne(process, hold);
  }

  /** In the ledger: counted, since its posting may not have been told, and released. Else an expiry is posted, and then it is released, unless its gateway came back to it. */
  *#sweepOne(process: Process, hold: ClaimedHold): Steps {
    process.phase = 'looking';
    const found = yield* redis({
      name: 'hold',
      about: hold.request,
      isReading: true,
      run: (state) => findHold(state, hold)?.amount ?? null,
      code: (amount) => (amount === null ? 'missing' : 'found'),
    });
    if (found.kind === 'failed') return;
    const { request, organization } = hold;
    const row = yield* sql((ledger) => ({ isThere: ledger.rows.has(request), settled: ledger.settlement(request) }));
    if (row === null) return;
    const { isThere, settled } = row.value;
    if (settled !== null && this.world.defect !== 'posted_never_told') {
      process.phase = 'telling';
      if (!(yield* tellPosted(this.world, this.#loader, { posting: settled, settled: '' }))) return;
    }
    if (!isThere && this.world.defect !== 'sweeper_records_nothing' && this.world.defect !== 'expiry_appended') {
      process.phase = 'posting';
      const record = { request, organization, charge: 0n, ending: 'expired' as const };
      const posted = yield* sql((ledger) => ledger.post([record]));
      if (posted === null) return;
      this.world.statistics.hit('post expired');
    }
    if (this.world.defect === 'expiry_appended') {
      yield* this.#appendExpiry(request, organization, isThere);
      return;
    }
    process.phase = 'releasing';
    const claimOf = this.truth.get(request)?.plan.claim ?? null;
    const item = { ...hold, claim: claimOf === null ? null : `${organization}${claimOf}` };
    yield* redis({
      name: 'release',
      about: request,
      run: (state, stamp) => releaseExpired(state, stamp, item),
      code: codeOf,
      observe: (answer) => this.world.witness?.released(request, answer),
    });
  }

  /** A control: the record of the expiry is appended in the step that releases, under the request's own marker. */
  *#appendExpiry(request: string, organization: string, isPosted: boolean): Steps {
    const event = isPosted ? null : encodeRecord({ request, organization, charge: 0n, ending: 'expired' });
    const item = { organization, request, charge: 0n, event, scopes: [], tokens: null, isUnsent: false, claim: null };
    yield* redis({ name: 'settle', about: request, run: (state, stamp) => settle(state, stamp, item), code: codeOf });
    if (event !== null) this.drain();
  }

  *#grant(process: Process, { id, organization, amount }: { id: string; organization: string; amount: bigint }): Steps {
    let open: Announcement | null = null;
    while (open === null) {
      const posted = yield* sql((ledger) => ledger.grant(id, organization, amount));
      open = posted?.value ?? null;
      if (open === null) yield* sleep(300);
    }
    yield* this.#tell(process, open);
  }

  /** A limit or a status in the database, then in Redis; told until it is known. */
  change(organization: string, changes: { readonly limit?: bigint; readonly status?: string }, isNamed: boolean): void {
    if (this.actor.isAlive)
      this.actor.start('change', 'writing', (process) => this.#change(process, { organization, changes, isNamed }));
  }

  *#change(
    process: Process,
    {
      organization,
      changes,
      isNamed,
    }: { organization: string; changes: { limit?: bigint; status?: string }; isNamed: boolean },
  ): Steps {
    const read = yield* sql((ledger) => ({ ...ledger.change(organization, changes) }));
    process.phase = 'telling';
    if (read !== null) yield* this.#tellChange(organization, read.value, isNamed);
  }

  /** The reconciling job: what stands in the database is told again. */
  reconcile(organization: string): void {
    this.actor.start('change', 'telling', () => this.#reconcile(organization));
  }

  *#reconcile(organization: string): Steps {
    const read = yield* sql((ledger) => ({ ...ledger.account(organization) }));
    if (read !== null) yield* this.#tellChange(organization, read.value, true);
  }

  *#tellChange(organization: string, { auth, status, limit, spent }: Account, isNamed: boolean): Steps {
    const limits = isNamed ? [{ scope: SCOPE, limit, left: limit - spent }] : ('unknown' as const);
    const item = { organization, auth, status, limits };
    for (let tries = 0; tries < 3; tries += 1) {
      const told = yield* redis({
        name: 'change',
        about: organization,
        run: (state, stamp) => change(state, stamp, item),
        code: codeOf,
      });
      if (told.kind === 'replied') return;
      yield* sleep(200);
    }
  }

  *#tell(process: Process, open: Announcement): Steps {
    process.phase = 'telling';
    const { id, organization, amount, sequence } = open;
    const item = { credit: id, organization, amount, sequence };
    const told = yield* redis({
      name: 'credit',
      about: organization,
      run: (state, stamp) => credit(state, stamp, item),
      code: codeOf,
      observe: (answer) => this.world.witness?.credited(item, answer),
    });
    if (told.kind === 'failed') return;
    process.phase = 'closing';
    yield* sql((ledger) => ledger.announcements.delete(id));
  }
}
