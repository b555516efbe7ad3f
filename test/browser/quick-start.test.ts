import { execFile } from 'node:child_process';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import type { Browser, Locator, Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { launchBrowser } from '../harness/browser.js';
import { eventually } from '../harness/eventually.js';
import { readRunFile } from '../harness/run-file.js';
import { expectNoComplaints, newPerson, openWindow, PHONE, signUpToKey } from './visitor.js';

const runFile = promisify(execFile);
const run = readRunFile();
/** Where the vendors' SDKs are installed. */
const sdkFolder = path.resolve(path.dirname(fileURLToPath(import.meta.url)), '../conformance');

let browser: Browser;
beforeAll(async () => {
  browser = await launchBrowser();
});
afterAll(() => browser.close());

async function choose(page: Page, tab: string): Promise<Locator> {
  await page.getByRole('tab', { name: tab, exact: true }).click();
  const example = page.getByRole('region', { name: `${tab} example`, exact: true });
  await example.waitFor();
  return example;
}

const codeOf = async (page: Page, tab: string): Promise<string> =>
  (await (await choose(page, tab)).textContent()) ?? '';

describe('the examples on the landing page', () => {
  it('name the address that each SDK wants, in both languages, and are copied as they stand', async () => {
    const page = await openWindow(browser, run);
    await page.context().grantPermissions(['clipboard-read', 'clipboard-write']);
    await page.goto('/');
    for (const language of ['Python', 'TypeScript']) {
      for (const { tab, baseUrl } of [
        { tab: 'OpenAI', baseUrl: `${run.urls.gateway}/v1` },
        { tab: 'OpenAI Responses', baseUrl: `${run.urls.gateway}/v1` },
        { tab: 'Anthropic', baseUrl: run.urls.gateway },
        { tab: 'Gemini', baseUrl: run.urls.gateway },
      ]) {
        await choose(page, tab);
        await page.getByRole('button', { name: language, exact: true }).click();
        const code = await codeOf(page, tab);
        expect(code.match(/base_?url["']?[:=] ?["']([^"']*)["']/i)?.[1], `${tab}, ${language}`).toBe(baseUrl);
        expect(code).toContain(language === 'Python' ? 'pip install' : 'npm install');
        expect(code).toContain('tg_your_key');
        await page.getByRole('button', { name: `Copy ${tab} example`, exact: true }).click();
        await eventually(async () => (await page.evaluate(() => navigator.clipboard.readText())) === code, {
          until: `the ${tab} example is in the clipboard`,
        });
      }
    }
    expectNoComplaints(page);
  });

  it('are chosen with the arrow keys', async () => {
    const page = await openWindow(browser, run);
    await page.goto('/');
    await page.getByRole('tab', { name: 'OpenAI', exact: true }).focus();
    for (const tab of ['OpenAI Responses', 'Anthropic', 'Gemini', 'curl', 'OpenAI']) {
      await page.keyboard.press('ArrowRight');
      await page.getByRole('tab', { name: tab, exact: true, selected: true }).waitFor();
      await page.getByRole('region', { name: `${tab} example`, exact: true }).waitFor();
    }
    await page.keyboard.press('Tab');
    await page.keyboard.press('Tab');
    await page.keyboard.press('Enter');
    await page.getByRole('button', { name: 'Python', exact: true, pressed: true }).waitFor();
  });

  it.each([{ viewport: PHONE }, {}])('move nothing around them when another is chosen (%o)', async (window) => {
    const page = await openWindow(browser, run, window);
    await page.goto('/');
    await page.getByRole('tab', { name: 'OpenAI', exact: true }).waitFor();
    const height = () => page.evaluate(() => document.documentElement.scrollHeight);
    const before = await height();
    for (const tab of ['curl', 'Gemini', 'Anthropic', 'OpenAI Responses']) {
      await choose(page, tab);
      expect(await height(), tab).toBe(before);
    }
    await page.getByRole('button', { name: 'Python', exact: true }).click();
    expect(await height(), 'Python').toBe(before);
  });
});

it('a new key’s examples answer as they stand, with every vendor’s own SDK', async () => {
  const page = await openWindow(browser, run);
  await signUpToKey(page, run, newPerson());
  const answerOf = async (command: string, parameters: readonly string[]): Promise<string> => {
    const { stdout } = await runFile(command, parameters, { cwd: sdkFolder, timeout: 30_000 });
    return stdout.trim();
  };
  const curl = await codeOf(page, 'curl');
  await eventually(async () => (await answerOf('sh', ['-c', curl])).includes('"chat.completion"'), {
    until: 'the trial credit lets a request through',
    everyMs: 250,
  });
  for (const tab of ['OpenAI', 'OpenAI Responses', 'Anthropic', 'Gemini']) {
    const code = await codeOf(page, tab);
    expect(await answerOf(process.execPath, ['--input-type=module', '--eval', code]), tab).toMatch(/\w+ \w+/);
  }
  expectNoComplaints(page);
});
