import type { Defect } from './defect.ts';
import { Gateway } from './gateway.ts';
import { describeItem, type FaultPlan, GATEWAYS, type LedgerPlan, type Plan, WORKERS } from './plan.ts';
import type { Statistics } from './statistics.ts';
import { newTruth, type TrueRequest } from './truth.ts';
import { Witness } from './witness.ts';
import { Worker } from './worker.ts';
import { type Actor, Violation, World } from './world.ts';

export interface Outcome {
  /** which law was broken, null for none */
  readonly violation: string | null;
  readonly steps: number;
  readonly trace: readonly string[];
}

export interface SimulateOptions {
  readonly statistics: Statistics;
  readonly defect?: Defect | null;
  readonly isTraced?: boolean;
}

const BALANCES = { a: 1_000n, b: 500n };
const LIMIT = 2_000n;
const POLL_MS = 100;
const REST_ROUNDS = 2;

/** Runs one schedule to its rest, looking at the laws after every command and at the end. */
export function simulate(plan: Plan, { statistics, defect = null, isTraced = false }: SimulateOptions): Outcome {
  const installation = new Installation(plan, statistics, defect);
  if (isTraced) installation.world.trace = [];
  let violation: string | null = null;
  try {
    installation.run();
  } catch (error) {
    if (!(error instanceof Violation)) throw error;
    violation = error.message;
  }
  const { steps, trace } = installation.world;
  return { violation, steps, trace: trace ?? [] };
}

class Installation {
  readonly world: World;
  readonly #truth = new Map<string, TrueRequest>();
  readonly #gateways: readonly Gateway[];
  readonly #workers: readonly Worker[];
  readonly #witness: Witness;

  constructor(
    readonly plan: Plan,
    statistics: Statistics,
    defect: Defect | null,
  ) {
    const world = new World(plan.seed, statistics, defect);
    this.world = world;
    for (const [organization, balance] of Object.entries(BALANCES)) world.ledger.open(organization, balance, LIMIT);
    for (const item of plan.items) if (item.kind === 'request') this.#truth.set(item.id, newTruth(item));
    this.#gateways = Array.from({ length: GATEWAYS }, (_, index) => new Gateway(world, index, this.#truth));
    this.#workers = Array.from({ length: WORKERS }, (_, index) => new Worker(world, index, this.#truth));
    const isDisturbed = (gateway: number) =>
      (this.#gateways[gateway]?.actor.disturbedUntilMs ?? 0) >= world.redis.lostAtMs;
    this.#witness = new Witness(world, this.#truth, isDisturbed, () => this.#wakeWorker());
    world.witness = this.#witness;
  }

  get #actors(): Actor[] {
    return [...this.#gateways, ...this.#workers].map(({ actor }) => actor);
  }

  run(): void {
    const { world } = this;
    for (const item of this.plan.items) {
      world.after(item.atMs, () => {
        world.say(`· ${describeItem(item)}`);
        if (item.kind === 'request') this.#gateways[item.gateway]?.begin(item);
        else if (item.kind === 'fault') this.#strike(item);
        else this.#change(item);
      });
    }
    world.runAll();
    this.#comeToRest();
    this.#witness.atRest();
  }

  #wakeWorker(): void {
    const { world } = this;
    world.after(world.random.between(1, 150), () => this.#workers[world.random.below(WORKERS)]?.drain());
  }

  #change({ kind, organization, amount, salt }: LedgerPlan): void {
    const worker = this.#workers[salt % WORKERS];
    if (worker === undefined) return;
    switch (kind) {
      case 'grant':
        worker.announce({ id: `grant${salt}`, organization, amount: BigInt(amount) });
        return;
      case 'limit':
      case 'forget_limits':
        worker.change(organization, { limit: LIMIT - 500n + BigInt(amount) }, kind === 'limit');
        return;
      case 'suspend':
        worker.change(organization, { status: 'suspended' }, true);
        this.world.after(amount, () => worker.change(organization, { status: 'active' }, true));
        return;
      case 'sweep':
        worker.sweep();
        return;
    }
  }

