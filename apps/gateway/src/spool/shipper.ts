import { open, rename } from 'node:fs/promises';
import path from 'node:path';
import type { Settlement } from '@tollgate/admission';
import { decodeUsageEvent, encodeUsageEvent, type UsageEvent } from '@tollgate/usage';
import { type ShipPorts, shipEvents } from './ship-events.js';
import type { Spool, SpoolPosition } from './spool.js';
import { decodeSpoolLines } from './spool-line.js';

/** A settlement as the request path hands it over. */
export interface Shippable {
  readonly requestId: string;
  readonly organizationId: string;
  /** null when the spool could not take it: then `payload` is the only copy outside Redis */
  readonly position: SpoolPosition | null;
  readonly payload: string;
}

/** The second way of every settlement into the ledger: independent of Redis and of the worker. */
export interface Shipper {
  /** Remembers a settlement until the ledger has it. Neither blocks nor throws. */
  watch(settlement: Shippable): void;
  /**
   * Redis has lost its data: what the ledger may not have is given to it again, so that balances know of it before it is posted. Never
   * rejects; what is missed is posted from here all the same.
   */
  settleAgain(): Promise<void>;
  /** settlements that are not known to be in the ledger */
  readonly watchedCount: number;
  close(): Promise<void>;
}

export interface ShipperOptions extends ShipPorts {
  /** of the spool */
  readonly directory: string;
  readonly spool: Pick<Spool, 'currentSegment' | 'rotate'>;
  /** which of these requests are settled in the ledger */
  readonly findSettled: (requestIds: readonly string[]) => Promise<ReadonlySet<string>>;
  /** this drain has seen these ids in the ledger: their markers need not wait for it any more */
  readonly confirm: (organizationId: string, requestIds: readonly string[]) => Promise<unknown>;
  readonly settle: (settlement: Settlement) => Promise<unknown>;
  /** reads filled segments from the disk again */
  readonly replay: () => Promise<unknown>;
  readonly onShipped?: (count: number) => void;
  readonly now?: () => number;
  readonly everyMs?: number;
  readonly afterMs?: number;
  readonly watchedMax?: number;
}

interface Watched {
  readonly requestId: string;
  readonly organizationId: string;
  readonly position: SpoolPosition | null;
  /** kept only where there is no position */
  readonly payload: string | null;
  dueAtMs: number;
  /** it is in the ledger and admission has not been told */
  isUntold: boolean;
}

const LOOK_UP_AT_ONCE = 1_000;
const SHIP_AT_ONCE = 200;
const LONGEST_PAUSE_MS = 5_000;
/** About 20 MB. What is beyond is left to the replay of the segment it stands in. */
const WATCHED_MAX = 100_000;
const UNSPOOLED_BYTES_MAX = 16 * 1024 * 1024;

/** Starts looking at once, every 250 ms, for settlements of 2 s ago. */
export function startShipper(options: ShipperOptions): Shipper {
  return new TimedShipper(options);
}

/**
 * Keeps ids and places, not records: a record is read from its segment in the rare case that it has to be posted here. One question to
 * Postgres per tick for all that is due; while Postgres is away the pauses grow and nothing is forgotten.
 */
class TimedShipper implements Shipper {
  readonly #options: Required<ShipperOptions>;
  #queue: Watched[] = [];
  #unspooledBytes = 0;
  #pauseMs = 0;
  #timer: NodeJS.Timeout | null = null;
  #running: Promise<void> = Promise.resolve();
  #isClosed = false;
  /** segment → its records that are not known to be in the ledger */
  readonly #segments = new Map<string, number>();
  /** segments with records that were not watched to the end: only a replay may call them finished */
  readonly #left = new Set<string>();

  constructor(options: ShipperOptions) {
    const defaults = { now: Date.now, everyMs: 250, afterMs: 2_000, watchedMax: WATCHED_MAX };
    this.#options = { ...defaults, onShipped: () => undefined, ...options };
    this.#schedule();
  }

  get watchedCount(): number {
    return this.#queue.length;
  }

