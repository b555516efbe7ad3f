import OpenAI from 'openai';
import type { Browser } from 'playwright-core';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { launchBrowser } from '../harness/browser.js';
import { readRunFile } from '../harness/run-file.js';
import { axeFaults } from './axe-faults.js';
import { DESKTOP, demoState, expectNoComplaints, openWindow, PHONE, posted, type SignedInState } from './visitor.js';

const run = readRunFile();
let browser: Browser;
let demo: SignedInState;
let requestId: string;
beforeAll(async () => {
  browser = await launchBrowser();
  demo = await demoState(browser, run);
  requestId = await askClaudeForWhatItLacks();
});
afterAll(() => browser.close());

async function askClaudeForWhatItLacks(): Promise<string> {
  const client = new OpenAI({ apiKey: run.demoKey, baseURL: `${run.urls.gateway}/v1` });
  const { response } = await client.chat.completions
    .create({
      model: 'anthropic/claude-haiku-4-5',
      messages: [{ role: 'user', content: 'Hello' }],
      logit_bias: { 1: 2 },
      seed: 7,
    })
    .withResponse();
  return posted(run, response);
}

it.each([
  { title: 'light', colorScheme: 'light', viewport: DESKTOP },
  { title: 'dark', colorScheme: 'dark', viewport: DESKTOP },
  { title: 'a phone', colorScheme: 'light', viewport: PHONE },
] as const)('a request says by which API it came and what its provider could not be told ($title)', async (look) => {
  const page = await openWindow(browser, run, { ...look, signedInAs: demo });
  await page.goto(`/requests/${requestId}`);
  await page.getByText('OpenAI Chat Completions', { exact: true }).waitFor();
  await page.getByRole('heading', { name: 'Lost in translation' }).waitFor();
  const left = page.locator('section', { has: page.getByRole('heading', { name: 'Left out' }) }).last();
  const items = await left.getByRole('listitem').allTextContents();
  expect(items.sort()).toEqual(['logit_biaspreferences for single tokens', 'seedthe wish for a repeatable answer']);
  const overflow = await page.evaluate(() => document.documentElement.scrollWidth - window.innerWidth);
  expect([overflow, await axeFaults(page)]).toEqual([0, []]);
  expectNoComplaints(page);
});

it('a request that lost nothing says nothing of it', async () => {
  const client = new OpenAI({ apiKey: run.demoKey, baseURL: `${run.urls.gateway}/v1` });
  const { response } = await client.responses
    .create({ model: 'openai/gpt-4o-mini', input: 'Hello', store: false })
    .withResponse();
  const page = await openWindow(browser, run, { signedInAs: demo });
  await page.goto(`/requests/${await posted(run, response)}`);
  await page.getByText('OpenAI Responses', { exact: true }).waitFor();
  expect(await page.getByText('Lost in translation').count()).toBe(0);
});
