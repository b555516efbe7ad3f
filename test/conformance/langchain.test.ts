import { ChatAnthropic } from '@langchain/anthropic';
import type { BaseLanguageModelInput } from '@langchain/core/language_models/base';
import type { BaseChatModel } from '@langchain/core/language_models/chat_models';
import { AIMessageChunk, type BaseMessage, HumanMessage, ToolMessage } from '@langchain/core/messages';
import { ChatGoogleGenerativeAI } from '@langchain/google-genai';
import { ChatOpenAI } from '@langchain/openai';
import type { Answer, ConformanceClient } from './client.js';
import { gatewayUrl } from './gateway.js';
import { describeClient } from './matrix.js';
import { placeSchema } from './structured.js';
import { runScript, scriptedTools, type Turn, toolPrompt, toolResult } from './tool-script.js';

interface Wish {
  readonly model: string;
  readonly topP?: number;
}

interface Integration {
  readonly name: string;
  readonly finished: string;
  readonly faultyModel: string;
  readonly errors: ConformanceClient['errors'];
  readonly schemasAreTools?: true;
  readonly limits?: NonNullable<ConformanceClient['limits']>;
  /** Who leaves it leaves a promise of its own unheard: it gathers the whole answer beside the stream, and that fails. */
  readonly cannotBeLeft?: true;
  readonly create: (key: string, wish: Wish) => BaseChatModel;
}

const openaiErrors = {
  'wrong key': 'AuthenticationError',
  'unknown model': 'NotFoundError',
  'bad request': 'BadRequestError',
  'no credit': 'APIError',
  'too many requests': 'RateLimitError',
  overloaded: 'InternalServerError',
} as const;

/** It refuses bad parameters itself. */
const googleErrors = {
  'wrong key': 'GoogleGenerativeAIFetchError',
  'unknown model': 'GoogleGenerativeAIFetchError',
  'no credit': 'GoogleGenerativeAIFetchError',
  'too many requests': 'GoogleGenerativeAIFetchError',
  overloaded: 'GoogleGenerativeAIFetchError',
} as const;

const integrations: readonly Integration[] = [
  {
    name: 'ChatOpenAI',
    finished: 'stop',
    faultyModel: 'groq:llama3-groq-70b-8192-tool-use-preview',
    errors: openaiErrors,
    create: (key, wish) =>
      new ChatOpenAI({ ...wish, apiKey: key, maxRetries: 0, configuration: { baseURL: `${gatewayUrl}/v1` } }),
  },
  {
    name: 'ChatOpenAI over Responses',
    finished: 'stop',
    faultyModel: 'groq:llama3-groq-8b-8192-tool-use-preview',
    errors: openaiErrors,
    create: (key, wish) =>
      new ChatOpenAI({
        ...wish,
        apiKey: key,
        maxRetries: 0,
        useResponsesApi: true,
        zdrEnabled: true,
        configuration: { baseURL: `${gatewayUrl}/v1` },
      }),
  },
  {
    name: 'ChatAnthropic',
    finished: 'end_turn',
    faultyModel: 'groq:mistral-saba-24b',
    errors: openaiErrors,
    schemasAreTools: true,
    // It adds what both ends of a stream say: one too many at Anthropic itself.
    limits: ['usage of streams'],
    create: (key, wish) => new ChatAnthropic({ ...wish, apiKey: key, anthropicApiUrl: gatewayUrl, maxRetries: 0 }),
  },
  {
    name: 'ChatGoogleGenerativeAI',
    finished: 'STOP',
    faultyModel: 'groq:gemma-7b-it',
    errors: googleErrors,
    cannotBeLeft: true,
    create: (key, wish) => new ChatGoogleGenerativeAI({ ...wish, apiKey: key, baseUrl: gatewayUrl, maxRetries: 0 }),
  },
];

/** Where the integrations put why an answer ended. ChatOpenAI goes over Responses by itself when the model's name says codex. */
const finishNames = ['finish_reason', 'finishReason', 'stop_reason', 'status'];

function finishOf({ response_metadata, additional_kwargs }: BaseMessage): string | undefined {
  const facts: Readonly<Record<string, unknown>> = { ...additional_kwargs, ...response_metadata };
  const word = finishNames.map((name) => facts[name]).find((value) => typeof value === 'string');
  return word === 'completed' ? 'stop' : word;
}

function answerOf(message: BaseMessage): Answer {
  const { usage_metadata: usage } = message as AIMessageChunk;
  const { input_tokens: input = 0, output_tokens: output = 0 } = usage ?? {};
  return { text: message.text, finish: finishOf(message), usage: { input, output } };
}

const tools = scriptedTools.map(({ name, description, parameters }) => ({
  type: 'function' as const,
  function: { name, description, parameters },
}));

async function gathered(
  stream: AsyncIterable<AIMessageChunk>,
  onChunk?: (text: string) => void,
): Promise<AIMessageChunk> {
  let whole: AIMessageChunk | undefined;
  for await (const chunk of stream) {
    if (chunk.text !== '') onChunk?.(chunk.text);
    whole = whole === undefined ? chunk : whole.concat(chunk);
  }
  if (whole === undefined) throw new Error('nothing was streamed');
  return whole;
}

function turnOf(message: AIMessageChunk): Turn<BaseMessage> {
  const calls = message.tool_calls ?? [];
  const results = calls.map(
    ({ id = '', name }) => new ToolMessage({ tool_call_id: id, name, content: toolResult(name) }),
  );
  return { calls: calls.map(({ name, args }) => ({ name, args })), text: message.text, added: [message, ...results] };
}

function langchain({ name, create, cannotBeLeft, ...facts }: Integration): ConformanceClient {
  return {
    ...facts,
    name: `langchain, ${name}`,
    connect(key) {
      async function leave(model: string, prompt: string): Promise<void> {
        const leaving = new AbortController();
        const chunks = await create(key, { model }).stream(prompt, { signal: leaving.signal });
        let pieces = 0;
        for await (const chunk of chunks) {
          if (chunk.text !== '') pieces += 1;
          if (pieces === 3) break;
        }
        leaving.abort();
      }

      return {
        ask: async (model, prompt) => answerOf(await create(key, { model }).invoke(prompt)),
        async stream(model, prompt) {
          const deltas: string[] = [];
          const chunks = await create(key, { model }).stream(prompt);
          const whole = await gathered(chunks as AsyncIterable<AIMessageChunk>, (text) => deltas.push(text));
          return { deltas, ...answerOf(whole) };
        },
        ...(cannotBeLeft === true ? {} : { leave }),
        useTools: (model, isStreamed) =>
          runScript<BaseMessage>([new HumanMessage(toolPrompt)], async (messages, forced) => {
            const bound = create(key, { model }).bindTools?.(
              tools,
              forced === undefined ? {} : { tool_choice: forced },
            );
            if (bound === undefined) throw new Error('the model takes no tools');
            const input: BaseLanguageModelInput = messages;
            if (!isStreamed) return turnOf(await bound.invoke(input));
            return turnOf(await gathered((await bound.stream(input)) as AsyncIterable<AIMessageChunk>));
          }),
        structured: (model, prompt) => create(key, { model }).withStructuredOutput(placeSchema).invoke(prompt),
        askBadly: (model) => create(key, { model, topP: 5 }).invoke('Hi'),
      };
    },
  };
}

for (const integration of integrations) describeClient(langchain(integration));
