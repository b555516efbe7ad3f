import { withDeadline } from './deadline.js';
import type { RedisScript } from './redis-script.js';
import type { ScriptArguments } from './script-arguments.js';
import { COMMAND_TIMEOUT_MS, type ServerWatch } from './server-watch.js';

/** One item's answer: the script's four strings, or why there is none. `mayHaveRun`: the script could have been executed all the same. */
export type ItemReply =
  | {
      readonly kind: 'replied';
      readonly code: string;
      readonly first: string;
      readonly second: string;
      readonly third: string;
    }
  | { readonly kind: 'failed'; readonly mayHaveRun: boolean; readonly reason: string };

interface Item extends ScriptArguments {
  readonly resolve: (reply: ItemReply) => void;
}

/** Redis runs one script at a time: a batch must not hold up everybody else for longer than a millisecond. */
const BATCH_LIMIT = 64;

/**
 * Collects the calls of one turn of the event loop into one EVALSHA. A call that is alone goes out at the end of the same turn,
 * so an idle gateway waits for nothing; a busy one pays for the round trip, the command object and the script's entry once.
 * (On a cluster the collection would be made per hash tag; the scripts take any mix of organisations of one node.)
 */
export class ScriptBatch {
  readonly #server: ServerWatch;
  readonly #script: RedisScript;
  readonly #header: readonly string[];
  #waiting: Item[] = [];

  /** `header`: the arguments after the run id and before the items. */
  constructor(server: ServerWatch, script: RedisScript, header: readonly string[]) {
    this.#server = server;
    this.#script = script;
    this.#header = header;
  }

  /** Never rejects; answers within COMMAND_TIMEOUT_MS of being sent. */
  call({ keys, args }: ScriptArguments): Promise<ItemReply> {
    return new Promise((resolve) => {
      if (this.#waiting.length === 0) setImmediate(() => this.#flush());
      this.#waiting.push({ keys, args, resolve });
    });
  }

  #flush(): void {
    const waiting = this.#waiting;
    this.#waiting = [];
    for (let at = 0; at < waiting.length; at += BATCH_LIMIT) {
      void this.#send(waiting.length <= BATCH_LIMIT ? waiting : waiting.slice(at, at + BATCH_LIMIT));
    }
  }

  async #send(items: readonly Item[]): Promise<void> {
    const state = this.#server.state();
    if (state.kind === 'away') {
      failAll(items, false, state.reason);
      return;
    }
    const keys: string[] = [];
    const args: string[] = [state.run, ...this.#header];
    for (const item of items) {
      keys.push(...item.keys);
      args.push(...item.args);
    }
    const answer = await withDeadline(this.#script.run(this.#server.redis, keys, args), COMMAND_TIMEOUT_MS);
    switch (answer.kind) {
      case 'value':
        answerAll(items, answer.value);
        return;
      case 'late':
        failAll(items, true, `no answer from Redis within ${COMMAND_TIMEOUT_MS} ms`);
        return;
      case 'failed':
        failAll(items, !wasRefusedAtStart(answer.reason), answer.reason);
        return;
    }
  }
}

/** Errors Redis gives before it runs the first line of a script. Everything else may have happened half-way. */
function wasRefusedAtStart(reason: string): boolean {
  return /^(OOM|READONLY|LOADING|MASTERDOWN|NOREPLICAS|MISCONF|BUSY|NOAUTH|NOPERM|CLUSTERDOWN|MOVED|Stream isn't writeable)/.test(
    reason,
  );
}

function failAll(items: readonly Item[], mayHaveRun: boolean, reason: string): void {
  for (const item of items) item.resolve({ kind: 'failed', mayHaveRun, reason });
}

function answerAll(items: readonly Item[], value: unknown): void {
  const replies = Array.isArray(value) && value.length === items.length * 4 ? (value as unknown[]) : null;
  if (replies === null) {
    failAll(items, true, 'unreadable answer from Redis');
    return;
  }
  for (const [index, item] of items.entries()) {
    const at = index * 4;
    item.resolve({
      kind: 'replied',
      code: String(replies[at]),
      first: String(replies[at + 1]),
      second: String(replies[at + 2]),
      third: String(replies[at + 3]),
    });
  }
}
