import type { Browser, Page } from 'playwright-core';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { launchBrowser } from '../harness/browser.js';
import { eventually } from '../harness/eventually.js';
import { readRunFile } from '../harness/run-file.js';
import { expectNoComplaints, newPerson, openWindow, type SignedInState, shownKey, signUpToKey } from './visitor.js';

const run = readRunFile();
let browser: Browser;
let state: SignedInState;
beforeAll(async () => {
  browser = await launchBrowser();
  const page = await openWindow(browser, run);
  await signUpToKey(page, run, newPerson());
  state = await page.context().storageState();
  await page.context().close();
});
afterAll(() => browser.close());

it('a revoked key is refused within a second', async () => {
  const page = await openWindow(browser, run, { signedInAs: state });
  await page.goto('/keys');
  const key = await createKey(page, 'to be revoked');
  await page.getByRole('button', { name: 'Done' }).click();
  await eventually(async () => (await statusOf(key)) === 200, { until: 'the gateway accepts the new key' });
  await page.getByRole('button', { name: 'Actions for key to be revoked' }).click();
  await page.getByRole('menuitem', { name: 'Revoke' }).click();
  await page.getByRole('button', { name: 'Revoke key' }).click();
  await page.getByText('“to be revoked” is revoked.').waitFor();
  await eventually(async () => (await statusOf(key)) === 401, {
    until: 'the gateway refuses the key',
    timeoutMs: 1_000,
  });
  expectNoComplaints(page);
});

it('a disabled key stops, and works again when it is enabled', async () => {
  const page = await openWindow(browser, run, { signedInAs: state });
  await page.goto('/keys');
  const key = await createKey(page, 'to be paused');
  await page.getByRole('button', { name: 'Done' }).click();
  const choose = async (item: string) => {
    await page.getByRole('button', { name: 'Actions for key to be paused' }).click();
    await page.getByRole('menuitem', { name: item }).click();
  };
  await choose('Disable');
  await page.getByText('“to be paused” is disabled.').waitFor();
  await eventually(async () => (await statusOf(key)) >= 400, {
    until: 'the gateway refuses the key',
    timeoutMs: 1_000,
  });
  await choose('Enable');
  await page.getByText('“to be paused” is enabled.').waitFor();
  await eventually(async () => (await statusOf(key)) === 200, {
    until: 'the gateway accepts the key',
    timeoutMs: 2_000,
  });
});

it('a key is made, copied from the page and closed without a mouse', async () => {
  const page = await openWindow(browser, run, { signedInAs: state });
  await page.goto('/keys');
  await page.getByRole('button', { name: 'Create key' }).focus();
  await page.keyboard.press('Enter');
  await page.getByRole('dialog', { name: 'Create a key' }).waitFor();
  await tabTo(page, 'Name');
  await page.keyboard.type('made by keyboard');
  await tabTo(page, 'Spending limit, $');
  await page.keyboard.type('0.50');
  await page.keyboard.press('Enter');
  await page.getByRole('dialog', { name: 'Your new key' }).waitFor();
  await shownKey(page);
  await page.keyboard.press('Escape');
  await page.getByRole('dialog').waitFor({ state: 'hidden' });
  const row = page.getByRole('row', { name: /made by keyboard/ });
  await row.waitFor();
  expect(await row.textContent()).toContain('of $0.50');
  expectNoComplaints(page);
});

it('a limit that is no amount is said beside its field, and nothing is made', async () => {
  const page = await openWindow(browser, run, { signedInAs: state });
  await page.goto('/keys');
  await page.getByRole('button', { name: 'Create key' }).click();
  await page.getByLabel('Name').fill('never made');
  await page.getByLabel('Spending limit, $').fill('plenty');
  await page.getByRole('dialog').getByRole('button', { name: 'Create key' }).click();
  await page.getByText('The limit is an amount of dollars').waitFor();
  await page.keyboard.press('Escape');
  await page.reload();
  await page.getByRole('row').first().waitFor();
  expect(await page.getByText('never made').count()).toBe(0);
});

it('a name made to be markup stays a name', async () => {
  const page = await openWindow(browser, run, { signedInAs: state });
  const name = '<img src=x onerror="document.title=1">';
  page.on('dialog', () => expect.unreachable('a dialog opened'));
  await page.goto('/keys');
  await createKey(page, name);
  await page.getByRole('button', { name: 'Done' }).click();
  await page.reload();
  await page.getByText(name).first().waitFor();
  expect(await page.title()).not.toBe('1');
  expectNoComplaints(page);
});

async function createKey(page: Page, name: string): Promise<string> {
  await page.getByRole('button', { name: 'Create key' }).click();
  const dialog = page.getByRole('dialog');
  await dialog.getByLabel('Name').fill(name);
  await dialog.getByRole('button', { name: 'Create key' }).click();
  await page.getByRole('dialog', { name: 'Your new key' }).waitFor();
  return shownKey(page);
}

/** Presses Tab until the field with this label has the focus. */
async function tabTo(page: Page, label: string): Promise<void> {
  const target = page.getByLabel(label, { exact: true });
  for (let presses = 0; presses < 12; presses += 1) {
    if (await target.evaluate((element) => element === document.activeElement)) return;
    await page.keyboard.press('Tab');
  }
  throw new Error(`Tab never reached ${label}`);
}

async function statusOf(key: string): Promise<number> {
  const answer = await fetch(`${run.urls.gateway}/v1/key`, { headers: { authorization: `Bearer ${key}` } });
  await answer.text();
  return answer.status;
}
