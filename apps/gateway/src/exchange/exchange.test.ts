import http from 'node:http';
import { setTimeout as pause } from 'node:timers/promises';
import { afterEach, describe, expect, it, vi } from 'vitest';
import {
  ask,
  chunk,
  type ExchangeWorld,
  exchangeWorld,
  grantedWhole,
  JSON_BODY,
  STREAM,
  wholeReply,
} from './exchange.fixture.js';

let world: ExchangeWorld;
afterEach(() => world.close());

type Provider = ExchangeWorld['providers'][number];

function answerWhole(provider: Provider): void {
  answerWith(provider, wholeReply());
}

function answerWith({ handler }: Provider, body: Buffer): void {
  handler.onHead(200, JSON_BODY);
  handler.onData(body);
  handler.onEnd();
}

function answerStream({ handler }: Provider): void {
  handler.onHead(200, STREAM);
  handler.onData(chunk({ content: 'Hello' }));
  handler.onData(chunk({}, 'stop'));
  handler.onData(Buffer.from('data: [DONE]\n\n'));
  handler.onEnd();
}

function errorOf(text: string): Record<string, unknown> {
  const last =
    text
      .trim()
      .split('\n\n')
      .at(-1)
      ?.replace(/^data: /, '') ?? '';
  return (JSON.parse(last) as { error: Record<string, unknown> }).error;
}

describe('a defect of ours after the hold was taken', () => {
  it('releases the hold at charge 0 and answers in the caller’s shape', async () => {
    world = await exchangeWorld(answerWhole, {
      access: () => {
        throw new Error('provider openai has no credential');
      },
    });
    const { status, text } = await ask(world);
    expect([status, errorOf(text)]).toEqual([
      500,
      expect.objectContaining({ code: 'internal_error', charged_usd: '0' }),
    ]);
    expect(world.settlements).toMatchObject([{ chargeNanousd: 0n, isUnsent: true }]);
    expect(world.events()[0]?.lossNanousd).toBe(0n);
    expect(world.logLines.join('')).toContain('no credential');
  });

  it('ends a stream that has begun with a typed error, never with silence', async () => {
    world = await exchangeWorld(({ handler }) => {
      handler.onHead(200, STREAM);
      handler.onData(chunk({ content: 'Hello' }));
      handler.onCrash(new Error('a codec broke'));
    });
    const { status, text } = await ask(world, { stream: true });
    expect(status).toBe(200);
    expect(errorOf(text)).toMatchObject({ code: 'internal_error' });
    expect(text).not.toContain('[DONE]');
    expect(world.settlements).toMatchObject([{ chargeNanousd: 0n, isUnsent: false }]);
    // What the provider bills for it is the house's loss, by estimate.
    expect(world.events()[0]?.lossNanousd).toBeGreaterThan(0n);
  });

  it('in counting a request neither hurts its answer nor settles it twice', async () => {
    const onEnded = vi.fn(() => {
      throw new Error('metrics broke');
    });
    world = await exchangeWorld(answerWhole, { onEnded });
    const { status, text } = await ask(world);
    expect(status).toBe(200);
    expect(text).toContain('Hello');
    expect(world.settlements).toHaveLength(1);
  });

  it('lets go of the hold when even its record cannot be written', async () => {
    world = await exchangeWorld(answerWhole, {
      spool: {
        append: () => {
          throw new TypeError('a spool record is one line');
        },
        whenSynced: async () => ({ ok: true }),
        close: async () => undefined,
      },
    });
    const { status } = await ask(world);
    expect(status).toBe(500);
    expect(world.settlements).toMatchObject([{ chargeNanousd: 0n, append: false }]);
  });
});

describe('a client that leaves', () => {
  it('while it is admitted: nothing is sent to a provider and nothing is charged', async () => {
    const leaving = new AbortController();
    world = await exchangeWorld(answerWhole, {
      authorize: async ({ wantNanousd }) => {
        leaving.abort();
        await pause(300);
        return grantedWhole(wantNanousd);
      },
    });
    await ask(world, {}, leaving.signal).catch(() => undefined);
    await vi.waitFor(() => expect(world.events()).toMatchObject([{ chargeNanousd: 0n, ending: 'client_left' }]));
    expect(world.providers).toHaveLength(0);
  });

  it('before a provider that cannot be reached: no input is charged for an answer that never began', async () => {
    const leaving = new AbortController();
    world = await exchangeWorld(
      ({ handler }) => {
        leaving.abort();
        setTimeout(() => handler.onFault('connect', 'refused'), 60);
      },
      { endpoints: ['groq'] },
    );
    await ask(world, { stream: true }, leaving.signal).catch(() => undefined);
    await vi.waitFor(() => expect(world.events()).toMatchObject([{ chargeNanousd: 0n }]));
  });

  it('by not reading for too long: the provider is let go and the delivered part is charged', async () => {
    world = await exchangeWorld(({ handler }) => {
      handler.onHead(200, STREAM);
      for (let index = 0; index < 200; index += 1) handler.onData(chunk({ content: 'x'.repeat(100_000) }));
    });
    const request = http.request(world.url, { method: 'POST' }, (response) => response.pause());
    request.on('error', () => undefined);
    request.end(JSON.stringify({ model: 'test/m', stream: true, messages: [{ role: 'user', content: 'Hi' }] }));
    await vi.waitFor(() => expect(world.events()).toMatchObject([{ ending: 'client_left' }]), { timeout: 4_000 });
    expect(world.providers[0]?.aborted).toBe(true);
    expect(world.events()[0]?.chargeNanousd).toBeGreaterThan(0n);
    request.destroy();
  });

  it('in numbers is not drained in numbers: beyond the cap the provider is let go at once', async () => {
    world = await exchangeWorld(({ handler }) => handler.onHead(200, JSON_BODY), {
      drainAfterLeaveMs: 3_000,
      drainsAtOnce: 1,
    });
    const leaving = [new AbortController(), new AbortController()];
    const asked = leaving.map(({ signal }) => ask(world, {}, signal).catch(() => undefined));
    await vi.waitFor(() => expect(world.providers).toHaveLength(2));
    for (const one of leaving) one.abort();
    await Promise.all(asked);
    await vi.waitFor(() => expect(world.events()).toHaveLength(1), { timeout: 1_500 });
    expect(world.providers.filter(({ aborted }) => aborted)).toHaveLength(1);
  });
});

