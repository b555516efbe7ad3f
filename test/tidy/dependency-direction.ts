import path from 'node:path';
import { importsOf } from './imports.js';
import { isCode, type SourceTree } from './source-tree.js';
import type { Violation } from './violation.js';

interface Allowance {
  readonly values: readonly string[];
  /** May be named in types, never at run time. */
  readonly types?: readonly string[];
  /** The one file (pattern) that may also import these. */
  readonly only?: { readonly file: RegExp; readonly values: readonly string[] };
}

/** Who may import whom. A room that is not named here may import nothing of ours. */
const allowances: Readonly<Record<string, Allowance>> = {
  'packages/amount': { values: [] },
  'packages/dialects': { values: [] },
  'packages/jobs': { values: [] },
  'packages/telemetry': { values: [] },
  prisma: { values: [] },
  'packages/catalog': { values: ['amount'], only: { file: /catalog\.store(\.test)?\.ts$/, values: ['prisma'] } },
  'packages/pricing': {
    values: ['amount', 'catalog'],
    types: ['dialects'],
    only: { file: /markup\.store(\.test)?\.ts$/, values: ['prisma'] },
  },
  'packages/routing': { values: ['catalog', 'pricing'], types: ['dialects'] },
  'packages/ledger': { values: ['amount', 'prisma'] },
  'packages/access': { values: ['amount', 'prisma'], types: ['pricing'] },
  'packages/usage': { values: ['amount', 'prisma'] },
  'packages/admission': { values: ['amount'] },
  'packages/conversations': { values: ['amount', 'prisma'] },
  'packages/billing': { values: ['access', 'amount', 'pricing', 'catalog', 'ledger', 'usage', 'prisma'] },
  'apps/sandbox': { values: [] },
  infra: { values: [] },
};

const everyPackage = [
  'access',
  'admission',
  'amount',
  'billing',
  'catalog',
  'conversations',
  'dialects',
  'jobs',
  'ledger',
  'pricing',
  'prisma',
  'routing',
  'telemetry',
  'usage',
];

/** The package, program or folder a file belongs to. */
export function roomOf(file: string): string {
  const [first = '', second = ''] = file.split('/');
  return first === 'packages' || first === 'apps' ? `${first}/${second}` : first;
}

function allowanceOf(room: string): Allowance {
  const named = allowances[room];
  if (named !== undefined) return named;
  return room.startsWith('apps/') || room === 'test' ? { values: everyPackage } : { values: [] };
}

function mayImport(room: string, file: string, target: string, isTypeOnly: boolean): boolean {
  const { values, types = [], only } = allowanceOf(room);
  if (values.includes(target) || target === room.replace('packages/', '')) return true;
  if (types.includes(target)) return isTypeOnly || /\.test\.ts$/.test(file);
  return only?.file.test(file) === true && only.values.includes(target);
}

function violationsOfFile(file: string, text: string): Violation[] {
  const room = roomOf(file);
  const found: Violation[] = [];
  for (const { specifier, isTypeOnly } of importsOf(text)) {
    const ours = specifier.match(/^@tollgate\/([^/]+)/)?.[1];
    if (ours !== undefined && !mayImport(room, file, ours, isTypeOnly)) {
      found.push({ file, message: `${room} may not import @tollgate/${ours}` });
    }
    if (!specifier.startsWith('.')) continue;
    const target = roomOf(path.posix.normalize(path.posix.join(path.posix.dirname(file), specifier)));
    if (target !== room && room !== 'test')
      found.push({ file, message: `${room} reaches into ${target} by a relative path` });
  }
  return found;
}

/** Imports in code, relative ones included. */
export function forbiddenImports(tree: SourceTree): Violation[] {
  return [...tree].filter(([file]) => isCode(file)).flatMap(([file, text]) => violationsOfFile(file, text));
}

/** Dependencies in package.json: a package that may not be imported may not be declared either. */
export function forbiddenDependencies(tree: SourceTree): Violation[] {
  return [...tree]
    .filter(([file]) => file.endsWith('/package.json'))
    .flatMap(([file, text]) => {
      const room = roomOf(file);
      const { dependencies = {}, devDependencies = {} }: Record<string, Record<string, string>> = JSON.parse(text);
      const { values, types = [], only } = allowanceOf(room);
      const allowed = [...values, ...types, ...(only?.values ?? [])];
      return Object.keys({ ...dependencies, ...devDependencies })
        .filter((name) => name.startsWith('@tollgate/') && !allowed.includes(name.replace('@tollgate/', '')))
        .map((name) => ({ file, message: `${room} may not depend on ${name}` }));
    });
}
