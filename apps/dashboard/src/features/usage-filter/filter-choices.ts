import 'server-only';
import { keyNames } from '@tollgate/access';
import { usedNames } from '@tollgate/usage';
import { database } from '../../server/database';
import { once } from '../../server/once';
import type { FilterChoice } from './filter-selects';
import type { Range } from './range';

const OPTIONS_MAX = 50;

export interface UsedNames {
  readonly models: readonly string[];
  readonly providers: readonly string[];
  readonly keys: readonly { readonly keyId: string; readonly name: string }[];
}

const KEPT_MS = 15_000;
const KEPT_MAX = 500;

/**
 * What was used in a range, the dearest first: what it makes sense to filter by. Kept for 15 s per organisation and range:
 * an open page asks every few seconds, and a new name may be a little late in a list.
 */
export async function readUsedNames(organizationId: string, range: Range): Promise<UsedNames> {
  const kept = once('used-names', () => new Map<string, { readonly atMs: number; readonly names: UsedNames }>());
  const key = `${organizationId} ${range.name} ${range.name === 'custom' ? `${range.fromMs} ${range.toMs}` : ''}`;
  const known = kept.get(key);
  if (known && Date.now() - known.atMs < KEPT_MS) return known.names;
  const names = await findUsedNames(organizationId, range);
  if (kept.size >= KEPT_MAX) kept.clear();
  kept.set(key, { atMs: Date.now(), names });
  return names;
}

async function findUsedNames(organizationId: string, { fromMs, toMs }: Range): Promise<UsedNames> {
  const used = await usedNames(database(), { organizationId, fromMs, toMs, namesMax: OPTIONS_MAX });
  const names = await keyNames(database(), { organizationId, keyIds: used.keyIds });
  return {
    models: used.models,
    // A request that was refused before any provider has none: nothing to choose.
    providers: used.providers.filter((provider) => provider !== ''),
    keys: used.keyIds.map((keyId) => ({ keyId, name: keyTitle(keyId, names.get(keyId)) })),
  };
}

export function keyTitle(keyId: string, known: { readonly name: string; readonly hint: string } | undefined): string {
  return known ? known.name : keyId;
}

export function usageChoices(used: UsedNames): FilterChoice[] {
  const same = (value: string) => ({ value, title: value });
  return [
    { name: 'model', label: 'Model', allTitle: 'All models', options: used.models.map(same) },
    { name: 'provider', label: 'Provider', allTitle: 'All providers', options: used.providers.map(same) },
    {
      name: 'key',
      label: 'Key',
      allTitle: 'All keys',
      options: used.keys.map(({ keyId, name }) => ({ value: keyId, title: name })),
    },
  ];
}
