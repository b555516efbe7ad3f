import OpenAI from 'openai';
import { expect, it } from 'vitest';
import { gatewayUrl, run, watched } from './gateway.js';
import { providerOf } from './targets.js';

/** Who asks for Claude on Bedrock has a reason: a contract, a region. */
it.each(['bedrock:global.anthropic.claude-haiku-4-5-20251001-v1:0', 'google-vertex:claude-sonnet-4-5@20250929'])(
  'an endpoint named by its id, %s, is the one that answers',
  async (model) => {
    const client = new OpenAI({ apiKey: run.demoKey, baseURL: `${gatewayUrl}/v1`, maxRetries: 0 });
    const { exchanges } = await watched(() =>
      client.chat.completions.create({ model, messages: [{ role: 'user', content: 'Say "pong"' }] }),
    );
    expect(exchanges.map(({ provider }) => provider)).toEqual([providerOf(model)]);
  },
);
