import { setTimeout as pause } from 'node:timers/promises';
import { parseUsd } from '@tollgate/amount';
import { request } from 'undici';
import { describe, expect, it } from 'vitest';
import { eventually } from '../harness/eventually.js';
import { startProgram } from '../harness/programs.js';
import { readRunFile } from '../harness/run-file.js';
import { type SandboxAction, sandboxControl } from '../harness/sandbox-control.js';
import { booked, call, chat, createKey } from './gateway-client.js';

const run = readRunFile();
const sandbox = sandboxControl(run.urls.sandbox);
const CHAT = '/v1/chat/completions';

/** Each fault gets a model of its own, so that tests that run at once do not hear each other's rules. */
async function streamWith(providerModel: string, action: SandboxAction, more: Record<string, unknown> = {}) {
  return sandbox.withRule({ match: { model: providerModel }, action }, async () => {
    const answer = await call(run.urls.gateway, {
      path: CHAT,
      key: run.demoKey,
      body: {
        ...chat('Tell me about rivers and the sea.', { stream: true, ...more }),
        model: `openai/${providerModel}`,
      },
    });
    return { answer, book: await booked(run, String(answer.headers['x-request-id'])) };
  });
}

function lastEvent(text: string): Record<string, unknown> {
  const data =
    text
      .trim()
      .split('\n\n')
      .at(-1)
      ?.replace(/^(?:event: .*\n)?data: /, '') ?? '{}';
  return JSON.parse(data) as Record<string, unknown>;
}

describe('failures of ours or of a provider are free', () => {
  it('a stream that the provider breaks ends with a typed error, never with a clean end, and costs nothing', async () => {
    const { answer, book } = await streamWith('gpt-4o', { kind: 'reset', afterEvents: 5 });
    expect(answer.text).not.toContain('[DONE]');
    expect(lastEvent(answer.text)).toMatchObject({ error: { code: 'stream_interrupted', charged_usd: '0' } });
    expect(book).toMatchObject({ total_cost_usd: '0', ending: 'provider_died', error_code: 'stream_interrupted' });
  });

  it('a stream that just stops is not taken for an answer', async () => {
    const { answer, book } = await streamWith('gpt-4.1', { kind: 'cut', afterEvents: 5 });
    expect(answer.text).not.toContain('[DONE]');
    expect(lastEvent(answer.text)).toHaveProperty('error.code', 'stream_interrupted');
    expect(book.total_cost_usd).toBe('0');
  });

  it('an error inside a stream that began well is passed on as an error', async () => {
    const { answer, book } = await streamWith('gpt-4.1-mini', {
      kind: 'error_event',
      afterEvents: 3,
      error: { message: 'overloaded', type: 'server_error' },
    });
    expect(answer.text).not.toContain('[DONE]');
    expect(lastEvent(answer.text)).toHaveProperty('error.message');
    expect(book.total_cost_usd).toBe('0');
  });

  it('an empty answer with a blank finish is free', async () => {
    const model = 'gpt-4-turbo';
    const answer = await sandbox.withRule({ match: { model }, action: { kind: 'empty', finish: '' } }, () =>
      call(run.urls.gateway, { path: CHAT, key: run.demoKey, body: { ...chat('Hi'), model: `openai/${model}` } }),
    );
    expect(answer.status).toBe(200);
    expect((await booked(run, String(answer.headers['x-request-id']))).total_cost_usd).toBe('0');
  });

  it('an HTML page with status 200 is not an answer', async () => {
    const model = 'gpt-5-chat-latest';
    const answer = await sandbox.withRule(
      { match: { model }, action: { kind: 'content_type', value: 'text/html', body: '<html>Bad gateway</html>' } },
      () => call(run.urls.gateway, { path: CHAT, key: run.demoKey, body: { ...chat('Hi'), model: `openai/${model}` } }),
    );
    expect(answer.status).toBe(502);
    expect(answer.text).not.toContain('<html>');
  });
});

