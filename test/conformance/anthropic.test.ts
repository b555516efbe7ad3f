import Anthropic from '@anthropic-ai/sdk';
import AnthropicBefore from 'anthropic-sdk-0';
import { describe, expect, it } from 'vitest';
import type { ConformanceClient } from './client.js';
import { gatewayUrl, run } from './gateway.js';
import { describeClient } from './matrix.js';
import { placeJsonSchema } from './structured.js';
import { targets } from './targets.js';
import { runScript, scriptedTools, type Turn, toolPrompt, toolResult } from './tool-script.js';

const MOST_TOKENS = 2_000;

const tools = scriptedTools.map(
  ({ name, description, parameters }): Anthropic.Tool => ({ name, description, input_schema: parameters }),
);

const textOf = (message: Anthropic.Message): string =>
  message.content.map((block) => (block.type === 'text' ? block.text : '')).join('');

function usageOf({ usage }: Anthropic.Message): { input: number; output: number } {
  const cached = (usage.cache_read_input_tokens ?? 0) + (usage.cache_creation_input_tokens ?? 0);
  return { input: usage.input_tokens + cached, output: usage.output_tokens };
}

async function takeTurn(
  client: Anthropic,
  body: Anthropic.MessageCreateParamsNonStreaming,
  isStreamed: boolean,
): Promise<Turn<Anthropic.MessageParam>> {
  const message = isStreamed ? await client.messages.stream(body).finalMessage() : await client.messages.create(body);
  const calls = message.content.flatMap((block) => (block.type === 'tool_use' ? [block] : []));
  const results = calls.map(
    ({ id, name }): Anthropic.ToolResultBlockParam => ({
      type: 'tool_result',
      tool_use_id: id,
      content: toolResult(name),
    }),
  );
  const answer: Anthropic.MessageParam = { role: 'assistant', content: message.content };
  return {
    calls: calls.map(({ name, input }) => ({ name, args: input })),
    text: textOf(message),
    added: results.length === 0 ? [answer] : [answer, { role: 'user', content: results }],
  };
}

const errorsOfBoth = {
  'wrong key': 'AuthenticationError',
  'unknown model': 'NotFoundError',
  'bad request': 'BadRequestError',
  'too many requests': 'RateLimitError',
} as const;

interface Major {
  readonly version: string;
  readonly faultyModel: string;
  readonly errors: ConformanceClient['errors'];
  readonly create: (key: string) => Anthropic;
}

function anthropic({ version, faultyModel, errors, create }: Major): ConformanceClient {
  return {
    name: version,
    finished: 'end_turn',
    faultyModel,
    errors: { ...errorsOfBoth, ...errors },
    connect(key) {
      const client = create(key);
      const asked = (model: string, prompt: string): Anthropic.MessageCreateParamsNonStreaming => ({
        model,
        max_tokens: MOST_TOKENS,
        messages: [{ role: 'user', content: prompt }],
      });
      return {
        async ask(model, prompt) {
          const message = await client.messages.create(asked(model, prompt));
          return { text: textOf(message), finish: message.stop_reason, usage: usageOf(message) };
        },
        async stream(model, prompt) {
          const deltas: string[] = [];
          const stream = client.messages.stream(asked(model, prompt)).on('text', (delta) => deltas.push(delta));
          const message = await stream.finalMessage();
          return { deltas, text: textOf(message), finish: message.stop_reason, usage: usageOf(message) };
        },
        async leave(model, prompt) {
          const stream = await client.messages.create({ ...asked(model, prompt), stream: true });
          let pieces = 0;
          for await (const event of stream) {
            if (event.type === 'content_block_delta') pieces += 1;
            if (pieces === 3) break;
          }
        },
        useTools: (model, isStreamed) =>
          runScript<Anthropic.MessageParam>([{ role: 'user', content: toolPrompt }], (messages, forced) => {
            const wish = forced === undefined ? {} : { tool_choice: { type: 'tool', name: forced } as const };
            return takeTurn(client, { model, max_tokens: MOST_TOKENS, messages, tools, ...wish }, isStreamed);
          }),
        async structured(model, prompt) {
          const format = { type: 'json_schema', schema: placeJsonSchema } as const;
          const message = await client.messages.create({ ...asked(model, prompt), output_config: { format } });
          return JSON.parse(textOf(message)) as unknown;
        },
        askBadly: (model) => client.messages.create({ ...asked(model, 'Hi'), messages: [] }),
      };
    },
  };
}

