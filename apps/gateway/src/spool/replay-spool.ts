import { readdir, readFile, rename, rm, stat } from 'node:fs/promises';
import path from 'node:path';
import type { Settlement, SettleOutcome } from '@tollgate/admission';
import { decodeUsageEvent, type UsageEvent } from '@tollgate/usage';
import { decodeSpoolLines } from './spool-line.js';
import { isOwnerAlive as isProcessAlive, ownerFile, readOwner, type SpoolOwner } from './spool-owner.js';
import { parseSegmentFile, type SegmentName } from './spool-segment.js';

export interface ReplayOptions {
  readonly directory: string;
  /** this run: its newest segment is being written and is left alone */
  readonly boot: string;
  readonly settle: (settlement: Settlement) => Promise<SettleOutcome>;
  /** which of these requests are settled in the ledger; having expired there is not being settled */
  readonly findSettled: (requestIds: readonly string[]) => Promise<ReadonlySet<string>>;
  /** posts what Redis resolved without its event (it had expired there), past Redis */
  readonly ship: (events: readonly UsageEvent[]) => Promise<unknown>;
  readonly isOwnerAlive?: (owner: SpoolOwner) => boolean;
  readonly now?: () => number;
}

export interface ReplayCounts {
  /** segments that were read */
  readonly segments: number;
  readonly records: number;
  /** records that the ledger has */
  readonly posted: number;
  /** records given to Redis again */
  readonly settled: number;
  /** of them, those that Redis had resolved already: posted directly */
  readonly shipped: number;
  /** records Redis could not take now; they stay, and are tried again at the next replay */
  readonly unavailable: number;
  /** lines with a wrong checksum: a torn tail, which was never confirmed to anybody */
  readonly damagedLines: number;
  /** whole records nobody can read; their segment is kept for a person */
  readonly unreadable: number;
  /** segments whose every record is in the ledger */
  readonly finished: number;
}

const AT_ONCE = 200;
const KEEP_MS = 24 * 3_600_000;
const NOTHING: ReplayCounts = {
  segments: 0,
  records: 0,
  posted: 0,
  settled: 0,
  shipped: 0,
  unavailable: 0,
  damagedLines: 0,
  unreadable: 0,
  finished: 0,
};

/**
 * Brings the settlements of runs that are over (and of filled segments of this one) back to Redis, as far as the ledger does not have
 * them. A segment is called replayed only when the ledger has all of it: Redis may lose what it was just given, the file may not.
 * So repeating a replay is normal and harmless; what is left comes again at the next one. Rejects when the ledger cannot be asked.
 */
export async function replaySpool(options: ReplayOptions): Promise<ReplayCounts> {
  const { directory, boot, now = Date.now } = options;
  const names = (await filesOf(directory)).map(parseSegmentFile).filter((name) => name !== null);
  await removeOld(directory, names, now());
  const open = names.filter((name) => name.state === 'open');
  const newestOfThisRun = open
    .filter((name) => name.boot === boot)
    .reduce((newest, name) => Math.max(newest, name.index), -1);
  let counts = NOTHING;
  for (const segment of open.sort((a, b) => a.createdAtMs - b.createdAtMs || a.index - b.index)) {
    const isWritten = segment.boot === boot ? segment.index === newestOfThisRun : isOwned(options, segment);
    if (!isWritten) counts = add(counts, await replaySegment(options, segment));
  }
  return counts;
}

function isOwned({ directory, isOwnerAlive = isProcessAlive }: ReplayOptions, { boot }: SegmentName): boolean {
  const owner = readOwner(directory, boot);
  return owner !== null && isOwnerAlive(owner);
}

