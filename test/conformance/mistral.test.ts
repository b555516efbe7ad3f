import { Mistral } from '@mistralai/mistralai';
import type {
  AssistantMessage,
  ChatCompletionRequest,
  ChatCompletionRequestMessage,
  ContentChunk,
  UsageInfo,
} from '@mistralai/mistralai/models/components/index.js';
import type { ConformanceClient, Usage } from './client.js';
import { gatewayUrl } from './gateway.js';
import { describeClient } from './matrix.js';
import { placeJsonSchema } from './structured.js';
import { runScript, scriptedTools, type Turn, toolPrompt, toolResult } from './tool-script.js';

const usageOf = (usage: UsageInfo | undefined): Usage => ({
  input: usage?.promptTokens ?? 0,
  output: usage?.completionTokens ?? 0,
});

function textOf(content: string | readonly ContentChunk[] | null | undefined): string {
  if (typeof content === 'string') return content;
  return (content ?? []).map((chunk) => (chunk.type === 'text' && 'text' in chunk ? chunk.text : '')).join('');
}

const tools = scriptedTools.map(({ name, description, parameters }) => ({
  type: 'function' as const,
  function: { name, description, parameters },
}));

function turnOf(message: AssistantMessage): Turn<ChatCompletionRequestMessage> {
  const calls = (message.toolCalls ?? []).map(({ id, function: called }) => ({ id, ...called }));
  const results = calls.map(
    ({ id, name }): ChatCompletionRequestMessage => ({
      role: 'tool',
      toolCallId: id ?? null,
      name,
      content: toolResult(name),
    }),
  );
  return {
    calls: calls.map(({ name, arguments: args }) => ({
      name,
      args: typeof args === 'string' ? (JSON.parse(args) as unknown) : args,
    })),
    text: textOf(message.content),
    added: [{ ...message, role: 'assistant' }, ...results],
  };
}

const mistral: ConformanceClient = {
  name: '@mistralai/mistralai',
  finished: 'stop',
  // Chat completions tell usage to who asks for it, which this SDK cannot; and its reader of streams wants the name of a
  // tool in every piece of a call, where OpenAI's own clients would add the names up.
  limits: ['usage of streams', 'tools in streams'],
  faultyModel: 'groq:llama-3.3-70b-specdec',
  errors: {
    'wrong key': 'SDKError',
    'unknown model': 'SDKError',
    'bad request': 'SDKError',
    'no credit': 'SDKError',
    'too many requests': 'SDKError',
    overloaded: 'SDKError',
  },
  connect(key) {
    const client = new Mistral({ apiKey: key, serverURL: gatewayUrl, retryConfig: { strategy: 'none' } });
    const asked = (model: string, prompt: string): ChatCompletionRequest => ({
      model,
      messages: [{ role: 'user', content: prompt }],
    });

    async function streamed(request: ChatCompletionRequest): Promise<{
      readonly deltas: readonly string[];
      readonly finish: string | null;
      readonly usage: UsageInfo | undefined;
      readonly message: AssistantMessage;
    }> {
      const deltas: string[] = [];
      let finish: string | null = null;
      let usage: UsageInfo | undefined;
      const toolCalls: NonNullable<AssistantMessage['toolCalls']> = [];
      for await (const { data } of await client.chat.stream(request)) {
        const [choice] = data.choices;
        const text = textOf(choice?.delta.content);
        if (text !== '') deltas.push(text);
        for (const call of choice?.delta.toolCalls ?? []) {
          const begun = toolCalls[call.index ?? 0];
          if (begun === undefined) toolCalls[call.index ?? 0] = call;
          else begun.function.arguments = `${String(begun.function.arguments)}${String(call.function.arguments)}`;
        }
        finish = choice?.finishReason ?? finish;
        usage = data.usage ?? usage;
      }
      return { deltas, finish, usage, message: { content: deltas.join(''), toolCalls } };
    }

    return {
      async ask(model, prompt) {
        const { choices, usage } = await client.chat.complete(asked(model, prompt));
        return {
          text: textOf(choices[0]?.message?.content),
          finish: choices[0]?.finishReason,
          usage: usageOf(usage),
        };
      },
      async stream(model, prompt) {
        const { deltas, finish, usage } = await streamed(asked(model, prompt));
        return { deltas, text: deltas.join(''), finish, usage: usageOf(usage) };
      },
      async leave(model, prompt) {
        const leaving = new AbortController();
        const stream = await client.chat.stream(asked(model, prompt), { fetchOptions: { signal: leaving.signal } });
        let pieces = 0;
        for await (const { data } of stream) {
          if (textOf(data.choices[0]?.delta.content) !== '') pieces += 1;
          if (pieces === 3) break;
        }
        leaving.abort();
      },
      useTools: (model, isStreamed) =>
        runScript<ChatCompletionRequestMessage>([{ role: 'user', content: toolPrompt }], async (messages, forced) => {
          const choice =
            forced === undefined ? {} : { toolChoice: { type: 'function', function: { name: forced } } as const };
          const request = { model, messages, tools, ...choice };
          if (isStreamed) return turnOf((await streamed(request)).message);
          const { choices } = await client.chat.complete(request);
          return turnOf(choices[0]?.message ?? {});
        }),
      async structured(model, prompt) {
        const responseFormat = {
          type: 'json_schema' as const,
          jsonSchema: { name: 'place', strict: true, schemaDefinition: placeJsonSchema },
        };
        const { choices } = await client.chat.complete({ ...asked(model, prompt), responseFormat });
        return JSON.parse(textOf(choices[0]?.message?.content)) as unknown;
      },
      askBadly: (model) => client.chat.complete({ ...asked(model, 'Hi'), topP: 5 }),
    };
  },
};

describeClient(mistral);
