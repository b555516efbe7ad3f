import { mkdtempSync, readdirSync, rmSync, truncateSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import type { PostedSettlement, Settlement } from '@tollgate/admission';
import type { PostUsageOutcome } from '@tollgate/billing';
import { createLogger } from '@tollgate/telemetry';
import { encodeUsageEvent, type UsageEvent } from '@tollgate/usage';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { type Shipper, type ShipperOptions, startShipper } from './shipper.js';
import { openSpool, type Spool, type SpoolOptions } from './spool.js';
import { spooledEvent } from './spooled-event.fixture.js';

let directory: string;
let ledger: FakeLedger;
let spool: Spool;
let shipper: Shipper;
const logged: string[] = [];
const log = createLogger({ name: 'test', destination: { write: (line: string) => void logged.push(line) } });

/** What stands in Postgres, and whether it answers. */
class FakeLedger {
  readonly posted = new Map<string, UsageEvent>();
  readonly lookUps: number[] = [];
  readonly batches: number[] = [];
  readonly confirmed: string[] = [];
  readonly told: PostedSettlement[] = [];
  readonly settled: [string, boolean][] = [];
  readonly refused = new Set<string>();
  isAway = false;
  isRedisAway = false;
  replays = 0;

  readonly ports = {
    findSettled: async (ids: readonly string[]) => {
      this.lookUps.push(ids.length);
      if (this.isAway) throw new Error('connection refused');
      return new Set(ids.filter((id) => this.posted.has(id)));
    },
    post: async (events: readonly UsageEvent[]): Promise<PostUsageOutcome> => {
      this.batches.push(events.length);
      const parked = events.filter(({ requestId }) => this.refused.has(requestId));
      const fresh = events.filter(({ requestId }) => !this.refused.has(requestId) && !this.posted.has(requestId));
      const known = events.filter(({ requestId }) => this.posted.has(requestId));
      for (const event of fresh) this.posted.set(event.requestId, event);
      const usage = ({ requestId, organizationId, chargeNanousd }: UsageEvent) => ({
        ...{ requestId, organizationId, chargeNanousd },
        postingSequence: '1',
        scopes: [],
      });
      const deadLetters = parked.map(({ requestId }) => requestId);
      const nothing = { duplicates: [], late: [], conflicts: [] };
      return { ...nothing, posted: fresh.map(usage), repeated: known.map(usage), deadLetters };
    },
    tell: async (settlements: readonly PostedSettlement[]) => {
      if (this.isRedisAway) return new Set(settlements.map(({ requestId }) => requestId));
      this.told.push(...settlements);
      return new Set<string>();
    },
    settle: async ({ requestId, append }: Settlement) => void this.settled.push([requestId, append]),
    confirm: async (_organizationId: string, ids: readonly string[]) => void this.confirmed.push(...ids),
    replay: async () => {
      this.replays += 1;
    },
  };
}

beforeEach(() => {
  directory = mkdtempSync(path.join(tmpdir(), 'tollgate-shipper-'));
  ledger = new FakeLedger();
  logged.length = 0;
});
afterEach(async () => {
  await shipper.close();
  await spool.close();
  rmSync(directory, { recursive: true, force: true });
});

function start(options: Partial<ShipperOptions> = {}, spoolOptions: Partial<SpoolOptions> = {}): void {
  spool = openSpool({ directory, boot: 'run', syncEveryMs: 5, ...spoolOptions });
  shipper = startShipper({ ...ledger.ports, directory, spool, log, everyMs: 2, afterMs: 10, ...options });
}

function settle(event = spooledEvent()): UsageEvent {
  const { requestId, organizationId } = event;
  const payload = encodeUsageEvent(event);
  const appended = spool.append(payload);
  shipper.watch({ requestId, organizationId, payload, position: appended.ok ? appended.position : null });
  return event;
}

const idle = () => vi.waitFor(() => expect(shipper.watchedCount).toBe(0), { timeout: 3_000 });
const segments = (suffix: string) => readdirSync(directory).filter((name) => name.endsWith(suffix));

describe('the shipper', () => {
  it('B24: what neither Redis nor a worker brought to the ledger is posted from the spool, as it was settled', async () => {
    start();
    const events = [settle(), settle(), settle()];
    await idle();
    expect([...ledger.posted.values()]).toEqual(events);
    expect(ledger.told.map(({ requestId }) => requestId)).toEqual(events.map(({ requestId }) => requestId));
    expect(ledger.confirmed).toEqual(events.map(({ requestId }) => requestId));
  });

  it('gives Redis again, after a loss, what the ledger is not known to have', async () => {
    start({ afterMs: 60_000 });
    const events = [settle(), settle()];
    await shipper.settleAgain();
    expect(ledger.settled).toEqual(events.map(({ requestId }) => [requestId, true]));
  });

  it('leaves alone what the worker posted in time, asks once per tick for many, and confirms it', async () => {
    let nowMs = 0;
    start({ now: () => nowMs });
    const events = Array.from({ length: 500 }, () => settle());
    for (const event of events) ledger.posted.set(event.requestId, event);
    nowMs = 1_000;
    await idle();
    expect(ledger.batches).toEqual([]);
    expect(ledger.confirmed).toHaveLength(500);
    expect(ledger.lookUps).toEqual([500]);
  });

  it('waits with growing pauses while Postgres is away, forgets nothing and posts all of it afterwards', async () => {
    start();
    ledger.isAway = true;
    const events = Array.from({ length: 450 }, () => settle());
    await new Promise((resolve) => setTimeout(resolve, 120));
    expect(ledger.lookUps.length).toBeLessThan(12);
    expect(shipper.watchedCount).toBe(450);
    ledger.isAway = false;
    await idle();
    expect(ledger.posted.size).toBe(events.length);
    expect(Math.max(...ledger.batches)).toBeLessThanOrEqual(200);
  });

  it('tells admission again of what it could not be told, and confirms only then', async () => {
    start();
    ledger.isRedisAway = true;
    const { requestId } = settle();
    await vi.waitFor(() => expect(ledger.batches.length).toBeGreaterThan(1));
    expect(ledger.confirmed).toEqual([]);
    ledger.isRedisAway = false;
    await idle();
    expect(ledger.told.map((one) => one.requestId)).toEqual([requestId]);
    expect(ledger.confirmed).toEqual([requestId]);
  });

  it('a poison settlement goes to the dead letters and holds nobody up', async () => {
    start();
    const bad = spooledEvent();
    ledger.refused.add(bad.requestId);
    settle(bad);
    const good = settle();
    await idle();
    expect([...ledger.posted.keys()]).toEqual([good.requestId]);
    expect(logged.join('')).toContain(bad.requestId);
  });

  it('calls a segment finished when all of it is in the ledger, and never the one that is written', async () => {
    start({}, { segmentBytes: 2_500 });
    for (let index = 0; index < 6; index += 1) settle();
    await idle();
    await vi.waitFor(() => expect(segments('.replayed').length).toBeGreaterThanOrEqual(2));
    expect(segments('.spool')).toEqual([spool.currentSegment()]);
  });

  it('a record that the full disk did not take is posted from memory', async () => {
    const noSpace = () => {
      throw new Error('ENOSPC: no space left on device');
    };
    start({}, { write: noSpace as never });
    const event = settle();
    await idle();
    expect([...ledger.posted.values()]).toEqual([event]);
  });

  it('remembers no more than its bound: the rest is read from the disk, by a replay of a segment that is closed for it', async () => {
    start({ watchedMax: 3 });
    const before = spool.currentSegment();
    for (let index = 0; index < 5; index += 1) settle();
    expect(shipper.watchedCount).toBe(3);
    await idle();
    await vi.waitFor(() => expect(ledger.replays).toBe(1));
    expect(spool.currentSegment()).not.toBe(before);
    expect(segments('.replayed')).toEqual([]);
    settle();
    await idle();
    expect(ledger.replays).toBe(1);
  });

  it('never calls a segment finished of which it forgot a record', async () => {
    start({ watchedMax: 1 }, { segmentBytes: 2_500 });
    for (let index = 0; index < 6; index += 1) settle();
    await idle();
    await vi.waitFor(() => expect(ledger.replays).toBe(1));
    expect(segments('.replayed')).toEqual([]);
    expect(segments('.spool').length).toBeGreaterThan(1);
  });

  it('a record that cannot be read any more is named, and its segment is left to a person', async () => {
    start({ afterMs: 60 });
    const { requestId } = settle();
    truncateSync(path.join(directory, spool.currentSegment()), 20);
    await idle();
    await vi.waitFor(() => expect(ledger.replays).toBe(1));
    expect(logged.join('')).toContain(requestId);
    expect(segments('.replayed')).toEqual([]);
  });
});
