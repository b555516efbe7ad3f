export interface Import {
  readonly specifier: string;
  /** True when nothing of it is left at run time. */
  readonly isTypeOnly: boolean;
  /** Names taken at run time; empty for a whole module or none. */
  readonly names: readonly string[];
}

const statement = /(?:^|[;}\n])\s*(import|export)\s+(type\s+)?([^'"`;]*?\sfrom\s*)?(['"])([^'"\n]+)\4/g;
const call = /\b(?:import|require)\(\s*(['"])([^'"\n]+)\1/g;

/** Every module a file names: import, export … from, import(), require(). */
export function importsOf(text: string): readonly Import[] {
  const found: Import[] = [];
  for (const [, keyword = '', type, clause, , specifier = ''] of text.matchAll(statement)) {
    if (keyword === 'export' && clause === undefined) continue;
    found.push({ specifier, ...runTimePart(type !== undefined, clause) });
  }
  for (const [, , specifier = ''] of text.matchAll(call)) found.push({ specifier, isTypeOnly: false, names: [] });
  return found;
}

function runTimePart(isType: boolean, clause: string | undefined): Omit<Import, 'specifier'> {
  if (isType) return { isTypeOnly: true, names: [] };
  const braces = clause?.match(/\{([^}]*)\}/)?.[1];
  if (braces === undefined) return { isTypeOnly: false, names: [] };
  const members = braces
    .split(',')
    .map((member) => member.trim())
    .filter((member) => member !== '');
  const names = members
    .filter((member) => !member.startsWith('type '))
    .map((member) => member.split(/\s+as\s+/)[0] ?? member);
  const hasDefault = /^\s*[\w*]/.test(clause ?? '');
  return { isTypeOnly: names.length === 0 && members.length > 0 && !hasDefault, names };
}
