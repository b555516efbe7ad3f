import { createAnthropic } from '@ai-sdk/anthropic';
import { createGoogleGenerativeAI } from '@ai-sdk/google';
import { createOpenAI } from '@ai-sdk/openai';
import { createOpenAICompatible } from '@ai-sdk/openai-compatible';
import { createOpenRouter } from '@openrouter/ai-sdk-provider';
import {
  generateObject,
  generateText,
  jsonSchema,
  type LanguageModel,
  type LanguageModelUsage,
  stepCountIs,
  streamText,
  type ToolSet,
  tool,
} from 'ai';
import type { ConformanceClient, ToolLoop, Usage } from './client.js';
import { gatewayUrl } from './gateway.js';
import { describeClient } from './matrix.js';
import { placeSchema } from './structured.js';
import { forcedTool, scriptedTools, toolPrompt, toolResult, turnsInAll } from './tool-script.js';

interface Provider {
  readonly name: string;
  readonly faultyModel: string;
  readonly schemasAreTools?: true;
  readonly create: (key: string) => (model: string) => LanguageModel;
}

const openaiUrl = `${gatewayUrl}/v1`;

/** It would otherwise name what was said before by ids, which only works where a project keeps its responses. */
const providerOptions = { openai: { store: false } };

/** The ways the AI SDK reaches a gateway: what stands for each of them in its documentation. */
const providers: readonly Provider[] = [
  {
    name: '@ai-sdk/openai, chat',
    faultyModel: 'xai:grok-3',
    create: (key) => createOpenAI({ baseURL: openaiUrl, apiKey: key }).chat,
  },
  {
    name: '@ai-sdk/openai, responses',
    faultyModel: 'xai:grok-3-beta',
    create: (key) => createOpenAI({ baseURL: openaiUrl, apiKey: key }).responses,
  },
  {
    name: '@ai-sdk/anthropic',
    schemasAreTools: true,
    faultyModel: 'xai:grok-3-fast',
    create: (key) => createAnthropic({ baseURL: openaiUrl, apiKey: key }),
  },
  {
    name: '@ai-sdk/google',
    faultyModel: 'xai:grok-3-mini',
    create: (key) => createGoogleGenerativeAI({ baseURL: `${gatewayUrl}/v1beta`, apiKey: key }),
  },
  {
    name: '@ai-sdk/openai-compatible',
    faultyModel: 'xai:grok-4.5',
    create: (key) =>
      createOpenAICompatible({
        name: 'tollgate',
        baseURL: openaiUrl,
        apiKey: key,
        includeUsage: true,
        supportsStructuredOutputs: true,
      }),
  },
  {
    name: '@openrouter/ai-sdk-provider',
    faultyModel: 'xai:grok-4.6',
    create: (key) => createOpenRouter({ baseURL: openaiUrl, apiKey: key, compatibility: 'strict' }).chat,
  },
];

const usageOf = ({ inputTokens = 0, outputTokens = 0 }: LanguageModelUsage): Usage => ({
  input: inputTokens,
  output: outputTokens,
});

const tools: ToolSet = Object.fromEntries(
  scriptedTools.map(({ name, description, parameters }) => [
    name,
    tool({ description, inputSchema: jsonSchema(parameters), execute: () => JSON.parse(toolResult(name)) as unknown }),
  ]),
);

/** The SDK runs the loop itself; only the second step is told what to call. */
async function useTools(model: LanguageModel, isStreamed: boolean): Promise<ToolLoop> {
  const settings = {
    model,
    tools,
    prompt: toolPrompt,
    maxRetries: 0,
    providerOptions,
    stopWhen: stepCountIs(turnsInAll),
    prepareStep: ({ stepNumber }: { stepNumber: number }) =>
      stepNumber === 1 ? { toolChoice: { type: 'tool' as const, toolName: forcedTool } } : {},
  };
  const result = isStreamed ? streamText({ ...settings, onError: () => {} }) : await generateText(settings);
  const steps = await result.steps;
  const turns = steps.map(({ toolCalls }) => toolCalls.map(({ toolName, input }) => ({ name: toolName, args: input })));
  return { turns: turns.filter((calls) => calls.length > 0), text: await result.text };
}

function aiSdk({ name, create, ...facts }: Provider): ConformanceClient {
  return {
    ...facts,
    name: `ai, ${name}`,
    finished: 'stop',
    errors: {
      'wrong key': 'APICallError',
      'unknown model': 'APICallError',
      'bad request': 'APICallError',
      'no credit': 'APICallError',
      'too many requests': 'APICallError',
      overloaded: 'APICallError',
    },
    connect(key) {
      const use = create(key);
      return {
        async ask(model, prompt) {
          const { text, finishReason, usage } = await generateText({
            model: use(model),
            prompt,
            maxRetries: 0,
            providerOptions,
          });
          return { text, finish: finishReason, usage: usageOf(usage) };
        },
        async stream(model, prompt) {
          const result = streamText({ model: use(model), prompt, maxRetries: 0, providerOptions });
          const deltas: string[] = [];
          for await (const delta of result.textStream) deltas.push(delta);
          return {
            deltas,
            text: await result.text,
            finish: await result.finishReason,
            usage: usageOf(await result.usage),
          };
        },
        async leave(model, prompt) {
          const leaving = new AbortController();
          const { textStream } = streamText({
            model: use(model),
            prompt,
            maxRetries: 0,
            providerOptions,
            abortSignal: leaving.signal,
          });
          let pieces = 0;
          for await (const _ of textStream) {
            pieces += 1;
            if (pieces === 3) leaving.abort();
          }
        },
        useTools: (model, isStreamed) => useTools(use(model), isStreamed),
        async structured(model, prompt) {
          const { object } = await generateObject({
            model: use(model),
            prompt,
            schema: placeSchema,
            maxRetries: 0,
            providerOptions,
          });
          return object;
        },
        askBadly: (model) => generateText({ model: use(model), prompt: 'Hi', topP: 5, maxRetries: 0, providerOptions }),
      };
    },
  };
}

for (const provider of providers) describeClient(aiSdk(provider));
