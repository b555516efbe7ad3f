import OpenAI from 'openai';
import type { Browser } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { launchBrowser } from '../harness/browser.js';
import { eventually } from '../harness/eventually.js';
import { readRunFile } from '../harness/run-file.js';
import { expectNoComplaints, newPerson, openWindow, signUpToKey } from './visitor.js';

const run = readRunFile();
let browser: Browser;
beforeAll(async () => {
  browser = await launchBrowser();
});
afterAll(() => browser.close());

describe('a stranger', () => {
  it('signs up, gets a key, and sees what the first request cost, to the last digit', async () => {
    const page = await openWindow(browser, run);
    const key = await signUpToKey(page, run, newPerson());
    await page.getByRole('tab', { name: 'Anthropic' }).click();
    expect(await page.getByRole('region', { name: 'Anthropic example' }).textContent()).toContain(key);
    const { requestId, costUsd } = await firstAnswer(key);
    const answeredAtMs = Date.now();
    expect(Number(costUsd)).toBeGreaterThan(0);

    await page.getByText('First request received.').waitFor();
    expect(Date.now() - answeredAtMs).toBeLessThan(5_000);
    await page.getByRole('link', { name: 'See its receipt' }).click();
    await page.waitForURL(`**/requests/${requestId}`);
    expect(await page.getByTestId('receipt-total').getAttribute('data-total')).toBe(costUsd);
    expect(await bookedCharge(key, requestId)).toBe(costUsd);
    expectNoComplaints(page);
  });

  it('never sees the key again, not even by going back', async () => {
    const page = await openWindow(browser, run);
    const key = await signUpToKey(page, run, newPerson());
    const response = await page.reload();
    expect(response?.headers()['cache-control']).toContain('no-store');
    await page.getByText('cannot be shown again').waitFor();
    expect(await page.content()).not.toContain(key);
    await page.goto('/keys');
    await page.goBack();
    await page.getByText('cannot be shown again').waitFor();
    expect(await page.content()).not.toContain(key);
    expect(page.url()).not.toContain('tg_');
  });
});

describe('an open request log', () => {
  it('shows a request within three seconds of its answer', async () => {
    const page = await openWindow(browser, run);
    const key = await signUpToKey(page, run, newPerson());
    await firstAnswer(key);
    await page.goto('/requests');
    // The tries before the trial credit came stand there too.
    await page.getByRole('link', { name: 'openai/gpt-4o-mini' }).first().waitFor();
    // The page has to have looked once to know what is new.
    await page.waitForResponse((response) => response.url().endsWith('/api/pulse'));

    const client = new OpenAI({ apiKey: key, baseURL: `${run.urls.gateway}/v1`, maxRetries: 0 });
    const stream = await client.chat.completions.create({
      model: 'openai/gpt-4.1-mini',
      messages: [{ role: 'user', content: 'Count to three.' }],
      stream: true,
    });
    for await (const _chunk of stream) {
      // Read to the end: the request is settled there.
    }
    const endedAtMs = Date.now();
    await page.getByRole('link', { name: 'openai/gpt-4.1-mini' }).waitFor();
    expect(Date.now() - endedAtMs).toBeLessThan(3_000);
    expectNoComplaints(page);
  });
});

/** The first answer the new key gets. The trial credit is posted by the worker within a second or so; until then the answer is 402. */
async function firstAnswer(key: string): Promise<{ readonly requestId: string; readonly costUsd: string }> {
  const client = new OpenAI({ apiKey: key, baseURL: `${run.urls.gateway}/v1`, maxRetries: 0 });
  const { response } = await eventually(
    () =>
      client.chat.completions
        .create({ model: 'openai/gpt-4o-mini', messages: [{ role: 'user', content: 'What is 2+2?' }] })
        .withResponse(),
    { until: 'the trial credit lets a request through', everyMs: 250 },
  );
  return {
    requestId: response.headers.get('x-request-id') ?? '',
    costUsd: response.headers.get('x-tollgate-cost-usd') ?? '',
  };
}

async function bookedCharge(key: string, requestId: string): Promise<unknown> {
  const answer = await fetch(`${run.urls.gateway}/v1/generation?id=${requestId}`, {
    headers: { authorization: `Bearer ${key}` },
  });
  const body: unknown = await answer.json();
  const data =
    typeof body === 'object' && body !== null ? (body as { data?: Record<string, unknown> }).data : undefined;
  return data?.['total_cost_usd'];
}
