import {
  closeSync,
  fdatasync,
  fsyncSync,
  ftruncateSync,
  mkdirSync,
  openSync,
  renameSync,
  writeFileSync,
  writeSync,
} from 'node:fs';
import path from 'node:path';
import { encodeSpoolLine } from './spool-line.js';
import { currentOwner, ownerFile } from './spool-owner.js';
import { segmentFile } from './spool-segment.js';

export type SpoolOutcome = { readonly ok: true } | { readonly ok: false; readonly reason: string };

/** Where a record stands: a segment of this run, and the record's line in it. */
export interface SpoolPosition {
  /** name of the segment's file, without its folder */
  readonly segment: string;
  readonly offset: number;
  readonly bytes: number;
}

export type SpoolAppended =
  | { readonly ok: true; readonly position: SpoolPosition }
  | { readonly ok: false; readonly reason: string };

/** The gateway's own durable copy of its settlements: append-only segments that only this run writes. */
export interface Spool {
  /** Puts one record into the page cache: it survives the death of this process. Microseconds; a full disk is a value, not an exception. */
  append(event: string): SpoolAppended;
  /** Everything appended so far is on the disk: it survives the death of the machine. */
  whenSynced(): Promise<SpoolOutcome>;
  /** Begins another segment, so that this one is among the filled ones that a replay reads. */
  rotate(): void;
  /** the segment that is being written; every other one of this run is complete */
  currentSegment(): string;
  close(): Promise<void>;
}

export interface SpoolOptions {
  readonly directory: string;
  readonly boot: string;
  /** how long a record may wait for its fdatasync */
  readonly syncEveryMs: number;
  readonly segmentBytes?: number;
  readonly now?: () => number;
  /** stands in for the disk in tests */
  readonly write?: typeof writeSync;
}

const SEGMENT_BYTES = 64 * 1024 * 1024;

/** Opens a new segment for this run; throws when the directory cannot be written (a boot without a spool is refused). */
export function openSpool(options: SpoolOptions): Spool {
  return new FileSpool(options);
}

interface Waiter {
  readonly position: number;
  readonly resolve: (outcome: SpoolOutcome) => void;
}

class FileSpool implements Spool {
  readonly #options: Required<SpoolOptions>;
  #descriptor: number;
  #segment = '';
  #index = 0;
  #bytes = 0;
  /** another segment could not be begun; the next record tries again */
  #isFull = false;
  /** how many records were appended, and how many of them are on the disk */
  #appended = 0;
  #synced = 0;
  #timer: NodeJS.Timeout | null = null;
  #syncing: Promise<void> | null = null;
  #filled: number[] = [];
  #waiters: Waiter[] = [];

  constructor(options: SpoolOptions) {
    this.#options = { segmentBytes: SEGMENT_BYTES, now: Date.now, write: writeSync, ...options };
    const { directory, boot } = options;
    mkdirSync(directory, { recursive: true, mode: 0o700 });
    const owner = ownerFile(directory, boot);
    // The owner stands before the first segment, so that no other gateway takes a living run for a dead one.
    writeFileSync(`${owner}.new`, JSON.stringify(currentOwner(boot)), { mode: 0o600 });
    renameSync(`${owner}.new`, owner);
    this.#descriptor = this.#open();
  }

  append(event: string): SpoolAppended {
    const line = encodeSpoolLine(event);
    try {
      if (this.#isFull || (this.#bytes > 0 && this.#bytes + line.length > this.#options.segmentBytes)) this.#rotate();
      this.#write(line);
    } catch (error) {
      return { ok: false, reason: reasonOf(error) };
    }
    this.#appended += 1;
    this.#schedule();
    const position = { segment: this.#segment, offset: this.#bytes - line.length, bytes: line.length };
    return { ok: true, position };
  }

  rotate(): void {
    if (this.#bytes === 0) return;
    try {
      this.#rotate();
      this.#schedule();
    } catch {
      this.#isFull = true;
    }
  }

  currentSegment(): string {
    return this.#segment;
  }

  whenSynced(): Promise<SpoolOutcome> {
    if (this.#synced >= this.#appended) return Promise.resolve({ ok: true });
    return new Promise((resolve) => {
      this.#waiters.push({ position: this.#appended, resolve });
      void this.#sync();
    });
  }

  async close(): Promise<void> {
    await this.whenSynced();
    if (this.#timer) clearTimeout(this.#timer);
    this.#timer = null;
    await this.#syncing;
    closeSync(this.#descriptor);
  }

  #open(): number {
    const { directory, boot, now } = this.#options;
    const segment = segmentFile({ createdAtMs: now(), index: this.#index, boot });
    const descriptor = openSync(path.join(directory, segment), 'ax', 0o600);
    // A file whose name is not on the disk is lost with all that was synced into it.
    const folder = openSync(directory, 'r');
    fsyncSync(folder);
    closeSync(folder);
    this.#segment = segment;
    return descriptor;
  }

  #rotate(): void {
    this.#index += 1;
    const next = this.#open();
    this.#filled.push(this.#descriptor);
    this.#descriptor = next;
    this.#bytes = 0;
    this.#isFull = false;
  }

  /** A line that was written in part is taken back, so that the next one does not continue it. */
  #write(line: Buffer): void {
    let written = 0;
    try {
      while (written < line.length) {
        const taken = this.#options.write(this.#descriptor, line, written, line.length - written);
        if (taken <= 0) throw new Error('the disk takes nothing');
        written += taken;
      }
      this.#bytes += line.length;
    } catch (error) {
      if (written > 0) this.#takeBack();
      throw error;
    }
  }

  #takeBack(): void {
    try {
      ftruncateSync(this.#descriptor, this.#bytes);
    } catch {
      // The torn line stays in this file; the next record begins another one.
      this.#bytes = Number.MAX_SAFE_INTEGER;
    }
  }

  #schedule(): void {
    if (this.#timer || this.#syncing) return;
    this.#timer = setTimeout(() => {
      this.#timer = null;
      void this.#sync();
    }, this.#options.syncEveryMs);
    this.#timer.unref();
  }

  /** One fdatasync at a time; whoever comes meanwhile shares the next one. */
  async #sync(): Promise<void> {
    if (this.#syncing) return;
    const position = this.#appended;
    this.#syncing = this.#syncOnce(position);
    await this.#syncing;
    this.#syncing = null;
    if (this.#waiters.length > 0) void this.#sync();
    else if (this.#synced < this.#appended) this.#schedule();
  }

  async #syncOnce(position: number): Promise<void> {
    const filled = this.#filled;
    this.#filled = [];
    const errors = await Promise.all([...filled, this.#descriptor].map(syncData));
    for (const descriptor of filled) closeSync(descriptor);
    const error = errors.find((found) => found !== null);
    const outcome: SpoolOutcome = error ? { ok: false, reason: reasonOf(error) } : { ok: true };
    // After a failed fdatasync the kernel may have dropped the pages: these records are not waited for any more, and not called safe.
    this.#synced = Math.max(this.#synced, position);
    const served = this.#waiters.filter((waiter) => waiter.position <= position);
    this.#waiters = this.#waiters.filter((waiter) => waiter.position > position);
    for (const { resolve } of served) resolve(outcome);
  }
}

function syncData(descriptor: number): Promise<Error | null> {
  return new Promise((resolve) => fdatasync(descriptor, resolve));
}

function reasonOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
