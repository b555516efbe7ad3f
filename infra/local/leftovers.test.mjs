import { spawn } from 'node:child_process';
import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { endLeftovers } from './leftovers.mjs';
import { identityOf } from './process-identity.mjs';

let folder;
let file;
const children = [];

beforeEach(() => {
  folder = mkdtempSync(path.join(os.tmpdir(), 'tollgate-leftovers-'));
  file = path.join(folder, 'run.json');
});

afterEach(() => {
  for (const child of children.splice(0)) child.kill('SIGKILL');
  rmSync(folder, { recursive: true, force: true });
});

function sleeper() {
  const child = spawn(process.execPath, ['-e', 'setInterval(() => {}, 1000)'], { detached: true, stdio: 'ignore' });
  children.push(child);
  return {
    pid: child.pid,
    identity: identityOf(child.pid),
    ended: new Promise((resolve) => child.once('exit', resolve)),
  };
}

const write = (pids, identities) => writeFileSync(file, JSON.stringify({ startedAt: 'then', pids, identities }));

describe('what a killed start left behind', () => {
  it('is ended, and its run file removed', async () => {
    const gateway = sleeper();
    const redis = sleeper();
    write(
      { start: 1, gateway: gateway.pid, redis: redis.pid },
      { start: 'gone', gateway: gateway.identity, redis: redis.identity },
    );
    expect(await endLeftovers(file)).toEqual(['gateway', 'redis']);
    await Promise.all([gateway.ended, redis.ended]);
    expect(existsSync(file)).toBe(false);
  });

  it('is not mistaken for another process that has its number by now', async () => {
    const other = sleeper();
    write({ start: 1, gateway: other.pid }, { start: 'gone', gateway: 'another boot:1' });
    expect(await endLeftovers(file)).toEqual([]);
    expect(identityOf(other.pid)).toBe(other.identity);
  });

  it('is left alone while the start that owns it still runs', async () => {
    const owner = sleeper();
    const gateway = sleeper();
    write({ start: owner.pid, gateway: gateway.pid }, { start: owner.identity, gateway: gateway.identity });
    await expect(endLeftovers(file)).rejects.toThrow(`it already runs from this checkout (pid ${owner.pid}`);
    expect(identityOf(gateway.pid)).toBe(gateway.identity);
  });

  it('is nothing when the run file is missing or torn', async () => {
    expect(await endLeftovers(file)).toEqual([]);
    writeFileSync(file, '{"pids":');
    expect(await endLeftovers(file)).toEqual([]);
  });
});
