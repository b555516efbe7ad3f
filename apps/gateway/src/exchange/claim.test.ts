import { Hmac } from 'node:crypto';
import type { Principal } from '@tollgate/access';
import { describe, expect, it, vi } from 'vitest';
import type { ExchangeInput } from './call.js';
import { type Claim, claimOf } from './claim.js';

const principal = { organizationId: 'org-a', projectId: 'project-a', keyId: 'key-a' } as Principal;
const HI = { model: 'test/m', messages: [{ role: 'user', content: 'Hi' }] };

function claim(change: object = {}, key = 'k', secret = 'pepper'): Claim {
  const input = {
    principal,
    idempotencyKey: key,
    dialect: 'openai-chat',
    skin: null,
    door: { model: null, isStream: null },
    isStrict: false,
    maxCostUsd: null,
    body: Buffer.from(JSON.stringify(HI)),
    ...change,
  } as ExchangeInput;
  const claimed = claimOf(secret, input);
  if (!claimed.ok || claimed.value === null) throw new Error('no claim');
  return claimed.value;
}

describe('an Idempotency-Key', () => {
  it.each(['', 'k'.repeat(256), 'caf\u00e9', 'a\tb', 'a\u0000'])('%j is refused as a mistake', (key) => {
    expect(claimOf('pepper', { principal, idempotencyKey: key } as ExchangeInput)).toMatchObject({
      ok: false,
      failure: { code: 'invalid_request', param: 'Idempotency-Key' },
    });
  });

  it('is not needed', () => {
    expect(claimOf('pepper', { principal } as ExchangeInput)).toEqual({ ok: true, value: null });
  });

  it.each([
    ['another organisation', { principal: { ...principal, organizationId: 'org-b' } }],
    ['another project', { principal: { ...principal, projectId: 'project-b' } }],
    [
      'names that run into each other',
      { principal: { ...principal, organizationId: 'org-', projectId: 'aproject-a' } },
    ],
  ])('of %s is another one', (_, change) => {
    expect(claim(change).keyHash).not.toBe(claim().keyHash);
  });

  it('is the same one after the API key was rotated', () => {
    const rotated = { principal: { ...principal, keyId: 'key-b' }, token: 'tg_other' };
    expect(claim(rotated)).toEqual(claim());
  });

  it('stands in no digest that somebody without the secret could try out', () => {
    expect(claim({}, 'k', 'another').keyHash).not.toBe(claim().keyHash);
    expect(claim({}, 'k', 'another').bodyHash).not.toBe(claim().bodyHash);
  });

  it('10,000 of them make 10,000 claims', () => {
    const hashes = new Set(Array.from({ length: 10_000 }, (_, index) => claim({}, `k${index}`).keyHash));
    expect(hashes.size).toBe(10_000);
  });
});

describe('the same request', () => {
  const same = (change: object) => claim(change).bodyHash === claim().bodyHash;

  it.each([
    ['another order of its members', { body: Buffer.from(JSON.stringify({ messages: HI.messages, model: HI.model })) }],
    ['a space', { body: Buffer.from(`${JSON.stringify(HI)} `) }],
    ['another door', { dialect: 'anthropic-messages' }],
    ["OpenRouter's door", { skin: 'openrouter' }],
    ['another operation', { operation: { door: 'completions', contentType: 'application/json' } }],
    ['another model in its path', { door: { model: 'test/m', isStream: null } }],
    ['streaming by its path', { door: { model: null, isStream: true } }],
    ['another framing', { door: { model: null, isStream: null, framing: 'sse' } }],
    ['a beta', { door: { model: null, isStream: null, betas: ['context-1m'] } }],
    ['strictness', { isStrict: true }],
    ['a maximum of its cost', { maxCostUsd: '0.1' }],
  ])('is not one with %s', (_, change) => {
    expect(same(change)).toBe(false);
  });

  it('is one in other bytes of memory, whatever its id', () => {
    expect(same({ body: Buffer.from(JSON.stringify(HI)), requestId: 'another', token: 'tg_other' })).toBe(true);
  });

  it('cannot be forged by moving bytes between its facts and its body', () => {
    const hidden = Buffer.from(`x${JSON.stringify(HI)}`);
    expect(claim({ maxCostUsd: 'x' }).bodyHash).not.toBe(claim({ body: hidden }).bodyHash);
  });
});

describe('a form', () => {
  const form = (line: string, fields: readonly string[], quote = '') => ({
    operation: { door: 'images/edits', contentType: `multipart/form-data; boundary=${quote}${line}${quote}` },
    body: Buffer.from(`${fields.map((field) => `--${line}\r\n${field}\r\n`).join('')}--${line}--\r\n`),
  });

  it('is the same one behind the line that its client draws anew for each try', () => {
    const [first, again] = [form('aaaa', ['one', 'two']), form('b-17', ['one', 'two'], '"')];
    expect(claim(again).bodyHash).toBe(claim(first).bodyHash);
  });

  it.each([
    ['another field', ['one', 'three']],
    ['its fields in another order', ['two', 'one']],
    ['one field fewer', ['one']],
    ['two fields in one', ['one\r\ntwo']],
  ])('is another one with %s', (_, fields) => {
    expect(claim(form('b', fields)).bodyHash).not.toBe(claim(form('aaaa', ['one', 'two'])).bodyHash);
  });

  it('made of nothing but its line is digested as it stands', () => {
    const lines = (count: number) => ({ ...form('a', []), body: Buffer.from('--a'.repeat(count)) });
    const update = vi.spyOn(Hmac.prototype, 'update');
    expect(claim(lines(100_000)).bodyHash).not.toBe(claim(lines(100_001)).bodyHash);
    expect(update.mock.calls.length).toBeLessThan(100);
    update.mockRestore();
  });

  it('whose line stands in its own field is not another form', () => {
    const [one, two] = [form('x', ['--y\r\nz']), form('y', ['--x\r\nz'])];
    expect(claim(one).bodyHash).not.toBe(claim(two).bodyHash);
  });
});
