import { roomOf } from './dependency-direction.js';
import { isCode, rootEntries, type SourceTree } from './source-tree.js';
import type { Violation } from './violation.js';

const atRoot = new Set([
  'apps',
  'packages',
  'prisma',
  'infra',
  'test',
  'turbo.json',
  'package.json',
  'pnpm-workspace.yaml',
  'pnpm-lock.yaml',
  'tsconfig.base.json',
  'README.md',
]);

/** What stands at the root is a short list; everything else has a room. */
export const strangersAtRoot = (tree: SourceTree): Violation[] =>
  rootEntries(tree)
    .filter((entry) => !atRoot.has(entry) && !entry.startsWith('.'))
    .map((entry) => ({ file: entry, message: 'does not belong at the root' }));

const meaningless = /(^|\/)(utils?|common|shared|helpers?|lib|core|misc)(\/|$|\.[a-z]+$)/;

/** Names that say nothing about what belongs in a place, for folders and files alike. */
export const meaninglessNames = (tree: SourceTree): Violation[] =>
  [...tree.keys()]
    .filter((file) => meaningless.test(file))
    .map((file) => ({ file, message: 'a name that forbids nothing (utils, common, shared, helpers, lib, core)' }));

const kebab = /^[a-z0-9]+(-[a-z0-9]+)*(\.[a-z0-9-]+)*$/;

/** Files are named after what they export, in kebab-case. Next.js has its own names for routes. */
export const oddFileNames = (tree: SourceTree): Violation[] =>
  [...tree.keys()]
    .filter((file) => isCode(file) && !file.startsWith('apps/dashboard/src/app/') && !file.startsWith('.'))
    .filter((file) => !kebab.test(file.split('/').at(-1) ?? ''))
    .map((file) => ({ file, message: 'is not named in kebab-case' }));

const mostLines = 500;

/** Files that may be longer, each with its reason. */
const longFiles: Readonly<Record<string, string>> = {};

export const longCode = (tree: SourceTree): Violation[] =>
  [...tree]
    .filter(([file]) => isCode(file) && longFiles[file] === undefined)
    .map(([file, text]) => ({ file, lines: text.split('\n').length }))
    .filter(({ lines }) => lines > mostLines)
    .map(({ file, lines }) => ({ file, message: `has ${lines} lines; ${mostLines} is the most` }));

const headings = ['Means', 'Owns', 'Never', 'Invariants', 'Decisions'];
const mostReadmeLines = 100;

function readmeViolations(room: string, tree: SourceTree): Violation[] {
  const file = `${room}/README.md`;
  const text = tree.get(file);
  if (text === undefined) return [{ file, message: 'is missing' }];
  const missing = headings.filter((heading) => !new RegExp(`^#+ ${heading}\\b`, 'm').test(text));
  const lines = text.trimEnd().split('\n').length;
  return [
    ...missing.map((heading) => ({ file, message: `has no heading "${heading}"` })),
    ...(lines > mostReadmeLines ? [{ file, message: `has ${lines} lines; ${mostReadmeLines} is the most` }] : []),
  ];
}

/** Every room with a package.json says what it means, owns, never does, keeps true, and decided. */
export function readmes(tree: SourceTree): Violation[] {
  const rooms = new Set([...tree.keys()].filter((file) => file.endsWith('/package.json')).map(roomOf));
  return [...rooms].flatMap((room) => readmeViolations(room, tree));
}

/** Packages are read from source by tests and from dist by programs: each export must say both. */
export const exportsWithoutSource = (tree: SourceTree): Violation[] =>
  [...tree]
    .filter(([file]) => /^(packages\/[^/]+|prisma)\/package\.json$/.test(file))
    .flatMap(([file, text]) => {
      const { exports: entries = {} }: { exports?: Record<string, Record<string, string>> } = JSON.parse(text);
      return Object.entries(entries)
        .filter(([, conditions]) => conditions['tollgate:source'] === undefined || conditions.default === undefined)
        .map(([name]) => ({ file, message: `export ${name} lacks tollgate:source or default` }));
    });
