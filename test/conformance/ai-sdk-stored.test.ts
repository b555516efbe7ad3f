import { createOpenAI } from '@ai-sdk/openai';
import { generateText, jsonSchema, stepCountIs, tool } from 'ai';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { call } from '../stories/gateway-client.js';
import { gatewayUrl, run } from './gateway.js';
import { targets } from './targets.js';
import { scriptedTools, toolResult } from './tool-script.js';

async function keepResponses(stores_responses: boolean): Promise<void> {
  const { status, text } = await call(gatewayUrl, {
    method: 'PATCH',
    path: '/v1/project',
    key: run.managementKey,
    body: { stores_responses },
  });
  if (status !== 200) throw new Error(`the project was not changed: ${status} ${text}`);
}

beforeAll(() => keepResponses(true));
afterAll(() => keepResponses(false));

/** What `openai('…')` of the AI SDK does when nobody tells it otherwise: it names what was answered before by the ids of the items. */
it.each(targets)(
  'the AI SDK goes on by references to what a project keeps, at a provider of $dialect',
  async ({ model }) => {
    const openai = createOpenAI({ baseURL: `${gatewayUrl}/v1`, apiKey: run.demoKey });
    const tools = Object.fromEntries(
      scriptedTools.map(({ name, description, parameters }) => [
        name,
        tool({ description, inputSchema: jsonSchema(parameters), execute: () => toolResult(name) }),
      ]),
    );
    const settings = { model: openai(model), tools, stopWhen: stepCountIs(2), maxRetries: 0 };
    const first = await generateText({ ...settings, prompt: 'What is the weather in Oslo?' });
    expect(first.text).toContain('drizzle');
    const question = { role: 'user' as const, content: 'Now save_note of it.' };
    const asked = { role: 'user' as const, content: 'What is the weather in Oslo?' };
    const second = await generateText({ ...settings, messages: [asked, ...first.response.messages, question] });
    expect(second.text).toContain('note-7731');
  },
);
