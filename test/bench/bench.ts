import { randomUUID } from 'node:crypto';
import { parseUsd } from '@tollgate/amount';
import { requestGrant } from '@tollgate/billing';
import { openDatabase } from '@tollgate/prisma';
import { eventually } from '../harness/eventually.js';
import type { RunFile } from '../harness/run-file.js';
import { sandboxControl } from '../harness/sandbox-control.js';
import { startBareProxy } from './bare-proxy.js';
import { cpuMicroseconds, pin } from './cpu-time.js';
import { type LoadResult, type LoadTarget, runLoad, type Subject } from './load.js';

export interface BenchOptions {
  readonly rounds: number;
  readonly roundMs: number;
  readonly connections: number;
  /** answered by each program before anything is measured */
  readonly warmUpRequests: number;
  readonly onRound?: (line: string) => void;
}

export interface Measured {
  readonly name: 'bare' | 'gateway';
  readonly microsecondsPerRequest: readonly number[];
  readonly requestsPerSecond: readonly number[];
  readonly answered: number;
  readonly refused: number;
}

export interface BenchResult {
  readonly bare: Measured;
  readonly gateway: Measured;
  /** gateway ÷ bare, round by round */
  readonly ratios: readonly number[];
  readonly isPinned: boolean;
  /** answers of the gateway that the books know, of those that clients got */
  readonly booked: number;
}

const PROMPT = 'Explain in two sentences why a toll gate needs exact change. '.repeat(8);
const BODY = JSON.stringify({
  model: 'openai/gpt-4o-mini',
  messages: [
    { role: 'system', content: 'You are terse.' },
    { role: 'user', content: PROMPT },
  ],
  max_tokens: 300,
});

/**
 * The gateway with everything on (key, hold, settlement, spool, stream) against a bare proxy: the same load, the same upstream, in
 * alternating rounds. CPU time comes from the scheduler; only the ratio means anything on a shared machine.
 */
export async function bench(run: RunFile, options: BenchOptions): Promise<BenchResult> {
  const sandbox = sandboxControl(run.urls.sandbox);
  await giveCredit(run);
  const bare = await startBareProxy(run.urls.sandbox);
  const gatewayPid = run.pids.gateway;
  if (gatewayPid === undefined) throw new Error('the run file names no gateway');
  const isPinned = [pin(gatewayPid, 0), pin(bare.pid, 0), pin(process.pid, 1), pinSandbox(run)].every(Boolean);
  try {
    return await sandbox.withRule({ match: { provider: 'openai' }, action: { kind: 'fixed' } }, async () => {
      const targets = {
        bare: { pid: bare.pid, target: target(bare.origin, '/v1/chat/completions', 'bench') },
        gateway: { pid: gatewayPid, target: target(run.urls.gateway, '/v1/chat/completions', run.demoKey) },
      };
      const { bare: a, gateway: b } = await measure(targets, options);
      const ratios = b.microsecondsPerRequest.map(
        (value, index) => value / (a.microsecondsPerRequest[index] ?? Number.NaN),
      );
      return { bare: a, gateway: b, ratios, isPinned, booked: await booked(run) };
    });
  } finally {
    bare.stop();
  }
}

async function measure(
  subjects: { bare: Subject; gateway: Subject },
  options: BenchOptions,
): Promise<{ bare: Measured; gateway: Measured }> {
  const names = ['bare', 'gateway'] as const;
  const taken = { bare: collector('bare'), gateway: collector('gateway') };
  for (const name of names) await warmUp(subjects[name].target, options);
  for (let round = 0; round < options.rounds; round += 1) {
    // A B, then B A: whoever goes second never profits twice in a row.
    for (const name of round % 2 === 0 ? names : [...names].reverse()) {
      const before = cpuMicroseconds(subjects[name].pid);
      const result = await runLoad(subjects[name].target, options.connections, options.roundMs);
      taken[name].add(result, cpuMicroseconds(subjects[name].pid) - before);
    }
    options.onRound?.(`round ${round + 1}: bare ${taken.bare.last()}, gateway ${taken.gateway.last()}`);
  }
  return { bare: taken.bare.result(), gateway: taken.gateway.result() };
}

/** Until the engine has compiled what it will compile: a fixed number of requests, not of seconds, so that a slow moment does not count as warm. */
async function warmUp(target: LoadTarget, { connections, roundMs, warmUpRequests }: BenchOptions): Promise<void> {
  let answered = 0;
  for (let round = 0; answered < warmUpRequests && round < 12; round += 1) {
    answered += (await runLoad(target, connections, roundMs)).answered;
  }
}

function collector(name: Measured['name']) {
  const microsecondsPerRequest: number[] = [];
  const requestsPerSecond: number[] = [];
  let answered = 0;
  let refused = 0;
  return {
    add(result: LoadResult, microseconds: number): void {
      microsecondsPerRequest.push(microseconds / result.answered);
      requestsPerSecond.push((result.answered / result.durationMs) * 1000);
      answered += result.answered;
      refused += result.refused;
    },
    last: () => `${microsecondsPerRequest.at(-1)?.toFixed(1)} µs`,
    result: (): Measured => ({ name, microsecondsPerRequest, requestsPerSecond, answered, refused }),
  };
}

function target(origin: string, path: string, key: string): LoadTarget {
  return { origin, path, headers: { 'content-type': 'application/json', authorization: `Bearer ${key}` }, body: BODY };
}

function pinSandbox(run: RunFile): boolean {
  const { sandbox } = run.pids;
  return sandbox !== undefined && pin(sandbox, 1);
}

/** A bench must not stop because the demo's credit is spent. */
async function giveCredit(run: RunFile): Promise<void> {
  const database = openDatabase({ url: run.databaseUrl, applicationName: 'tollgate-bench' });
  const amount = parseUsd('100000');
  if (!amount.ok) throw new Error('100000 is an amount');
  const id = randomUUID();
  await requestGrant(database, {
    id,
    organizationId: run.organizationId,
    kind: 'courtesy',
    amountNanousd: amount.value,
    reference: `bench ${id}`,
    requestedBy: 'bench',
    expiresAt: null,
  });
  await eventually(async () => (await balance(run)) > 50_000, { until: 'the bench has its credit' });
  await database.$disconnect();
}

async function balance(run: RunFile): Promise<number> {
  const response = await fetch(`${run.urls.gateway}/v1/credits`, {
    headers: { authorization: `Bearer ${run.managementKey}` },
  });
  const { data } = (await response.json()) as { data: { available_usd: string } };
  return Number(data.available_usd);
}

async function booked(run: RunFile): Promise<number> {
  const database = openDatabase({ url: run.databaseUrl, applicationName: 'tollgate-bench' });
  const count = () =>
    database.usageEvent.count({ where: { organizationId: run.organizationId, chargeNanousd: { gt: 0 } } });
  let known = await count();
  // The worker may still be draining: wait until the number stands still.
  await eventually(
    async () => {
      const next = await count();
      const isStill = next === known;
      known = next;
      return isStill;
    },
    { until: 'the worker has drained the bench', timeoutMs: 60_000, everyMs: 1000 },
  );
  await database.$disconnect();
  return known;
}
