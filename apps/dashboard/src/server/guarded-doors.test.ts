import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, it } from 'vitest';

const source = path.resolve(path.dirname(fileURLToPath(import.meta.url)), '..');
const files = readdirSync(source, { recursive: true, encoding: 'utf8' }).map((name) => name.replaceAll(path.sep, '/'));
const read = (file: string) => readFileSync(path.join(source, file), 'utf8');

/** Doors that anyone may open, each with the reason. */
const OPEN_DOORS: Readonly<Record<string, string>> = {
  'app/api/auth/[...all]/route.ts': 'better-auth decides itself',
  'app/api/health/route.ts': 'says only that the process answers',
};

const asksWho = (text: string) => /\b(requireVisitor|currentVisitor|allowedVisitor)\(\)/.test(text);

it('every page of the app asks who is there, not only its layout', () => {
  const pages = files.filter((file) => file.startsWith('app/(app)/') && file.endsWith('page.tsx'));
  expect(pages.length).toBeGreaterThan(8);
  expect(pages.filter((file) => !asksWho(read(file)))).toEqual([]);
});

it('every route handler asks who is there, or says why not', () => {
  const routes = files.filter((file) => file.endsWith('/route.ts') && !(file in OPEN_DOORS));
  expect(routes.length).toBeGreaterThan(0);
  expect(routes.filter((file) => !asksWho(read(file)))).toEqual([]);
});

it('every server action asks who is there', () => {
  const actionFiles = files.filter((file) => /\.tsx?$/.test(file) && read(file).startsWith("'use server'"));
  expect(actionFiles.length).toBeGreaterThan(2);
  for (const file of actionFiles) {
    const actions = read(file)
      .split(/^export async function /m)
      .slice(1);
    expect(actions.length, file).toBeGreaterThan(0);
    for (const action of actions)
      expect(asksWho(action.split(/^}/m)[0] ?? ''), `${file}: ${action.slice(0, 40)}`).toBe(true);
  }
});

it('no page changes anything when it is opened', () => {
  const pages = files.filter((file) => /\/(page|layout)\.tsx$/.test(file));
  const writers =
    /\b(createKey|updateKey|revokeKey|disableKey|enableKey|requestGrant|renameOrganization|createOrganizationForUser|changeProjectSettings)\b/;
  expect(pages.filter((file) => writers.test(read(file)))).toEqual([]);
});
