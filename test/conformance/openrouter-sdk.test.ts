import { OpenRouter } from '@openrouter/sdk';
import type { ChatMessages, ChatRequest, ChatResult, ChatUsage } from '@openrouter/sdk/models';
import type { ConformanceClient, Usage } from './client.js';
import { gatewayUrl } from './gateway.js';
import { describeClient } from './matrix.js';
import { placeJsonSchema } from './structured.js';
import { runScript, scriptedTools, type Turn, toolPrompt, toolResult } from './tool-script.js';

const usageOf = (usage: ChatUsage | undefined): Usage => ({
  input: usage?.promptTokens ?? 0,
  output: usage?.completionTokens ?? 0,
});

const tools = scriptedTools.map(({ name, description, parameters }) => ({
  type: 'function' as const,
  function: { name, description, parameters },
}));

const textOf = (content: unknown): string => (typeof content === 'string' ? content : '');

function turnOf({ choices }: ChatResult): Turn<ChatMessages> {
  const message = choices[0]?.message;
  if (message === undefined) throw new Error('there is no choice');
  const calls = message.toolCalls ?? [];
  const results = calls.map(
    ({ id, function: { name } }): ChatMessages => ({ role: 'tool', toolCallId: id, content: toolResult(name) }),
  );
  return {
    calls: calls.map(({ function: called }) => ({ name: called.name, args: JSON.parse(called.arguments) as unknown })),
    text: textOf(message.content),
    added: [message, ...results],
  };
}

/** It checks every answer against OpenRouter's own schemas and throws away what does not fit. */
const openrouter: ConformanceClient = {
  name: '@openrouter/sdk',
  finished: 'stop',
  faultyModel: 'xai:grok-code-fast',
  errors: {
    'wrong key': 'UnauthorizedResponseError',
    'unknown model': 'NotFoundResponseError',
    'bad request': 'BadRequestResponseError',
    'no credit': 'PaymentRequiredResponseError',
    'too many requests': 'TooManyRequestsResponseError',
    overloaded: 'ServiceUnavailableResponseError',
  },
  connect(key) {
    const client = new OpenRouter({
      apiKey: key,
      serverURL: `${gatewayUrl}/api/v1`,
      retryConfig: { strategy: 'none' },
    });
    const send = async (chatRequest: ChatRequest): Promise<ChatResult> => {
      const answer = await client.chat.send({ chatRequest: { ...chatRequest, stream: false } });
      if (!('choices' in answer)) throw new Error('a stream came where an answer was asked for');
      return answer;
    };
    const said = (prompt: string): ChatMessages[] => [{ role: 'user', content: prompt }];
    return {
      async ask(model, prompt) {
        const { choices, usage } = await send({ model, messages: said(prompt) });
        return { text: textOf(choices[0]?.message.content), finish: choices[0]?.finishReason, usage: usageOf(usage) };
      },
      async stream(model, prompt) {
        const chunks = await client.chat.send({
          chatRequest: { model, messages: said(prompt), stream: true, streamOptions: { includeUsage: true } },
        });
        if ('choices' in chunks) throw new Error('an answer came where a stream was asked for');
        const deltas: string[] = [];
        let finish: string | null | undefined;
        let usage: ChatUsage | undefined;
        for await (const chunk of chunks) {
          const [choice] = chunk.choices;
          if (textOf(choice?.delta.content) !== '') deltas.push(textOf(choice?.delta.content));
          finish = choice?.finishReason ?? finish;
          usage = chunk.usage ?? usage;
        }
        return { deltas, text: deltas.join(''), finish, usage: usageOf(usage) };
      },
      useTools: (model) =>
        runScript(said(toolPrompt), async (messages, forced) => {
          const choice =
            forced === undefined ? {} : { toolChoice: { type: 'function' as const, function: { name: forced } } };
          return turnOf(await send({ model, messages, tools, ...choice }));
        }),
      async structured(model, prompt) {
        const responseFormat = {
          type: 'json_schema' as const,
          jsonSchema: { name: 'place', strict: true, schema: placeJsonSchema },
        };
        const { choices } = await send({ model, messages: said(prompt), responseFormat });
        return JSON.parse(textOf(choices[0]?.message.content)) as unknown;
      },
      askBadly: (model) => send({ model, messages: said('Hi'), topP: 5 }),
    };
  },
  limits: ['tools in streams'],
};

describeClient(openrouter);