const bearer = (key: string): Anthropic => new Anthropic({ baseURL: gatewayUrl, apiKey: key, maxRetries: 0 });

/** The majors differ in what goes over the wire, not in what is called here; the types of the newer one serve for both. */
const keyHeader = (key: string): Anthropic =>
  new AnthropicBefore({ baseURL: gatewayUrl, apiKey: key, maxRetries: 0 }) as unknown as Anthropic;

const majors: readonly Major[] = [
  {
    version: '@anthropic-ai/sdk 1',
    faultyModel: 'groq:llama-3.2-3b-preview',
    errors: { 'no credit': 'PaymentRequiredError', overloaded: 'ServiceUnavailableError' },
    create: bearer,
  },
  {
    version: '@anthropic-ai/sdk 0',
    faultyModel: 'groq:llama-3.2-11b-text-preview',
    errors: { 'no credit': 'APIError', overloaded: 'InternalServerError' },
    create: keyHeader,
  },
];
for (const major of majors) describeClient(anthropic(major));

describe.each(majors)('$version', ({ create }) => {
  const client = create(run.demoKey);

  it.each(targets)('counts the tokens of a request to $dialect before it is sent', async ({ model }) => {
    const messages = [{ role: 'user' as const, content: 'What is the capital of Portugal?' }];
    const bare = await client.messages.countTokens({ model, messages });
    const withTools = await client.messages.countTokens({ model, messages, system: 'Be brief.', tools });
    expect(bare.input_tokens).toBeGreaterThan(5);
    expect(withTools.input_tokens).toBeGreaterThan(bare.input_tokens + 30);
  });

  it.each(targets)('says at the beginning of a stream how much it read at $dialect', async ({ model }) => {
    const stream = await client.messages.create({
      model,
      max_tokens: MOST_TOKENS,
      messages: [{ role: 'user', content: 'What is the capital of Portugal?' }],
      stream: true,
    });
    const read: number[] = [];
    for await (const event of stream) {
      if (event.type === 'message_start') read.push(event.message.usage.input_tokens);
      if (event.type === 'message_delta') read.push(event.usage.input_tokens ?? 0);
    }
    expect(read).toHaveLength(2);
    for (const tokens of read) expect(tokens).toBeGreaterThan(5);
  });

  it('lists every model, page by page, and finds one', async () => {
    const ids = new Set<string>();
    for await (const model of client.models.list({ limit: 100 })) ids.add(model.id);
    expect(ids.size).toBeGreaterThan(300);
    const model = await client.models.retrieve('anthropic/claude-sonnet-4-5');
    expect(model).toMatchObject({ type: 'model', id: 'anthropic/claude-sonnet-4-5' });
  });

  it('tells the request id of answers and of errors', async () => {
    const body = { max_tokens: 50, messages: [{ role: 'user' as const, content: 'Say "pong"' }] };
    const { _request_id: answered } = await client.messages.create({ ...body, model: 'anthropic:claude-sonnet-4-5' });
    const error = await client.messages.create({ ...body, model: 'nobody/nothing' }).catch((caught: unknown) => caught);
    expect(answered).toMatch(/^[0-9a-f-]{36}$/);
    expect(error).toMatchObject({ requestID: expect.stringMatching(/^[0-9a-f-]{36}$/) });
  });
});
