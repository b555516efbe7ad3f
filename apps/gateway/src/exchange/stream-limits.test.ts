import http from 'node:http';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { ask, chunk, type ExchangeWorld, exchangeWorld, STREAM } from './exchange.fixture.js';
import { HoldExtensions } from './hold-extension.js';

let world: ExchangeWorld;
afterEach(() => world.close());

type Provider = ExchangeWorld['providers'][number];

/** Says words until it is let go, and waits while it is told to. */
function talk(provider: Provider, word: string): void {
  provider.handler.onHead(200, STREAM);
  const talking = setInterval(() => {
    if (provider.aborted) clearInterval(talking);
    else if (!provider.paused) provider.handler.onData(chunk({ content: word }));
  }, 10);
}

describe('an answer that reaches our own limit of time', () => {
  it('ends like one that reached its maximum, and what was delivered is paid', async () => {
    world = await exchangeWorld((provider) => talk(provider, 'word '), { answerTimeoutMs: 300 });
    const { text } = await ask(world, { stream: true });
    expect(text).toContain('"finish_reason":"length"');
    expect(text).toContain('[DONE]');
    const [event] = world.events();
    expect(event).toMatchObject({ ending: 'finished', usageSource: 'counted', errorCode: null, lossNanousd: 0n });
    expect(event?.tokens.output).toBeGreaterThan(5);
    expect(event?.chargeNanousd).toBeGreaterThan(0n);
    expect(world.providers[0]?.aborted).toBe(true);
  });

  it('is paid too where its client reads so slowly that the limit comes first', async () => {
    const options = {
      answerTimeoutMs: 600,
      clientStallMs: 5_000,
      extensions: new HoldExtensions(() => undefined, 60_000),
    };
    world = await exchangeWorld((provider) => talk(provider, 'word '.repeat(20_000)), options);
    const body = JSON.stringify({ model: 'test/m', stream: true, messages: [{ role: 'user', content: 'Hi' }] });
    const asked = http.request(world.url, { method: 'POST' }, (response) => {
      response.pause();
      setTimeout(() => response.resume(), 800);
    });
    asked.end(body);
    await vi.waitFor(() => expect(world.events()).toHaveLength(1), { timeout: 4_000 });
    expect(world.events()[0]).toMatchObject({ ending: 'finished', usageSource: 'counted' });
    expect(world.events()[0]?.chargeNanousd).toBeGreaterThan(0n);
  });

  it('costs nothing where nothing of it was delivered', async () => {
    const silent = chunk({ role: 'assistant' });
    world = await exchangeWorld(
      (provider) => {
        provider.handler.onHead(200, STREAM);
        const talking = setInterval(() => {
          if (provider.aborted) clearInterval(talking);
          else provider.handler.onData(silent);
        }, 10);
      },
      { answerTimeoutMs: 300 },
    );
    const { status } = await ask(world, { stream: true });
    expect(status).toBe(504);
    expect(world.events()[0]?.chargeNanousd).toBe(0n);
  });
});
