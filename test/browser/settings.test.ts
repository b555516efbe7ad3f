import { Redis } from 'ioredis';
import OpenAI from 'openai';
import pg from 'pg';
import type { Browser, Page } from 'playwright-core';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { launchBrowser } from '../harness/browser.js';
import { eventually } from '../harness/eventually.js';
import { readRunFile } from '../harness/run-file.js';
import { axeFaults } from './axe-faults.js';
import {
  DESKTOP,
  demoState,
  expectNoComplaints,
  newPerson,
  openWindow,
  PHONE,
  type SignedInState,
  signUpToKey,
} from './visitor.js';

const run = readRunFile();
const client = new OpenAI({ apiKey: run.demoKey, baseURL: `${run.urls.gateway}/v1`, maxRetries: 0 });
let browser: Browser;
let demo: SignedInState;
beforeAll(async () => {
  browser = await launchBrowser();
  demo = await demoState(browser, run);
});
/** As every project begins. */
beforeEach(async () => {
  await project('PATCH', { stores_responses: false, keeps_reasoning: true });
});
afterAll(() => browser.close());

/** The demo's project as a gateway tells it. */
async function project(method: 'GET' | 'PATCH', change?: object): Promise<unknown> {
  const answer = await fetch(`${run.urls.gateway}/v1/project`, {
    method,
    headers: { authorization: `Bearer ${run.managementKey}`, 'content-type': 'application/json' },
    ...(change === undefined ? {} : { body: JSON.stringify(change) }),
  });
  const { data } = (await answer.json()) as { data: { stores_responses: boolean; keeps_reasoning: boolean } };
  return { stores: data.stores_responses, reasoning: data.keeps_reasoning };
}

const responsesSwitch = (page: Page) => page.getByRole('switch', { name: 'Keep responses' });
const reasoningSwitch = (page: Page) => page.getByRole('switch', { name: 'Keep reasoning for tool calls' });

async function follow(responseId: string): Promise<string> {
  return client.responses
    .create({ model: 'openai/gpt-4o-mini', input: 'And then?', previous_response_id: responseId })
    .then(
      ({ status }) => status ?? 'none',
      (error: { code?: string }) => error.code ?? String(error),
    );
}

describe('keeping responses', () => {
  it('is turned on, kept, and heeded by the gateway; turned off, what was stored is gone', async () => {
    const page = await openWindow(browser, run, { signedInAs: demo });
    await page.goto('/settings');
    await responsesSwitch(page).click();
    await page.getByText('Responses are kept from now on.').waitFor();
    expect(await project('GET')).toEqual({ stores: true, reasoning: true });
    await page.reload();
    expect(await responsesSwitch(page).getAttribute('aria-checked')).toBe('true');
    const { id } = await eventually(
      async () => {
        const answer = await client.responses.create({ model: 'openai/gpt-4o-mini', input: 'Once upon a time' });
        return (await follow(answer.id)) === 'completed' ? answer : false;
      },
      { until: 'a kept response can be gone on from', timeoutMs: 3_000 },
    );

    await responsesSwitch(page).click();
    await page.getByRole('button', { name: 'Turn off and delete' }).click();
    await page.getByText('Responses are no longer kept').waitFor();
    expect(await project('GET')).toEqual({ stores: false, reasoning: true });
    await eventually(async () => (await follow(id)) === 'response_storage_disabled', {
      until: 'the gateway refuses to go on',
      timeoutMs: 1_000,
    });
    await responsesSwitch(page).click();
    await page.getByText('Responses are kept from now on.').waitFor();
    await eventually(async () => (await follow(id)) === 'not_found', {
      until: 'the gateway has learnt that responses are kept again, and has none',
      timeoutMs: 3_000,
    });
    expectNoComplaints(page);
  });

  it('stays on when the question is answered with no, without a mouse too', async () => {
    await project('PATCH', { stores_responses: true });
    const page = await openWindow(browser, run, { signedInAs: demo });
    await page.goto('/settings');
    await responsesSwitch(page).focus();
    await page.keyboard.press('Space');
    await page.getByRole('dialog', { name: 'Delete all kept responses?' }).waitFor();
    await page.keyboard.press('Escape');
    await page.getByRole('dialog').waitFor({ state: 'hidden' });
    expect(await responsesSwitch(page).getAttribute('aria-checked')).toBe('true');
    await eventually(() => responsesSwitch(page).evaluate((element) => element === document.activeElement), {
      until: 'the switch has the focus again',
    });
    expect(await project('GET')).toEqual({ stores: true, reasoning: true });
  });
});

it('reasoning that was kept is gone when keeping it is turned off', async () => {
  const redis = new Redis(run.redisUrl);
  const kept = async () => (await redis.keys(`{${run.organizationId}}:reasoning:*`)).length;
  await client.chat.completions.create({
    model: 'anthropic/claude-sonnet-4-5',
    max_tokens: 3_000,
    reasoning_effort: 'low',
    messages: [{ role: 'user', content: 'Use the tool add.' }],
    tools: [{ type: 'function', function: { name: 'add', parameters: { type: 'object', properties: {} } } }],
  });
  await eventually(async () => (await kept()) > 0, { until: 'the reasoning is kept' });
  const page = await openWindow(browser, run, { signedInAs: demo });
  await page.goto('/settings');
  await reasoningSwitch(page).click();
  await page.getByText('Reasoning is no longer kept.').waitFor();
  expect(await project('GET')).toEqual({ stores: false, reasoning: false });
  expect(await kept()).toBe(0);
  await page.getByText('Zero retention', { exact: true }).waitFor();
  await reasoningSwitch(page).click();
  await page.getByText('Reasoning is kept from now on.').waitFor();
  expect(await project('GET')).toEqual({ stores: false, reasoning: true });
  await redis.quit();
  expectNoComplaints(page);
});

it('a developer sees what is kept and cannot change it', async () => {
  const page = await openWindow(browser, run);
  const person = newPerson();
  await signUpToKey(page, run, person);
  const database = new pg.Client({ connectionString: run.databaseUrl });
  await database.connect();
  const { rowCount } = await database.query(
    `UPDATE member SET role = 'developer' WHERE user_id = (SELECT id FROM "user" WHERE email = $1)`,
    [person.email],
  );
  await database.end();
  expect(rowCount).toBe(1);
  await page.goto('/settings');
  await page.getByText('Owners and admins of the organisation change these.').waitFor();
  expect([await responsesSwitch(page).isDisabled(), await reasoningSwitch(page).isDisabled()]).toEqual([true, true]);
  expect(await reasoningSwitch(page).getAttribute('aria-checked')).toBe('true');
  expect(await axeFaults(page)).toEqual([]);
});

it.each([
  { title: 'light', colorScheme: 'light', viewport: DESKTOP },
  { title: 'dark', colorScheme: 'dark', viewport: DESKTOP },
  { title: 'a phone', colorScheme: 'light', viewport: PHONE },
] as const)('nothing of it has an accessibility fault in $title, on or off or asked', async (look) => {
  await project('PATCH', { stores_responses: true, keeps_reasoning: false });
  const page = await openWindow(browser, run, { ...look, signedInAs: demo });
  await page.goto('/settings');
  await responsesSwitch(page).waitFor();
  expect(await axeFaults(page)).toEqual([]);
  await responsesSwitch(page).click();
  await page.getByRole('dialog').waitFor();
  expect(await axeFaults(page)).toEqual([]);
});
