import type { Ledger } from './ledger.ts';
import type { RedisState, Stamp } from './redis/redis-state.ts';

/** What a process of an actor waits for; the scheduler does it, fills in the outcome, and lets the process go on. */
export type Effect = RedisEffect | SqlEffect | SleepEffect | WaitEffect;

export type RedisOutcome<T> =
  | { readonly kind: 'replied'; readonly value: T }
  | { readonly kind: 'failed'; readonly mayHaveRun: boolean };

export interface RedisEffect {
  readonly kind: 'redis';
  readonly name: string;
  /** request or organisation, for whoever reads a trace */
  readonly about: string;
  /** it changes nothing: neither the append-only file nor the laws see it */
  readonly isReading: boolean;
  /** Executes on the server; pure but for the state, because a crash runs it again. Answers the code to count. */
  readonly execute: (state: RedisState, stamp: Stamp) => string;
  /** Called after it was executed, unless a crash ran it again: for the laws, not for the actor. */
  readonly observe: () => void;
  readonly deliver: (outcome: 'replied' | 'lost' | 'refused') => void;
}

export interface SqlEffect {
  readonly kind: 'sql';
  readonly execute: (ledger: Ledger) => void;
  readonly deliver: (isAnswered: boolean) => void;
}

export interface SleepEffect {
  readonly kind: 'sleep';
  readonly ms: number;
}

export interface WaitEffect {
  readonly kind: 'wait';
  readonly signal: Signal;
  readonly atMostMs: number;
}

export type Steps<T = void> = Generator<Effect, T, void>;

/** Something that happens once; processes may wait for it. */
export class Signal {
  isDone = false;
  readonly waiting: (() => void)[] = [];

  fire(): void {
    this.isDone = true;
    for (const resume of this.waiting.splice(0)) resume();
  }
}

export function* sleep(ms: number): Steps {
  yield { kind: 'sleep', ms };
}

export function* wait(signal: Signal, atMostMs = 10_000_000): Steps {
  if (!signal.isDone) yield { kind: 'wait', signal, atMostMs };
}

export interface Command<T> {
  readonly name: string;
  readonly about?: string;
  readonly isReading?: boolean;
  readonly run: (state: RedisState, stamp: Stamp) => T;
  readonly code: (value: T) => string;
  readonly observe?: (value: T) => void;
}

/** One script call. */
export function* redis<T>({
  name,
  about = '',
  isReading = false,
  run,
  code,
  observe,
}: Command<T>): Steps<RedisOutcome<T>> {
  const values: T[] = [];
  const latest: T[] = [];
  let outcome: RedisOutcome<T> = { kind: 'failed', mayHaveRun: false };
  yield {
    kind: 'redis',
    name,
    about,
    isReading,
    execute: (state, stamp) => {
      const value = run(state, stamp);
      if (values.length === 0) values.push(value);
      latest[0] = value;
      return code(value);
    },
    observe: () => {
      for (const value of latest) observe?.(value);
    },
    deliver: (how) => {
      const [value] = values;
      outcome =
        how === 'replied' && value !== undefined
          ? { kind: 'replied', value }
          : { kind: 'failed', mayHaveRun: how === 'lost' };
    },
  };
  return outcome;
}

/** One transaction; null when no answer came, and then it may have committed. */
export function* sql<T>(execute: (ledger: Ledger) => T): Steps<{ readonly value: T } | null> {
  let value: { readonly value: T } | null = null;
  let isAnswered = false;
  yield {
    kind: 'sql',
    execute: (ledger) => {
      value = { value: execute(ledger) };
    },
    deliver: (answered) => {
      isAnswered = answered;
    },
  };
  return isAnswered ? value : null;
}
