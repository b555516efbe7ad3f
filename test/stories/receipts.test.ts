import { spawn } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { parseUsd } from '@tollgate/amount';
import { describe, expect, it } from 'vitest';
import { readRunFile } from '../harness/run-file.js';
import { sandboxControl } from '../harness/sandbox-control.js';
import { booked, call, chat, createKey } from './gateway-client.js';

const run = readRunFile();
const sandbox = sandboxControl(run.urls.sandbox);
const CHAT = '/v1/chat/completions';
const KEYS = `${run.urls.gateway}/.well-known/tollgate-receipts.json`;
const PROGRAM = fileURLToPath(new URL('../../infra/receipts/verify-receipt.mjs', import.meta.url));

/** The program a customer would run, as they would run it. */
function verify(receipt: string): Promise<{ code: number | null; output: string }> {
  const child = spawn(process.execPath, [PROGRAM, '-', '--keys', KEYS]);
  let output = '';
  child.stdout.on('data', (chunk) => (output += String(chunk)));
  child.stdin.end(receipt);
  return new Promise((resolve) => child.once('close', (code) => resolve({ code, output })));
}

async function receiptOf(requestId: string): Promise<string> {
  await booked(run, requestId);
  const answer = await call(run.urls.gateway, { method: 'GET', path: `/v1/receipts/${requestId}`, key: run.demoKey });
  expect(answer.status).toBe(200);
  return answer.text;
}

const amountOf = (usd: string): bigint => {
  const parsed = parseUsd(usd);
  return parsed.ok ? parsed.value : -1n;
};

describe('a receipt', () => {
  it('of an answer is genuine to anybody, and one digit of another is not', async () => {
    const answer = await call(run.urls.gateway, { path: CHAT, key: run.demoKey, body: chat('What is 3 + 4?') });
    const receipt = await receiptOf(String(answer.headers['x-request-id']));
    expect(await verify(receipt)).toMatchObject({ code: 0, output: expect.stringContaining('genuine') });
    expect(JSON.parse(receipt).data.total_usd).toBe(answer.headers['x-tollgate-cost-usd']);
    const forged = receipt.replace(/"total_usd":"[^"]*"/, '"total_usd":"0.000000001"');
    expect(await verify(forged)).toMatchObject({ code: 1, output: expect.stringContaining('WRONG  total_usd') });
  });

  it('of a request that failed at the provider is one of nothing, and names the attempt that was free', async () => {
    const model = 'gpt-4.1-nano';
    const answer = await sandbox.withRule(
      { match: { model }, action: { kind: 'status', status: 400, body: '{}' } },
      () => call(run.urls.gateway, { path: CHAT, key: run.demoKey, body: { ...chat('Hi'), model: `openai/${model}` } }),
    );
    expect(answer.status).toBeGreaterThanOrEqual(400);
    const receipt = await receiptOf(String(answer.headers['x-request-id']));
    expect(await verify(receipt)).toMatchObject({ code: 0 });
    const { total_usd, attempts } = JSON.parse(receipt).data;
    expect([total_usd, attempts]).toEqual(['0', [expect.objectContaining({ outcome: 'failed', charged_usd: '0' })]]);
  });

  it('of a request whose model nobody has is one of nothing too', async () => {
    const answer = await call(run.urls.gateway, {
      path: CHAT,
      key: run.demoKey,
      body: { ...chat('Hi'), model: 'no/“such” <model>' },
    });
    expect(answer.status).toBe(404);
    expect(await verify(await receiptOf(String(answer.headers['x-request-id'])))).toMatchObject({ code: 0 });
  });
});

describe('an explanation', () => {
  it('says before what the request costs after, and changes nothing', async () => {
    const { key, hash } = await createKey(run, { name: 'explained', limit: '1' });
    const body = chat('Tell me about rivers.', { max_tokens: 100 });
    const before = await call(run.urls.gateway, { path: `/v1/explain${CHAT}`, key, body });
    const told = JSON.parse(before.text).data;
    expect(told).toMatchObject({ charged_usd: '0', would_refuse: null });
    expect(told.limits).toMatchObject([
      { name: 'organization', measure: 'balance' },
      { name: `key:${hash}`, measure: 'budget', limit: '1', used: '0' },
    ]);
    const answer = await call(run.urls.gateway, { path: CHAT, key, body });
    const charge = amountOf(String(answer.headers['x-tollgate-cost-usd']));
    expect(charge).toBeGreaterThan(0n);
    expect(charge).toBeLessThanOrEqual(amountOf(told.cost.max.usd));
    expect(answer.headers['x-tollgate-provider']).toBe(told.attempts[0].provider);
    const unknown = { method: 'GET', path: `/v1/receipts/${told.request_id}`, key } as const;
    expect((await call(run.urls.gateway, unknown)).status).toBe(404);
  });
});
