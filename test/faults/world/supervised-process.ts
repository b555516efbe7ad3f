import { type ChildProcess, spawn } from 'node:child_process';
import { closeSync, openSync } from 'node:fs';
import { noteEnded, noteStarted } from './process-guard.js';

export interface ProcessPlan {
  readonly name: string;
  readonly command: string;
  readonly args: readonly string[];
  readonly cwd: string;
  readonly env: NodeJS.ProcessEnv;
  readonly logFile: string;
  readonly uid?: number | undefined;
  readonly gid?: number | undefined;
  /** what it reads from its standard input */
  readonly input?: string;
  /** with a channel that its preloaded fault switch listens on */
  readonly isSwitched?: boolean;
}

export interface Death {
  readonly name: string;
  readonly atMs: number;
  readonly how: string;
}

const RESTART_AFTER_MS = 300;

/** A program that comes back when it dies, as under any supervisor; and that can be held down, frozen, and killed at a line. */
export class SupervisedProcess {
  readonly plan: ProcessPlan;
  /** deaths that nobody of us caused, of a program that had been ready */
  readonly unexpected: Death[] = [];
  /** when it was down or frozen, for who asks what it could have known */
  readonly absences: { readonly fromMs: number; untilMs: number }[] = [];
  wasReady = false;
  #child: ChildProcess | null = null;
  #isWanted = false;
  #isFrozen = false;
  #isDeathExpected = false;
  readonly #env: NodeJS.ProcessEnv;

  constructor(plan: ProcessPlan) {
    this.plan = plan;
    this.#env = { ...plan.env };
  }

  get isRunning(): boolean {
    return this.#child !== null;
  }

  /** Another value at its next start: a new disk, for instance. */
  setVariable(name: string, value: string): void {
    this.#env[name] = value;
  }

  start(): void {
    this.#isWanted = true;
    if (this.#child === null) this.#spawn();
  }

  /** SIGKILL (or another signal); it comes back by itself unless it is held down. Resolves when it has ended. */
  async end(signal: NodeJS.Signals, options: { readonly holdDown?: boolean } = {}): Promise<void> {
    if (options.holdDown === true) this.#isWanted = false;
    const child = this.#child;
    if (child === null) return;
    this.#isDeathExpected = true;
    const ended = new Promise((resolve) => child.once('exit', resolve));
    child.kill(signal);
    if (this.#isFrozen) child.kill('SIGCONT');
    await ended;
  }

  /** SIGSTOP: it stands still and everybody's connection to it stays open. */
  freeze(): void {
    if (this.#child === null) return;
    this.#isFrozen = true;
    this.absences.push({ fromMs: Date.now(), untilMs: Number.POSITIVE_INFINITY });
    this.#child.kill('SIGSTOP');
  }

  thaw(): void {
    if (this.#isFrozen) this.#closeAbsence();
    this.#isFrozen = false;
    this.#child?.kill('SIGCONT');
  }

  tell(message: object): void {
    if (this.#child?.connected === true) this.#child.send(message, () => undefined);
  }

  /** It dies at the n-th pass of a line. True when it did so in time. */
  async dieAt(failPoint: string, passes: number, withinMs: number): Promise<boolean> {
    const child = this.#child;
    if (child === null) return false;
    this.#isDeathExpected = true;
    const ended = new Promise<boolean>((resolve) => {
      const timer = setTimeout(resolve, withinMs, false);
      child.once('exit', () => {
        clearTimeout(timer);
        resolve(true);
      });
    });
    this.tell({ kind: 'arm', name: failPoint, passes });
    const isDead = await ended;
    if (!isDead) {
      this.tell({ kind: 'disarm' });
      this.#isDeathExpected = false;
    }
    return isDead;
  }

  #spawn(): void {
    const { plan } = this;
    const log = openSync(plan.logFile, 'a');
    const child = spawn(plan.command, plan.args, {
      cwd: plan.cwd,
      env: this.#env,
      uid: plan.uid,
      gid: plan.gid,
      stdio: [
        plan.input === undefined ? 'ignore' : 'pipe',
        log,
        log,
        ...(plan.isSwitched === true ? ['ipc' as const] : []),
      ],
    });
    closeSync(log);
    child.stdin?.on('error', () => undefined);
    child.stdin?.end(plan.input);
    this.#child = child;
    if (child.pid !== undefined) noteStarted(child.pid);
    this.#isDeathExpected = false;
    this.wasReady = false;
    child.once('error', () => this.#ended('could not be started'));
    child.once('exit', (code, signal) => this.#ended(signal ?? `exit code ${code}`));
  }

  #ended(how: string): void {
    if (this.#child === null) return;
    if (this.#child.pid !== undefined) noteEnded(this.#child.pid);
    this.#child = null;
    if (this.#isFrozen) this.#closeAbsence();
    this.#isFrozen = false;
    this.absences.push({ fromMs: Date.now(), untilMs: Number.POSITIVE_INFINITY });
    // A program whose services are away may refuse to start; one that was ready may not fall.
    if (!this.#isDeathExpected && this.wasReady && this.#isWanted)
      this.unexpected.push({ name: this.plan.name, atMs: Date.now(), how });
    setTimeout(() => {
      if (this.#isWanted && this.#child === null) this.#spawn();
    }, RESTART_AFTER_MS);
  }

  /** It answers again. */
  noteReady(): void {
    this.wasReady = true;
    this.#closeAbsence();
  }

  #closeAbsence(): void {
    const last = this.absences.at(-1);
    if (last !== undefined && last.untilMs === Number.POSITIVE_INFINITY) last.untilMs = Date.now();
  }
}
