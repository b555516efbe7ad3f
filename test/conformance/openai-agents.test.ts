import { Agent, type ModelSettings, OpenAIProvider, Runner, tool } from '@openai/agents';
import OpenAI from 'openai';
import { describe, expect, it } from 'vitest';
import { gatewayUrl, run, watched } from './gateway.js';
import { providerOf, type Target, targets } from './targets.js';
import { scriptedTools, toolResult } from './tool-script.js';

const client = new OpenAI({ apiKey: run.demoKey, baseURL: `${gatewayUrl}/v1`, maxRetries: 0 });
const QUESTION = 'What is the weather in Oslo, and what does the clock say in Lima?';

function agentOf({ model }: Target, called: string[], modelSettings: ModelSettings): Agent {
  const tools = scriptedTools.map(({ name, description, parameters }) =>
    tool({
      name,
      description,
      parameters,
      strict: true,
      execute: () => {
        called.push(name);
        return toolResult(name);
      },
    }),
  );
  return new Agent({ name: 'Reporter', instructions: 'Be brief.', model, tools, modelSettings });
}

describe.each([
  { wire: 'responses', useResponses: true, modelSettings: {} },
  { wire: 'chat completions', useResponses: false, modelSettings: {} },
])('@openai/agents over $wire', ({ useResponses, modelSettings }) => {
  const modelProvider = new OpenAIProvider({ openAIClient: client as never, useResponses });
  const runner = new Runner({ tracingDisabled: true, modelProvider });

  it.each(targets)('runs an agent with tools at a provider of $dialect', async (target) => {
    const called: string[] = [];
    const { value: result, exchanges } = await watched(() =>
      runner.run(agentOf(target, called, modelSettings), QUESTION),
    );
    expect(called.sort()).toEqual(['get_weather', 'read_clock']);
    expect(result.finalOutput).toContain('drizzle');
    const provider = providerOf(target.model);
    expect(exchanges.map((exchange) => exchange.provider)).toEqual([provider, provider]);
  });

  it.each(targets)('streams an agent at a provider of $dialect, and goes on from its history', async (target) => {
    const called: string[] = [];
    const agent = agentOf(target, called, modelSettings);
    const first = await runner.run(agent, QUESTION, { stream: true });
    let text = '';
    for await (const piece of first.toTextStream()) text += piece;
    await first.completed;
    // What was said before the calls is streamed too.
    expect(text.endsWith(String(first.finalOutput))).toBe(true);
    const question = { role: 'user' as const, content: 'Now save_note of it.' };
    const second = await runner.run(agent, [...first.history, question]);
    expect(called.sort()).toEqual(['get_weather', 'read_clock', 'save_note']);
    expect(second.finalOutput).toContain('note-7731');
  });
});
