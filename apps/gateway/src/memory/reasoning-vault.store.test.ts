import { randomUUID } from 'node:crypto';
import type { ReasoningEntry } from '@tollgate/dialects';
import { Redis } from 'ioredis';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { ReasoningVault } from './reasoning-vault.js';

const redis = new Redis(process.env.REDIS_URL ?? '');
beforeAll(async () => void (await redis.ping()));
afterAll(() => redis.disconnect());

const vault = new ReasoningVault(redis, 'a secret of at least thirty-two characters');
const owner = () => ({ organizationId: randomUUID(), projectId: randomUUID(), model: 'deepseek/deepseek-chat' });
const call = { id: 'functions.add:0', name: 'add', arguments: '{"a":1}' };
const entry: ReasoningEntry = {
  call,
  state: {
    reasoning: [
      {
        kind: 'reasoning',
        text: 'Ich überlege 🤔',
        summary: [],
        seal: { dialect: 'anthropic-messages', form: 'signature', value: 'EqQBCgIYAhIM+/=' },
        id: null,
      },
    ],
    seal: { dialect: 'gemini', form: 'signature', value: 'CpQBAXLI2nw=' },
  },
};

async function kept(whose: ReturnType<typeof owner>) {
  vault.keep(whose, [entry]);
  await redis.ping();
}

describe('the reasoning vault', () => {
  it('gives back exactly what was thought before a call', async () => {
    const whose = owner();
    await kept(whose);
    expect((await vault.find(whose, [call]))(call)).toEqual(entry.state);
  });

  it('finds nothing for another organisation, project, model, id, name or arguments: ids repeat between tenants', async () => {
    const whose = owner();
    await kept(whose);
    for (const other of [
      { ...whose, organizationId: randomUUID() },
      { ...whose, projectId: randomUUID() },
      { ...whose, model: 'z-ai/glm-4.6' },
    ])
      expect((await vault.find(other, [call]))(call)).toBeNull();
    for (const other of [
      { ...call, id: 'functions.add:1' },
      { ...call, name: 'sub' },
      { ...call, arguments: '{"a":2}' },
    ])
      expect((await vault.find(whose, [other]))(other)).toBeNull();
  });

  it('shows nothing of it in Redis, and forgets it', async () => {
    const whose = owner();
    await kept(whose);
    const [name = ''] = await redis.keys(`*${whose.organizationId}*:reasoning:*`);
    const stored = await redis.getBuffer(name);
    expect(stored?.includes('EqQBCgIYAhIM')).toBe(false);
    expect(name).not.toContain('functions.add');
    expect(await redis.ttl(name)).toBeGreaterThan(0);
  });

  it('keeps nothing of an organisation that asks to be forgotten, and everything of the others', async () => {
    const [leaving, staying] = [owner(), owner()];
    await kept(leaving);
    await kept(staying);
    await vault.forget(leaving.organizationId);
    expect((await vault.find(leaving, [call]))(call)).toBeNull();
    expect((await vault.find(staying, [call]))(call)).toEqual(entry.state);
  });

  it('has kept nothing where Redis is away, and does not wait for it', async () => {
    const away = new Redis({ port: 1, lazyConnect: true, retryStrategy: null });
    const without = new ReasoningVault(away, 'a secret of at least thirty-two characters');
    without.keep(owner(), [entry]);
    expect((await without.find(owner(), [call]))(call)).toBeNull();
  });
});
