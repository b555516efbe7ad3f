import { createWriteStream, type WriteStream } from 'node:fs';

/** What the sandbox knows it served in one attempt: the independent book other books are compared with. */
export interface TruthEntry {
  readonly seq: number;
  /** When the attempt ended, ISO 8601. */
  readonly at: string;
  readonly provider: string;
  readonly model: string | null;
  readonly path: string;
  readonly stream: boolean;
  /** The `x-tollgate-attempt` header of the request. */
  readonly correlation: string | null;
  readonly requestSha256: string;
  /** The whole prompt, tokens read from and written to a cache included. */
  readonly promptTokens: number | null;
  readonly cachedTokens: number | null;
  /** Of the prompt, written to a cache that charges for it. */
  readonly cacheWriteTokens: number | null;
  /**
   * Tokens made, thinking included: what the provider would charge. When a stream ends early, the tokens made until then.
   */
  readonly completionTokens: number | null;
  readonly reasoningTokens: number | null;
  /** Tokens of the answer that were written to the socket; thinking is not counted, shown or not. */
  readonly tokensWritten: number;
  readonly usageSent: boolean;
  readonly status: number;
  readonly ending: 'complete' | 'client_left' | `fault:${string}`;
  readonly durationMs: number;
  /** Ids of the rules that applied. */
  readonly rules: readonly string[];
  /** Usage of a replayed recording, exactly as recorded. */
  readonly recordedUsage: unknown;
}

/** The truth log. */
export interface TruthLog {
  append(entry: Omit<TruthEntry, 'seq'>): TruthEntry;
  /** Entries after a sequence number that match; at most the newest 50,000 are kept in memory. */
  entries(filter: {
    readonly since?: number | undefined;
    readonly provider?: string | undefined;
    readonly correlation?: string | undefined;
  }): TruthEntry[];
  /** How many entries left the memory (they are still in the file). */
  forgotten(): number;
  /** Empties the memory; numbers go on and the file stays. */
  clear(): void;
  close(): Promise<void>;
}

const mostEntries = 50_000;

/** Opens the truth log; with a file, entries are appended to it as NDJSON. */
export function createTruthLog(filePath: string | null): TruthLog {
  let kept: TruthEntry[] = [];
  let seq = 0;
  let forgottenCount = 0;
  const file = filePath === null ? null : createLineFile(filePath);
  return {
    append(entry) {
      const numbered = { seq: (seq += 1), ...entry };
      kept.push(numbered);
      if (kept.length >= mostEntries * 2) {
        forgottenCount += kept.length - mostEntries;
        kept = kept.slice(-mostEntries);
      }
      file?.writeLine(JSON.stringify(numbered));
      return numbered;
    },
    entries: ({ since, provider, correlation }) =>
      kept.filter(
        (entry) =>
          entry.seq > (since ?? 0) &&
          (provider === undefined || entry.provider === provider) &&
          (correlation === undefined || entry.correlation === correlation),
      ),
    forgotten: () => forgottenCount,
    clear() {
      kept = [];
      forgottenCount = 0;
    },
    close: () => file?.close() ?? Promise.resolve(),
  };
}

interface LineFile {
  writeLine(line: string): void;
  close(): Promise<void>;
}

/** Lines wait this long to be written together: a benchmark makes thousands of them a second. */
const fileDelayMs = 20;

function createLineFile(filePath: string): LineFile {
  const stream: WriteStream = createWriteStream(filePath, { flags: 'a' });
  stream.on('error', (error) => console.error(`sandbox: the truth file cannot be written: ${error.message}`));
  let waiting: string[] = [];
  const flush = (): void => {
    if (waiting.length > 0) stream.write(waiting.join(''));
    waiting = [];
  };
  return {
    writeLine(line) {
      if (waiting.length === 0) setTimeout(flush, fileDelayMs);
      waiting.push(`${line}\n`);
    },
    close() {
      flush();
      return new Promise((resolve) => stream.end(() => resolve()));
    },
  };
}
