import { type Content, type GenerateContentParameters, type GenerateContentResponse, GoogleGenAI } from '@google/genai';
import { describe, expect, it } from 'vitest';
import type { ConformanceClient, Usage } from './client.js';
import { gatewayUrl, run } from './gateway.js';
import { describeClient } from './matrix.js';
import { placeJsonSchema } from './structured.js';
import { targets } from './targets.js';
import { runScript, scriptedTools, type Turn, toolPrompt, toolResult } from './tool-script.js';

const connect = (key: string): GoogleGenAI => new GoogleGenAI({ apiKey: key, httpOptions: { baseUrl: gatewayUrl } });

function usageOf({ usageMetadata }: GenerateContentResponse): Usage {
  const { promptTokenCount = 0, candidatesTokenCount = 0, thoughtsTokenCount = 0 } = usageMetadata ?? {};
  return { input: promptTokenCount, output: candidatesTokenCount + thoughtsTokenCount };
}

const functionDeclarations = scriptedTools.map(({ name, description, parameters }) => ({
  name,
  description,
  parametersJsonSchema: parameters,
}));

const finishOf = ({ candidates }: GenerateContentResponse): string | undefined => candidates?.[0]?.finishReason;
/** The SDK's own getter warns about parts that are no text. */
const textOf = ({ candidates }: GenerateContentResponse): string =>
  (candidates?.[0]?.content?.parts ?? []).map(({ text, thought }) => (thought === true ? '' : (text ?? ''))).join('');

async function answerOf(
  client: GoogleGenAI,
  request: GenerateContentParameters,
  isStreamed: boolean,
): Promise<Content> {
  if (!isStreamed) return (await client.models.generateContent(request)).candidates?.[0]?.content ?? {};
  const parts = [];
  for await (const chunk of await client.models.generateContentStream(request)) {
    parts.push(...(chunk.candidates?.[0]?.content?.parts ?? []));
  }
  return { role: 'model', parts };
}

async function takeTurn(
  client: GoogleGenAI,
  request: GenerateContentParameters,
  isStreamed: boolean,
): Promise<Turn<Content>> {
  const content = await answerOf(client, request, isStreamed);
  const parts = content.parts ?? [];
  const calls = parts.flatMap(({ functionCall }) => (functionCall === undefined ? [] : [functionCall]));
  const responses = calls.map(({ id, name = '' }) => ({
    functionResponse: { ...(id === undefined ? {} : { id }), name, response: JSON.parse(toolResult(name)) },
  }));
  return {
    calls: calls.map(({ name = '', args }) => ({ name, args })),
    text: parts.map(({ text }) => text ?? '').join(''),
    added: responses.length === 0 ? [content] : [content, { role: 'user', parts: responses }],
  };
}

const genai: ConformanceClient = {
  name: '@google/genai',
  finished: 'STOP',
  faultyModel: 'groq:llama-3.2-90b-text-preview',
  errors: {
    'wrong key': 'ApiError',
    'unknown model': 'ApiError',
    'bad request': 'ApiError',
    'no credit': 'ApiError',
    'too many requests': 'ApiError',
    overloaded: 'ApiError',
  },
  connect(key) {
    const client = connect(key);
    return {
      async ask(model, contents) {
        const response = await client.models.generateContent({ model, contents });
        return { text: textOf(response), finish: finishOf(response), usage: usageOf(response) };
      },
      async stream(model, contents) {
        const deltas: string[] = [];
        let last: GenerateContentResponse | undefined;
        for await (const chunk of await client.models.generateContentStream({ model, contents })) {
          if (textOf(chunk) !== '') deltas.push(textOf(chunk));
          last = chunk;
        }
        if (last === undefined) throw new Error('nothing was streamed');
        return { deltas, text: deltas.join(''), finish: finishOf(last), usage: usageOf(last) };
      },
      async leave(model, contents) {
        const leaving = new AbortController();
        const stream = await client.models.generateContentStream({
          model,
          contents,
          config: { abortSignal: leaving.signal },
        });
        let pieces = 0;
        for await (const chunk of stream) {
          if (textOf(chunk) !== '') pieces += 1;
          if (pieces === 3) break;
        }
        leaving.abort();
      },
      useTools: (model, isStreamed) =>
        runScript<Content>([{ role: 'user', parts: [{ text: toolPrompt }] }], (contents, forced) => {
          const only = { functionCallingConfig: { mode: 'ANY', allowedFunctionNames: [forced ?? ''] } };
          const config = {
            tools: [{ functionDeclarations }],
            ...(forced === undefined ? {} : { toolConfig: only }),
          } as GenerateContentParameters['config'] & object;
          return takeTurn(client, { model, contents, config }, isStreamed);
        }),
      async structured(model, contents) {
        const config = { responseMimeType: 'application/json', responseJsonSchema: placeJsonSchema };
        return JSON.parse(textOf(await client.models.generateContent({ model, contents, config }))) as unknown;
      },
      askBadly: (model) => client.models.generateContent({ model, contents: 'Hi', config: { topP: 5 } }),
    };
  },
};

describeClient(genai);

describe('@google/genai', () => {
  const client = connect(run.demoKey);

  it.each(targets)('counts the tokens of a request to $dialect before it is sent', async ({ model }) => {
    const { totalTokens = 0 } = await client.models.countTokens({
      model,
      contents: 'What is the capital of Portugal?',
    });
    const longer = await client.models.countTokens({ model, contents: 'What is the capital of Portugal? '.repeat(20) });
    expect(totalTokens).toBeGreaterThan(3);
    expect(longer.totalTokens).toBeGreaterThan(totalTokens * 10);
  });

  it('lists every model, page by page, and finds one', async () => {
    const names = new Set<string | undefined>();
    for await (const model of await client.models.list({ config: { pageSize: 200 } })) names.add(model.name);
    expect(names.size).toBeGreaterThan(300);
    const model = await client.models.get({ model: 'google/gemini-2.5-flash' });
    expect(model.name).toContain('gemini-2.5-flash');
    expect(model.inputTokenLimit).toBeGreaterThan(100_000);
  });

  it('tells by its status which error it was', async () => {
    const error = await client.models
      .generateContent({ model: 'nobody-nothing', contents: 'Hi' })
      .catch((caught: unknown) => caught);
    expect(error).toMatchObject({ name: 'ApiError', status: 404 });
  });
});
