// What one request costs admission: CPU of this process and of Redis per authorize + settle pair.
//   node bench/pairs.mjs redis://127.0.0.1:6379/9 [organisations]     (after `npx tsc -p tsconfig.json`; the database is flushed)
import { randomBytes } from 'node:crypto';
import { connectAdmissionRedis, createAdmission } from '../dist/index.js';

const [, , url = 'redis://127.0.0.1:6379/9', organisations = '1'] = process.argv;
const redis = connectAdmissionRedis(url);
const loaded = { availableNanousd: 10n ** 18n, status: 'active', authVersion: '1', postingSequence: '0', armed: [] };
const admission = createAdmission({
  redis,
  gatewayBoot: 'bench:1',
  now: Date.now,
  loadOrganization: async () => loaded,
});
while (admission.epoch() === null) await new Promise((done) => setTimeout(done, 10));
await redis.flushdb();

const uuid = () => {
  const hex = Date.now().toString(16).padStart(12, '0') + randomBytes(10).toString('hex');
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-7${hex.slice(13, 16)}-8${hex.slice(17, 20)}-${hex.slice(20, 32)}`;
};
const ids = Array.from({ length: Number(organisations) }, uuid);
const event = JSON.stringify({ text: 'x'.repeat(1_200) });
const requests = Array.from({ length: 20_000 }, (_, index) => ({
  organizationId: ids[index % ids.length],
  requestId: uuid(),
}));
let next = 0;

async function pair(pauseMs) {
  const { organizationId, requestId } = requests[next++ % requests.length];
  const common = { organizationId, requestId, scopes: [] };
  const granted = await admission.authorize({
    ...common,
    authVersion: '1',
    wantNanousd: 1_000n,
    floorNanousd: 10n,
    rates: [],
    slots: [],
    meta: '{}',
    claim: null,
  });
  if (granted.kind !== 'granted') throw new Error(JSON.stringify(granted));
  if (pauseMs > 0) await new Promise((done) => setTimeout(done, pauseMs));
  await admission.settle({ ...common, chargeNanousd: 7n, event, append: true });
}

async function redisCpuUs() {
  const info = await redis.info('cpu');
  return (
    1e6 *
    ['used_cpu_sys', 'used_cpu_user'].reduce(
      (sum, name) => sum + Number(new RegExp(`^${name}:([\\d.]+)`, 'm').exec(info)?.[1]),
      0,
    )
  );
}

async function run(name, concurrency, total, pauseMs) {
  const before = { node: process.cpuUsage(), redis: await redisCpuUs(), at: performance.now(), calls: await calls() };
  let left = total;
  const latencies = [];
  const client = async () => {
    while (left-- > 0) {
      const startedAt = performance.now();
      await pair(pauseMs);
      latencies.push(performance.now() - startedAt - pauseMs);
    }
  };
  await Promise.all(Array.from({ length: concurrency }, client));
  const node = process.cpuUsage(before.node);
  const seconds = (performance.now() - before.at) / 1_000;
  latencies.sort((a, b) => a - b);
  console.log(
    `${name.padEnd(28)} ${(total / seconds).toFixed(0).padStart(7)} pairs/s   node ${((node.user + node.system) / total).toFixed(1)} µs   ` +
      `redis ${(((await redisCpuUs()) - before.redis) / total).toFixed(1)} µs   scripts/pair ${(((await calls()) - before.calls) / total).toFixed(2)}   ` +
      `pair p50 ${latencies[latencies.length >> 1].toFixed(2)} ms p99 ${latencies[Math.floor(latencies.length * 0.99)].toFixed(2)} ms`,
  );
  requests.splice(0, requests.length, ...requests.map(({ organizationId }) => ({ organizationId, requestId: uuid() })));
  next = 0;
}

async function calls() {
  return Number(/^cmdstat_evalsha:calls=(\d+)/m.exec(await redis.info('commandstats'))?.[1] ?? 0);
}

await run('warm up', 64, 15_000, 0);
for (let round = 0; round < 3; round += 1) {
  await run('64 at once', 64, 15_000, 0);
  await run('64 at once, 5 ms apart', 64, 6_000, 5);
  await run('one after the other', 1, 3_000, 0);
}
await redis.flushdb();
await admission.close();
redis.disconnect();
