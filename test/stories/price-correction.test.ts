import { execFile } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { decimalUsd, nanousd } from '@tollgate/amount';
import { requestIdTimeMs } from '@tollgate/usage';
import { afterAll, describe, expect, it } from 'vitest';
import { checkReceipt } from '../../infra/receipts/verify-receipt.mjs';
import { eventually } from '../harness/eventually.js';
import { readRunFile } from '../harness/run-file.js';
import { booked, call, chat, createKey } from './gateway-client.js';

const run = readRunFile();
const root = path.resolve(path.dirname(fileURLToPath(import.meta.url)), '../..');
const folder = mkdtempSync(path.join(os.tmpdir(), 'tollgate-rerate-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const CHAT = '/v1/chat/completions';
const ENDPOINT = 'openai:gpt-4o-mini';

/** Corrects the one request, whose id says when it came in. `usdPerMillion` is the price of its input; the output becomes free. */
async function rerate(requestId: string, name: string, usdPerMillion: number, ...flags: readonly string[]) {
  const atMs = requestIdTimeMs(requestId);
  const file = path.join(folder, `${name}.json`);
  const price = (BigInt(usdPerMillion) * 1_000_000_000n).toString();
  const correction = {
    id: `${name}-${requestId}`,
    reason: 'The price list was read wrong',
    endpointId: ENDPOINT,
    from: new Date(atMs).toISOString(),
    to: new Date(atMs + 1).toISOString(),
    schedule: { prices: { input: price, output: '0' }, tiers: [], windows: [] },
  };
  writeFileSync(file, JSON.stringify(correction));
  const program = path.join(root, 'apps/worker/dist/rerate/main.js');
  const env = { ...process.env, DATABASE_URL: run.databaseUrl };
  const { stdout } = await promisify(execFile)(process.execPath, [program, '--correction', file, ...flags], { env });
  return stdout;
}

async function receiptOf(requestId: string, key: string): Promise<Record<string, unknown>> {
  const { text } = await call(run.urls.gateway, { method: 'GET', path: `/v1/receipts/${requestId}`, key });
  const keys = await fetch(`${run.urls.gateway}/.well-known/tollgate-receipts.json`);
  expect(checkReceipt(text, await keys.json()).filter(({ ok }) => !ok)).toEqual([]);
  return (JSON.parse(text) as { data: Record<string, unknown> }).data;
}

describe('a price that turns out to have been wrong', () => {
  it('is corrected by a command: receipt, ledger and what may still be spent say the same', async () => {
    const { key } = await createKey(run, { name: 'rerate', limit: '0.5' });
    const ask = () =>
      call(run.urls.gateway, { path: CHAT, key, body: chat('Tell me about rivers.', { max_tokens: 5 }) });
    const answer = await ask();
    expect(answer.status).toBe(200);
    const requestId = String(answer.headers['x-request-id']);
    const book = await booked(run, requestId, key);
    const inputTokens = book.receipt?.lines.find(({ bucket }) => bucket === 'input')?.quantity ?? '0';
    expect(inputTokens).toMatch(/^[1-9]/);

    expect(await rerate(requestId, 'dearer', 100_000)).toContain('Nothing was posted');
    expect(await receiptOf(requestId, key)).toMatchObject({ corrections: [] });

    expect(await rerate(requestId, 'dearer', 100_000, '--post')).toContain('posted: 1 of 1 requests');
    const dearer = await receiptOf(requestId, key);
    const charge = (BigInt(inputTokens) * 100_000n * 1_000n * 10_550n) / 10_000n;
    expect(dearer).toMatchObject({
      total_usd: book.total_cost_usd,
      corrections: [
        { reason: 'The price list was read wrong', lines: [{ bucket: 'input', quantity: inputTokens }, {}] },
      ],
      corrected_total_usd: decimalUsd(nanousd(charge)),
    });

    // The key has spent more than its limit now, and admission learns of it.
    const isRefused = async () => (await ask()).status === 402;
    await eventually(isRefused, { until: 'the key is over its limit', timeoutMs: 20_000, everyMs: 500 });

    expect(await rerate(requestId, 'free', 0, '--post')).toContain('posted: 1 of 1 requests');
    const free = await receiptOf(requestId, key);
    expect(free).toMatchObject({ corrected_total_usd: '0', corrections: [{}, { total_usd: '0' }] });
    const isAdmitted = async () => (await ask()).status === 200;
    await eventually(isAdmitted, { until: 'the key may be used again', timeoutMs: 20_000, everyMs: 500 });
  }, 60_000);
});
