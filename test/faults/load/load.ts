import { setTimeout as pause } from 'node:timers/promises';
import { randomStream } from '../random-stream.js';
import { openTopUps } from '../world/tenants.store.js';
import type { World } from '../world/world.js';
import type { ClientRecord } from './client-record.js';
import { createFaultClient } from './fault-client.js';
import { drawRequest } from './request-plan.js';

export interface RunningLoad {
  readonly records: readonly ClientRecord[];
  /** credits that were asked for while it ran */
  readonly topUps: () => number;
  /** No new requests; resolves when the last one has ended. */
  stop(): Promise<void>;
}

const TOP_UP_NANOUSD = 1_000_000n;

/** That many clients, each with its own stream of chance, one request at a time, until it is stopped. */
export function startLoad(world: World, { seed, clients }: { seed: number; clients: number }): RunningLoad {
  const records: ClientRecord[] = [];
  const client = createFaultClient(world.gateways.map((gateway) => gateway.url));
  let isStopping = false;
  let topUps = 0;

  async function runClient(index: number): Promise<void> {
    const random = randomStream(seed, `client ${index}`);
    for (let count = 0; !isStopping; count += 1) {
      const plan = drawRequest(random, world.tenants);
      const record = await client.send(plan, `c${index}-${count}`);
      records.push(record);
      // Who is refused does not hammer.
      await pause(plan.pauseMs + (record.outcome === 'unreached' || record.outcome === 'failed' ? 400 : 0));
    }
  }

  /** Small credits, mostly to who has little: a crash may come between ledger and Redis. */
  async function runTopUps(): Promise<void> {
    const random = randomStream(seed, 'top-ups');
    const asking = openTopUps(world.postgres.url());
    for (let count = 0; !isStopping; count += 1) {
      const { organizationId } = random.pick(world.tenants.filter((tenant) => tenant.isPoor));
      // Postgres may be away: then nothing was asked for, or it was and the answer is lost. The ledger knows.
      await asking.request(organizationId, TOP_UP_NANOUSD, `top-up ${count}`).catch(() => undefined);
      topUps += 1;
      await pause(random.between(600, 1_800));
    }
    await asking.close();
  }

  const running = [...Array.from({ length: clients }, (_, index) => runClient(index)), runTopUps()];
  return {
    records,
    topUps: () => topUps,
    async stop() {
      isStopping = true;
      await Promise.all(running);
      await client.close();
    },
  };
}
