import { expect, it } from 'vitest';
import { exampleModels } from './example-models';
import { operationSnippet, snippets } from './snippets';

const PARTS = { gatewayUrl: 'https://gateway.example', apiKey: 'tg_mine' };
const MODELS = { openai: 'openai/a', anthropic: 'anthropic/b', gemini: 'google/c' };
const codesOf = (id: string) =>
  snippets(PARTS, MODELS)
    .filter((snippet) => snippet.id === id)
    .flatMap((snippet) => snippet.codes.map(({ code }) => code));

it('OpenAI’s SDK wants the version in its base URL, Anthropic’s and Google’s add their own', () => {
  for (const code of [...codesOf('openai'), ...codesOf('responses')])
    expect(code).toMatch(/base_?url[:=] ?["']https:\/\/gateway\.example\/v1["']/i);
  for (const code of [...codesOf('anthropic'), ...codesOf('gemini')])
    expect(code).toMatch(/base_?url["']?[:=] ?["']https:\/\/gateway\.example["']/i);
});

it('every example names its key and its model', () => {
  const all = snippets(PARTS, MODELS).flatMap(({ codes }) => codes.map(({ code }) => code));
  expect(all).toHaveLength(9);
  for (const code of all) {
    expect(code).toContain('tg_mine');
    expect(code).toMatch(/openai\/a|anthropic\/b|google\/c/);
  }
});

it('only models that converse and exist now are examples', () => {
  const models = [
    { id: 'openai/gpt-4o-mini', operation: 'embeddings' },
    { id: 'someone/else', operation: 'chat' },
    { id: 'google/gemini-2.5-pro', operation: 'chat' },
  ] as const;
  expect(exampleModels(models)).toEqual({
    openai: 'someone/else',
    anthropic: 'someone/else',
    gemini: 'google/gemini-2.5-pro',
  });
  expect(exampleModels([]).openai).toBe('openai/gpt-4o-mini');
});

it('a model that holds no conversation is asked at its own door, in JSON that parses', () => {
  for (const operation of ['embeddings', 'rerank', 'image', 'speech', 'moderation', 'completions'] as const) {
    const body = operationSnippet(PARTS, operation, 'a/m').match(/-d '([^']+)'/)?.[1] ?? '';
    expect(JSON.parse(body), operation).toMatchObject({ model: 'a/m' });
  }
  expect(operationSnippet(PARTS, 'transcription', 'a/m')).toContain('-F model=a/m \\\n  -F file=@');
});
