import type { Model } from '@tollgate/catalog';

/** Where a page begins and how long it is: what a caller's query says, brought into bounds. */
interface Page {
  readonly from: number;
  readonly to: number;
}

/** `GET /v1/models` as Anthropic's SDK reads it: pages by id. */
export function anthropicModels(models: readonly Model[], query: URLSearchParams): unknown {
  const { from, to } = pageByIds(models, query);
  const page = models.slice(from, to);
  return {
    data: page.map(anthropicModel),
    has_more: to < models.length,
    first_id: page[0]?.id ?? null,
    last_id: page.at(-1)?.id ?? null,
  };
}

export function anthropicModel({ id, name, createdAtMs }: Model): unknown {
  return { type: 'model', id, display_name: name, created_at: new Date(createdAtMs).toISOString() };
}

function pageByIds(models: readonly Model[], query: URLSearchParams): Page {
  const limit = bounded(query.get('limit'), 20, 1_000);
  const after = query.get('after_id');
  const before = query.get('before_id');
  if (before !== null) {
    const end = Math.max(
      0,
      models.findIndex(({ id }) => id === before),
    );
    return { from: Math.max(0, end - limit), to: end };
  }
  const from = after === null ? 0 : models.findIndex(({ id }) => id === after) + 1;
  return { from, to: from + limit };
}

/** `GET /v1beta/models` as Google's SDK reads it: pages by token, which is the place of the next model. */
export function geminiModels(models: readonly Model[], query: URLSearchParams): unknown {
  const size = bounded(query.get('pageSize'), 50, 1_000);
  const from = bounded(query.get('pageToken'), 0, models.length);
  const next = from + size;
  return {
    models: models.slice(from, next).map(geminiModel),
    ...(next < models.length ? { nextPageToken: String(next) } : {}),
  };
}

const METHODS: Readonly<Partial<Record<Model['operation'], readonly string[]>>> = {
  chat: ['generateContent', 'countTokens'],
  embeddings: ['embedContent', 'batchEmbedContents'],
};

export function geminiModel({ id, name, description, contextTokens, maxOutputTokens, operation }: Model): unknown {
  return {
    name: `models/${id}`,
    version: '001',
    displayName: name,
    ...(description === null ? {} : { description }),
    ...(contextTokens === null ? {} : { inputTokenLimit: contextTokens }),
    ...(maxOutputTokens === null ? {} : { outputTokenLimit: maxOutputTokens }),
    supportedGenerationMethods: METHODS[operation] ?? [],
  };
}

function bounded(text: string | null, fallback: number, most: number): number {
  const value = text !== null && /^\d{1,9}$/.test(text) ? Number(text) : fallback;
  return Math.min(value, most);
}
