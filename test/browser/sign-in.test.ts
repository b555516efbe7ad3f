import type { Browser } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { launchBrowser } from '../harness/browser.js';
import { readRunFile } from '../harness/run-file.js';
import { sandboxControl } from '../harness/sandbox-control.js';
import { mailedLink, newPerson, openWindow, type Person, signIn, signUp, signUpToKey } from './visitor.js';

const run = readRunFile();
let browser: Browser;
let member: Person;
beforeAll(async () => {
  browser = await launchBrowser();
  member = newPerson();
  const page = await openWindow(browser, run);
  await signUpToKey(page, run, member);
  await page.context().close();
});
afterAll(() => browser.close());

describe('signing in', () => {
  it('leads back to the page that was asked for, and signing out ends it', async () => {
    const page = await openWindow(browser, run);
    await page.goto('/credits');
    await page.waitForURL('**/sign-in?next=%2Fcredits');
    await page.getByLabel('Email').fill(member.email);
    await page.getByLabel('Password').fill(member.password);
    await page.getByRole('button', { name: 'Sign in' }).click();
    await page.waitForURL('**/credits');
    await page.getByRole('button', { name: /Account menu/ }).click();
    await page.getByRole('menuitem', { name: 'Sign out' }).click();
    await page.waitForURL('**/sign-in');
    await page.goto('/credits');
    await page.waitForURL('**/sign-in?next=%2Fcredits');
  });

  it('says the same of a wrong password and of an unknown address', async () => {
    const page = await openWindow(browser, run);
    const refusal = async (email: string) => {
      await signIn(page, { email, password: 'not the password' });
      return page.getByRole('alert').filter({ hasText: /\S/ }).first().textContent();
    };
    expect(await refusal(member.email)).toBe(await refusal(newPerson().email));
  });

  it('cannot be led to another site', async () => {
    const page = await openWindow(browser, run);
    await page.goto('/sign-in?next=//evil.example/');
    await page.getByLabel('Email').fill(member.email);
    await page.getByLabel('Password').fill(member.password);
    await page.getByRole('button', { name: 'Sign in' }).click();
    await page.waitForURL(`${run.urls.dashboard}/overview`);
  });

  it('gives a cookie that no script can read', async () => {
    const page = await openWindow(browser, run);
    await signIn(page, member);
    await page.waitForURL('**/overview');
    const session = (await page.context().cookies()).find((cookie) => cookie.name.includes('session_token'));
    expect(session).toMatchObject({ httpOnly: true, sameSite: 'Lax' });
  });
});

describe('signing up', () => {
  it('before the address is confirmed nobody gets in', async () => {
    const page = await openWindow(browser, run);
    const person = newPerson();
    await signUp(page, person);
    await signIn(page, person);
    await page.getByRole('heading', { name: 'Check your mail' }).waitFor();
    await page.goto('/overview');
    await page.waitForURL('**/sign-in?next=%2Foverview');
  });

  it('with an address that has an account looks the same, and only the mailbox learns of it', async () => {
    const page = await openWindow(browser, run);
    await signUp(page, { ...member, name: 'Somebody else', password: 'a password of theirs' });
    const mail = await sandboxControl(run.urls.sandbox).waitForMail(member.email, { subject: /already have/ });
    expect(mail.text).not.toContain('Somebody else');
    await signIn(page, { email: member.email, password: 'a password of theirs' });
    await page.getByText('The address or the password is not right.').waitFor();
  });

  it('over an unconfirmed account of a stranger never confirms the stranger’s password', async () => {
    const page = await openWindow(browser, run);
    const owner = newPerson();
    await signUp(page, { ...owner, password: 'the stranger was first' });
    await signUp(page, owner);
    await page.goto(await mailedLink(run, owner, /new Tollgate password/));
    await page.getByLabel('New password').fill(owner.password);
    await page.getByRole('button', { name: 'Save the password' }).click();
    await page.waitForURL('**/sign-in?reset=done');
    await signIn(page, { email: owner.email, password: 'the stranger was first' });
    await page.getByText('The address or the password is not right.').waitFor();
    await signIn(page, owner);
    await page.waitForURL('**/overview');
  });

  it('needs the terms to be accepted, also without the form', async () => {
    const answer = await fetch(`${run.urls.dashboard}/api/auth/sign-up/email`, {
      method: 'POST',
      headers: { 'content-type': 'application/json', origin: run.urls.dashboard },
      body: JSON.stringify({ ...newPerson(), callbackURL: '/welcome' }),
    });
    expect(answer.status).toBe(400);
    expect(await answer.json()).toMatchObject({ code: 'TERMS_NOT_ACCEPTED' });
  });
});

describe('a forgotten password', () => {
  it('is replaced through the mail, once, and ends every other session', async () => {
    const person = newPerson();
    const elsewhere = await openWindow(browser, run);
    await signUpToKey(elsewhere, run, person);
    await elsewhere.goto('/requests?status=error');
    const page = await openWindow(browser, run);
    await page.goto('/forgot-password');
    await page.getByLabel('Email').fill(person.email);
    await page.getByRole('button', { name: 'Send the link' }).click();
    await page.getByText('If there is an account').waitFor();
    const link = await mailedLink(run, person, /new Tollgate password/);
    await page.goto(link);
    await page.getByLabel('New password').fill('another good password');
    await page.getByRole('button', { name: 'Save the password' }).click();
    await page.waitForURL('**/sign-in?reset=done');
    await elsewhere.waitForURL('**/sign-in?next=%2Frequests%3Fstatus%3Derror');
    await elsewhere.goto('/overview');
    await elsewhere.waitForURL('**/sign-in?next=%2Foverview');
    await signIn(page, { email: person.email, password: 'another good password' });
    await page.waitForURL('**/overview');
    await page.goto(link);
    await page.getByLabel('New password').fill('a third good password');
    await page.getByRole('button', { name: 'Save the password' }).click();
    await page.getByText('This link is no longer good.').waitFor();
  });

  it('is answered alike for an address nobody has', async () => {
    const page = await openWindow(browser, run);
    await page.goto('/forgot-password');
    await page.getByLabel('Email').fill(newPerson().email);
    await page.getByRole('button', { name: 'Send the link' }).click();
    await page.getByText('If there is an account').waitFor();
  });
});

describe('another site', () => {
  it('can neither sign somebody in nor read an answer', async () => {
    const answer = await fetch(`${run.urls.dashboard}/api/auth/sign-in/email`, {
      method: 'POST',
      headers: { 'content-type': 'application/json', origin: 'https://evil.example', 'sec-fetch-site': 'cross-site' },
      body: JSON.stringify({ email: member.email, password: member.password }),
    });
    expect(answer.status).toBe(403);
    expect(answer.headers.get('access-control-allow-origin')).toBeNull();
    expect(answer.headers.get('set-cookie')).toBeNull();
  });
});
