import OpenAI from 'openai';
import type { ConformanceClient } from './client.js';
import { gatewayUrl } from './gateway.js';
import { describeClient } from './matrix.js';
import { placeJsonSchema } from './structured.js';
import { runScript, scriptedTools, type Turn, toolPrompt, toolResult } from './tool-script.js';

const connect = (key: string): OpenAI => new OpenAI({ apiKey: key, baseURL: `${gatewayUrl}/v1`, maxRetries: 0 });
const said = (prompt: string): OpenAI.ChatCompletionMessageParam[] => [{ role: 'user', content: prompt }];

const errors = {
  'wrong key': 'AuthenticationError',
  'unknown model': 'NotFoundError',
  'bad request': 'BadRequestError',
  'no credit': 'APIError',
  'too many requests': 'RateLimitError',
  overloaded: 'InternalServerError',
} as const;

function chatUsage(usage: OpenAI.CompletionUsage | null | undefined): { input: number; output: number } {
  return { input: usage?.prompt_tokens ?? 0, output: usage?.completion_tokens ?? 0 };
}

const chatTools = scriptedTools.map(
  ({ name, description, parameters }): OpenAI.ChatCompletionTool => ({
    type: 'function',
    function: { name, description, parameters, strict: true },
  }),
);

async function chatTurn(
  client: OpenAI,
  body: OpenAI.ChatCompletionCreateParamsNonStreaming,
  isStreamed: boolean,
): Promise<Turn<OpenAI.ChatCompletionMessageParam>> {
  const completion = isStreamed
    ? await client.chat.completions.stream({ ...body, stream: true }).finalChatCompletion()
    : await client.chat.completions.create(body);
  const message = completion.choices[0]?.message;
  if (message === undefined) throw new Error('there is no choice');
  const calls = (message.tool_calls ?? []).flatMap((call) =>
    call.type === 'function' ? [{ id: call.id, name: call.function.name, text: call.function.arguments }] : [],
  );
  const results = calls.map(
    ({ id, name }): OpenAI.ChatCompletionMessageParam => ({
      role: 'tool',
      tool_call_id: id,
      content: toolResult(name),
    }),
  );
  return {
    calls: calls.map(({ name, text }) => ({ name, args: JSON.parse(text) as unknown })),
    text: message.content ?? '',
    added: [message, ...results],
  };
}

const chat: ConformanceClient = {
  name: 'openai, chat completions',
  finished: 'stop',
  errors,
  faultyModel: 'groq:llama-3.1-70b-versatile',
  connect(key) {
    const client = connect(key);
    return {
      async ask(model, prompt) {
        const { choices, usage } = await client.chat.completions.create({ model, messages: said(prompt) });
        return {
          text: choices[0]?.message.content ?? '',
          finish: choices[0]?.finish_reason,
          usage: chatUsage(usage),
        };
      },
      async stream(model, prompt) {
        const deltas: string[] = [];
        const runner = client.chat.completions
          .stream({ model, messages: said(prompt), stream: true, stream_options: { include_usage: true } })
          .on('content', (delta) => deltas.push(delta));
        const { choices } = await runner.finalChatCompletion();
        return {
          deltas,
          text: choices[0]?.message.content ?? '',
          finish: choices[0]?.finish_reason,
          usage: chatUsage(await runner.totalUsage()),
        };
      },
      async leave(model, prompt) {
        const stream = await client.chat.completions.create({ model, messages: said(prompt), stream: true });
        let pieces = 0;
        for await (const chunk of stream) {
          if (chunk.choices[0]?.delta.content) pieces += 1;
          if (pieces === 3) break;
        }
      },
      useTools: (model, isStreamed) =>
        runScript(said(toolPrompt), (messages, forced) => {
          const choice = forced === undefined ? {} : ({ type: 'function', function: { name: forced } } as const);
          const wish = forced === undefined ? {} : { tool_choice: choice as OpenAI.ChatCompletionNamedToolChoice };
          return chatTurn(client, { model, messages, tools: chatTools, ...wish }, isStreamed);
        }),
      async structured(model, prompt) {
        const { choices } = await client.chat.completions.parse({
          model,
          messages: said(prompt),
          response_format: {
            type: 'json_schema',
            json_schema: { name: 'place', strict: true, schema: placeJsonSchema },
          },
        });
        return choices[0]?.message.parsed;
      },
      askBadly: (model) => client.chat.completions.create({ model, messages: said('Hi'), top_p: 5 }),
    };
  },
};