  watch({ requestId, organizationId, position, payload }: Shippable): void {
    if (position === null) return this.#watchUnspooled({ requestId, organizationId, payload });
    if (this.#queue.length >= this.#options.watchedMax) return void this.#left.add(position.segment);
    this.#segments.set(position.segment, (this.#segments.get(position.segment) ?? 0) + 1);
    const dueAtMs = this.#options.now() + this.#options.afterMs;
    this.#queue.push({ requestId, organizationId, position, payload: null, dueAtMs, isUntold: false });
  }

  async close(): Promise<void> {
    this.#isClosed = true;
    if (this.#timer) clearTimeout(this.#timer);
    await this.#running;
  }

  async settleAgain(): Promise<void> {
    const { settle, log } = this.#options;
    try {
      for (const watched of [...this.#queue]) {
        const event = await this.#read(watched);
        if (event) void settle(settlementOf(event));
      }
    } catch (error) {
      log.warn({ error }, 'settlements could not be given to Redis again');
    }
  }

  /** The disk is full: memory is what is left, up to a bound. */
  #watchUnspooled({ requestId, organizationId, payload }: Omit<Shippable, 'position'>): void {
    if (this.#unspooledBytes + payload.length > UNSPOOLED_BYTES_MAX) {
      this.#options.log.error({ requestId }, 'a settlement that the spool could not take is only in Redis');
      return;
    }
    this.#unspooledBytes += payload.length;
    const dueAtMs = this.#options.now() + this.#options.afterMs;
    this.#queue.push({ requestId, organizationId, position: null, payload, dueAtMs, isUntold: false });
  }

  #schedule(): void {
    if (this.#isClosed) return;
    this.#timer = setTimeout(() => {
      this.#running = this.#tick().finally(() => this.#schedule());
    }, this.#pauseMs || this.#options.everyMs);
    this.#timer.unref();
  }

  async #tick(): Promise<void> {
    try {
      while (!this.#isClosed && (await this.#lookAtDue()));
      await this.#finishSegments();
      if (this.#pauseMs > 0) this.#options.log.info('the ledger answers again: settlements are shipped');
      this.#pauseMs = 0;
    } catch (error) {
      if (this.#pauseMs === 0) this.#options.log.warn({ error }, 'settlements could not be looked up in the ledger');
      this.#pauseMs = Math.min(Math.max(this.#pauseMs, this.#options.everyMs) * 2, LONGEST_PAUSE_MS);
    }
  }

  /** True when there may be more to do at once. */
  async #lookAtDue(): Promise<boolean> {
    const due = this.#due();
    if (due.length === 0) return false;
    const settled = await this.#options.findSettled(due.map(({ requestId }) => requestId));
    const isDone = ({ requestId, isUntold }: Watched) => settled.has(requestId) && !isUntold;
    await this.#release(due.filter(isDone));
    const missing = due.filter((watched) => !isDone(watched)).slice(0, SHIP_AT_ONCE);
    if (missing.length > 0) await this.#ship(missing);
    // Behind by more than a batch, the worker is at it too: leave it the rest until the next tick.
    return due.length === LOOK_UP_AT_ONCE && missing.length < SHIP_AT_ONCE;
  }

  #due(): Watched[] {
    const nowMs = this.#options.now();
    const due: Watched[] = [];
    for (const watched of this.#queue) {
      if (watched.dueAtMs > nowMs || due.length === LOOK_UP_AT_ONCE) break;
      due.push(watched);
    }
    return due;
  }

  async #ship(missing: readonly Watched[]): Promise<void> {
    const events = new Map<Watched, UsageEvent>();
    for (const watched of missing) {
      const event = await this.#read(watched);
      if (event) events.set(watched, event);
      else if (watched.position) this.#left.add(watched.position.segment);
    }
    const { posted, untold } = await shipEvents(this.#options, [...events.values()]);
    this.#options.onShipped(posted);
    const retryAtMs = this.#options.now() + this.#options.afterMs;
    const again = missing.filter(({ requestId }) => untold.has(requestId));
    await this.#release(missing.filter(({ requestId }) => !untold.has(requestId)));
    for (const watched of again) Object.assign(watched, { dueAtMs: retryAtMs, isUntold: true });
    // To the end, so that what is due stays in front.
    const waiting = new Set(again);
    if (again.length > 0) this.#queue = [...this.#queue.filter((watched) => !waiting.has(watched)), ...again];
  }

  /** Null, and an error in the log, for what cannot be read: its segment is then kept for a person by the replay. */
  async #read({ requestId, position, payload }: Watched): Promise<UsageEvent | null> {
    const text = payload ?? (position && (await readRecord(this.#options.directory, position)));
    const decoded = text === null ? null : decodeUsageEvent(text);
    if (decoded?.ok) return decoded.event;
    this.#options.log.error({ requestId, position }, 'a spooled settlement cannot be read');
    return null;
  }

  async #release(done: readonly Watched[]): Promise<void> {
    if (done.length === 0) return;
    const gone = new Set(done);
    this.#queue = this.#queue.filter((watched) => !gone.has(watched));
    const organizations = new Map<string, string[]>();
    for (const { requestId, organizationId, position, payload } of done) {
      if (position) this.#segments.set(position.segment, (this.#segments.get(position.segment) ?? 1) - 1);
      if (payload) this.#unspooledBytes -= payload.length;
      const ids = organizations.get(organizationId);
      if (ids) ids.push(requestId);
      else organizations.set(organizationId, [requestId]);
    }
    const { confirm, log } = this.#options;
    // A marker that is not confirmed lives for its 24 hours: nothing is wrong by it.
    const confirmed = [...organizations].map(([id, ids]) => confirm(id, ids));
    const failed = (await Promise.allSettled(confirmed)).find(({ status }) => status === 'rejected');
    if (failed) log.warn({ organizations: organizations.size }, 'markers of posted settlements could not be confirmed');
  }

  async #finishSegments(): Promise<void> {
    const { spool, directory, replay } = this.#options;
    const current = spool.currentSegment();
    for (const [segment, open] of this.#segments) {
      if (open > 0 || segment === current) continue;
      this.#segments.delete(segment);
      const file = path.join(directory, segment);
      if (!this.#left.has(segment)) await rename(file, `${file}.replayed`).catch(ignoreMissing);
    }
    if (this.#left.size === 0 || this.#queue.length > 0) return;
    if (this.#left.has(current)) spool.rotate();
    // The disk is full: its next record would stand in the same segment.
    if (this.#left.has(spool.currentSegment())) return;
    for (const segment of this.#left) this.#segments.delete(segment);
    this.#left.clear();
    await replay();
  }
}

async function readRecord(directory: string, { segment, offset, bytes }: SpoolPosition): Promise<string | null> {
  const file = await open(path.join(directory, segment), 'r').catch(ignoreMissing);
  if (!file) return null;
  try {
    const line = Buffer.alloc(bytes);
    await file.read(line, 0, bytes, offset);
    return decodeSpoolLines(line).payloads[0] ?? null;
  } finally {
    await file.close();
  }
}

function settlementOf(event: UsageEvent): Settlement {
  const { organizationId, requestId, chargeNanousd } = event;
  return { organizationId, requestId, scopes: null, chargeNanousd, event: encodeUsageEvent(event), append: true };
}

/** A replay, here or of another gateway, may have called the segment finished already. */
function ignoreMissing(error: unknown): undefined {
  if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return undefined;
  throw error;
}