describe('a provider', () => {
  it('whose first words are only comments can still be replaced by another', async () => {
    world = await exchangeWorld(
      (provider, index) => {
        if (index > 0) return answerStream(provider);
        provider.handler.onHead(200, STREAM);
        provider.handler.onData(Buffer.from(': PROCESSING\n\n'));
        provider.handler.onData(Buffer.from('data: {"error":{"message":"overloaded","code":503}}\n\n'));
      },
      { endpoints: ['openai', 'groq'] },
    );
    const { status, text } = await ask(world, { stream: true });
    expect([status, text.endsWith('data: [DONE]\n\n')]).toEqual([200, true]);
    expect(world.providers).toHaveLength(2);
  });

  it.each(['text/plain', 'text/html', 'application/json', 'image/png'])(
    'that sends %s for a stream is answered 502 before any byte',
    async (type) => {
      world = await exchangeWorld(({ handler }) => {
        handler.onHead(200, { 'content-type': type });
        handler.onData(Buffer.from('Bad gateway\n\ndata: x\n\n'));
        handler.onEnd();
      });
      const { status, text } = await ask(world, { stream: true });
      expect(status).toBe(502);
      expect(text).not.toContain('Bad gateway');
    },
  );

  it('that says [DONE] and keeps the connection open does not keep the client', async () => {
    world = await exchangeWorld(({ handler }) => {
      handler.onHead(200, STREAM);
      handler.onData(chunk({ content: 'Hello' }));
      handler.onData(chunk({}, 'stop'));
      handler.onData(Buffer.from('data: [DONE]\n\n'));
    });
    const startedAt = performance.now();
    const { text } = await ask(world, { stream: true });
    expect(text).toContain('[DONE]');
    expect(performance.now() - startedAt).toBeLessThan(900);
    expect(world.providers[0]?.aborted).toBe(true);
  });

  it('S28: that answers a byte at a time is given up when the whole answer takes too long', async () => {
    world = await exchangeWorld(
      ({ handler }) => {
        handler.onHead(200, JSON_BODY);
        const trickle = setInterval(() => handler.onData(Buffer.from(' ')), 20);
        setTimeout(() => clearInterval(trickle), 1_500);
      },
      { answerTimeoutMs: 300 },
    );
    const { status, text } = await ask(world);
    expect([status, errorOf(text)['code']]).toEqual([504, 'provider_timeout']);
  });

  it('that used up the time of the whole request is not followed by another', async () => {
    world = await exchangeWorld(({ handler }) => setTimeout(() => handler.onFault('timeout', 'late'), 350), {
      endpoints: ['openai', 'groq'],
      answerTimeoutMs: 300,
    });
    expect((await ask(world)).status).toBe(504);
    expect(world.providers).toHaveLength(1);
  });

  it.each([
    ['2', 2],
    ['3600', 60],
  ])('that asks to wait %s s makes the client wait %i s', async (sent, told) => {
    world = await exchangeWorld(({ handler }) => {
      handler.onHead(429, { ...JSON_BODY, 'retry-after': sent });
      handler.onData(
        Buffer.from(
          '{"error":{"message":"Rate limit reached in organization org-canary on tokens","code":"rate_limit_exceeded"}}',
        ),
      );
      handler.onEnd();
    });
    const { status, header, text } = await ask(world);
    expect([status, header('retry-after')]).toEqual([429, String(told)]);
    expect(text).not.toContain('canary');
  });

  it.each([
    [400, 'Bad value for key sk-proj-canary1234567 in organization org-canary9876543210'],
    [500, 'canary stack trace at host-canary'],
    [404, 'Project `proj_canary` does not have access'],
  ])('that explains its %i in words about our account is not quoted on them', async (code, message) => {
    world = await exchangeWorld(({ handler }) => {
      handler.onHead(code, JSON_BODY);
      handler.onData(Buffer.from(JSON.stringify({ error: { message, code: 'canary went wrong for team-canary' } })));
      handler.onEnd();
    });
    expect((await ask(world)).text).not.toContain('canary');
  });

  it('that reports a search nobody has a price for is paid for its tokens all the same', async () => {
    const usage = { prompt_tokens: 10, completion_tokens: 5, total_tokens: 15, num_search_queries: 2 };
    world = await exchangeWorld((provider) => answerWith(provider, wholeReply(usage)));
    expect((await ask(world)).status).toBe(200);
    expect(world.events()[0]?.chargeNanousd).toBeGreaterThan(0n);
    expect(world.logLines.join('')).toContain('web_search');
  });
});

it('whoever shuts down can wait for what still runs', async () => {
  world = await exchangeWorld((provider) => setTimeout(() => answerWhole(provider), 150));
  const asked = ask(world);
  await vi.waitFor(() => expect(world.providers).toHaveLength(1));
  await world.exchange.whenIdle();
  expect(world.settlements).toHaveLength(1);
  expect((await asked).status).toBe(200);
});
