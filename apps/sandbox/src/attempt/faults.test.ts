import { createHash } from 'node:crypto';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { at, eventsOf, type RunningSandbox, runSandbox } from '../testing/running-sandbox.js';

let sandbox: RunningSandbox;
beforeAll(async () => {
  sandbox = await runSandbox();
});
afterAll(() => sandbox.close());
beforeEach(async () => {
  await sandbox.send('POST', '/control/reset');
});

let asked = 0;
const question = 'say one two three four five six seven eight';

/** Asks under a correlation of its own and reads the truth about it. */
async function ask(more: Record<string, unknown> = {}, headers: Record<string, string> = {}) {
  const correlation = `attempt-${(asked += 1)}`;
  const body = JSON.stringify({ model: 'gpt-4o-mini', messages: [{ role: 'user', content: question }], ...more });
  const seen = await sandbox.chat(body, { 'x-tollgate-attempt': correlation, ...headers });
  return { seen, body, truth: await sandbox.truthOf(correlation) };
}
const stream = { stream: true, stream_options: { include_usage: true } };
const rule = (action: Record<string, unknown>, more: Record<string, unknown> = {}) => sandbox.rule({ action, ...more });

describe('without a rule', () => {
  test('the truth of a complete stream has every count', async () => {
    const { truth, body } = await ask(stream);
    expect(truth).toMatchObject({
      provider: 'openai',
      model: 'gpt-4o-mini',
      path: '/v1/chat/completions',
      stream: true,
      status: 200,
      ending: 'complete',
      usageSent: true,
      completionTokens: 8,
      tokensWritten: 8,
      reasoningTokens: 0,
      cachedTokens: 0,
      rules: [],
    });
    expect(truth.requestSha256).toBe(createHash('sha256').update(body).digest('hex'));
  });

  test('the truth of a streamed tool call has the tokens its usage has', async () => {
    const tool = {
      type: 'function',
      function: {
        name: 'count_the_words',
        parameters: { type: 'object', properties: { text: { type: 'string' } }, required: ['text'] },
      },
    };
    const { seen, truth } = await ask({ ...stream, tools: [tool], tool_choice: 'required' });
    const completionTokens = at(eventsOf(seen.text).at(-1), 'usage', 'completion_tokens');
    expect(completionTokens).toBeGreaterThan(5);
    expect(truth).toMatchObject({ completionTokens, tokensWritten: completionTokens });
  });

  test('a client that leaves stops the generation, and the truth says how many tokens it got', async () => {
    const correlation = 'leaver';
    const seen = await sandbox.send('POST', '/providers/openai/v1/chat/completions', {
      body: {
        model: 'gpt-4o-mini',
        messages: [{ role: 'user', content: 'Write 400 words about rivers' }],
        stream: true,
      },
      headers: {
        authorization: 'Bearer x',
        'x-tollgate-attempt': correlation,
        'x-sandbox-ttft-ms': '0',
        'x-sandbox-pace-ms': '5',
      },
      leaveAfterBytes: 3_000,
    });
    expect(seen.text).not.toContain('[DONE]');
    const truth = await sandbox.truthOf(correlation);
    const received = eventsOf(seen.text.slice(0, seen.text.lastIndexOf('\n\n'))).filter((event) =>
      at(event, 'choices', 0, 'delta', 'content'),
    ).length;
    expect(truth.ending).toBe('client_left');
    expect(truth.tokensWritten).toBeGreaterThanOrEqual(received);
    expect(truth.tokensWritten).toBeLessThan(received + 10);
    expect(truth.completionTokens).toBe(truth.tokensWritten);
    expect(truth.usageSent).toBe(false);
  });

  test('a client that leaves a whole answer gets nothing, though the provider made all of it', async () => {
    const aborted = new AbortController();
    const other = fetch(`${sandbox.url}/providers/openai/v1/chat/completions`, {
      method: 'POST',
      signal: aborted.signal,
      body: JSON.stringify({ model: 'gpt-4o-mini', messages: [{ role: 'user', content: question }] }),
      headers: { authorization: 'Bearer x', 'x-tollgate-attempt': 'impatient', 'x-sandbox-ttft-ms': '60000' },
    }).catch(() => 'aborted');
    setTimeout(() => aborted.abort(), 100);
    expect(await other).toBe('aborted');
    expect(await sandbox.truthOf('impatient')).toMatchObject({
      ending: 'client_left',
      tokensWritten: 0,
      completionTokens: 8,
      usageSent: false,
    });
  });
});

