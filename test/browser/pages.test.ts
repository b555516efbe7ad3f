import OpenAI from 'openai';
import type { Browser, Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { launchBrowser } from '../harness/browser.js';
import { readRunFile } from '../harness/run-file.js';
import { axeFaults } from './axe-faults.js';
import {
  DESKTOP,
  demoState,
  expectNoComplaints,
  newPerson,
  openWindow,
  PHONE,
  posted,
  type SignedInState,
  signUpToKey,
} from './visitor.js';

const run = readRunFile();

const PUBLIC_PAGES = [
  '/',
  '/pricing',
  '/terms',
  '/sign-in',
  '/sign-up',
  '/forgot-password',
  '/reset-password?token=x',
  '/nowhere',
];
const OWN_PAGES = [
  '/overview',
  '/overview?range=7d',
  '/requests',
  '/keys',
  '/models',
  '/models/openai/gpt-4o-mini',
  '/models/openai/text-embedding-3-small',
  '/credits',
  '/settings',
  '/account',
  '/welcome',
  '/requests/none',
];

let browser: Browser;
let demo: SignedInState;
let requestPath: string;
beforeAll(async () => {
  browser = await launchBrowser();
  demo = await demoState(browser, run);
  requestPath = `/requests/${await makeRequest()}`;
});
afterAll(() => browser.close());

describe.each([
  { title: 'light', colorScheme: 'light', viewport: DESKTOP },
  { title: 'dark', colorScheme: 'dark', viewport: DESKTOP },
  { title: 'a phone', colorScheme: 'light', viewport: PHONE },
] as const)('in $title', ({ colorScheme, viewport }) => {
  it('no public page has an accessibility fault or scrolls sideways', async () => {
    const page = await openWindow(browser, run, { colorScheme, viewport });
    expect(await faultsOf(page, PUBLIC_PAGES)).toEqual([]);
    expectNoComplaints(page);
  });

  it('no page of the app has an accessibility fault or scrolls sideways', async () => {
    const page = await openWindow(browser, run, { colorScheme, viewport, signedInAs: demo });
    expect(await faultsOf(page, [...OWN_PAGES, requestPath])).toEqual([]);
    expectNoComplaints(page);
  });
});

it('the theme that was chosen is there in the first byte of the next page', async () => {
  const page = await openWindow(browser, run, { signedInAs: demo });
  await page.goto('/keys');
  await page.getByRole('button', { name: 'Colour theme' }).click();
  await page.getByRole('menuitem', { name: 'Dark' }).click();
  const answer = await page.request.get('/keys');
  expect(await answer.text()).toMatch(/<html[^>]*data-theme="dark"/);
});

it('dialogs and menus have no accessibility fault', async () => {
  const page = await openWindow(browser, run, { signedInAs: demo });
  await page.goto('/keys');
  await page.getByRole('button', { name: 'Create key' }).click();
  await page.getByRole('dialog').waitFor();
  expect(await axeFaults(page)).toEqual([]);
  await page.keyboard.press('Escape');
  await page
    .getByRole('button', { name: /^Actions for key/ })
    .first()
    .click();
  await page.getByRole('menu').waitFor();
  expect(await axeFaults(page, '[role=menu]')).toEqual([]);
});

it('every page is answered with the headers that keep it to itself', async () => {
  for (const path of ['/', '/sign-in', '/overview', '/welcome']) {
    const page = await openWindow(browser, run, { signedInAs: demo });
    const headers = (await page.goto(path))?.headers() ?? {};
    expect(headers['content-security-policy']).toMatch(/script-src 'self' 'nonce-[^']+' 'strict-dynamic'(;|$)/);
    expect(headers['content-security-policy']).toContain("frame-ancestors 'none'");
    expect(headers['referrer-policy']).toBe('no-referrer');
    expect(headers['x-content-type-options']).toBe('nosniff');
    expect(headers['cache-control']).toContain('no-store');
    await page.context().close();
  }
});

it('a model is found among a thousand while typing', async () => {
  const page = await openWindow(browser, run);
  await page.goto('/pricing');
  await page.getByLabel('Search models').fill('gpt-4o-mini openai');
  await page.getByText('openai/gpt-4o-mini', { exact: true }).first().waitFor();
  const startedAtMs = Date.now();
  await page.getByLabel('Search models').fill('no such model at all');
  await page.getByText('No model matches').waitFor();
  expect(Date.now() - startedAtMs).toBeLessThan(3_000);
});

it('another organisation’s request is not there', async () => {
  const page = await openWindow(browser, run);
  await signUpToKey(page, run, newPerson());
  await page.goto(requestPath);
  await page.getByText('There is nothing at this address').waitFor();
  const answer = await page.request.get(`/requests?search=${requestPath.split('/').at(-1)}`);
  expect(await answer.text()).not.toContain('gpt-4o-mini<');
});

it('filters narrow the log and stand in the address', async () => {
  const page = await openWindow(browser, run, { signedInAs: demo });
  await page.goto('/requests');
  await page.getByLabel('Status').selectOption('Failed');
  await page.waitForURL('**/requests?status=error');
  await page.getByRole('link', { name: /last 7 days/ }).click();
  await page.waitForURL(/range=7d/);
  expect(page.url()).toContain('status=error');
  await page.getByRole('button', { name: 'Clear' }).click();
  await page.waitForURL((url) => !url.search.includes('status'));
});

/** One line per fault: which page, which rule, which element. */
async function faultsOf(page: Page, paths: readonly string[]): Promise<string[]> {
  const faults: string[] = [];
  for (const path of paths) {
    await page.goto(path);
    await page.locator('main').first().waitFor();
    // Charts are drawn once the page is alive.
    await page.waitForTimeout(400);
    const overflow = await page.evaluate(() => document.documentElement.scrollWidth - window.innerWidth);
    if (overflow > 0) faults.push(`${path}: scrolls ${overflow} px sideways`);
    for (const fault of await axeFaults(page)) faults.push(`${path}: ${fault}`);
  }
  return faults;
}

/** A request of the demo organisation, waited for until it can be looked at. */
async function makeRequest(): Promise<string> {
  const client = new OpenAI({ apiKey: run.demoKey, baseURL: `${run.urls.gateway}/v1` });
  const { response } = await client.chat.completions
    .create({ model: 'openai/gpt-4o-mini', messages: [{ role: 'user', content: 'Hello' }] })
    .withResponse();
  return posted(run, response);
}
