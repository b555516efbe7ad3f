import { setTimeout as pause } from 'node:timers/promises';
import { request } from 'undici';
import { expect, it } from 'vitest';
import { eventually } from '../harness/eventually.js';
import { startProgram } from '../harness/programs.js';
import { readRunFile } from '../harness/run-file.js';
import { sandboxControl } from '../harness/sandbox-control.js';
import { booked, call, chat } from './gateway-client.js';

const run = readRunFile();
const sandbox = sandboxControl(run.urls.sandbox);
const CHAT = '/v1/chat/completions';

it('a gateway that is stopped while it reads an abandoned answer still books it', async () => {
  const model = 'gpt-4.1-mini';
  const gateway = await startProgram('gateway');
  const id = await sandbox.addRule({ match: { model }, times: 1, action: { kind: 'delay', ms: 1_500 } });
  const leaving = new AbortController();
  const asked = request(gateway.url + CHAT, {
    method: 'POST',
    signal: leaving.signal,
    headers: { authorization: `Bearer ${run.demoKey}`, 'content-type': 'application/json' },
    body: JSON.stringify({ ...chat('Hi'), model: `openai/${model}`, user: 'leaves before the answer' }),
  }).catch(() => undefined);
  const since = Date.now();
  await pause(500);
  leaving.abort();
  await asked;
  expect(await gateway.stop()).toBe(0);
  await sandbox.removeRule(id).catch(() => {});
  const served = await eventually(
    async () =>
      (await sandbox.truth({ provider: 'openai' })).filter(
        (entry) =>
          entry.model === model && Date.parse(entry.at) >= since - 1_000 && !entry.stream && entry.correlation !== null,
      ),
    { until: 'the provider has served it' },
  );
  const requestId = served.at(-1)?.correlation?.split('/')[0] ?? '';
  const book = await booked(run, requestId);
  expect(book).toMatchObject({ ending: 'client_left', usage_source: 'reported' });
  expect(Number(book.total_cost_usd)).toBeGreaterThan(0);
});

it('a key never reaches the log, wherever a caller puts it and whatever goes wrong', async () => {
  const gateway = await startProgram('gateway', { env: { TOLLGATE_LOG_LEVEL: 'trace' } });
  try {
    const key = run.demoKey;
    const failing = {
      match: { model: 'gpt-5.3' },
      action: { kind: 'status', status: 500, body: { error: { message: key } } },
    } as const;
    await sandbox.withRule(failing, () =>
      call(gateway.url, { path: CHAT, key, body: { ...chat(key), model: 'openai/gpt-5.3' } }),
    );
    await call(gateway.url, { path: CHAT, key, body: chat(`remember ${key}`, { user: key, metadata: { key } }) });
    await call(gateway.url, { path: `${CHAT}?key=${key}`, body: chat('Hi') });
    await call(gateway.url, { path: `/v1/${key}/%zz`, key, body: chat('Hi') });
    await call(gateway.url, { path: `/v1/generation?id=${key}`, method: 'GET', key });
    await call(gateway.url, {
      path: CHAT,
      key,
      rawBody: `{"model": "${key}`,
      headers: { cookie: key, 'x-request-id': key },
    });
    await call(gateway.url, {
      path: CHAT,
      headers: { authorization: key, 'x-api-key': `${key},${key}` },
      body: chat('Hi'),
    });
    await pause(200);
    expect(gateway.output()).toContain('gateway listening');
    expect(gateway.output()).not.toContain(key.slice(0, 12));
  } finally {
    await gateway.stop();
  }
});
