import type { Defect } from './defect.ts';
import type { RedisEffect, SqlEffect, Steps } from './effects.ts';
import { Ledger } from './ledger.ts';
import { Random } from './random.ts';
import { emptyRedis, type RedisState, type Stamp } from './redis/redis-state.ts';
import type { Statistics } from './statistics.ts';
import type { Witness } from './witness.ts';

/** A law was broken. */
export class Violation extends Error {}

/** One line of control of an actor: it dies with it. */
export class Process {
  isDead = false;
  readonly steps: Steps;
  #phase: string;

  constructor(
    readonly actor: Actor,
    readonly kind: string,
    phase: string,
    body: (process: Process) => Steps,
  ) {
    this.#phase = phase;
    this.steps = body(this);
    actor.world.reached(this);
  }

  /** Between which two durable steps it stands. */
  get phase(): string {
    return this.#phase;
  }

  set phase(phase: string) {
    this.#phase = phase;
    this.actor.world.reached(this);
  }
}

/** A program with a connection to Redis and one to Postgres. */
export class Actor {
  isAlive = true;
  stoppedUntilMs = 0;
  cutUntilMs = 0;
  skewMs = 0;
  /** the process of Redis behind its connection; null while there is none */
  run: string | null;
  /** until when something kept it from doing its part */
  disturbedUntilMs = -2;
  readonly processes = new Set<Process>();
  /** commands of one connection are executed in order */
  lastExecutionMs = 0;
  /** and answered in order */
  lastReplyMs = 0;

  constructor(
    readonly name: string,
    readonly world: World,
    readonly random: Random,
  ) {
    this.run = world.redis.run;
  }

  start(kind: string, phase: string, body: (process: Process) => Steps): Process {
    const process = new Process(this, kind, phase, body);
    this.processes.add(process);
    this.world.after(0, () => this.world.resume(process));
    return process;
  }

  kill(): void {
    for (const process of this.processes) {
      process.isDead = true;
      this.world.statistics.hit(`crash ${process.kind} ${process.phase}`);
    }
    this.processes.clear();
    this.isAlive = false;
    this.stoppedUntilMs = 0;
    this.disturbedUntilMs = Number.POSITIVE_INFINITY;
  }
}

interface Task {
  readonly atMs: number;
  readonly order: number;
  readonly run: () => void;
}

interface LoggedCommand {
  readonly execute: (state: RedisState, stamp: Stamp) => string;
  readonly stamp: Stamp;
}

export interface RedisServer {
  state: RedisState;
  run: string;
  isUp: boolean;
  /** when data was lost the last time */
  lostAtMs: number;
  /** the append-only file */
  log: LoggedCommand[];
}

const TIMEOUT_MS = 250;
const RUNAWAY = 20_000;

/** Clock, network, one Redis, one Postgres. Everything that happens is a task at a time. */
export class World {
  nowMs = 0;
  steps = 0;
  readonly redis: RedisServer;
  readonly ledger = new Ledger();
  readonly random: Random;
  postgresDownUntilMs = 0;
  commitsLostUntilMs = 0;
  repliesLostUntilMs = 0;
  slowUntilMs = 0;
  duplicatesUntilMs = 0;
  /** Lines of what happened, when somebody wants to read them. */
  trace: string[] | null = null;
  /** Sees every command that was executed, and looks whether the laws hold. */
  witness: Witness | null = null;
  readonly #tasks: Task[] = [];
  #runs = 1;
  #ids = 0;

  constructor(
    seed: number,
    readonly statistics: Statistics,
    readonly defect: Defect | null,
  ) {
    this.random = new Random(seed ^ 0x5eed);
    this.redis = { state: emptyRedis(defect), run: 'p1', isUp: true, lostAtMs: -1, log: [] };
  }

  /** Who waits for a process to come to a point, to strike it there. */
  readonly ambushes = new Map<string, (actor: Actor) => void>();

  reached({ kind, phase, actor }: Process): void {
    if (this.ambushes.size === 0) return;
    const point = `${kind} ${phase}`;
    const strike = this.ambushes.get(point);
    if (strike === undefined) return;
    this.ambushes.delete(point);
    this.after(actor.random.below(4), () => strike(actor));
  }

  nextId(): string {
    this.#ids += 1;
    return `i${this.#ids}`;
  }

  say(text: string): void {
    this.trace?.push(`${String(this.nowMs).padStart(7)} ${text}`);
  }

  after(ms: number, run: () => void): void {
    this.#tasks.push({ atMs: this.nowMs + ms, order: this.random.bits(), run });
  }

