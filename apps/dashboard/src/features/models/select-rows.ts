import type { PriceRow } from './price-row';

export type SortColumn = 'model' | 'provider' | 'context' | 'input' | 'output' | 'cached';

export interface Selection {
  readonly search: string;
  /** '' for all */
  readonly provider: string;
  readonly isCallableOnly: boolean;
  readonly sort: SortColumn;
  readonly isDescending: boolean;
}

/** The rows that contain every word of the search, sorted; what has no value comes last either way. */
export function selectRows(rows: readonly PriceRow[], selection: Selection): PriceRow[] {
  const words = selection.search
    .toLowerCase()
    .split(/\s+/)
    .filter((word) => word !== '');
  const found = rows.filter((row) => {
    if (selection.isCallableOnly && !row.isCallable) return false;
    if (selection.provider !== '' && row.provider !== selection.provider) return false;
    const text = `${row.modelId} ${row.provider}`.toLowerCase();
    return words.every((word) => text.includes(word));
  });
  const direction = selection.isDescending ? -1 : 1;
  return found.sort((a, b) => compare(a, b, selection.sort, direction) || (a.endpointId < b.endpointId ? -1 : 1));
}

function compare(a: PriceRow, b: PriceRow, column: SortColumn, direction: number): number {
  const left = columnValue(a, column);
  const right = columnValue(b, column);
  if (left === null || right === null) return left === right ? 0 : left === null ? 1 : -1;
  return left === right ? 0 : (left < right ? -1 : 1) * direction;
}

function columnValue(row: PriceRow, column: SortColumn): string | number | bigint | null {
  switch (column) {
    case 'model':
      return row.modelId;
    case 'provider':
      return row.provider;
    case 'context':
      return row.contextTokens;
    case 'input':
    case 'output':
    case 'cached':
      return row[column];
  }
}
