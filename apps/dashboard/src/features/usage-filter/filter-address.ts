/** The filters as they stand in the address: a page can be sent to a colleague as it is. */
export type FilterAddress = Readonly<Record<string, string>>;

const NAMES = ['range', 'from', 'to', 'model', 'provider', 'key', 'status', 'search'] as const;
export type FilterName = (typeof NAMES)[number];

export function readAddress(read: (name: FilterName) => string | undefined): FilterAddress {
  const entries = NAMES.map((name) => [name, read(name)] as const);
  return Object.fromEntries(entries.filter((entry): entry is [FilterName, string] => entry[1] !== undefined));
}

/** The address with some filters changed; an empty value takes the filter away. Paging starts anew. */
export function writeAddress(path: string, address: FilterAddress, changes: Readonly<Record<string, string>>): string {
  const merged = Object.entries({ ...address, ...changes }).filter(([, value]) => value !== '');
  const query = new URLSearchParams(merged).toString();
  return query === '' ? path : `${path}?${query}`;
}
