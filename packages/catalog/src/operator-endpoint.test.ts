import { nanousdPerMillion } from '@tollgate/amount';
import { describe, expect, it } from 'vitest';
import { isCallable, type OperatorEndpoint, type PriceSchedule, proposeEndpoint } from './index.js';

const free: PriceSchedule = {
  prices: { input: nanousdPerMillion(0n), output: nanousdPerMillion(0n) },
  tiers: [],
  windows: [],
};
const local: OperatorEndpoint = { provider: 'ollama', providerModel: 'qwen3:8b', schedule: free };

describe('an endpoint an operator describes', () => {
  it('is a model of its own, callable, at exactly the price that was written down', () => {
    const proposed = proposeEndpoint(local);
    if (proposed.kind !== 'proposed') throw new Error(proposed.reason);
    expect(proposed.model).toMatchObject({
      id: 'ollama/qwen3:8b',
      operation: 'chat',
      endpoints: [{ id: 'ollama:qwen3:8b', dialect: 'ollama', prices: [{ effectiveFromMs: 0, schedule: free }] }],
    });
    expect(proposed.model.endpoints.every(isCallable)).toBe(true);
  });

  it.each<[string, Partial<OperatorEndpoint>, object]>([
    [
      'joins a model',
      {
        provider: 'nvidia',
        providerModel: 'meta/llama-3.3-70b-instruct',
        modelId: 'meta-llama/llama-3.3-70b-instruct',
      },
      { id: 'meta-llama/llama-3.3-70b-instruct', endpoints: [{ id: 'nvidia:meta/llama-3.3-70b-instruct' }] },
    ],
    [
      'stands on a server an operator named',
      { provider: 'compatible-my-server', providerModel: 'Org/My Model' },
      { id: 'compatible-my-server/my-model', endpoints: [{ dialect: 'openai-chat', providerModel: 'Org/My Model' }] },
    ],
    [
      'is for something else than chat',
      { provider: 'vllm', providerModel: 'BAAI/bge-m3', operation: 'embeddings' },
      { id: 'vllm/bge-m3', operation: 'embeddings', endpoints: [{ dialect: 'embeddings', operation: 'embeddings' }] },
    ],
    [
      'speaks another dialect of its provider',
      { provider: 'xai', providerModel: 'grok-9', dialect: 'openai-responses' },
      { endpoints: [{ dialect: 'openai-responses' }] },
    ],
  ])('%s', (_case, change, model) => {
    expect(proposeEndpoint({ ...local, ...change })).toMatchObject({ kind: 'proposed', model });
  });

  it.each<[Partial<OperatorEndpoint>, string]>([
    [{ provider: 'nobody' }, 'nobody is not a provider'],
    [{ operation: 'speech' }, 'Ollama has no interface for speech that is spoken'],
    [{ dialect: 'bedrock-invoke' }, 'bedrock-invoke is not spoken'],
    [{ schedule: { ...free, prices: {} } }, 'without a price for input, chat cannot be charged'],
    [
      { schedule: { ...free, prices: { input: nanousdPerMillion(0n) } } },
      'without a price for output, chat cannot be charged',
    ],
    [
      { schedule: { ...free, windows: [{ startMinuteUtc: 0, endMinuteUtc: 1, prices: {}, tiers: [] }] } },
      'without a price for input, chat cannot be charged',
    ],
    [{ modelId: 'no author' }, 'no author cannot be the id of a model'],
  ])('with %o is refused: %s', (change, reason) => {
    expect(proposeEndpoint({ ...local, ...change })).toEqual({ kind: 'refused', reason });
  });
});