describe('whose count it is', () => {
  it('a provider that reports no usage is billed by our own count, and the receipt says so', async () => {
    const { answer, book } = await streamWith('gpt-5-mini', { kind: 'omit_usage' });
    expect(answer.text).toContain('[DONE]');
    expect(book.usage_source).toBe('counted');
    expect(Number(book.total_cost_usd)).toBeGreaterThan(0);
  });

  it('the charge follows from the lines of its receipt, to the nano-dollar', async () => {
    const answer = await call(run.urls.gateway, { path: CHAT, key: run.demoKey, body: chat('What is 3 + 4?') });
    const book = await booked(run, String(answer.headers['x-request-id']));
    let raw = 0n;
    for (const line of book.receipt?.lines ?? [])
      raw += BigInt(line.quantity) * BigInt(line.unit_price_nanousd_per_million);
    expect(BigInt(book.receipt?.charge_nanousd ?? 0)).toBe((raw * 10_550n + 9_999_999_999n) / 10_000_000_000n);
    expect(answer.headers['x-tollgate-cost-usd']).toBe(book.total_cost_usd);
  });
});

describe('a client that leaves', () => {
  it('mid-stream pays for what was delivered, never more than the provider counted', async () => {
    const model = 'o4-mini';
    const id = await sandbox.addRule({ match: { model }, action: { kind: 'pace', ttftMs: 10, paceMs: 25 } });
    const answer = await request(run.urls.gateway + CHAT, {
      method: 'POST',
      headers: { authorization: `Bearer ${run.demoKey}`, 'content-type': 'application/json' },
      body: JSON.stringify({
        ...chat('Write a long essay about mountains.', { stream: true }),
        model: `openai/${model}`,
      }),
    });
    const requestId = String(answer.headers['x-request-id']);
    await new Promise((resolve) => answer.body.once('data', resolve));
    await pause(300);
    answer.body.destroy();
    const book = await eventually(async () => booked(run, requestId), {
      until: 'the abandoned request is booked',
      timeoutMs: 45_000,
    });
    await sandbox.removeRule(id);
    const truth = await sandbox.truthOf(`${requestId}/0`);
    expect(book.ending).toBe('client_left');
    expect(Number(book.total_cost_usd)).toBeGreaterThan(0);
    expect(book.native_tokens_completion).toBeLessThanOrEqual((truth.completionTokens ?? 0) + 2);
  });
});

describe('spending limits', () => {
  it('many requests at once cannot spend more than the key may', async () => {
    const limit = '0.0006';
    const { key, hash } = await createKey(run, { name: 'small purse', limit });
    const answers = await Promise.all(
      Array.from({ length: 40 }, (_, index) =>
        call(run.urls.gateway, { path: CHAT, key, body: chat(`Tell me about number ${index}.`, { max_tokens: 300 }) }),
      ),
    );
    const statuses = new Set(answers.map((answer) => answer.status));
    expect(statuses).toEqual(new Set([200, 402]));
    await Promise.all(answers.map((answer) => booked(run, String(answer.headers['x-request-id']), key)));
    const read = await call(run.urls.gateway, { method: 'GET', path: `/v1/keys/${hash}`, key: run.managementKey });
    const { usage_usd: usage } = (JSON.parse(read.text) as { data: { usage_usd: string } }).data;
    const [spent, most] = [parseUsd(usage), parseUsd(limit)];
    if (!spent.ok || !most.ok) throw new Error('not amounts');
    expect(spent.value).toBeGreaterThan(0n);
    expect(spent.value).toBeLessThanOrEqual(most.value);
  });

  it('a purse that does not hold the whole answer shortens it and says so', async () => {
    const { key } = await createKey(run, { name: 'short purse', limit: '0.0004' });
    const answer = await call(run.urls.gateway, {
      path: CHAT,
      key,
      body: chat('Write a very long story.', { max_tokens: 4000 }),
    });
    expect(answer.status).toBe(200);
    expect(answer.headers['x-tollgate-clamped']).toMatch(/^max_tokens=\d+$/);
  });
});

