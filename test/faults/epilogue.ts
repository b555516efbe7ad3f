import type { ClientRecord } from './load/client-record.js';
import { createFaultClient } from './load/fault-client.js';
import type { World } from './world/world.js';

/** When all is over, one small request of every organisation through every gateway: whoever survived must serve, and load what it forgot. */
export async function epilogue(world: World): Promise<readonly ClientRecord[]> {
  const client = createFaultClient(world.gateways.map((gateway) => gateway.url));
  const records: ClientRecord[] = [];
  for (const [number, tenant] of world.tenants.entries())
    for (const gateway of world.gateways.keys()) {
      const [key] = tenant.keys;
      if (key === undefined) continue;
      const asked = { tenant, key, gateway, door: 'chat', model: 'openai/gpt-4o-mini', isStream: false } as const;
      const rest = { prompt: 'Hello.', maxTokens: 8, mark: 'none', leavesAfter: null, pauseMs: 0 } as const;
      records.push(await client.send({ ...asked, ...rest }, `after-${number}-${gateway}`));
    }
  await client.close();
  return records;
}

/** Served, or refused for want of money: anything else says that the attack left something broken. */
export function isServed({ outcome, status }: ClientRecord): boolean {
  return outcome === 'whole' || status === 402;
}
