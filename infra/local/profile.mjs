import { existsSync, readdirSync, rmSync } from 'node:fs';
import net from 'node:net';
import path from 'node:path';
import { portsFromEnvironment, portVariables, sealedEnvironment } from './environment.mjs';
import { endLeftovers } from './leftovers.mjs';
import { localFolder } from './paths.mjs';
import { isFree, requireFreePorts } from './ports.mjs';
import { removePostgresFolder } from './postgres.mjs';

/** `npm start`: data that stays, well-known ports, the caller's own environment. */
export async function startProfile(environment, say) {
  const runFile = path.join(localFolder, 'run.json');
  const ended = await endLeftovers(runFile);
  if (ended.length > 0) say(`ended what an earlier start left running: ${ended.join(', ')}`);
  const ports = portsFromEnvironment(environment);
  await requireFreePorts(ports, portVariables);
  return {
    stateFolder: localFolder,
    runFile,
    ports,
    postgresPort: 15_432,
    redisPort: 16_379,
    fast: false,
    installs: 'programs',
    own: environment,
    databaseUrl: environment.DATABASE_URL || undefined,
    redisUrl: environment.REDIS_URL || undefined,
    leave: () => {},
  };
}

const firstSlotPort = 17_000;
const slotCount = 40;
const portsPerSlot = 20;

/** Holding the first port of a slot is the lock on all of it: the system releases it however this process ends. */
function holdSlot(slot) {
  return new Promise((resolve) => {
    const lock = net.createServer();
    lock.once('error', () => resolve(undefined));
    lock.listen(
      {
        port: firstSlotPort + slot * portsPerSlot,
        host: '127.0.0.1',
        exclusive: true,
      },
      () => resolve(lock),
    );
  });
}

async function takeSlot() {
  for (let slot = 0; slot < slotCount; slot++) {
    const lock = await holdSlot(slot);
    if (lock === undefined) continue;
    const base = firstSlotPort + slot * portsPerSlot;
    const [gateway, admin, dashboard, sandbox, smtp, worker, postgres, redis] = Array.from(
      { length: 8 },
      (_, index) => base + 1 + index,
    );
    const ports = { gateway, admin, dashboard, sandbox, smtp, worker };
    const free = await Promise.all([...Object.values(ports), postgres, redis].map(isFree));
    if (free.every(Boolean)) return { slot, lock, ports, postgres, redis };
    lock.close();
  }
  throw new Error('no free range of ports for a throwaway installation');
}

/** Ends and removes what throwaway installations left behind that were killed outright. */
async function removeDeadThrowaways() {
  if (!existsSync(localFolder)) return;
  for (const name of readdirSync(localFolder).filter((entry) => entry.startsWith('throwaway-'))) {
    const folder = path.join(localFolder, name);
    try {
      await endLeftovers(path.join(folder, 'run.json'));
      removeThrowaway(folder);
    } catch {
      // Its owner still runs.
    }
  }
}

function removeThrowaway(folder) {
  removePostgresFolder(path.join(folder, 'pg'));
  rmSync(folder, { recursive: true, force: true });
}

/**
 * `npm test`, bench and replay: everything of its own, on ports of its own, so that a running `npm start` is not
 * disturbed; nothing of the caller's environment that leads outside this machine.
 */
export async function throwawayProfile(environment, { fast }) {
  await removeDeadThrowaways();
  const { slot, lock, ports, postgres, redis } = await takeSlot();
  const stateFolder = path.join(localFolder, `throwaway-${slot}`);
  return {
    stateFolder,
    runFile: path.join(stateFolder, 'run.json'),
    ports,
    postgresPort: postgres,
    redisPort: redis,
    fast,
    installs: 'everything',
    own: sealedEnvironment(environment),
    databaseUrl: undefined,
    redisUrl: undefined,
    leave: () => {
      removeThrowaway(stateFolder);
      lock.close();
    },
  };
}
