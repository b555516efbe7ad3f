import { importsOf } from './imports.js';
import { isCode, isTestFile, type SourceTree } from './source-tree.js';
import type { Violation } from './violation.js';

const isStore = (file: string): boolean => /\.store\.ts$/.test(file);
const mayQuery = (file: string): boolean =>
  isStore(file) || isTestFile(file) || file.startsWith('prisma/') || file.startsWith('infra/');

/** What a program's composition may take at run time: the factory, whose product it passes down. */
const composition = new Set(['openDatabase']);

function importViolations(file: string, text: string): Violation[] {
  return importsOf(text)
    .filter(({ specifier, isTypeOnly }) => specifier === '@tollgate/prisma' && !isTypeOnly)
    .filter(
      ({ names }) => !file.startsWith('apps/') || names.length === 0 || names.some((name) => !composition.has(name)),
    )
    .map(() => ({ file, message: 'imports @tollgate/prisma at run time outside of *.store.ts' }));
}

function queryViolations(file: string, text: string): Violation[] {
  const found = text.match(/\$(queryRaw|executeRaw)(Unsafe)?\b/)?.[0];
  return found === undefined ? [] : [{ file, message: `queries the database (${found}) outside of *.store.ts` }];
}

/** Only *.store.ts touches the database: SQL has one kind of place to look for it. */
export const databaseAccess = (tree: SourceTree): Violation[] =>
  [...tree]
    .filter(([file]) => isCode(file) && !mayQuery(file))
    .flatMap(([file, text]) => [...importViolations(file, text), ...queryViolations(file, text)]);
