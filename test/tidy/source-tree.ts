import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';

/** The checkout as text: path from the root (with slashes) → content. Rules see nothing else, so a canary can plant a file. */
export type SourceTree = ReadonlyMap<string, string>;

const root = path.resolve(path.dirname(fileURLToPath(import.meta.url)), '../..');
const made = new Set(['node_modules', 'dist', '.next', '.turbo', 'generated', '.git', '.local', 'coverage']);
const isText = (name: string): boolean =>
  /\.(ts|tsx|mts|mjs|cjs|js|json|md|css|yaml|yml|prisma|sql|toml|sh|svg|html)$|^[^.]+$|^\./.test(name);

function* entriesBelow(folder: string): Generator<string> {
  for (const entry of readdirSync(path.join(root, folder), { withFileTypes: true })) {
    if (made.has(entry.name) || entry.name === 'next-env.d.ts' || entry.name.endsWith('.tsbuildinfo')) continue;
    const below = folder === '' ? entry.name : `${folder}/${entry.name}`;
    if (entry.isDirectory()) yield* entriesBelow(below);
    else if (entry.isFile() && isText(entry.name)) yield below;
  }
}

/** Reads everything a person wrote; what a tool made is left out. */
export function readSourceTree(): SourceTree {
  return new Map([...entriesBelow('')].map((file) => [file, readFileSync(path.join(root, file), 'utf8')]));
}

/** The names that stand at the root, folders included. */
export const rootEntries = (tree: SourceTree): readonly string[] => [
  ...new Set([...tree.keys()].map((file) => file.split('/')[0] ?? file)),
];

export const isTestFile = (file: string): boolean =>
  /\.(test|fixture)\.(tsx?|mjs)$/.test(file) || file.startsWith('test/');
export const isCode = (file: string): boolean => /\.(ts|tsx|mts|mjs|cjs|js)$/.test(file);
