import type { Browser } from 'playwright-core';
import { afterAll, beforeAll, it } from 'vitest';
import { launchBrowser } from '../harness/browser.js';
import { readRunFile } from '../harness/run-file.js';
import { expectNoComplaints, newPerson, openWindow, type Person, signIn, signUpToKey } from './visitor.js';

const run = readRunFile();
let browser: Browser;
beforeAll(async () => {
  browser = await launchBrowser();
});
afterAll(() => browser.close());

async function newMember(): Promise<Person> {
  const person = newPerson();
  const page = await openWindow(browser, run);
  await signUpToKey(page, run, person);
  await page.context().close();
  return person;
}

it('a session elsewhere is seen and ended', async () => {
  const person = await newMember();
  const elsewhere = await openWindow(browser, run);
  await signIn(elsewhere, person);
  await elsewhere.waitForURL('**/overview');
  const page = await openWindow(browser, run);
  await signIn(page, person);
  await page.waitForURL('**/overview');
  await page.goto('/account');
  await page.getByText('this one').waitFor();
  const others = page.getByRole('button', { name: 'End session' });
  const count = await others.count();
  for (let index = 0; index < count; index += 1) {
    await others.first().click();
    await page.getByText('The session is ended.').waitFor();
    await page.reload();
  }
  await page.getByText('this one').waitFor();
  await elsewhere.waitForURL('**/sign-in?next=%2Foverview');
  expectNoComplaints(page);
});

it('a password is changed only with the current one', async () => {
  const person = await newMember();
  const page = await openWindow(browser, run);
  await signIn(page, person);
  await page.waitForURL('**/overview');
  await page.goto('/account');
  const change = async (current: string) => {
    await page.getByLabel('Current password').fill(current);
    await page.getByLabel('New password').fill('quite another password');
    await page.getByRole('button', { name: 'Change password' }).click();
  };
  await change('not the current one');
  await page.getByText('The current password is not right.').waitFor();
  await change(person.password);
  await page.getByText('Your password is changed.').waitFor();
  const again = await openWindow(browser, run);
  await signIn(again, { email: person.email, password: 'quite another password' });
  await again.waitForURL('**/overview');
});

it('an organisation is renamed everywhere, and its name stays text', async () => {
  const person = await newMember();
  const page = await openWindow(browser, run);
  await signIn(page, person);
  await page.waitForURL('**/overview');
  await page.goto('/account');
  const name = 'Ada & <b>Sons</b>';
  await page.getByLabel('Organisation name').fill(name);
  await page.getByRole('button', { name: 'Rename' }).click();
  await page.getByText('Saved.').waitFor();
  await page.goto('/overview');
  await page.getByTitle(name).waitFor();
  expectNoComplaints(page);
});
