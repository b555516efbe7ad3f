import { type Model, UNKNOWN_CAPABILITIES } from '@tollgate/catalog';
import { describe, expect, it } from 'vitest';
import { anthropicModels, geminiModels } from './vendor-listings.js';

const models = Array.from(
  { length: 5 },
  (_, index): Model => ({
    id: `author/m${index}`,
    author: 'author',
    slug: `m${index}`,
    name: `Model ${index}`,
    operation: index === 4 ? 'embeddings' : 'chat',
    description: null,
    contextTokens: 1_000,
    maxOutputTokens: null,
    capabilities: UNKNOWN_CAPABILITIES,
    aliases: [],
    endpoints: [],
    createdAtMs: 0,
  }),
);

function walk(next: (query: URLSearchParams) => { ids: string[]; following: URLSearchParams | null }): string[] {
  const seen: string[] = [];
  let query: URLSearchParams | null = new URLSearchParams();
  while (query !== null) {
    const page = next(query);
    seen.push(...page.ids);
    query = page.following;
  }
  return seen;
}

const all = models.map(({ id }) => id);

describe('a list of models in pages', () => {
  it('has every model once for Anthropic’s clients', () => {
    const seen = walk((query) => {
      query.set('limit', '2');
      const page = anthropicModels(models, query) as { data: { id: string }[]; has_more: boolean; last_id: string };
      return {
        ids: page.data.map(({ id }) => id),
        following: page.has_more ? new URLSearchParams({ after_id: page.last_id }) : null,
      };
    });
    expect(seen).toEqual(all);
    expect(anthropicModels(models, new URLSearchParams({ before_id: 'author/m3', limit: '2' }))).toMatchObject({
      first_id: 'author/m1',
      last_id: 'author/m2',
    });
  });

  it('has every model once for Google’s clients, with what can be done with it', () => {
    const seen = walk((query) => {
      query.set('pageSize', '2');
      const page = geminiModels(models, query) as { models: { name: string }[]; nextPageToken?: string };
      return {
        ids: page.models.map(({ name }) => name.replace('models/', '')),
        following: page.nextPageToken === undefined ? null : new URLSearchParams({ pageToken: page.nextPageToken }),
      };
    });
    expect(seen).toEqual(all);
    expect(geminiModels(models, new URLSearchParams({ pageToken: '4' }))).toMatchObject({
      models: [{ supportedGenerationMethods: ['embedContent', 'batchEmbedContents'] }],
    });
  });

  it('is not upset by nonsense in the query', () => {
    const query = new URLSearchParams({ limit: '-1', pageSize: '1e9', pageToken: 'x' });
    expect(geminiModels(models, query)).toMatchObject({ models: models.map(() => expect.anything()) });
    expect(anthropicModels(models, query)).toMatchObject({ has_more: false });
  });
});
