import { SCOPE } from './ledger.ts';
import type { AuthorizeItem } from './redis/authorize.ts';
import type { CreditItem } from './redis/change.ts';
import type { LoadItem } from './redis/load.ts';
import type { RecountItem } from './redis/recount.ts';
import { heldIn, loadedOrganization, type OrganizationHash, type Reply } from './redis/redis-state.ts';
import type { SettleItem } from './redis/settle.ts';
import type { TrueRequest } from './truth.ts';
import { Violation, type World } from './world.ts';

/** What an epoch of an organisation must amount to, added up from the answers of the scripts alone. */
interface Epoch {
  readonly name: string;
  base: bigint;
  readonly debited: Map<string, bigint>;
}

/** Sees every command and knows what really happened: the laws that hold after every step. */
export class Witness {
  readonly #epochs = new Map<string, Epoch>();
  readonly #released = new Set<string>();
  /** per claim the request that was admitted under it, and when */
  readonly #admitted = new Map<string, { request: string; atMs: number }>();
  readonly excused = new Map<string, bigint>();

  constructor(
    readonly world: World,
    readonly truth: ReadonlyMap<string, TrueRequest>,
    readonly isDisturbed: (gateway: number) => boolean,
    readonly onAppended: () => void,
  ) {}

  loaded(item: LoadItem, { code, first }: Reply): void {
    if (code !== 'LOADED') return;
    this.#epochs.set(item.organization, { name: first, base: item.snapshot.available, debited: new Map() });
  }

  credited(item: CreditItem, { code }: Reply): void {
    const epoch = this.#epochs.get(item.organization);
    if (code === 'CREDITED' && epoch) epoch.base += item.amount;
  }

  settled(item: SettleItem, { code, first }: Reply): void {
    if (code === 'SETTLED') {
      this.#debit(item.organization, item.request, item.charge);
      const truth = this.truth.get(item.request);
      if (truth && item.event !== null) truth.settledEpoch = first;
    }
    const settled = item.event === null ? undefined : this.truth.get(item.request);
    if (settled) settled.acknowledgedAtMs = this.world.nowMs;
    if (item.event === null || code === 'DUPLICATE') return;
    const truth = this.truth.get(item.request);
    if (truth) truth.isInStream = true;
    this.onAppended();
  }

  recounted(item: RecountItem, { code }: Reply): void {
    if (code === 'DEBITED') this.#debit(item.organization, item.request, item.charge);
    if (code === 'INSIDE') this.#epochs.get(item.organization)?.debited.delete(item.request);
  }

  released(request: string, { code }: Reply): void {
    if (code === 'RELEASED') this.#released.add(request);
  }

