import { expect, it } from 'vitest';
import { readRunFile } from '../harness/run-file.js';

const { urls, demoKey } = readRunFile();

async function read(
  path: string,
  headers: Readonly<Record<string, string>>,
): Promise<Readonly<Record<string, unknown>>> {
  const answer = await fetch(`${urls.gateway}${path}`, { headers, signal: AbortSignal.timeout(10_000) });
  expect(answer.status).toBe(200);
  return (await answer.json()) as Readonly<Record<string, unknown>>;
}

const OPENAI = { authorization: `Bearer ${demoKey}` };
const ANTHROPIC = { 'x-api-key': demoKey, 'anthropic-version': '2023-06-01' };
const GOOGLE = { 'x-goog-api-key': demoKey };
const MODEL = 'google/gemini-2.5-flash';

it('one model is described as each vendor’s SDK reads it, whichever version of Google’s paths is asked', async () => {
  expect(await read(`/v1/models/${MODEL}`, OPENAI)).toMatchObject({ id: MODEL, pricing: expect.anything() });
  expect(await read(`/v1/models/${MODEL}`, ANTHROPIC)).toMatchObject({ type: 'model', id: MODEL });
  for (const version of ['v1', 'v1beta'])
    expect(await read(`/${version}/models/${MODEL}`, GOOGLE)).toMatchObject({ name: `models/${MODEL}` });
});
