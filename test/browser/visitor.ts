import { randomBytes } from 'node:crypto';
import type { Browser, BrowserContext, Page } from 'playwright-core';
import { expect } from 'vitest';
import { eventually } from '../harness/eventually.js';
import type { RunFile } from '../harness/run-file.js';
import { sandboxControl } from '../harness/sandbox-control.js';

/** What a person brings to the dashboard. */
export interface Person {
  readonly name: string;
  readonly email: string;
  readonly password: string;
}

export interface Window {
  readonly colorScheme?: 'light' | 'dark';
  readonly viewport?: { readonly width: number; readonly height: number };
  /** cookies of somebody who is signed in */
  readonly signedInAs?: SignedInState;
}

/** Cookies of a signed-in person, to open another window as the same one. */
export type SignedInState = Awaited<ReturnType<BrowserContext['storageState']>>;

export const DESKTOP = { width: 1280, height: 900 } as const;
export const PHONE = { width: 360, height: 740 } as const;

/** A person nobody has met: tests never share accounts. */
export function newPerson(): Person {
  const id = randomBytes(5).toString('hex');
  return { name: `Grace ${id}`, email: `grace.${id}@example.com`, password: `correct horse ${id}` };
}

/** A window with cookies of its own. What the page itself complains about fails the test at `expectNoComplaints`. */
export async function openWindow(browser: Browser, run: RunFile, window: Window = {}): Promise<Page> {
  const context = await browser.newContext({
    baseURL: run.urls.dashboard,
    viewport: window.viewport ?? DESKTOP,
    colorScheme: window.colorScheme ?? 'light',
    // What fades in is judged when it is there.
    reducedMotion: 'reduce',
    ...(window.signedInAs === undefined ? {} : { storageState: window.signedInAs }),
  });
  const page = await context.newPage();
  page.setDefaultTimeout(20_000);
  const complaints: string[] = [];
  page.on('pageerror', (error) => complaints.push(error.message));
  page.on('console', (message) => {
    // A refused request (401, 404 …) is told to the console by the browser; tests look at those themselves.
    if (message.type() === 'error' && !message.text().startsWith('Failed to load resource'))
      complaints.push(message.text());
  });
  COMPLAINTS.set(page, complaints);
  return page;
}

const COMPLAINTS = new WeakMap<Page, string[]>();

export function expectNoComplaints(page: Page): void {
  expect(COMPLAINTS.get(page) ?? []).toEqual([]);
}

/** Fills the sign-up form and sends it; ends on the page that says where the mail went. */
export async function signUp(page: Page, person: Person): Promise<void> {
  await page.goto('/sign-up');
  await page.getByLabel('Name').fill(person.name);
  await page.getByLabel('Email').fill(person.email);
  await page.getByLabel('Password').fill(person.password);
  await page.getByRole('checkbox').check();
  await page.getByRole('button', { name: 'Create account' }).click();
  await page.getByRole('heading', { name: 'Check your mail' }).waitFor();
}

/** The link in the newest mail about something. */
export async function mailedLink(run: RunFile, person: Person, subject: RegExp): Promise<string> {
  const mail = await sandboxControl(run.urls.sandbox).waitForMail(person.email, { subject });
  const link = mail.links.find((candidate) => candidate.startsWith(run.urls.dashboard));
  if (link === undefined) throw new Error(`no link to the dashboard in the mail: ${JSON.stringify(mail.links)}`);
  return link;
}

/** From nothing to the welcome page with its key. */
export async function signUpToKey(page: Page, run: RunFile, person: Person): Promise<string> {
  await signUp(page, person);
  await page.goto(await mailedLink(run, person, /confirm/i));
  await page.waitForURL('**/welcome');
  return shownKey(page);
}

/** The key that the page shows right now. */
export async function shownKey(page: Page): Promise<string> {
  const text = (await page.getByRole('region', { name: 'key', exact: true }).textContent()) ?? '';
  expect(text).toMatch(/^tg_[0-9A-Za-z]{49}$/);
  return text;
}

export async function signIn(page: Page, { email, password }: Pick<Person, 'email' | 'password'>): Promise<void> {
  await page.goto('/sign-in');
  await page.getByLabel('Email').fill(email);
  await page.getByLabel('Password').fill(password);
  await page.getByRole('button', { name: 'Sign in' }).click();
}

/** Signs the demo user in once and hands out the cookies. */
export async function demoState(browser: Browser, run: RunFile): Promise<SignedInState> {
  const page = await openWindow(browser, run);
  await signIn(page, run.demo);
  await page.waitForURL('**/overview');
  const state = await page.context().storageState();
  await page.context().close();
  return state;
}

/** Waits until a request of the demo organisation can be looked at, and returns its id. */
export async function posted(run: RunFile, response: Response): Promise<string> {
  const id = response.headers.get('x-request-id') ?? '';
  const headers = { authorization: `Bearer ${run.demoKey}` };
  await eventually(async () => (await fetch(`${run.urls.gateway}/v1/generation?id=${id}`, { headers })).ok, {
    until: 'the request is posted',
  });
  return id;
}
