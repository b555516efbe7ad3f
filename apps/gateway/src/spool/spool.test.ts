import {
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  truncateSync,
  utimesSync,
  writeFileSync,
  writeSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import type { Settlement } from '@tollgate/admission';
import { encodeUsageEvent, type UsageEvent } from '@tollgate/usage';
import fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { replaySpool } from './replay-spool.js';
import { openSpool } from './spool.js';
import { decodeSpoolLines, encodeSpoolLine } from './spool-line.js';
import { currentOwner, isOwnerAlive, ownerFile } from './spool-owner.js';
import { parseSegmentFile, segmentFile } from './spool-segment.js';
import { spooledEvent } from './spooled-event.fixture.js';

const seed = Number(process.env.TOLLGATE_SEED ?? Date.now() % 2 ** 31);
let directory: string;

beforeEach(() => {
  directory = mkdtempSync(path.join(tmpdir(), 'tollgate-spool-'));
});

afterEach(() => rmSync(directory, { recursive: true, force: true }));

/** What a run leaves behind that was killed: its segments, and an owner's file whose process is gone. */
function deadRun(boot: string, events: readonly UsageEvent[], index = 0): string {
  const file = path.join(directory, segmentFile({ createdAtMs: 1_700_000_000_000, index, boot }));
  writeFileSync(file, Buffer.concat(events.map((one) => encodeSpoolLine(encodeUsageEvent(one)))));
  writeFileSync(ownerFile(directory, boot), JSON.stringify({ boot, pid: 2 ** 22 + 1, startTicks: '1' }));
  return file;
}

function replay(
  posted: readonly string[],
  kind: 'settled' | 'duplicate' | 'unavailable' = 'settled',
  boot = 'new-run',
) {
  const settled: Settlement[] = [];
  const shipped: UsageEvent[] = [];
  const counts = replaySpool({
    directory,
    boot,
    settle: async (settlement) => {
      settled.push(settlement);
      return kind === 'unavailable' ? { kind, reason: 'away' } : { kind };
    },
    findSettled: async (ids) => new Set(ids.filter((id) => posted.includes(id))),
    ship: async (events) => void shipped.push(...events),
  });
  return { settled, shipped, counts };
}

describe(`a spool line (seed ${seed})`, () => {
  it('cutting the file anywhere loses no whole earlier record and invents none', () => {
    const payloads = fc.array(
      fc.string({ unit: 'grapheme', maxLength: 80 }).map((text) => JSON.stringify(text)),
      { maxLength: 12 },
    );
    fc.assert(
      fc.property(payloads, fc.nat(), (records, cut) => {
        const lines = records.map(encodeSpoolLine);
        const whole = Buffer.concat(lines);
        const at = whole.length === 0 ? 0 : cut % (whole.length + 1);
        let end = 0;
        const expected = records.filter((_, index) => (end += lines[index]?.length ?? 0) <= at);
        expect(decodeSpoolLines(whole.subarray(0, at)).payloads).toEqual(expected);
      }),
      { seed },
    );
  });

  it('a damaged byte costs the record it is in, and no other', () => {
    const records = Array.from({ length: 5 }, (_, index) => JSON.stringify({ index, text: 'x'.repeat(index * 7) }));
    const lines = records.map(encodeSpoolLine);
    const whole = Buffer.concat(lines);
    for (let at = 0; at < whole.length; at += 1) {
      const damaged = Buffer.from(whole);
      damaged[at] = (damaged[at] ?? 0) ^ 0x20;
      const { payloads, damagedLines } = decodeSpoolLines(damaged);
      expect(damagedLines).toBeGreaterThan(0);
      expect(payloads.length).toBeGreaterThanOrEqual(3);
      expect(payloads.every((payload) => records.includes(payload))).toBe(true);
    }
  });

  it('a record of more than one line is refused', () => {
    expect(() => encodeSpoolLine('a\nb')).toThrow(TypeError);
  });
});

describe('the spool', () => {
  it('what was appended is in the file before append returns', async () => {
    const spool = openSpool({ directory, boot: 'run', syncEveryMs: 20 });
    expect(spool.append('{"a":1}')).toMatchObject({ ok: true, position: { offset: 0, bytes: 17 } });
    const [file = ''] = readdirSync(directory).filter((name) => name.endsWith('.spool'));
    expect(decodeSpoolLines(readFileSync(path.join(directory, file))).payloads).toEqual(['{"a":1}']);
    expect(await spool.whenSynced()).toEqual({ ok: true });
    await spool.close();
  });

  it('everybody who waits for the disk is answered, in groups', async () => {
    const spool = openSpool({ directory, boot: 'run', syncEveryMs: 5 });
    const waits = Array.from({ length: 300 }, (_, index) => {
      spool.append(`${index}`);
      return spool.whenSynced();
    });
    expect(await Promise.all(waits)).toHaveLength(300);
    await spool.close();
  });

  it('a full disk is told, and leaves no torn line that would swallow the next record', async () => {
    let isFull = false;
    const write = ((descriptor: number, buffer: Buffer, offset: number, length: number) => {
      if (!isFull) return writeSync(descriptor, buffer, offset, length);
      if (offset === 0) return writeSync(descriptor, buffer, 0, 7);
      throw Object.assign(new Error('ENOSPC: no space left on device'), { code: 'ENOSPC' });
    }) as typeof writeSync;
    const spool = openSpool({ directory, boot: 'run', syncEveryMs: 20, write });
    spool.append('"before"');
    isFull = true;
    expect(spool.append('"lost"')).toEqual({ ok: false, reason: 'ENOSPC: no space left on device' });
    isFull = false;
    expect(spool.append('"after"')).toMatchObject({ ok: true });
    await spool.close();
    const [file = ''] = readdirSync(directory).filter((name) => name.endsWith('.spool'));
    expect(decodeSpoolLines(readFileSync(path.join(directory, file)))).toEqual({
      payloads: ['"before"', '"after"'],
      damagedLines: 0,
    });
  });

  it('a filled segment is followed by the next, and nothing is lost in between', async () => {
    const spool = openSpool({ directory, boot: 'run', syncEveryMs: 20, segmentBytes: 100 });
    const records = Array.from({ length: 40 }, (_, index) => JSON.stringify(`record ${index}`));
    for (const record of records) spool.append(record);
    await spool.close();
    const files = readdirSync(directory)
      .filter((name) => name.endsWith('.spool'))
      .sort((a, b) => (parseSegmentFile(a)?.index ?? 0) - (parseSegmentFile(b)?.index ?? 0));
    expect(files.length).toBeGreaterThan(5);
    expect(files.flatMap((file) => decodeSpoolLines(readFileSync(path.join(directory, file))).payloads)).toEqual(
      records,
    );
  });
});

describe('the replay', () => {
  it('gives Redis what the ledger does not have, and keeps the segment until the ledger has it', async () => {
    const events = [spooledEvent(), spooledEvent(), spooledEvent()];
    const file = deadRun('old-run', events);
    const [known, ...missing] = events.map(({ requestId }) => requestId);
    const first = replay([known ?? '']);
    expect(await first.counts).toMatchObject({ segments: 1, records: 3, posted: 1, settled: 2, finished: 0 });
    expect(first.settled.map(({ requestId }) => requestId)).toEqual(missing);
    expect(first.settled[0]).toMatchObject({ append: true, chargeNanousd: 2n, scopes: null });
    expect(readdirSync(directory)).toContain(path.basename(file));
    const second = replay(events.map(({ requestId }) => requestId));
    expect(await second.counts).toMatchObject({ posted: 3, settled: 0, finished: 1 });
    expect(readdirSync(directory)).toEqual([`${path.basename(file)}.replayed`]);
    expect(await replay([]).counts).toMatchObject({ segments: 0 });
  });

  it('a torn tail is left out, what stands before it is replayed', async () => {
    const file = deadRun('old-run', [spooledEvent(), spooledEvent()]);
    truncateSync(file, readFileSync(file).length - 1);
    expect(await replay([]).counts).toMatchObject({ records: 1, damagedLines: 1, settled: 1 });
  });

  it('a record that Redis resolved without its event (it had expired there) goes to the ledger past Redis', async () => {
    const spool = openSpool({ directory, boot: 'old-run', syncEveryMs: 20 });
    const given = spooledEvent();
    spool.append(encodeUsageEvent(given));
    await spool.close();
    rmSync(ownerFile(directory, 'old-run'));
    const again = replay([], 'duplicate');
    expect(await again.counts).toMatchObject({ settled: 1, shipped: 1, finished: 0 });
    expect(again.shipped).toEqual([given]);
    expect(await replay([given.requestId]).counts).toMatchObject({ shipped: 0, finished: 1 });
  });

  it('what Redis cannot take now comes again', async () => {
    deadRun('old-run', [spooledEvent()]);
    expect(await replay([], 'unavailable').counts).toMatchObject({ unavailable: 1, settled: 0, finished: 0 });
    expect(await replay([]).counts).toMatchObject({ settled: 1 });
  });

  it('a segment of a living run is left alone, this run’s newest too, and a filled one of this run is not', async () => {
    const living = openSpool({ directory, boot: 'living', syncEveryMs: 20, segmentBytes: 10 });
    for (const one of [spooledEvent(), spooledEvent(), spooledEvent()]) living.append(encodeUsageEvent(one));
    const { settled, counts } = replay([], 'settled', 'new-run');
    expect(await counts).toMatchObject({ segments: 0 });
    expect(settled).toEqual([]);
    expect(await replay([], 'settled', 'living').counts).toMatchObject({ segments: 2, settled: 2 });
    await living.close();
  });

  it('a record nobody can read keeps its segment for a person', async () => {
    const file = deadRun('old-run', [spooledEvent()]);
    writeFileSync(file, encodeSpoolLine('{"version":99}'), { flag: 'a' });
    const [only] = decodeSpoolLines(readFileSync(file)).payloads;
    const posted = [String((JSON.parse(only ?? '{}') as { requestId?: string }).requestId)];
    expect(await replay(posted).counts).toMatchObject({ posted: 1, unreadable: 1, finished: 1 });
    expect(readdirSync(directory)).toEqual([`${path.basename(file)}.damaged`]);
  });

  it('replayed segments go after a day, and not before', async () => {
    const file = deadRun('old-run', [spooledEvent()]);
    const posted = decodeSpoolLines(readFileSync(file)).payloads.map((payload) =>
      String((JSON.parse(payload) as { requestId: string }).requestId),
    );
    await replay(posted).counts;
    await replay([]).counts;
    expect(readdirSync(directory)).toHaveLength(1);
    const yesterday = new Date(Date.now() - 25 * 3_600_000);
    utimesSync(`${file}.replayed`, yesterday, yesterday);
    await replay([]).counts;
    expect(readdirSync(directory)).toEqual([]);
  });

  it('a directory that does not exist yet has nothing to replay', async () => {
    rmSync(directory, { recursive: true });
    expect(await replay([]).counts).toMatchObject({ segments: 0 });
    mkdirSync(directory);
  });
});

describe('the owner of a run', () => {
  it('is alive only as the very process, not as a process id', () => {
    const me = currentOwner('run');
    expect(isOwnerAlive(me)).toBe(true);
    expect(isOwnerAlive({ ...me, pid: 2 ** 22 + 1 })).toBe(false);
    // Another process that was given the same id later. Only Linux tells when a process started.
    if (process.platform === 'linux') expect(isOwnerAlive({ ...me, startTicks: '1' })).toBe(false);
  });
});