const responseTools = scriptedTools.map(
  ({ name, description, parameters }): OpenAI.Responses.FunctionTool => ({
    type: 'function',
    name,
    description,
    parameters,
    strict: true,
  }),
);

/** The SDK adds a member to streamed calls that OpenAI refuses to take back. */
function asInput(item: OpenAI.Responses.ResponseOutputItem): OpenAI.Responses.ResponseInputItem {
  const { parsed_arguments: _, ...sent } = item as { parsed_arguments?: unknown };
  return sent as OpenAI.Responses.ResponseInputItem;
}

/** What goes back of an answer, as OpenAI's guide says: every item, reasoning included, in its place. */
async function responseTurn(
  client: OpenAI,
  body: OpenAI.Responses.ResponseCreateParamsNonStreaming,
  isStreamed: boolean,
): Promise<Turn<OpenAI.Responses.ResponseInputItem>> {
  const response = isStreamed
    ? await client.responses.stream({ ...body, stream: true }).finalResponse()
    : await client.responses.create(body);
  const calls = response.output.flatMap((item) => (item.type === 'function_call' ? [item] : []));
  const results = calls.map(
    ({ call_id, name }): OpenAI.Responses.ResponseInputItem => ({
      type: 'function_call_output',
      call_id,
      output: toolResult(name),
    }),
  );
  return {
    calls: calls.map((call) => ({ name: call.name, args: JSON.parse(call.arguments) as unknown })),
    text: response.output_text,
    added: [...response.output.map(asInput), ...results],
  };
}

function responseUsage(usage: OpenAI.Responses.ResponseUsage | undefined): { input: number; output: number } {
  return { input: usage?.input_tokens ?? 0, output: usage?.output_tokens ?? 0 };
}

const responses: ConformanceClient = {
  name: 'openai, responses',
  finished: 'completed',
  errors,
  faultyModel: 'groq:llama-3.2-1b-preview',
  connect(key) {
    const client = connect(key);
    return {
      async ask(model, input) {
        const response = await client.responses.create({ model, input, store: false });
        return { text: response.output_text, finish: response.status, usage: responseUsage(response.usage) };
      },
      async stream(model, input) {
        const deltas: string[] = [];
        const runner = client.responses
          .stream({ model, input, store: false })
          .on('response.output_text.delta', ({ delta }) => deltas.push(delta));
        const response = await runner.finalResponse();
        return { deltas, text: response.output_text, finish: response.status, usage: responseUsage(response.usage) };
      },
      async leave(model, input) {
        const stream = await client.responses.create({ model, input, store: false, stream: true });
        let pieces = 0;
        for await (const event of stream) {
          if (event.type === 'response.output_text.delta') pieces += 1;
          if (pieces === 3) break;
        }
      },
      useTools: (model, isStreamed) =>
        runScript<OpenAI.Responses.ResponseInputItem>([{ role: 'user', content: toolPrompt }], (input, forced) => {
          const wish = forced === undefined ? {} : { tool_choice: { type: 'function', name: forced } as const };
          const kept = { store: false, include: ['reasoning.encrypted_content' as const] };
          return responseTurn(client, { model, input, tools: responseTools, ...kept, ...wish }, isStreamed);
        }),
      async structured(model, input) {
        const response = await client.responses.parse({
          model,
          input,
          store: false,
          text: { format: { type: 'json_schema', name: 'place', strict: true, schema: placeJsonSchema } },
        });
        return response.output_parsed;
      },
      askBadly: (model) => client.responses.create({ model, input: 'Hi', store: false, top_p: 5 }),
    };
  },
};

describeClient(chat);
describeClient(responses);