  #strike(item: FaultPlan): void {
    const { world } = this;
    world.statistics.hit(`fault ${item.fault}`);
    const untilMs = world.nowMs + item.durationMs;
    const actor = this.#actors[item.target % this.#actors.length];
    switch (item.fault) {
      case 'kill':
      case 'power':
      case 'disk':
        this.#killGateway(item);
        return;
      case 'worker':
        this.#killWorker(item);
        return;
      case 'redis':
        this.#crashRedis(item);
        return;
      case 'flush':
        world.flushRedis();
        this.#afterLoss();
        for (const { actor: gateway, look } of this.#gateways.map((one) => ({
          actor: one.actor,
          look: () => one.look(),
        })))
          if (gateway.isAlive) world.after(gateway.random.below(POLL_MS), () => gateway.isAlive && look());
        return;
      case 'cut':
      case 'stop':
      case 'stop_long':
        if (actor !== undefined) this.#hinder(actor, item, untilMs);
        return;
      case 'ambush':
      case 'ambush_stop':
        this.#ambush(item);
        return;
      case 'skew':
        if (actor !== undefined) actor.skewMs = item.salt % 2 === 0 ? 60_000 : 25 * 3_600_000;
        return;
      case 'postgres':
        world.postgresDownUntilMs = untilMs;
        return;
      case 'lost_commits':
        world.commitsLostUntilMs = untilMs;
        return;
      case 'duplicate':
        world.duplicatesUntilMs = untilMs;
        return;
      case 'lost_replies':
        world.repliesLostUntilMs = untilMs;
        this.#disturbAll(untilMs);
        return;
      case 'slow':
        world.slowUntilMs = untilMs;
        this.#disturbAll(untilMs + 2_000);
        return;
    }
  }

  /** A gateway or a worker dies, or stands still, where it just came to. */
  #ambush(item: FaultPlan): void {
    this.world.ambushes.set(item.point, (actor) => {
      this.world.say(`ambush at ${item.point}`);
      const isGateway = actor.name.startsWith('gateway');
      const target = Number(actor.name.slice(-1));
      if (item.fault === 'ambush_stop') this.#hinder(actor, item, this.world.nowMs + item.durationMs);
      else if (isGateway) this.#killGateway({ ...item, target });
      else this.#killWorker({ ...item, target });
    });
  }

  #disturbAll(untilMs: number): void {
    for (const actor of this.#actors) actor.disturbedUntilMs = Math.max(actor.disturbedUntilMs, untilMs + 1_000);
  }

  #killGateway({ fault, target, durationMs }: FaultPlan): void {
    const gateway = this.#gateways[target % GATEWAYS];
    if (gateway === undefined || !gateway.actor.isAlive) return;
    gateway.die(fault === 'disk' ? 'disk' : fault === 'power' ? 'power' : 'process');
    this.world.after(durationMs, () => {
      gateway.actor.disturbedUntilMs = this.world.nowMs + 5_000;
      gateway.boot();
    });
    this.#sweepLater();
  }

  #killWorker({ target, durationMs }: FaultPlan): void {
    const worker = this.#workers[target % WORKERS];
    if (worker === undefined || !worker.actor.isAlive) return;
    worker.actor.kill();
    this.world.after(durationMs, () => {
      worker.boot();
      worker.announceOpen();
    });
    this.world.after(31_000, () => worker.drain());
  }

  #crashRedis({ lostCommands, durationMs }: FaultPlan): void {
    const { world } = this;
    if (!world.redis.isUp) return;
    world.crashRedis(lostCommands);
    this.#afterLoss();
    for (const actor of this.#actors) actor.run = null;
    world.after(durationMs, () => {
      world.redis.isUp = true;
      for (const one of [...this.#gateways, ...this.#workers])
        world.after(one.actor.random.between(1, POLL_MS), () => one.reconnect());
    });
    this.#sweepLater();
  }

  /** Which settlements Redis still has. */
  #afterLoss(): void {
    const kept = new Set([...this.world.redis.state.stream.rows.values()].map(({ request }) => request));
    for (const truth of this.#truth.values()) truth.isInStream = kept.has(truth.plan.id);
  }

  #hinder(actor: Actor, { fault, durationMs }: FaultPlan, untilMs: number): void {
    if (!actor.isAlive) return;
    if (fault === 'cut') {
      actor.cutUntilMs = untilMs;
      this.world.after(durationMs + 1, () => this.#gateways.find((one) => one.actor === actor)?.reconnectSame());
    } else actor.stoppedUntilMs = untilMs;
    actor.disturbedUntilMs = Math.max(actor.disturbedUntilMs, untilMs + 1_000);
    if (fault !== 'cut' && fault !== 'stop') this.#sweepLater();
  }

  #sweepLater(): void {
    const { world } = this;
    world.after(90_000 + world.random.below(8_000), () => this.#workers[world.random.below(WORKERS)]?.sweep());
  }

  /** Everything is well again and has its time: leases end, drains run, what is open is told. */
  #comeToRest(): void {
    const { world } = this;
    world.ambushes.clear();
    Object.assign(world, { postgresDownUntilMs: 0, commitsLostUntilMs: 0, repliesLostUntilMs: 0, slowUntilMs: 0 });
    for (let round = 0; round < REST_ROUNDS; round += 1) {
      world.nowMs += 100_000;
      for (const worker of this.#workers) {
        worker.drain(0);
        worker.sweep();
      }
      this.#workers[0]?.announceOpen();
      for (const organization of world.ledger.accounts.keys()) {
        this.#gateways[0]?.touch(organization);
        this.#workers[0]?.reconcile(organization);
      }
      world.runAll();
    }
  }
}
