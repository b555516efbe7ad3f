import 'server-only';
import { buildCatalog, type Catalog } from '@tollgate/catalog';
import { loadCatalog } from '@tollgate/catalog/store';
import { database } from './database';
import { log } from './log';
import { once } from './once';

const FRESH_MS = 30_000;

interface Held {
  catalog: Catalog | null;
  loadedAtMs: number;
  loading: Promise<Catalog> | null;
}

/**
 * All models and prices, at most half a minute old; an older copy is served while a new one is read. An empty catalogue
 * (the first import is still running) is never kept.
 */
export async function catalog(): Promise<Catalog> {
  const held = once('catalog', (): Held => ({ catalog: null, loadedAtMs: 0, loading: null }));
  if (Date.now() - held.loadedAtMs > FRESH_MS && held.loading === null) held.loading = load(held);
  if (held.catalog && held.catalog.models.length > 0) {
    held.loading?.catch((error: unknown) => log().warn({ error }, 'the catalogue could not be read again'));
    return held.catalog;
  }
  return held.loading ?? load(held);
}

async function load(held: Held): Promise<Catalog> {
  try {
    const read = buildCatalog(await loadCatalog(database()));
    held.catalog = read;
    held.loadedAtMs = read.models.length > 0 ? Date.now() : 0;
    return read;
  } finally {
    held.loading = null;
  }
}
