import { expect, it } from 'vitest';
import { NO_QUIRKS, PROVIDER_QUIRKS, quirksOf } from './provider-quirks.js';

/** What the catalogue has always known of a provider: the same facts must stand here. */
it.each([
  [
    'openai',
    { outputMaxField: 'max_completion_tokens', safetyIdentifierField: 'safety_identifier', supportsStore: true },
  ],
  ['azure', { outputMaxField: 'max_completion_tokens', safetyIdentifierField: null, supportsStore: false }],
  ['groq', { outputMaxField: 'max_completion_tokens', safetyIdentifierField: 'user' }],
  ['cerebras', { outputMaxField: 'max_completion_tokens', safetyIdentifierField: 'user' }],
  ['snowflake', { outputMaxField: 'max_completion_tokens' }],
  ['xai', { outputMaxField: 'max_tokens', safetyIdentifierField: 'user' }],
  ['fireworks', { outputMaxField: 'max_tokens', safetyIdentifierField: 'user' }],
  ['openrouter', { outputMaxField: 'max_tokens', safetyIdentifierField: 'user' }],
  ['mistral', { outputMaxField: 'max_tokens', supportsStreamOptions: false }],
  ['perplexity', { outputMaxField: 'max_tokens', supportsStreamOptions: false }],
] as const)('%s: %j', (id, facts) => {
  expect(quirksOf(id)).toMatchObject(facts);
});

it.each(['deepseek', 'zai', 'zhipuai', 'moonshot'])('T24: %s gets its thinking back, and is told by a switch', (id) => {
  expect(quirksOf(id)).toMatchObject({ reasoningReplayField: 'reasoning_content', reasoningControl: 'thinking' });
});

it('who is not listed does what the reference says', () => {
  expect(quirksOf('compatible-my-server')).toBe(NO_QUIRKS);
});

it('answers are rewritten only where ordinary clients would break on them', () => {
  const normalised = Object.keys(PROVIDER_QUIRKS).filter((id) => quirksOf(id).isNormalised);
  expect(normalised.sort()).toEqual(
    ['avian', 'cloudflare', 'google-openai', 'gpustack', 'huggingface', 'perplexity', 'snowflake', 'writer'].sort(),
  );
});

it('vendors of closed models are sent no samplers of open-weight servers', () => {
  for (const id of ['openai', 'azure', 'groq', 'cerebras', 'google-openai', 'xai'])
    expect(quirksOf(id).rejectedFields, id).toContain('top_k');
});

it('nobody rejects what makes a request, and nobody rejects anything twice', () => {
  for (const [id, { rejectedFields }] of Object.entries(PROVIDER_QUIRKS)) {
    expect(new Set(rejectedFields).size, id).toBe(rejectedFields.length);
    for (const field of ['model', 'messages', 'stream', 'tools', 'max_tokens', 'max_completion_tokens'])
      expect(rejectedFields, id).not.toContain(field);
  }
});