  /** Until nothing is left to happen. */
  runAll(): void {
    for (let count = 0; this.#tasks.length > 0; count += 1) {
      if (count > RUNAWAY) throw new Violation('it never comes to rest');
      let first = 0;
      for (let at = 1; at < this.#tasks.length; at += 1) if (isBefore(this.#tasks[at], this.#tasks[first])) first = at;
      const task = this.#tasks[first];
      const last = this.#tasks.pop();
      if (task === undefined || last === undefined) return;
      if (task !== last) this.#tasks[first] = last;
      this.nowMs = task.atMs;
      task.run();
    }
  }

  resume(process: Process): void {
    const { actor } = process;
    if (process.isDead) return;
    if (actor.stoppedUntilMs > this.nowMs) {
      this.after(actor.stoppedUntilMs - this.nowMs, () => this.resume(process));
      return;
    }
    const next = process.steps.next();
    if (next.done === true) {
      actor.processes.delete(process);
      return;
    }
    const effect = next.value;
    switch (effect.kind) {
      case 'sleep':
        this.after(effect.ms, () => this.resume(process));
        return;
      case 'wait': {
        let isResumed = false;
        const resume = () => {
          if (isResumed) return;
          isResumed = true;
          this.resume(process);
        };
        effect.signal.waiting.push(() => this.after(0, resume));
        if (effect.atMostMs < 10_000_000) this.after(effect.atMostMs, resume);
        return;
      }
      case 'redis':
        this.#call(process, effect);
        return;
      case 'sql':
        this.#transact(process, effect);
        return;
    }
  }

  #latencyMs(random: Random): number {
    const usual = random.once(8) ? random.below(40) : random.below(4);
    return this.nowMs < this.slowUntilMs ? usual * 20 : usual;
  }

  #call(process: Process, effect: RedisEffect): void {
    const { actor } = process;
    const { run } = actor;
    this.steps += 1;
    if (run === null) {
      effect.deliver('refused');
      this.after(1, () => this.resume(process));
      return;
    }
    const isCut = actor.cutUntilMs > this.nowMs;
    const sentAtMs = this.nowMs;
    const executeAtMs = Math.max(actor.lastExecutionMs, sentAtMs + this.#latencyMs(actor.random));
    actor.lastExecutionMs = executeAtMs;
    const replyAtMs = Math.max(actor.lastReplyMs, executeAtMs + this.#latencyMs(actor.random));
    actor.lastReplyMs = replyAtMs;
    const isLate = isCut || replyAtMs - sentAtMs > TIMEOUT_MS;
    let isAnswered = false;
    const answer = (how: 'replied' | 'lost') => {
      if (isAnswered) return;
      isAnswered = true;
      effect.deliver(how);
      this.resume(process);
    };
    if (isLate) this.after(TIMEOUT_MS, () => answer('lost'));
    // What is cut off on the way may still arrive.
    if (isCut && actor.random.once(2)) return;
    this.after(executeAtMs - sentAtMs, () => {
      const isExecuted = this.execute(actor, effect, run);
      if (isLate) return;
      if (!isExecuted) this.after(1, () => answer('lost'));
      else if (this.nowMs < this.repliesLostUntilMs && actor.random.once(2))
        this.after(TIMEOUT_MS, () => answer('lost'));
      else this.after(replyAtMs - executeAtMs, () => answer('replied'));
      if (this.nowMs < this.duplicatesUntilMs && actor.random.once(3))
        this.after(actor.random.below(60), () => this.execute(actor, effect, run));
    });
  }

  /** False when the server it was stamped for is gone. */
  execute(actor: Actor, effect: RedisEffect, run: string): boolean {
    const { redis } = this;
    if (!redis.isUp || redis.run !== run) return false;
    this.steps += 1;
    const stamp = { run, nowMs: this.nowMs };
    if (!effect.isReading) redis.log.push({ execute: effect.execute, stamp });
    const code = effect.execute(redis.state, stamp);
    this.statistics.hit(`${effect.name} ${code}`);
    if (this.trace !== null) this.say(`${actor.name} ${effect.name} ${effect.about} ${code}`);
    if (effect.isReading) return true;
    effect.observe();
    this.witness?.afterCommand();
    return true;
  }

  #transact(process: Process, effect: SqlEffect): void {
    const { random } = process.actor;
    this.steps += 1;
    this.after(this.#latencyMs(random), () => {
      const isDown = this.nowMs < this.postgresDownUntilMs;
      const isLost = this.nowMs < this.commitsLostUntilMs && random.once(2);
      if (!isDown) {
        this.steps += 1;
        effect.execute(this.ledger);
      }
      effect.deliver(!isDown && !isLost);
      this.after(isDown || isLost ? 20 : this.#latencyMs(random), () => this.resume(process));
    });
  }

  /** The process dies; what its append-only file still has comes back under another run id. */
  crashRedis(lostCommands: number): void {
    const { redis } = this;
    const kept = redis.log.slice(0, Math.max(0, redis.log.length - lostCommands));
    const state = emptyRedis(this.defect);
    for (const { execute, stamp } of kept) execute(state, stamp);
    this.#runs += 1;
    Object.assign(redis, { state, log: kept, run: `p${this.#runs}`, isUp: false, lostAtMs: this.nowMs });
  }

  flushRedis(): void {
    Object.assign(this.redis, { state: emptyRedis(this.defect), log: [], lostAtMs: this.nowMs });
  }
}

function isBefore(a: Task | undefined, b: Task | undefined): boolean {
  if (a === undefined || b === undefined) return false;
  return a.atMs < b.atMs || (a.atMs === b.atMs && a.order < b.order);
}
