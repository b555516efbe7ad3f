import { readdirSync, readlinkSync } from 'node:fs';
import { request } from 'undici';
import { describe, expect, it } from 'vitest';
import { median } from '../bench/cpu-time.js';
import { eventually } from '../harness/eventually.js';
import { readRunFile } from '../harness/run-file.js';
import { sandboxControl } from '../harness/sandbox-control.js';

const run = readRunFile();
const sandbox = sandboxControl(run.urls.sandbox);
const body = (max: number) =>
  JSON.stringify({
    model: 'gpt-4o-mini',
    stream: true,
    max_tokens: max,
    messages: [{ role: 'user', content: 'Hello' }],
  });

/** Opens a stream and gives the milliseconds until its first byte; reads the rest or leaves. */
async function firstByteMs(origin: string, path: string, key: string, leaves: boolean): Promise<number> {
  const startedAt = performance.now();
  const response = await request(origin + path, {
    method: 'POST',
    headers: { authorization: `Bearer ${key}`, 'content-type': 'application/json' },
    body: body(leaves ? 2_000 : 5),
  });
  let first = Number.NaN;
  for await (const _chunk of response.body) {
    if (Number.isNaN(first)) first = performance.now() - startedAt;
    if (leaves) break;
  }
  response.body.destroy();
  return first;
}

function openSockets(pid: number): number {
  return readdirSync(`/proc/${pid}/fd`).filter((fd) => {
    try {
      return readlinkSync(`/proc/${pid}/fd/${fd}`).startsWith('socket:');
    } catch {
      return false;
    }
  }).length;
}

describe('a stream through the gateway', () => {
  it('S06: begins as soon as the provider does: nothing on its way waits for a clock', async () => {
    const through: number[] = [];
    const direct: number[] = [];
    for (let round = 0; round < 25; round += 1) {
      direct.push(await firstByteMs(run.urls.sandbox, '/providers/openai/v1/chat/completions', 'sk-bench', false));
      through.push(await firstByteMs(run.urls.gateway, '/v1/chat/completions', run.demoKey, false));
    }
    // A held-back first chunk or a sleep of the kind others have is 25 ms and more at every single request.
    expect(median(through) - median(direct)).toBeLessThan(20);
  });

  it('S26: leaves no socket behind, however many clients walk away from theirs', async () => {
    const pid = run.pids.gateway;
    if (pid === undefined) throw new Error('the run file names no gateway');
    const pace = { match: { provider: 'openai' }, action: { kind: 'pace', ttftMs: 0, paceMs: 20 } } as const;
    const leave = () =>
      firstByteMs(run.urls.gateway, '/v1/chat/completions', run.demoKey, true).catch(() => Number.NaN);
    await sandbox.withRule(pace, async () => {
      await Promise.all(Array.from({ length: 20 }, leave));
      const before = await eventually(async () => openSockets(pid), { until: 'the gateway has sockets' });
      for (let round = 0; round < 6; round += 1) await Promise.all(Array.from({ length: 25 }, leave));
      await eventually(async () => (openSockets(pid) <= before + 10 ? true : undefined), {
        until: 'the sockets of 150 abandoned streams are closed',
        timeoutMs: 40_000,
      });
    });
  }, 90_000);
});