describe('a rule can', () => {
  test('answer a status with the vendor’s body, or with a body of its own', async () => {
    await rule({ kind: 'status', status: 429, headers: { 'Retry-After': '3' } }, { times: 1 });
    await rule({ kind: 'status', status: 503, body: { detail: 'no' } }, { times: 1 });
    const first = await ask();
    expect(first.seen.status).toBe(429);
    expect(first.seen.headers['retry-after']).toBe('3');
    expect(JSON.parse(first.seen.text).error.code).toBe('rate_limit_exceeded');
    expect(first.truth).toMatchObject({ ending: 'fault:status', completionTokens: 0, tokensWritten: 0 });
    const second = await ask();
    expect([second.seen.status, second.seen.text]).toEqual([503, '{"detail":"no"}']);
    expect((await ask()).seen.status).toBe(200);
  });

  test('delay the headers', async () => {
    await rule({ kind: 'delay', ms: 150 });
    const { seen, truth } = await ask();
    expect(seen.headMs).toBeGreaterThan(140);
    expect(truth.ending).toBe('complete');
  });

  test('let the headers trickle', async () => {
    await rule({ kind: 'slow_headers', ms: 200 });
    const { seen } = await ask(stream);
    expect(seen.status).toBe(200);
    expect(seen.headMs).toBeGreaterThan(150);
    expect(seen.text).toContain('[DONE]');
  });

  test('stall for a while after some events and go on', async () => {
    await rule({ kind: 'stall', afterEvents: 3, ms: 600 });
    const { seen, truth } = await ask(stream);
    expect(seen.headMs).toBeLessThan(500);
    expect(seen.totalMs).toBeGreaterThan(590);
    expect(seen.text).toContain('[DONE]');
    expect(truth).toMatchObject({ ending: 'complete', tokensWritten: 8 });
  });

  test('stall right after the headers until the client gives up', async () => {
    await rule({ kind: 'stall', afterEvents: 0 });
    const response = await fetch(`${sandbox.url}/providers/openai/v1/chat/completions`, {
      method: 'POST',
      body: JSON.stringify({ model: 'm', messages: [{ role: 'user', content: 'hi' }], stream: true }),
      headers: { authorization: 'Bearer x', 'x-tollgate-attempt': 'given-up', 'x-sandbox-ttft-ms': '0' },
    });
    expect(response.status).toBe(200);
    await response.body?.cancel();
    expect(await sandbox.truthOf('given-up')).toMatchObject({ ending: 'client_left', tokensWritten: 0 });
  });

  test('reset the connection before the headers', async () => {
    await rule({ kind: 'reset' });
    const { seen, truth } = await ask();
    expect(seen).toMatchObject({ status: null, failure: 'ECONNRESET' });
    expect(truth).toMatchObject({ ending: 'fault:reset', tokensWritten: 0 });
  });

  test('reset the connection in the middle of a stream', async () => {
    await rule({ kind: 'reset', afterEvents: 4 });
    const { seen, truth } = await ask(stream);
    expect(seen.failure).toBe('ECONNRESET');
    expect(eventsOf(seen.text)).toHaveLength(4);
    expect(truth).toMatchObject({ ending: 'fault:reset', tokensWritten: 3, completionTokens: 3, usageSent: false });
  });

  test('cut a stream with a clean end, and a whole body in its middle', async () => {
    await rule({ kind: 'cut', afterEvents: 4 });
    const streamed = await ask(stream);
    expect(streamed.seen.failure).toBeNull();
    expect(eventsOf(streamed.seen.text)).toHaveLength(4);
    expect(streamed.seen.text).not.toContain('finish_reason":"stop"');
    expect(streamed.truth).toMatchObject({ ending: 'fault:cut', tokensWritten: 3 });
    await sandbox.send('DELETE', '/control/rules');
    await rule({ kind: 'cut', afterEvents: 1 });
    const whole = await ask();
    expect(whole.seen.failure).toBeNull();
    expect(() => JSON.parse(whole.seen.text)).toThrow();
    expect(whole.truth).toMatchObject({ ending: 'fault:cut', tokensWritten: 0, completionTokens: 8 });
  });

  test('leave usage out', async () => {
    await rule({ kind: 'omit_usage' });
    const streamed = await ask(stream);
    expect(streamed.seen.text).not.toContain('usage');
    expect(streamed.truth).toMatchObject({ ending: 'fault:omit_usage', usageSent: false, completionTokens: 8 });
    expect(JSON.parse((await ask()).seen.text)).not.toHaveProperty('usage');
  });

  test('put malformed bytes into a stream', async () => {
    await rule({
      kind: 'malformed',
      afterEvents: 2,
      bytesBase64: Buffer.from([0x64, 0xff, 0xfe, 0x0a, 0x0a]).toString('base64'),
    });
    const { seen, truth } = await ask(stream);
    expect(seen.bytes.includes(Buffer.from([0x0a, 0x64, 0xff, 0xfe, 0x0a, 0x0a]))).toBe(true);
    expect(seen.text).toContain('[DONE]');
    expect(truth).toMatchObject({ ending: 'fault:malformed', tokensWritten: 8 });
  });

  test('send an error after HTTP 200', async () => {
    await rule({ kind: 'error_event', afterEvents: 2, event: 'error', error: { message: 'overloaded', code: 503 } });
    const { seen, truth } = await ask(stream);
    expect(seen.status).toBe(200);
    expect(seen.text.endsWith('event: error\ndata: {"error":{"message":"overloaded","code":503}}\n\n')).toBe(true);
    expect(truth).toMatchObject({ ending: 'fault:error_event', tokensWritten: 1 });
  });

  test('answer nothing with a blank finish', async () => {
    await rule({ kind: 'empty' });
    const { seen, truth } = await ask();
    expect(JSON.parse(seen.text).choices[0]).toMatchObject({ message: { content: '' }, finish_reason: null });
    expect(truth).toMatchObject({ ending: 'fault:empty', completionTokens: 0 });
    const streamed = eventsOf((await ask(stream)).seen.text);
    expect(
      streamed.every(
        (event) => !at(event, 'choices', 0, 'delta', 'content') && at(event, 'choices', 0, 'finish_reason') == null,
      ),
    ).toBe(true);
  });

  test('answer with another content type', async () => {
    await rule({ kind: 'content_type', value: 'text/html', body: '<h1>Bad gateway</h1>' });
    const { seen, truth } = await ask();
    expect([seen.status, seen.headers['content-type'], seen.text]).toEqual([200, 'text/html', '<h1>Bad gateway</h1>']);
    expect(truth.ending).toBe('fault:content_type');
  });

  test('set the pace over header and settings', async () => {
    await rule({ kind: 'pace', ttftMs: 100, paceMs: 20 });
    const { seen } = await ask(stream);
    expect(seen.headMs).toBeGreaterThan(90);
    expect(seen.totalMs).toBeGreaterThan(100 + 8 * 20);
  });

  test('answer the same prepared body each time, whole and streamed', async () => {
    await rule({ kind: 'fixed' });
    const [first, second] = [await ask(), await ask()];
    expect(first.seen.text).toBe(second.seen.text);
    expect(first.seen.bytes.length).toBeGreaterThan(1_100);
    expect(first.seen.bytes.length).toBeLessThan(1_600);
    expect(first.truth.completionTokens).toBe(JSON.parse(first.seen.text).usage.completion_tokens);
    const streamed = await ask(stream);
    expect(eventsOf(streamed.seen.text).at(-1)).toMatchObject({
      usage: { completion_tokens: first.truth.completionTokens },
    });
    expect(streamed.truth).toMatchObject({
      tokensWritten: first.truth.completionTokens,
      ending: 'complete',
      usageSent: true,
    });
    await sandbox.send('DELETE', '/control/rules');
    expect(JSON.parse((await ask({ model: 'tiny-fixed' })).seen.text).model).toBe('tiny-fixed');
  });

  test('echo the question', async () => {
    await rule({ kind: 'echo' });
    expect(JSON.parse((await ask()).seen.text).choices[0].message.content).toBe(question);
  });

  test('re-split the bytes at any size without changing one', async () => {
    const plain = (await ask({ messages: [{ role: 'user', content: 'say Grüße 👩‍👩‍👧 漢字' }], ...stream })).seen;
    const withoutNames = (text: string) => text.replace(/chatcmpl-\w+|"created":\d+/g, '');
    for (const sizes of ['byte', [3, 7, 1_000], { seed: 4 }]) {
      await sandbox.send('DELETE', '/control/rules');
      await rule({ kind: 'split', sizes });
      const { seen, truth } = await ask({ messages: [{ role: 'user', content: 'say Grüße 👩‍👩‍👧 漢字' }], ...stream });
      expect(withoutNames(seen.text)).toBe(withoutNames(plain.text));
      expect(seen.reads).toBeGreaterThan(3);
      expect(truth.ending).toBe('complete');
    }
  });

  test('be combined with others: split, without usage, cut', async () => {
    await rule({ kind: 'split', sizes: [11] });
    await rule({ kind: 'omit_usage' });
    await rule({ kind: 'cut', afterEvents: 3 });
    const { seen, truth } = await ask(stream);
    expect(eventsOf(seen.text)).toHaveLength(3);
    expect(seen.text).not.toContain('usage');
    expect(truth.rules).toHaveLength(3);
  });
});