async function replaySegment(options: ReplayOptions, segment: SegmentName): Promise<ReplayCounts> {
  const file = path.join(options.directory, segment.file);
  const { payloads, damagedLines } = decodeSpoolLines(await readFile(file));
  let counts: ReplayCounts = { ...NOTHING, segments: 1, records: payloads.length, damagedLines };
  for (let at = 0; at < payloads.length; at += AT_ONCE) {
    counts = add(counts, await replayRecords(options, payloads.slice(at, at + AT_ONCE)));
  }
  if (counts.posted + counts.unreadable < payloads.length) return counts;
  await moveAway(file, counts.unreadable > 0 ? 'damaged' : payloads.length === 0 ? 'empty' : 'replayed');
  await removeOwner(options, segment.boot);
  return { ...counts, finished: 1 };
}

async function replayRecords(
  { settle, findSettled, ship }: ReplayOptions,
  payloads: readonly string[],
): Promise<ReplayCounts> {
  const decoded = payloads.map((payload) => ({ payload, read: decodeUsageEvent(payload) }));
  const records = decoded.flatMap(({ payload, read }) => (read.ok ? [{ payload, event: read.event }] : []));
  const posted = await findSettled(records.map(({ event }) => event.requestId));
  const missing = records.filter(({ event }) => !posted.has(event.requestId));
  const outcomes = await Promise.all(missing.map(({ payload, event }) => settle(settlementOf(event, payload))));
  const unavailable = outcomes.filter(({ kind }) => kind === 'unavailable').length;
  // A duplicate is in a stream, or was given up by the sweeper and is in none: posting it here is right in both cases.
  const resolved = missing.filter((_, index) => outcomes[index]?.kind === 'duplicate').map(({ event }) => event);
  // One that stands in the ledger may have been posted by a run that died before it told admission: shipping it again does that.
  const standing = records.filter(({ event }) => posted.has(event.requestId)).map(({ event }) => event);
  if (resolved.length + standing.length > 0) await ship([...resolved, ...standing]);
  return {
    ...NOTHING,
    posted: records.length - missing.length,
    settled: missing.length - unavailable,
    shipped: resolved.length,
    unavailable,
    unreadable: payloads.length - records.length,
  };
}

function settlementOf(event: UsageEvent, payload: string): Settlement {
  const { organizationId, requestId, chargeNanousd } = event;
  return { organizationId, requestId, scopes: null, chargeNanousd, event: payload, append: true };
}

/** Another gateway may be replaying the same dead run: then the file is already gone, and that is fine. */
async function moveAway(file: string, outcome: 'damaged' | 'empty' | 'replayed'): Promise<void> {
  if (outcome === 'empty') await rm(file, { force: true });
  else await rename(file, `${file}.${outcome}`).catch(ignoreMissing);
}

async function removeOwner({ directory, boot: ownBoot }: ReplayOptions, boot: string): Promise<void> {
  if (boot === ownBoot) return;
  const isStillNeeded = (await filesOf(directory))
    .map(parseSegmentFile)
    .some((name) => name?.boot === boot && name.state === 'open');
  if (!isStillNeeded) await rm(ownerFile(directory, boot), { force: true });
}

/** Kept a day after its last record, although the ledger has it all: for whoever has to look. */
async function removeOld(directory: string, names: readonly SegmentName[], nowMs: number): Promise<void> {
  for (const { file, state } of names) {
    if (state !== 'replayed') continue;
    const found = await stat(path.join(directory, file)).catch(ignoreMissing);
    if (found && found.mtimeMs < nowMs - KEEP_MS) await rm(path.join(directory, file), { force: true });
  }
}

async function filesOf(directory: string): Promise<string[]> {
  return (await readdir(directory).catch(ignoreMissing)) ?? [];
}

function ignoreMissing(error: unknown): undefined {
  if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return undefined;
  throw error;
}

function add(a: ReplayCounts, b: ReplayCounts): ReplayCounts {
  return {
    segments: a.segments + b.segments,
    records: a.records + b.records,
    posted: a.posted + b.posted,
    settled: a.settled + b.settled,
    shipped: a.shipped + b.shipped,
    unavailable: a.unavailable + b.unavailable,
    damagedLines: a.damagedLines + b.damagedLines,
    unreadable: a.unreadable + b.unreadable,
    finished: a.finished + b.finished,
  };
}
