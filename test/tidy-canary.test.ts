import { describe, expect, it } from 'vitest';
import { importsOf } from './tidy/imports.js';
import { type RuleName, rules } from './tidy/rules.js';
import { readSourceTree } from './tidy/source-tree.js';

const tree = readSourceTree();

interface Planted {
  readonly file: string;
  readonly text: string;
}

/** For each rule files that break it: a rule that does not see its canary guards nothing. */
const canaries: Readonly<Record<RuleName, readonly Planted[]>> = {
  'packages import only what is below them': [
    { file: 'packages/amount/src/canary.ts', text: "import { verifyKey } from '@tollgate/access';\n" },
    { file: 'packages/ledger/src/canary.ts', text: "export * from '@tollgate/billing';\n" },
    { file: 'packages/pricing/src/canary.ts', text: "import { openaiChat } from '@tollgate/dialects';\n" },
    { file: 'packages/catalog/src/canary.ts', text: "import type { Database } from '@tollgate/prisma';\n" },
    { file: 'apps/sandbox/src/canary.ts', text: "import type { Nanousd } from '@tollgate/amount';\n" },
    { file: 'apps/worker/src/canary.ts', text: "import { x } from '../../gateway/src/main.js';\n" },
    { file: 'apps/gateway/src/canary.ts', text: "const d = await import('../../../packages/ledger/src/index.js');\n" },
    { file: 'packages/usage/src/canary.ts', text: "import {\n  postUsage,\n  type A,\n} from '@tollgate/billing';\n" },
  ],
  'packages depend only on what is below them': [
    { file: 'packages/canary/package.json', text: '{"dependencies":{"@tollgate/ledger":"workspace:*"}}' },
    { file: 'apps/sandbox/package.json', text: '{"dependencies":{"@tollgate/amount":"workspace:*"}}' },
  ],
  'only the named entries stand at the root': [{ file: 'scripts/canary.mjs', text: '' }],
  'no place is called utils, common, shared, helpers, lib or core': [
    { file: 'packages/amount/src/utils/canary.ts', text: '' },
    { file: 'apps/gateway/src/helpers.ts', text: '' },
  ],
  'files are named in kebab-case': [{ file: 'packages/amount/src/CanaryBird.ts', text: '' }],
  'no file is longer than 500 lines': [{ file: 'packages/amount/src/canary.ts', text: 'x;\n'.repeat(501) }],
  'every room has a README with the five headings': [
    { file: 'packages/canary/package.json', text: '{}' },
    { file: 'packages/amount/README.md', text: '## Means\n## Owns\n## Never\n## Invariants\n' },
    {
      file: 'packages/amount/README.md',
      text: `## Means\n## Owns\n## Never\n## Invariants\n## Decisions\n${'x\n'.repeat(100)}`,
    },
  ],
  'every package export can be read from source': [
    { file: 'packages/canary/package.json', text: '{"exports":{".":{"default":"./dist/index.js"}}}' },
  ],
  'nothing escapes the type checker': [
    { file: 'packages/amount/src/canary.ts', text: 'export const x = y as any;\n' },
    { file: 'packages/amount/src/canary.ts', text: 'export function x(y: any) {}\n' },
  ],
  'nothing is left unfinished': [
    { file: 'packages/amount/src/canary.ts', text: '// @ts-ignore\n' },
    { file: 'packages/amount/src/canary.ts', text: '// TODO later\n' },
    { file: 'packages/amount/src/canary.test.ts', text: "it.only('x', () => {});\n" },
  ],
  'only config.ts reads the environment': [
    { file: 'packages/amount/src/canary.ts', text: 'export const x = process.env.X;\n' },
  ],
  'only *.store.ts touches the database': [
    { file: 'packages/usage/src/canary.ts', text: "import { Prisma } from '@tollgate/prisma';\n" },
    { file: 'apps/gateway/src/canary.ts', text: "import { Prisma } from '@tollgate/prisma';\n" },
    { file: 'apps/gateway/src/canary.ts', text: 'await db.$queryRaw`select 1`;\n' },
  ],
  'no file names a machine or a registry': [
    { file: 'packages/amount/src/canary.ts', text: "const file = '/home/dev/x';\n" },
    { file: 'pnpm-lock.yaml', text: `tarball: ${['https://registry', 'npmjs', 'org'].join('.')}/x/-/x-1.0.0.tgz\n` },
  ],
};

describe('each rule sees the violation that is planted for it', () => {
  for (const [name, planted] of Object.entries(canaries)) {
    it(name, () => {
      const rule = Object.entries(rules).find(([promise]) => promise === name)?.[1];
      if (rule === undefined) throw new Error(`there is no rule "${name}"`);
      for (const { file, text } of planted) {
        const before = rule(new Map([...tree].filter(([path]) => path !== file)));
        const after = rule(new Map([...tree, [file, text]]));
        const messages = (list: typeof before) => new Set(list.map((violation) => violation.file + violation.message));
        const added = [...messages(after)].filter((message) => !messages(before).has(message));
        expect(added, `${file}: ${text}`).not.toEqual([]);
      }
    });
  }
});

describe('imports are read as the compiler reads them', () => {
  it('tells types from values', () => {
    const text = [
      "import type { A } from 'a';",
      "import { type B, type C } from 'b';",
      "import { type D, e as f } from 'c';",
      "import g, { type H } from 'd';",
      "import * as i from 'e';",
      "import 'f';",
      "export { j } from 'g';",
      "export type * from 'h';",
      "const k = await import('i');",
    ].join('\n');
    expect(importsOf(text).map(({ specifier, isTypeOnly, names }) => [specifier, isTypeOnly, names])).toEqual([
      ['a', true, []],
      ['b', true, []],
      ['c', false, ['e']],
      ['d', false, []],
      ['e', false, []],
      ['f', false, []],
      ['g', false, ['j']],
      ['h', true, []],
      ['i', false, []],
    ]);
  });
});