describe('a rule applies', () => {
  test('only where provider, model, header and path fit', async () => {
    await rule({ kind: 'status', status: 500 }, { match: { provider: 'groq' } });
    await rule({ kind: 'status', status: 501 }, { match: { model: 'gpt-4o' } });
    await rule(
      { kind: 'status', status: 502 },
      { match: { header: { name: 'Authorization', value: 'Bearer other' } } },
    );
    await rule({ kind: 'status', status: 504 }, { match: { path: '/models' } });
    expect((await ask()).seen.status).toBe(200);
    expect((await ask({ model: 'gpt-4o' })).seen.status).toBe(501);
    expect((await ask({}, { authorization: 'Bearer other' })).seen.status).toBe(502);
    expect((await sandbox.send('POST', '/providers/groq/v1/chat/completions', { body: {} })).status).toBe(500);
    expect((await sandbox.send('GET', '/providers/openai/v1/models')).status).toBe(504);
  });

  test('after so many requests, and so many times', async () => {
    await rule({ kind: 'status', status: 500 }, { after: 1, times: 2 });
    const statuses: (number | null)[] = [];
    for (let turn = 0; turn < 5; turn += 1) statuses.push((await ask()).seen.status);
    expect(statuses).toEqual([200, 500, 500, 200, 200]);
  });

  test('by id only when the request names it', async () => {
    const id = await rule({ kind: 'status', status: 500 }, { id: 'mine', match: { byId: true } });
    expect(id).toBe('mine');
    expect((await ask()).seen.status).toBe(200);
    expect((await ask({}, { 'x-sandbox-rule': 'mine' })).seen.status).toBe(500);
  });
});
