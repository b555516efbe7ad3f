import { randomUUID } from 'node:crypto';
import OpenAI, { ConflictError, toFile } from 'openai';
import { describe, expect, it } from 'vitest';
import { startProgram } from '../harness/programs.js';
import { readRunFile } from '../harness/run-file.js';
import { sandboxControl } from '../harness/sandbox-control.js';
import { booked, call, chat, MODEL } from './gateway-client.js';

const run = readRunFile();
const sandbox = sandboxControl(run.urls.sandbox);
const client = new OpenAI({ apiKey: run.demoKey, baseURL: `${run.urls.gateway}/v1` });
const CHAT = '/v1/chat/completions';

/** Every SDK of this family sends the header where it is given as one; `idempotencyKey` among its options sends nothing. */
const under = (key: string) => ({ headers: { 'Idempotency-Key': key } });
const question = (text: string) => ({ model: MODEL, messages: [{ role: 'user' as const, content: text }] });
const idOf = (id: string) => id.replace(/^gen-/, '');

/** How often a provider served the request with this id. */
async function servedFor(requestId: string): Promise<number> {
  const entries = await sandbox.truth({ provider: 'openai' });
  return entries.filter(({ correlation }) => correlation?.startsWith(requestId)).length;
}

describe('the official OpenAI SDK, with an Idempotency-Key', () => {
  it('that asks twice at once gets one answer, twice, for one charge: it tries again by itself', async () => {
    const [key, model] = [randomUUID(), 'gpt-4.1'];
    const slow = { match: { model }, action: { kind: 'delay', ms: 700 } } as const;
    const ask = () =>
      client.chat.completions
        .create({ ...question(`twice ${key}`), model: `openai/${model}` }, { ...under(key), maxRetries: 5 })
        .withResponse();
    const answers = await sandbox.withRule(slow, () => Promise.all([ask(), ask()]));
    const [first, second] = answers.map(({ data }) => data);
    expect(second).toEqual(first);
    const replayed = answers.map(({ response }) => response.headers.get('idempotent-replayed'));
    expect(replayed.sort()).toEqual([null, 'true'].sort());
    const id = idOf(first?.id ?? '');
    expect(Number((await booked(run, id)).total_cost_usd)).toBeGreaterThan(0);
    expect(await servedFor(id)).toBe(1);
    // The one that was told to wait has no place in the books of its own.
    const repeat = answers.find(({ response }) => response.headers.get('idempotent-replayed') === 'true');
    const path = `/v1/generation?id=${repeat?.request_id}`;
    expect((await call(run.urls.gateway, { method: 'GET', path, key: run.demoKey })).status).toBe(404);
  });

  it('gets the same stream again, event by event', async () => {
    const key = randomUUID();
    const read = async () => {
      const asked = { ...question(`stream ${key}`), stream: true as const, stream_options: { include_usage: true } };
      const chunks: unknown[] = [];
      for await (const chunk of await client.chat.completions.create(asked, under(key))) chunks.push(chunk);
      return chunks;
    };
    const first = await read();
    expect(first.length).toBeGreaterThan(3);
    expect(await read()).toEqual(first);
  });

  it('gets the same answer to a form, whose bytes it writes anew', async () => {
    const key = randomUUID();
    const wav = Buffer.alloc(44 + 16_000);
    wav.write('RIFF', 0);
    wav.writeUInt32LE(36 + 16_000, 4);
    wav.write('WAVEfmt ', 8);
    wav.writeUInt32LE(16, 16);
    wav.writeUInt16LE(1, 20);
    wav.writeUInt16LE(1, 22);
    wav.writeUInt32LE(8_000, 24);
    wav.writeUInt32LE(16_000, 28);
    wav.writeUInt16LE(2, 32);
    wav.writeUInt16LE(16, 34);
    wav.write('data', 36);
    wav.writeUInt32LE(16_000, 40);
    const ask = async () => {
      const file = await toFile(wav, 'silence.wav', { type: 'audio/wav' });
      return client.audio.transcriptions.create({ model: 'openai:whisper-1', file }, under(key)).withResponse();
    };
    const [first, again] = [await ask(), await ask()];
    expect(again.data).toEqual(first.data);
    expect(again.response.headers.get('idempotent-replayed')).toBe('true');
    expect(again.response.headers.get('x-generation-id')).toBe(first.response.headers.get('x-generation-id'));
  });

  it('of another request is told so, and does not try again', async () => {
    const key = randomUUID();
    await client.chat.completions.create(question(`one ${key}`), under(key));
    const other = client.chat.completions.create(question(`two ${key}`), under(key));
    await expect(other).rejects.toMatchObject({ status: 422, code: 'idempotency_mismatch' });
  });

  it('whose answer was too long to keep is told what it cost, and its receipt says the same', async () => {
    const key = randomUUID();
    const long = { ...question(`long ${key}`), model: 'openai/gpt-4.1-nano' };
    const completion = (content: string) => ({
      id: 'x',
      object: 'chat.completion',
      created: 1,
      model: 'gpt-4.1-nano',
      choices: [{ index: 0, message: { role: 'assistant', content }, finish_reason: 'stop' }],
      usage: { prompt_tokens: 10, completion_tokens: 5, total_tokens: 15 },
    });
    const fixed = {
      match: { model: 'gpt-4.1-nano' },
      action: { kind: 'fixed', body: completion('x'.repeat(300_000)) },
    } as const;
    const first = await sandbox.withRule(fixed, () => client.chat.completions.create(long, under(key)));
    const refused = await client.chat.completions.create(long, under(key)).catch((error: unknown) => error);
    expect(refused).toBeInstanceOf(ConflictError);
    const { error } = refused as ConflictError & { error: { charged_usd: string; details: { receipt: string } } };
    expect(error).toMatchObject({ code: 'already_completed', details: { receipt: `/v1/receipts/${idOf(first.id)}` } });
    const book = await booked(run, idOf(first.id));
    expect(error.charged_usd).toBe(book.total_cost_usd);
    const receipt = await call(run.urls.gateway, { method: 'GET', path: error.details.receipt, key: run.demoKey });
    expect(receipt.status).toBe(200);
  });
});

it('a key that was used at one gateway is known at another, and survives the gateway', async () => {
  const key = randomUUID();
  const gateway = await startProgram('gateway');
  const asked = { path: CHAT, key: run.demoKey, body: chat(`moves ${key}`), headers: { 'idempotency-key': key } };
  const first = await call(gateway.url, asked).finally(() => gateway.stop());
  const again = await call(run.urls.gateway, asked);
  expect([again.status, again.text]).toEqual([200, first.text]);
  expect(again.headers['idempotent-replayed']).toBe('true');
  expect(again.headers['x-generation-id']).toBe(first.headers['x-generation-id']);
});