describe('keys', () => {
  it('a revoked key stops on every gateway within a second', async () => {
    const second = await startProgram('gateway');
    try {
      const { key, hash } = await createKey(run, { name: 'to be revoked' });
      for (const url of [run.urls.gateway, second.url])
        expect((await call(url, { path: CHAT, key, body: chat('Hi') })).status).toBe(200);
      const revoked = await call(run.urls.gateway, {
        method: 'DELETE',
        path: `/v1/keys/${hash}`,
        key: run.managementKey,
      });
      expect(revoked.status).toBe(200);
      const revokedAt = Date.now();
      for (const url of [run.urls.gateway, second.url])
        expect((await call(url, { path: CHAT, key, body: chat('Hi') })).status).toBe(401);
      expect(Date.now() - revokedAt).toBeLessThan(1000);
    } finally {
      await second.stop();
    }
  });

  it('a disabled key is refused and works again when enabled', async () => {
    const { key, hash } = await createKey(run, { name: 'on and off' });
    const patch = (disabled: boolean) =>
      call(run.urls.gateway, { method: 'PATCH', path: `/v1/keys/${hash}`, key: run.managementKey, body: { disabled } });
    expect((await call(run.urls.gateway, { path: CHAT, key, body: chat('Hi') })).status).toBe(200);
    await patch(true);
    const refused = await call(run.urls.gateway, { path: CHAT, key, body: chat('Hi') });
    expect([refused.status, refused.text.includes('key_disabled')]).toEqual([403, true]);
    await patch(false);
    await eventually(async () => (await call(run.urls.gateway, { path: CHAT, key, body: chat('Hi') })).status === 200, {
      until: 'the key works again',
      timeoutMs: 6000,
    });
  });

  it('a key is shown once, and never again by any listing', async () => {
    const { key, hash } = await createKey(run, { name: 'shown once' });
    const listed = await call(run.urls.gateway, { method: 'GET', path: '/v1/keys', key: run.managementKey });
    const read = await call(run.urls.gateway, { method: 'GET', path: `/v1/keys/${hash}`, key: run.managementKey });
    expect(listed.text).toContain(hash);
    for (const { text } of [listed, read]) expect(text).not.toContain(key);
  });

  it('another organisation’s ids answer like ids that never were', async () => {
    for (const path of [
      '/v1/keys/00000000-0000-7000-8000-000000000000',
      "/v1/keys/' OR 1=1",
      '/v1/generation?id=gen-00000000-0000-7000-8000-000000000000',
      '/v1/receipts/%00',
    ]) {
      expect((await call(run.urls.gateway, { method: 'GET', path, key: run.managementKey })).status).toBe(404);
    }
  });
});

describe('a gateway that is killed', () => {
  it('loses no charge of an answer that a client got whole, and bills none twice', async () => {
    const doomed = await startProgram('gateway');
    const answers = await Promise.all(
      Array.from({ length: 30 }, () =>
        call(doomed.url, { path: CHAT, key: run.demoKey, body: chat('What is 1 + 1?') }),
      ),
    );
    await doomed.kill();
    expect(answers.every((answer) => answer.status === 200)).toBe(true);
    const restarted = await startProgram('gateway', { env: { TOLLGATE_SPOOL_DIR: doomed.spoolFolder } });
    try {
      for (const answer of answers) {
        const book = await booked(run, String(answer.headers['x-request-id']));
        expect(book.total_cost_usd).toBe(answer.headers['x-tollgate-cost-usd']);
      }
    } finally {
      await restarted.stop();
    }
  });

  it('stops when asked, and lets a running stream finish', async () => {
    const model = 'gpt-4o';
    const gateway = await startProgram('gateway');
    const id = await sandbox.addRule({ match: { model }, times: 1, action: { kind: 'pace', ttftMs: 10, paceMs: 20 } });
    const answer = call(gateway.url, {
      path: CHAT,
      key: run.demoKey,
      body: { ...chat('Count slowly.', { stream: true, max_tokens: 60 }), model: `openai/${model}` },
    });
    await pause(400);
    const stopped = gateway.stop();
    expect((await answer).text).toContain('[DONE]');
    expect(await stopped).toBe(0);
    await sandbox.removeRule(id).catch(() => {});
  });
});
