import { describe, expect, it } from 'vitest';
import { classifyDatabaseFailure } from './database-failure.js';
import { repeatOnContention } from './repeat-on-contention.js';

/** An error as Prisma throws it from a raw statement. */
const inQuery = (originalCode: string) =>
  Object.assign(new Error('Raw query failed'), {
    code: 'P2010',
    meta: { driverAdapterError: { cause: { originalCode, originalMessage: 'said so' } } },
  });
/** … and from a commit. */
const inCommit = (originalCode: string) => Object.assign(new Error('commit'), { cause: { originalCode } });

function policy(waits: number[]) {
  return { attempts: 4, firstWaitMs: 10, random: () => 0.5, sleep: async (ms: number) => void waits.push(ms) };
}

describe('contention', () => {
  it('repeats what lost against another transaction, waiting longer each time, and gives up in the end', async () => {
    const waits: number[] = [];
    let tries = 0;
    const losing = repeatOnContention(async () => {
      tries += 1;
      throw inQuery('40P01');
    }, policy(waits));
    await expect(losing).rejects.toThrow('Raw query failed');
    expect(tries).toBe(4);
    expect(waits).toEqual([10, 20, 40]);
  });

  it('repeats nothing else', async () => {
    let tries = 0;
    const failing = repeatOnContention(async () => {
      tries += 1;
      throw inQuery('23514');
    }, policy([]));
    await expect(failing).rejects.toThrow();
    expect(tries).toBe(1);
  });
});

describe('what a database failure means', () => {
  it.each([
    ['40001', 'contention'],
    ['40P01', 'contention'],
    ['55P03', 'contention'],
    ['22003', 'data'],
    ['23505', 'data'],
    ['57P01', 'unavailable'],
    ['53300', 'unavailable'],
    ['08006', 'unavailable'],
    ['42703', 'defect'],
    ['P0001', 'defect'],
  ])('%s is %s, in a statement and in a commit', (code, kind) => {
    expect(classifyDatabaseFailure(inQuery(code))).toMatchObject({ kind, sqlState: code });
    expect(classifyDatabaseFailure(inCommit(code))).toMatchObject({ kind, sqlState: code });
  });

  it('a lost connection is no defect, and a bug is no lost connection', () => {
    const pool = new Error('timeout exceeded when trying to connect');
    expect(classifyDatabaseFailure(pool).kind).toBe('unavailable');
    expect(classifyDatabaseFailure(Object.assign(new Error('x'), { code: 'P2028' })).kind).toBe('unavailable');
    expect(classifyDatabaseFailure(new TypeError('x is not a function')).kind).toBe('defect');
    expect(classifyDatabaseFailure('thrown text').kind).toBe('defect');
  });
});
