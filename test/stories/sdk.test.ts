import { createOpenAI } from '@ai-sdk/openai';
import { generateText, streamText, tool } from 'ai';
import OpenAI from 'openai';
import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import { readRunFile } from '../harness/run-file.js';
import { booked, MODEL } from './gateway-client.js';

const run = readRunFile();

describe('the official OpenAI SDK, with nothing but its base URL changed', () => {
  const client = new OpenAI({ apiKey: run.demoKey, baseURL: `${run.urls.gateway}/v1` });

  it('chats, and the answer says what it cost', async () => {
    const { data, request_id: requestId } = await client.chat.completions
      .create({ model: MODEL, messages: [{ role: 'user', content: 'What is 17 + 25?' }] })
      .withResponse();
    expect(data.object).toBe('chat.completion');
    expect(data.id).toBe(`gen-${requestId}`);
    expect(data.model).toBe(MODEL);
    expect(data.choices[0]?.message.content).toContain('42');
    expect(data.choices[0]?.finish_reason).toBe('stop');
    const book = await booked(run, requestId ?? '');
    expect(book.usage_source).toBe('reported');
    expect(book.native_tokens_prompt).toBe(data.usage?.prompt_tokens);
    expect(Number(book.total_cost_usd)).toBeGreaterThan(0);
    expect((data.usage as unknown as { cost: number }).cost).toBe(Number(book.total_cost_usd));
  });

  it('streams, and usage arrives once, only because it was asked for', async () => {
    const stream = await client.chat.completions.create({
      model: MODEL,
      stream: true,
      stream_options: { include_usage: true },
      messages: [{ role: 'user', content: 'Tell me about rivers.' }],
    });
    let text = '';
    let finish: string | null = null;
    const usages: OpenAI.CompletionUsage[] = [];
    for await (const chunk of stream) {
      text += chunk.choices[0]?.delta.content ?? '';
      finish = chunk.choices[0]?.finish_reason ?? finish;
      if (chunk.usage) usages.push(chunk.usage);
    }
    expect(text.length).toBeGreaterThan(20);
    expect(finish).toBe('stop');
    expect(usages).toHaveLength(1);
    expect(usages[0]?.completion_tokens).toBeGreaterThan(0);
  });

  it('a stream that did not ask for usage sees none, and is billed from the reported usage all the same', async () => {
    const { data: stream, request_id: requestId } = await client.chat.completions
      .create({ model: MODEL, stream: true, messages: [{ role: 'user', content: 'Name three trees.' }] })
      .withResponse();
    for await (const chunk of stream) expect(chunk.usage ?? null).toBeNull();
    const book = await booked(run, requestId ?? '');
    expect(book.usage_source).toBe('reported');
    expect(book.ending).toBe('finished');
  });

  it('calls tools, streamed and not', async () => {
    const tools: OpenAI.ChatCompletionTool[] = [
      {
        type: 'function',
        function: {
          name: 'get_weather',
          parameters: { type: 'object', properties: { city: { type: 'string' } }, required: ['city'] },
        },
      },
    ];
    const question = {
      model: MODEL,
      tools,
      tool_choice: 'required',
      messages: [{ role: 'user', content: 'What is the weather in Oslo?' }],
    } as const;
    const whole = await client.chat.completions.create({ ...question, messages: [...question.messages] });
    const call = whole.choices[0]?.message.tool_calls?.[0];
    expect(call?.type === 'function' ? call.function.name : '').toBe('get_weather');
    const runner = client.chat.completions.stream({ ...question, messages: [...question.messages] });
    const streamed = await runner.finalChatCompletion();
    const streamedCall = streamed.choices[0]?.message.tool_calls?.[0];
    expect(streamedCall?.type === 'function' ? JSON.parse(streamedCall.function.arguments) : {}).toHaveProperty('city');
  });

  it('lists models with prices, and finds one by its id', async () => {
    const models = await client.models.list();
    expect(models.data.length).toBeGreaterThanOrEqual(171);
    const model = await client.models.retrieve(MODEL);
    expect(model.owned_by).toBe('openai');
    expect((model as unknown as { pricing: { prompt: string } }).pricing.prompt).toMatch(/^0\.\d+$/);
  });

  it('understands our errors as its own', async () => {
    const wrong = new OpenAI({ apiKey: 'tg_wrong', baseURL: `${run.urls.gateway}/v1`, maxRetries: 0 });
    const error = await wrong.chat.completions
      .create({ model: MODEL, messages: [{ role: 'user', content: 'Hi' }] })
      .catch((caught: unknown) => caught);
    expect(error).toBeInstanceOf(OpenAI.AuthenticationError);
    expect((error as InstanceType<typeof OpenAI.AuthenticationError>).code).toBe('invalid_key');
  });
});

describe('the Vercel AI SDK, with nothing but its base URL changed', () => {
  const openai = createOpenAI({ apiKey: run.demoKey, baseURL: `${run.urls.gateway}/v1` });

  it('generates text', async () => {
    const { text, usage, finishReason } = await generateText({
      model: openai.chat(MODEL),
      prompt: 'What is 6 times 7?',
    });
    expect(text).toContain('42');
    expect(finishReason).toBe('stop');
    expect(usage.outputTokens).toBeGreaterThan(0);
  });

  it('streams text', async () => {
    const { textStream, usage } = streamText({ model: openai.chat(MODEL), prompt: 'Tell me about bridges.' });
    let text = '';
    for await (const part of textStream) text += part;
    expect(text.length).toBeGreaterThan(20);
    expect((await usage).outputTokens).toBeGreaterThan(0);
  });

  it('calls a tool and uses its result', async () => {
    const { toolCalls } = await generateText({
      model: openai.chat(MODEL),
      prompt: 'Add 2 and 3 with the tool.',
      toolChoice: 'required',
      tools: {
        add: tool({ description: 'Adds two numbers', inputSchema: z.object({ a: z.number(), b: z.number() }) }),
      },
    });
    expect(toolCalls[0]?.toolName).toBe('add');
  });
});
