import { Anthropic, AnthropicSession } from '@llamaindex/anthropic';
import type { BaseTool, ChatMessage, LLM, ToolCallOptions } from '@llamaindex/core/llms';
import { OpenAI, OpenAIResponses } from '@llamaindex/openai';
import { describe, expect, it } from 'vitest';
import { gatewayUrl, run, watched } from './gateway.js';
import { providerOf, targets } from './targets.js';
import { scriptedTools, toolPrompt } from './tool-script.js';

const apiKey = run.demoKey;
const SHORT = 'What is the capital of Portugal?';

type Model = LLM<object, ToolCallOptions>;

/** Its adapters ask for the length of the context by the model's name and know only their vendor's: the session is what leads elsewhere. */
const adapters: readonly { readonly name: string; readonly create: (model: string) => Model }[] = [
  {
    name: '@llamaindex/openai',
    create: (model) => new OpenAI({ model, apiKey, baseURL: `${gatewayUrl}/v1`, maxRetries: 0 }) as unknown as Model,
  },
  {
    name: '@llamaindex/openai, responses',
    create: (model) =>
      new OpenAIResponses({
        model,
        apiKey,
        baseURL: `${gatewayUrl}/v1`,
        maxRetries: 0,
      }) as unknown as Model,
  },
  {
    name: '@llamaindex/anthropic',
    create: (model) => {
      const session = new AnthropicSession({ apiKey, baseURL: gatewayUrl, maxRetries: 0 });
      return new Anthropic({ model: model as 'claude-3-5-haiku', session, maxTokens: 2_000 }) as unknown as Model;
    },
  },
];

const tools: BaseTool[] = scriptedTools.map(({ name, description, parameters }) => ({
  metadata: { name, description, parameters: parameters as never },
}));

function textOf({ content }: ChatMessage<object>): string {
  if (typeof content === 'string') return content;
  return content.map((part) => (part.type === 'text' ? part.text : '')).join('');
}

describe.each(adapters)('$name', ({ name, create }) => {
  describe.each(targets)('at a provider of $dialect', ({ model }) => {
    it('chats, and its stream says the same', async () => {
      const messages: ChatMessage<ToolCallOptions>[] = [{ role: 'user', content: SHORT }];
      const { value: whole, exchanges } = await watched(() => create(model).chat({ messages }));
      expect(textOf(whole.message)).toContain('Lisbon');
      expect(exchanges.map(({ provider }) => provider)).toEqual([providerOf(model)]);
      const deltas: string[] = [];
      for await (const { delta } of await create(model).chat({ messages, stream: true })) {
        if (delta !== '') deltas.push(delta);
      }
      expect(deltas.length).toBeGreaterThan(1);
      // It repeats the last delta at every later event of a Responses stream.
      if (!name.endsWith('responses')) expect(deltas.join('')).toBe(textOf(whole.message));
    });

    it('calls two tools at once', async () => {
      const { message } = await create(model).chat({ messages: [{ role: 'user', content: toolPrompt }], tools });
      const called = message.options !== undefined && 'toolCall' in message.options ? message.options.toolCall : [];
      expect(called.map((call) => call.name).sort()).toEqual(['get_weather', 'read_clock']);
    });
  });
});
