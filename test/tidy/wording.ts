import { isCode, isTestFile, type SourceTree } from './source-tree.js';
import type { Violation } from './violation.js';

/** These files spell out what they forbid. */
const isTidy = (file: string): boolean => file.startsWith('test/tidy');

interface Forbidden {
  readonly pattern: RegExp;
  readonly message: string;
  readonly where: (file: string) => boolean;
}

const withoutComments = (line: string): string => line.replace(/^\s*(\*|\/\/).*|\s\/\/ .*$|\/\*.*?\*\//g, '');

function linesWith(
  { pattern, message, where }: Forbidden,
  tree: SourceTree,
  read: (line: string) => string,
): Violation[] {
  return [...tree]
    .filter(([file]) => where(file) && !isTidy(file))
    .flatMap(([file, text]) =>
      text.split('\n').flatMap((line, index) => {
        const match = read(line).match(pattern)?.[0];
        return match === undefined
          ? []
          : [{ file, message: `line ${index + 1}: ${message} (${match.trim().slice(0, 60)})` }];
      }),
    );
}

const typeEscapes: readonly Forbidden[] = [
  { pattern: /\bas any\b|<any>|\bany\[\]/, message: 'escapes the type checker', where: isCode },
  { pattern: /:\s*any\s*[;,)=\]}>|&]/, message: 'escapes the type checker', where: (file) => /\.(ts|mts)$/.test(file) },
];

/** `any` in code (the linter sees it too, but only where it parses). */
export const typeEscape = (tree: SourceTree): Violation[] =>
  typeEscapes.flatMap((rule) => linesWith(rule, tree, withoutComments));

const leftBehind: readonly Forbidden[] = [
  { pattern: /@ts-(ignore|nocheck)/, message: 'silences the type checker', where: isCode },
  { pattern: /\b(it|test|describe|suite|bench)\.only\b/, message: 'hides every other test', where: isTestFile },
  {
    pattern: /\b(TODO|FIXME|XXX|HACK)\b/,
    message: 'is unfinished',
    where: (file) => isCode(file) || /\.(sql|prisma|css|sh|ya?ml)$/.test(file),
  },
];

export const unfinished = (tree: SourceTree): Violation[] =>
  leftBehind.flatMap((rule) => linesWith(rule, tree, (line) => line));

const readsEnvironment =
  /(^|\/)config(\.test)?\.tsx?$|^infra\/|^test\/|^prisma\/(engine\/|prisma\.config)|^apps\/dashboard\/(next|postcss)\.config\.|\.(test|fixture)\.tsx?$/;

/** Only a program's config.ts (and tools) read the environment: everything else is told. */
export const environmentReaders = (tree: SourceTree): Violation[] =>
  linesWith(
    {
      pattern: /\bprocess\.env\b/,
      message: 'reads the environment outside config.ts',
      where: (file) => isCode(file) && !readsEnvironment.test(file),
    },
    tree,
    withoutComments,
  );

const machinePaths: readonly Forbidden[] = [
  {
    pattern: /(^|[\s"'`(=])\/(work|root|home)\/[a-z]/,
    message: 'names a path of one machine',
    where: (file) => file !== 'pnpm-lock.yaml',
  },
  {
    pattern: /https?:\/\/[^\s"'`]*(registry\.npmjs|npmmirror|artifactory|jfrog|verdaccio|codeartifact|\/npm\/)/,
    message: 'names a package registry',
    where: () => true,
  },
];

export const machinePlaces = (tree: SourceTree): Violation[] =>
  machinePaths.flatMap((rule) => linesWith(rule, tree, (line) => line));
