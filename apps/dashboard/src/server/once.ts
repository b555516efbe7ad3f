import 'server-only';

const held = new Map<string, unknown>();
const GLOBAL_NAME = Symbol.for('tollgate.dashboard.once');

/**
 * One value per process under a name: pools and clients. Next loads a module several times (per bundle, and again after
 * every edit in development), so a module variable would open a pool each time.
 */
export function once<T>(name: string, create: () => T): T {
  const holder = globalThis as { [GLOBAL_NAME]?: Map<string, unknown> };
  holder[GLOBAL_NAME] ??= held;
  const values = holder[GLOBAL_NAME];
  if (!values.has(name)) values.set(name, create());
  return values.get(name) as T;
}
