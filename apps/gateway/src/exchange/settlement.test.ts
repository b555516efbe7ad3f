import { afterEach, describe, expect, it } from 'vitest';
import { askAt, type ExchangeWorld, exchangeWorld, JSON_BODY, wholeReply } from './exchange.fixture.js';

let world: ExchangeWorld | undefined;
afterEach(() => world?.close());

describe('the record of a request', () => {
  it('stays small, however much of the request could not be said', async () => {
    world = await exchangeWorld(({ handler }) => {
      handler.onHead(200, JSON_BODY);
      handler.onData(wholeReply());
      handler.onEnd();
    });
    const odd = (index: number) => ({ type: 'text', text: 'a', [`odd_${index}_${'x'.repeat(2_000)}`]: 1 });
    const content = Array.from({ length: 3_000 }, (_, index) => odd(index));
    const body = { model: 'test/m', max_tokens: 10, messages: [{ role: 'user', content }] };
    const { status } = await askAt(world, '/v1/messages', body);
    expect(status).toBe(200);
    expect(Buffer.byteLength(world.settlements[0]?.event ?? '')).toBeLessThan(20_000);
    const losses = world.events()[0]?.losses ?? [];
    expect(losses[0]).toMatch(/^messages\[0\]\.content\[0\]\.odd_0_x+…?=dropped$/);
    expect(losses.at(-1)).toMatch(/^and_more=\d+$/);
  });

  it('holds nothing that a database refuses: a row that cannot be written would never be billed', async () => {
    world = await exchangeWorld(({ handler }) => {
      handler.onHead(200, JSON_BODY);
      handler.onData(wholeReply());
      handler.onEnd();
    });
    const messages = [{ role: 'user', content: 'a' }];
    await askAt(world, '/v1/messages', { model: 'test/m', max_tokens: 9, messages, 'zero\u0000byte': 1, 'emoji😀': 1 });
    expect(world.events()[0]?.losses).toEqual(['zero_byte=dropped', 'emoji__=dropped']);
    const halves = [
      await askAt(world, '/v1/messages', { model: 'test/m', max_tokens: 9, messages, 'half\ud83d': 1 }),
      await askAt(world, '/v1/responses', { model: 'test/m', input: 'a', metadata: { 'half\ud83d': 'a' } }),
      await askAt(world, '/v1/chat/completions', { model: 'test/m', messages, metadata: { 'half\ud83d': 'a' } }),
    ];
    expect(halves.map(({ status }) => status)).toEqual([400, 400, 400]);
    expect(world.settlements).toHaveLength(1);
  });
});
