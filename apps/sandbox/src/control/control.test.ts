import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { type RunningSandbox, runSandbox } from '../testing/running-sandbox.js';

let folder: string;
let sandbox: RunningSandbox;
beforeAll(async () => {
  folder = await mkdtemp(path.join(tmpdir(), 'sandbox-truth-'));
  sandbox = await runSandbox(path.join(folder, 'truth.ndjson'));
});
afterAll(async () => {
  await sandbox.close();
  await rm(folder, { recursive: true });
});

const body = { model: 'gpt-4o-mini', messages: [{ role: 'user', content: 'say hi' }] };

test('the truth is in memory by sequence, provider and correlation, and line by line in the file', async () => {
  await sandbox.chat(body, { 'x-tollgate-attempt': 'a' });
  await sandbox.chat(body, { 'x-tollgate-attempt': 'b' });
  const first = await sandbox.truthOf('a');
  const second = await sandbox.truthOf('b');
  const read = async (query: string) => JSON.parse((await sandbox.send('GET', `/control/truth?${query}`)).text).entries;
  expect(await read(`since=${first.seq}`)).toEqual([second]);
  expect(await read('provider=groq')).toEqual([]);
  await new Promise((resolve) => setTimeout(resolve, 200));
  const lines = (await readFile(path.join(folder, 'truth.ndjson'), 'utf8')).trim().split('\n');
  expect(lines.map((line) => JSON.parse(line))).toEqual([first, second]);
});

test('a sandbox that is told to stop ends running streams at once, and their truth is in the file', async () => {
  const file = path.join(folder, 'stopped.ndjson');
  const stopped = await runSandbox(file);
  const asked = { ...body, messages: [{ role: 'user', content: 'Write 300 words about tea' }], stream: true };
  const pending = stopped.chat(asked, { 'x-sandbox-pace-ms': '50' });
  await new Promise((resolve) => setTimeout(resolve, 300));
  await stopped.close();
  expect((await pending).failure).not.toBeNull();
  const [entry] = (await readFile(file, 'utf8')).trim().split('\n');
  expect(JSON.parse(entry ?? '')).toMatchObject({ ending: 'client_left', stream: true });
});

test('the last request is remembered byte for byte, its secrets only by their length', async () => {
  const text = '{"model":"gpt-4o-mini",  "messages":[{"role":"user","content":"h\\u00e9 é"}]}';
  await sandbox.chat(text, {
    'x-tollgate-attempt': 'exact',
    'X-Mixed-Case': 'kept',
    authorization: 'Bearer sk-very-secret',
  });
  const seen = await sandbox.send('GET', '/control/last-request?correlation=exact');
  const request = JSON.parse(seen.text);
  expect(Buffer.from(request.bodyBase64, 'base64').toString('utf8')).toBe(text);
  expect(request.headers.authorization).toBe('<secret of 21 characters>');
  expect(request.rawHeaders).toContainEqual(['X-Mixed-Case', 'kept']);
  expect(seen.text).not.toContain('very-secret');
  expect((await sandbox.send('GET', '/control/last-request?correlation=unknown')).status).toBe(404);
});

test('rules are listed without the credentials they match on, and removed one by one or all', async () => {
  const id = await sandbox.rule({
    match: { header: { name: 'authorization', value: 'Bearer sk-very-secret' } },
    action: { kind: 'omit_usage' },
  });
  await sandbox.rule({ action: { kind: 'delay', ms: 1 } });
  const listed = await sandbox.send('GET', '/control/rules');
  expect(JSON.parse(listed.text).rules).toHaveLength(2);
  expect(listed.text).not.toContain('very-secret');
  expect((await sandbox.send('GET', '/')).text).not.toContain('very-secret');
  expect((await sandbox.send('DELETE', `/control/rules/${id}`)).status).toBe(200);
  expect((await sandbox.send('DELETE', `/control/rules/${id}`)).status).toBe(404);
  await sandbox.send('DELETE', '/control/rules');
  expect(JSON.parse((await sandbox.send('GET', '/control/rules')).text).rules).toEqual([]);
});

test('a control request that is wrong is refused with what is wrong', async () => {
  for (const wrong of [
    {},
    { action: { kind: 'explode' } },
    { action: { kind: 'cut' } },
    { action: { kind: 'delay', ms: -1 } },
    '{"action":',
    { action: { kind: 'echo' }, tims: 1 },
  ]) {
    const seen = await sandbox.send('POST', '/control/rules', { body: wrong });
    expect(seen.status).toBe(400);
    expect(JSON.parse(seen.text).error.code).toBe('invalid_control_request');
  }
});

test('a rule can be asked for by words in a request, which reach a provider through any gateway', async () => {
  await sandbox.rule({ match: { says: 'mark-teapot' }, action: { kind: 'status', status: 503 } });
  const asked = { ...body, messages: [{ role: 'user', content: 'Hello. mark-teapot' }] };
  expect((await sandbox.chat(asked)).status).toBe(503);
  expect((await sandbox.chat(body)).status).toBe(200);
});

test('settings change the pace of everything, and a reset brings a clean start', async () => {
  const changed = await sandbox.send('POST', '/control/settings', { body: { ttftMs: 1, paceMs: 0 } });
  expect(JSON.parse(changed.text)).toEqual({ ttftMs: 1, paceMs: 0 });
  await sandbox.send('POST', '/control/reset');
  expect(JSON.parse((await sandbox.send('GET', '/control/settings')).text)).toEqual({ ttftMs: 50, paceMs: 5 });
  expect(await sandbox.truth()).toEqual([]);
});

test('pages and control answer a loopback host only, and no other site can steer them', async () => {
  for (const target of ['/', '/inbox', '/inbox/api/messages', '/control/rules']) {
    expect((await sandbox.send('GET', target, { headers: { host: 'evil.example:4010' } })).status).toBe(403);
  }
  expect((await sandbox.send('POST', '/control/reset', { headers: { 'sec-fetch-site': 'cross-site' } })).status).toBe(
    403,
  );
  expect((await sandbox.send('GET', '/health')).text).toBe('{"status":"ok"}');
});

test('the front page shows attempts and escapes what clients sent', async () => {
  await sandbox.chat({ ...body, model: '<script>alert(1)</script>' });
  const page = await sandbox.send('GET', '/');
  expect(page.text).toContain('&lt;script&gt;alert(1)&lt;/script&gt;');
  expect(page.text).not.toContain('<script>alert(1)');
  expect(page.headers['content-security-policy']).toContain("default-src 'none'");
});
