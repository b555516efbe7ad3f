import { spawnSync } from 'node:child_process';
import { mkdirSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { BYTES } from './request-shape.js';
import type { TypedShape } from './typed-shapes.js';
import { VENDOR_TYPES, type VendorTypeName } from './vendor-types.js';

const root = path.join(path.dirname(fileURLToPath(import.meta.url)), '../../..');
const folder = path.join(root, '.local/request-shapes');

export interface Mistyped {
  readonly type: VendorTypeName;
  readonly seenIn: string;
  /** what the compiler says of each type it could have had */
  readonly errors: readonly string[];
  readonly shape: unknown;
}

/**
 * Writes every shape as a literal of the vendor's own type and compiles them all once. Gives those that fit none of their types. Throws where the
 * compiler could not run or complains of something else than a literal.
 */
export function compileShapes(shapes: readonly TypedShape[]): readonly Mistyped[] {
  prepareFolder();
  const literals = new Map<string, { readonly shape: TypedShape; readonly failures: string[] }>();
  for (const type of Object.keys(VENDOR_TYPES) as VendorTypeName[])
    writeLiterals(
      type,
      shapes.filter((one) => one.type === type),
      literals,
    );
  for (const { at, message } of compilerErrors()) {
    const literal = literals.get(at);
    if (literal === undefined) throw new Error(`${at}: ${message}`);
    literal.failures.push(message);
  }
  return mistyped(literals);
}

function mistyped(
  literals: ReadonlyMap<string, { readonly shape: TypedShape; readonly failures: readonly string[] }>,
): Mistyped[] {
  const errors = new Map<TypedShape, string[]>();
  for (const { shape, failures } of literals.values())
    if (failures.length > 0) errors.set(shape, [...(errors.get(shape) ?? []), failures.join(' ')]);
  return [...errors].flatMap(([{ type, seenIn, shape }, of]) =>
    of.length < VENDOR_TYPES[type].types.length ? [] : [{ type, seenIn, shape, errors: of }],
  );
}

/** One line for each literal: an error names its line. */
function writeLiterals(
  name: VendorTypeName,
  shapes: readonly TypedShape[],
  literals: Map<string, { readonly shape: TypedShape; readonly failures: string[] }>,
): void {
  const { imports, types } = VENDOR_TYPES[name];
  const lines = imports.flatMap((one) => one.split('\n'));
  for (const shape of shapes)
    for (const type of types) {
      lines.push(`export const literal${lines.length}: ${type} = ${literalOf(shape.shape)};`);
      literals.set(`${fileOf(name)}.ts:${lines.length}`, { shape, failures: [] });
    }
  writeFileSync(path.join(folder, `${fileOf(name)}.ts`), `${lines.join('\n')}\n`);
}

const fileOf = (name: VendorTypeName): string => name.replaceAll(' ', '-');

const literalOf = (shape: unknown): string =>
  JSON.stringify(shape).replaceAll(JSON.stringify(BYTES), 'new Uint8Array()');

/** The SDKs are found where the conformance suite has them. */
function prepareFolder(): void {
  rmSync(folder, { recursive: true, force: true });
  mkdirSync(folder, { recursive: true });
  symlinkSync(path.join(root, 'test/conformance/node_modules'), path.join(folder, 'node_modules'));
  const compilerOptions = {
    target: 'es2023',
    lib: ['es2023', 'dom', 'dom.iterable'],
    module: 'nodenext',
    moduleResolution: 'nodenext',
    strict: true,
    skipLibCheck: true,
    noEmit: true,
    types: [],
  };
  writeFileSync(path.join(folder, 'package.json'), '{"type":"module"}\n');
  writeFileSync(path.join(folder, 'tsconfig.json'), JSON.stringify({ compilerOptions, include: ['*.ts'] }));
}

function compilerErrors(): { at: string; message: string }[] {
  const tsc = path.join(root, 'node_modules/.bin/tsc');
  const { stdout, stderr, status, error } = spawnSync(tsc, ['-p', folder, '--pretty', 'false'], {
    cwd: folder,
    encoding: 'utf8',
    maxBuffer: 1 << 28,
  });
  if (error !== undefined) throw error;
  const errors: { at: string; message: string }[] = [];
  for (const line of stdout.split('\n')) {
    const [, file, row, message] = /^(\S+?\.ts)\((\d+),\d+\): error (.*)$/.exec(line) ?? [];
    if (file !== undefined && message !== undefined) errors.push({ at: `${path.basename(file)}:${row}`, message });
    else if (line.trim() !== '' && errors.length > 0) {
      const last = errors.pop();
      if (last !== undefined) errors.push({ at: last.at, message: `${last.message} ${line.trim()}` });
    }
  }
  if (status !== 0 && errors.length === 0) throw new Error(`tsc: ${stdout}${stderr}`);
  return errors;
}
