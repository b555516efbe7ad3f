import { type Json, json } from '../observe/observed-answer.js';

/** How bodies of a dialect are made comparable with the vendor's types, which describe what a user of the SDK writes. */
export interface ShapeRules {
  /** members whose strings are words of the vendor's, not the caller's */
  readonly words: ReadonlySet<string>;
  /** members that hold objects of the caller's: schemas, arguments, labels */
  readonly opaque: ReadonlySet<string>;
  /** members that are base64 on the wire and bytes in the SDK */
  readonly binary: ReadonlySet<string>;
  /** members that the SDK calls otherwise, as `parent.name` */
  readonly renamed: Readonly<Record<string, string>>;
  /** Fern's SDKs are camelCase where the wire is snake_case */
  readonly isCamelCase: boolean;
}

/** Stands for bytes in a shape; printed as a literal of bytes. */
export const BYTES = '\u0000bytes';

/**
 * What a body looks like when the caller's values are taken out: keys, tags and kinds of values. Members are sorted and a list is the set of what
 * its elements look like, so that long conversations have the shape of short ones.
 */
export function shapeOf(value: unknown, rules: ShapeRules, key = ''): unknown {
  if (typeof value === 'string') return shapeOfText(value, rules, key);
  if (typeof value === 'number') return 1;
  if (typeof value !== 'object' || value === null) return value;
  if (Array.isArray(value)) return distinct(value.map((item) => shapeOf(item, rules, key)));
  // The one thing vendors demand of a schema.
  if (rules.opaque.has(key)) return json(value)['type'] === 'object' ? { type: 'object' } : {};
  const members = Object.entries(value).sort(([one], [other]) => (one < other ? -1 : 1));
  const isVendorsTool = DATED.test(String(json(value)['type']));
  return Object.fromEntries(
    members.map(([name, member]) => [
      rules.renamed[`${key}.${name}`] ?? (rules.isCamelCase ? camelCase(name) : name),
      isVendorsTool && name === 'name' ? member : shapeOf(member, rules, name),
    ]),
  );
}

/** Tools that vendors run, most with a date in their type: their names are words of the vendor's too. */
const DATED = /_\d{8}$|^server_tool_use$/;
const WORD_MAX = 60;

function shapeOfText(value: string, { words, binary }: ShapeRules, key: string): string {
  if (binary.has(key)) return BYTES;
  return words.has(key) && value.length <= WORD_MAX ? value : 'x';
}

function distinct(values: readonly unknown[]): unknown[] {
  const byText = new Map(values.map((value) => [JSON.stringify(value), value]));
  return [...byText.keys()].sort().map((text) => byText.get(text));
}

const camelCase = (name: string): string => name.replace(/_([a-z0-9])/g, (_, letter: string) => letter.toUpperCase());

/**
 * Takes members out of a body that the vendor's types do not know, where `isExtension` says so. A path has no positions, and the type of what stands
 * in a list where it has one: `messages[].reasoning`, `messages[].content[video_url]`.
 */
export function withoutExtensions(value: unknown, isExtension: (path: string) => boolean, path = ''): unknown {
  if (typeof value !== 'object' || value === null) return value;
  if (Array.isArray(value))
    return value.flatMap((item) =>
      isExtension(`${path}[${String(json(item)['type'] ?? '')}]`)
        ? []
        : [withoutExtensions(item, isExtension, `${path}[]`)],
    );
  const kept: Json = {};
  for (const [name, member] of Object.entries(json(value))) {
    const at = path === '' ? name : `${path}.${name}`;
    if (!isExtension(at)) kept[name] = withoutExtensions(member, isExtension, at);
  }
  return kept;
}