  /** A settlement debits an epoch once. */
  #debit(organization: string, request: string, charge: bigint): void {
    const epoch = this.#epochs.get(organization);
    if (epoch === undefined) return;
    const before = epoch.debited.get(request) ?? 0n;
    if (before !== 0n && charge !== 0n) throw new Violation(`${request} is debited twice in an epoch`);
    epoch.debited.set(request, before + charge);
  }

  granted(item: AuthorizeItem, { code, first }: Reply): void {
    if (code !== 'GRANTED') return;
    this.#checkClaim(item);
    const hash = loadedOrganization(this.world.redis.state, this.world.redis.run, item.organization);
    if (hash !== null) this.#checkOverspend(item, BigInt(first), hash);
  }

  /** A claim admits one request; a lost Redis has lost its claims, and a sweeper frees that of a request it gave up. */
  #checkClaim({ claim, request }: AuthorizeItem): void {
    if (claim === null) return;
    const before = this.#admitted.get(claim.key);
    const other = before && before.request !== request ? this.truth.get(before.request) : undefined;
    const { lostAtMs } = this.world.redis;
    const isUsed = other !== undefined && (other.isRunning || (other.charge ?? 0n) > 0n);
    if (before && isUsed && before.atMs > lostAtMs && !this.#released.has(before.request))
      throw new Violation(`${request} is admitted under the claim of ${before.request}`);
    this.#admitted.set(claim.key, { request, atMs: this.world.nowMs });
  }

  /**
   * What is granted is there, after everything that may still be charged: running requests at their holds, settled ones at their charge.
   * Excused is only what Redis could not know: a gateway that was kept from asserting since Redis lost its data, and settlements of an epoch
   * that was read anew before their posting.
   */
  #checkOverspend(item: AuthorizeItem, grant: bigint, hash: OrganizationHash): void {
    let left = this.world.ledger.account(item.organization).balance - grant;
    let excused = 0n;
    for (const truth of this.truth.values()) {
      const { plan, charge } = truth;
      if (plan.organization !== item.organization || plan.id === item.request) continue;
      const exposure = this.#exposure(truth);
      left -= exposure;
      const held = this.#heldFor(truth, hash);
      // A charge above its hold that is on its way; or a larger hold whose gateway was kept from asserting all of it.
      const isExcused = charge !== null || this.isDisturbed(plan.gateway);
      if (held !== null && exposure > held && isExcused) excused += exposure - held;
      if (held !== null || this.#isCounted(truth, hash)) continue;
      if (this.isDisturbed(plan.gateway) || (charge !== null && this.#isReadAnew(truth, hash)))
        excused += exposure > 0n ? exposure : (charge ?? 0n);
    }
    if (left >= 0n) return;
    const shortage = -left;
    if (shortage > excused)
      throw new Violation(`${item.request} is granted ${grant}, which overspends by ${shortage} (excused ${excused})`);
    this.excused.set(item.organization, (this.excused.get(item.organization) ?? 0n) + shortage);
  }

  #exposure({ plan, isRunning, held, charge }: TrueRequest): bigint {
    if (isRunning) return held;
    return charge !== null && !this.world.ledger.isSettled(plan.id) ? charge : 0n;
  }

  #heldFor({ plan: { id, organization } }: TrueRequest, hash: OrganizationHash): bigint | null {
    const found = this.world.redis.state.holds.get(organization);
    const hold = found?.place === hash.place ? found.held.get(id) : undefined;
    return hold?.amount ?? null;
  }

  #isCounted({ plan: { id, organization } }: TrueRequest, hash: OrganizationHash): boolean {
    if (this.#epochs.get(organization)?.debited.has(id)) return true;
    const row = this.world.ledger.rows.get(`late:${id}`) ?? this.world.ledger.rows.get(id);
    return row?.ending === 'settled' && row.sequence <= hash.sequence;
  }

  #isReadAnew({ settledEpoch }: TrueRequest, hash: OrganizationHash): boolean {
    return settledEpoch !== hash.epoch && settledEpoch.startsWith(`${hash.place}:`);
  }

  /** After every command: what is available and held is what was loaded, credited and debited; slots are running holds. */
  afterCommand(): void {
    const { state, run } = this.world.redis;
    for (const organization of state.organizations.keys()) {
      const hash = loadedOrganization(state, run, organization);
      if (hash === null || state.holds.get(organization)?.place !== hash.place) continue;
      this.#checkSum(organization, hash);
    }
  }

  #checkSum(organization: string, hash: OrganizationHash): void {
    let [held, slots] = [0n, 0];
    for (const hold of heldIn(this.world.redis.state, organization)?.values() ?? []) {
      held += hold.amount;
      slots += hold.slots.length;
    }
    const busy = hash.busy.get('slot') ?? 0;
    if (busy !== slots) throw new Violation(`${organization} counts ${busy} busy slots, ${slots} run`);
    const epoch = this.#epochs.get(organization);
    if (epoch === undefined || epoch.name !== hash.epoch) return;
    let expected = epoch.base;
    for (const amount of epoch.debited.values()) expected -= amount;
    if (hash.available + held !== expected)
      throw new Violation(`${organization} has ${hash.available} and holds ${held}, together not ${expected}`);
  }

  /** What must be true when nothing happens any more. */
  atRest(): void {
    for (const truth of this.truth.values()) this.#checkPosted(truth);
    for (const request of this.#released)
      if (!this.world.ledger.rows.has(request)) throw new Violation(`${request} was given up and left no record`);
    for (const organization of this.world.ledger.accounts.keys()) this.#checkAccount(organization);
    const { stream } = this.world.redis.state;
    if (stream.rows.size > 0 || stream.pending.size > 0) throw new Violation('events are left in the stream');
  }

  /** Billed once with its charge, unless its disk and Redis both lost it; and nothing else is billed. */
  #checkPosted({ plan: { id }, charge, isTerminal, isOnDisk, isInStream, acknowledgedAtMs }: TrueRequest): void {
    const { ledger, redis } = this.world;
    const rows = [ledger.rows.get(id), ledger.rows.get(`late:${id}`)].filter((row) => row?.ending === 'settled');
    if (rows.length > 1) throw new Violation(`${id} is billed twice`);
    const [row] = rows;
    if (row === undefined && (isOnDisk || isInStream)) throw new Violation(`${id} is settled and not billed`);
    if (row === undefined && isTerminal && acknowledgedAtMs > redis.lostAtMs)
      throw new Violation(`${id} was answered to its end, lost with one disk, and Redis had acknowledged it`);
    if (row === undefined && charge !== null)
      this.world.statistics.hit(isTerminal ? 'lost with disk and Redis, terminal sent' : 'lost with disk and Redis');
    if (row !== undefined && row.charge !== charge) throw new Violation(`${id} is billed ${row.charge}, not ${charge}`);
  }

  #checkAccount(organization: string): void {
    const { balance, revenue, expense, limit, spent } = this.world.ledger.account(organization);
    if (balance + revenue + expense !== 0n) throw new Violation(`entries of ${organization} do not sum to nothing`);
    const { state, run } = this.world.redis;
    const hash = loadedOrganization(state, run, organization);
    if (hash === null) throw new Violation(`${organization} could not be loaded at the end`);
    const held = heldIn(state, organization);
    if (held !== undefined && held.size > 0) throw new Violation(`${[...held.keys()].join(' ')} still held`);
    if ((state.orphans.get(organization)?.size ?? 0) > 0) throw new Violation(`orphans of ${organization} are left`);
    if (hash.available !== balance)
      throw new Violation(`${organization} has ${hash.available} in Redis and ${balance} in the ledger`);
    const left = hash.left.get(SCOPE);
    if (left !== undefined && left !== limit - spent)
      throw new Violation(`${organization} has ${left} of its limit in Redis and ${limit - spent} by the ledger`);
  }
}
