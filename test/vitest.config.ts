import { readFileSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Plugin } from 'vite';
import { defineConfig } from 'vitest/config';

/**
 * Every suite of the repository. One project per suite: `npx vitest run --config vitest.config.ts --project unit <filter>`;
 * without --project a filter searches all of them. Services and programs are started by `npm test`, never from here:
 * what a test needs stands in the environment (DATABASE_URL, REDIS_URL, TOLLGATE_RUN_FILE).
 */
const root = path.join(path.dirname(fileURLToPath(import.meta.url)), '..');

/** Resolves workspace packages to their src, so that a test never sees a stale dist. */
const sourceConditions = ['tollgate:source', 'node', 'development|production'];

const here = path.join(root, 'test');
const testPackage: { dependencies: Record<string, string> } = JSON.parse(
  readFileSync(path.join(here, 'package.json'), 'utf8'),
);
const testTools = new Set(Object.keys(testPackage.dependencies).filter((name) => !name.startsWith('@tollgate/')));

/** Test tools (fast-check, openai …) are dependencies of test/ alone; a test beside the code finds them there. */
const testToolsEverywhere: Plugin = {
  name: 'test-tools-everywhere',
  enforce: 'pre',
  resolveId(source, importer) {
    const isTest =
      importer !== undefined && /\.(test|fixture)\.(tsx?|mjs)$/.test(importer) && !importer.startsWith(here);
    return isTest && testTools.has(source) ? this.resolve(source, path.join(here, 'package.json')) : null;
  },
};

const workspaceFolders = '{packages/*,apps/*,prisma,infra}';
const never = ['**/node_modules/**', '**/dist/**', '**/.next/**', '**/generated/**', '**/.local/**'];

/** Major versions that their vendors support from Node 22 on: the same tests, on that Node, speak to them instead. */
const newerSdks: Record<string, string> =
  Number.parseInt(process.versions.node, 10) < 22 ? {} : { openai: 'openai-7', '@google/genai': 'google-genai-3' };

interface Suite {
  readonly name: string;
  readonly include: readonly string[];
  readonly exclude?: readonly string[];
  readonly testTimeoutMs: number;
  /** Suites that share running programs or one browser, or measure, run one file at a time. */
  readonly oneFileAtATime?: boolean;
  /** Packages that stand in for others where a test imports them by name. */
  readonly aliases?: Readonly<Record<string, string>>;
}

const suites: readonly Suite[] = [
  {
    name: 'unit',
    include: [
      `${workspaceFolders}/**/*.test.{ts,tsx,mjs}`,
      'test/tidy*.test.ts',
      'test/laws/**/*.test.ts',
      'test/faults/checker/*.test.ts',
    ],
    exclude: ['**/*.store.test.ts', '**/*.after.test.ts'],
    testTimeoutMs: 20_000,
  },
  {
    name: 'store',
    include: [
      `${workspaceFolders}/**/*.store.test.ts`,
      'test/laws/**/*.store.test.ts',
      'test/simulation/**/*.store.test.ts',
    ],
    testTimeoutMs: 60_000,
  },
  {
    name: 'simulation',
    include: ['test/simulation/**/*.test.ts'],
    exclude: ['**/*.store.test.ts'],
    testTimeoutMs: 300_000,
  },
  {
    name: 'stories',
    include: ['test/stories/**/*.test.ts'],
    testTimeoutMs: 120_000,
  },
  {
    name: 'conformance',
    include: ['test/conformance/**/*.test.ts'],
    testTimeoutMs: 60_000,
    aliases: newerSdks,
  },
  {
    name: 'replay',
    include: ['test/replay/**/*.test.ts'],
    testTimeoutMs: 300_000,
    oneFileAtATime: true,
  },
  {
    name: 'browser',
    include: ['test/browser/**/*.test.ts'],
    testTimeoutMs: 180_000,
    oneFileAtATime: true,
  },
  {
    name: 'bench',
    include: ['test/bench/**/*.test.ts'],
    testTimeoutMs: 120_000,
    oneFileAtATime: true,
  },
  // A world of its own, attacked: one file is one run.
  {
    name: 'faults',
    include: ['test/faults/*.test.ts'],
    testTimeoutMs: 600_000,
    oneFileAtATime: true,
  },
  // Laws that must hold over whatever all other suites have left in the database: runs last.
  {
    name: 'after',
    include: ['test/laws/**/*.after.test.ts'],
    testTimeoutMs: 120_000,
    oneFileAtATime: true,
  },
];

/** An alias of the whole name only: what lies below it is not renamed. */
const exactly = (aliases: Readonly<Record<string, string>>): { find: RegExp; replacement: string }[] =>
  Object.entries(aliases).map(([name, replacement]) => ({ find: new RegExp(`^${name}$`), replacement }));

export default defineConfig({
  root,
  cacheDir: path.join(root, '.local/vite'),
  test: {
    projects: suites.map((suite) => ({
      root,
      cacheDir: path.join(root, '.local/vite'),
      plugins: [testToolsEverywhere],
      resolve: { conditions: sourceConditions, alias: exactly(suite.aliases ?? {}) },
      ssr: {
        resolve: {
          conditions: sourceConditions,
          externalConditions: ['tollgate:source'],
        },
      },
      // NestJS uses TypeScript's legacy decorators. Injection is explicit (@Inject), so no type metadata is needed.
      oxc: { decorator: { legacy: true } },
      test: {
        name: suite.name,
        include: [...suite.include],
        exclude: [...never, ...(suite.exclude ?? [])],
        environment: 'node' as const,
        testTimeout: suite.testTimeoutMs,
        hookTimeout: suite.testTimeoutMs,
        fileParallelism: suite.oneFileAtATime !== true,
        server: { deps: { inline: [/^@tollgate\//] } },
      },
    })),
    passWithNoTests: false,
    maxWorkers: 2,
  },
});
