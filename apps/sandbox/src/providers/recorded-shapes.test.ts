import { existsSync, readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type RunningSandbox, runSandbox } from '../testing/running-sandbox.js';

/**
 * Every field the sandbox sends, its vendor was seen sending, with a value of the same kind. The recordings are no part of the project;
 * without them this file says so and passes.
 */
const here = path.dirname(fileURLToPath(import.meta.url));
const folder = process.env['TOLLGATE_RECORDINGS'] ?? path.join(here, '../../../../../shared/recordings');
if (!existsSync(folder)) console.log(`no recordings at ${folder}: the shapes of answers are not compared`);

let sandbox: RunningSandbox;
beforeAll(async () => {
  sandbox = await runSandbox();
});
afterAll(() => sandbox.close());

/** Keys whose values are the caller's own: arguments, schemas, metadata. */
const free = new Set(['input', 'args', 'parameters', 'schema', 'metadata', 'logprobs']);

/** Every place of a value with its kind; objects with a `type` are told apart by it. */
function placesOf(value: unknown, place = ''): string[] {
  if (Array.isArray(value)) return value.flatMap((item) => placesOf(item, `${place}[]`));
  if (typeof value !== 'object' || value === null) return [`${place}: ${value === null ? 'null' : typeof value}`];
  const type: unknown = Reflect.get(value, 'type');
  const tagged = typeof type === 'string' ? `${place}<${type}>` : place;
  return Object.entries(value).flatMap(([key, item]) =>
    free.has(key) ? [`${tagged}.${key}: free`] : placesOf(item, `${tagged}.${key}`),
  );
}

/** The JSON values of a body or a stream of events. */
function valuesOf(text: string): unknown[] {
  if (!/^(?:event|data|:)/.test(text)) return [JSON.parse(text)];
  return text.split(/\r\n|\n/).flatMap((line) => (line.startsWith('data: {') ? [JSON.parse(line.slice(6))] : []));
}

function recordedPlaces(api: string, wanted: 'stream' | 'body'): Set<string> {
  const places = new Set<string>();
  for (const name of readdirSync(path.join(folder, api))) {
    const { response } = JSON.parse(readFileSync(path.join(folder, api, name), 'utf8'));
    const text =
      wanted === 'stream' ? response.stream : response.body === undefined ? undefined : JSON.stringify(response.body);
    if (response.status !== 200 || text === undefined) continue;
    for (const value of valuesOf(text)) for (const each of placesOf(value)) places.add(each);
  }
  return places;
}

const atOnce = { 'content-type': 'application/json', 'x-sandbox-ttft-ms': '0', 'x-sandbox-pace-ms': '0' };

async function strangersOf(
  known: ReadonlySet<string>,
  asked: readonly { path: string; headers: Record<string, string>; body: unknown }[],
) {
  const strangers = new Set<string>();
  for (const each of asked) {
    const seen = await sandbox.send('POST', `/providers/${each.path}`, {
      body: each.body,
      headers: { ...atOnce, ...each.headers },
    });
    expect(seen.status, seen.text).toBe(200);
    for (const value of valuesOf(seen.text))
      for (const place of placesOf(value)) if (!known.has(place)) strangers.add(place);
  }
  return [...strangers];
}

const question = 'Add 2 and 3, and tell me the weather in Oslo';
const schema = { type: 'object', properties: { city: { type: 'string' } }, required: ['city'] };

const googleHeaders = (vertex: boolean): Record<string, string> =>
  vertex ? { authorization: 'Bearer t' } : { 'x-goog-api-key': 'k' };

describe.skipIf(!existsSync(folder))('no field is made up', () => {
  const anthropic = { 'x-api-key': 'k', 'anthropic-version': '2023-06-01' };
  const messages = (stream: boolean) =>
    [
      {},
      { tools: [{ name: 'weather', input_schema: schema }] },
      { thinking: { type: 'enabled', budget_tokens: 1_024 }, model: 'claude-sonnet-4-5' },
      // Redacted thinking was recorded in bodies only.
      ...(stream ? [] : [{ thinking: { type: 'enabled', budget_tokens: 1_024 }, model: 'claude-sonnet-4-5-redacted' }]),
      { max_tokens: 3 },
    ].map((more) => ({
      path: 'anthropic/v1/messages',
      headers: anthropic,
      body: {
        model: 'claude-sonnet-4-5',
        max_tokens: 2_000,
        messages: [{ role: 'user', content: question }],
        stream,
        ...more,
      },
    }));
  test.each([
    ['stream', true],
    ['body', false],
  ] as const)('in Anthropic’s %s', async (form, stream) => {
    expect(await strangersOf(recordedPlaces('anthropic/anthropic-messages', form), messages(stream))).toEqual([]);
  });

  const gemini = (model: string, method: string, vertex: boolean) =>
    [
      {},
      { tools: [{ functionDeclarations: [{ name: 'weather', parametersJsonSchema: schema }] }] },
      // Thoughts of Vertex were not recorded.
      ...(vertex ? [] : [{ generationConfig: { thinkingConfig: { includeThoughts: true } } }]),
      { generationConfig: { maxOutputTokens: 3 } },
    ].map((more) => ({
      path: vertex
        ? `vertex/v1/projects/p/locations/l/publishers/google/models/${model}:${method}`
        : `google/v1beta/models/${model}:${method}`,
      headers: googleHeaders(vertex),
      body: { contents: [{ role: 'user', parts: [{ text: question }] }], ...more },
    }));
  test.each([
    ['stream', 'streamGenerateContent?alt=sse'],
    ['body', 'generateContent'],
  ] as const)('in Gemini’s %s', async (form, method) => {
    const known = recordedPlaces('google/gemini', form);
    expect(
      await strangersOf(known, [
        ...gemini('gemini-2.5-flash', method, false),
        ...gemini('gemini-3-flash-preview', method, false),
      ]),
    ).toEqual([]);
    expect(
      await strangersOf(recordedPlaces('google-vertex/gemini', form), gemini('gemini-2.5-flash', method, true)),
    ).toEqual([]);
  });

  const responses = (stream: boolean) =>
    [
      {},
      { tools: [{ type: 'function', name: 'weather', parameters: schema }] },
      {
        model: 'gpt-5-mini',
        reasoning: { effort: 'high', summary: 'auto' },
        include: ['reasoning.encrypted_content'],
        store: false,
      },
    ].map((more) => ({
      path: 'openai/v1/responses',
      headers: { authorization: 'Bearer sk-test' },
      body: { model: 'gpt-4.1', input: question, stream, ...more },
    }));
  test.each([
    ['stream', true],
    ['body', false],
  ] as const)('in the %s of OpenAI’s Responses', async (form, stream) => {
    expect(await strangersOf(recordedPlaces('openai/openai-responses', form), responses(stream))).toEqual([]);
  });
});
