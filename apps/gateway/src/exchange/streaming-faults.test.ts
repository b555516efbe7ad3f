import { CLIENT_DIALECTS, type ClientDialectId } from '@tollgate/dialects';
import { afterEach, describe, expect, it, vi } from 'vitest';
import {
  ask,
  askAt,
  chunk,
  type ExchangeWorld,
  exchangeWorld,
  type FakeProvider,
  JSON_BODY,
  STREAM,
  wholeReply,
} from './exchange.fixture.js';

let world: ExchangeWorld;
afterEach(() => world.close());

const finish = Buffer.from('data: [DONE]\n\n');

function answerStream({ handler }: FakeProvider): void {
  handler.onHead(200, STREAM);
  handler.onData(chunk({ role: 'assistant', content: '' }));
  handler.onData(chunk({ content: 'Hello' }));
  handler.onData(chunk({}, 'stop'));
  handler.onData(finish);
  handler.onEnd();
}

function refuseWith(status: number): (provider: FakeProvider) => void {
  return ({ handler }) => {
    handler.onHead(status, JSON_BODY);
    handler.onData(Buffer.from('{"error":{"message":"no","code":"no"}}'));
    handler.onEnd();
  };
}

/** The smallest streaming request of each dialect, and where it goes in. */
const DOORS: Readonly<Record<ClientDialectId, { readonly path: string; readonly body: Record<string, unknown> }>> = {
  'openai-chat': {
    path: '/v1/chat/completions',
    body: { model: 'test/m', stream: true, messages: [{ role: 'user', content: 'Hi' }] },
  },
  'openai-responses': { path: '/v1/responses', body: { model: 'test/m', stream: true, input: 'Hi' } },
  'anthropic-messages': {
    path: '/v1/messages',
    body: { model: 'test/m', stream: true, max_tokens: 9, messages: [{ role: 'user', content: 'Hi' }] },
  },
  gemini: {
    path: '/v1beta/models/test%2Fm:streamGenerateContent?alt=sse',
    body: { contents: [{ role: 'user', parts: [{ text: 'Hi' }] }] },
  },
};

/** A provider that speaks nothing else: every other client is translated for. */
const CHAT_ONLY = { endpoints: ['groq'] };

/** How each dialect says, after the first byte, that there is no more to come. */
const ERROR_EVENTS: Readonly<Record<ClientDialectId, RegExp>> = {
  'openai-chat': /data: \{"error":\{/,
  'openai-responses': /"type":"response\.failed"/,
  'anthropic-messages': /event: error\ndata: \{"type":"error"/,
  gemini: /\{"error":\{"code":5\d\d/,
};
const GOOD_ENDS = /\[DONE\]|"response\.completed"|message_stop|"finishReason"/;

describe.each(CLIENT_DIALECTS)('a client of %s', (dialect) => {
  const { path, body } = DOORS[dialect];

  it('P06: sees a typed error when the provider dies in mid-stream, never a clean end, and pays nothing', async () => {
    world = await exchangeWorld(({ handler }) => {
      handler.onHead(200, STREAM);
      handler.onData(chunk({ content: 'Hello' }));
      handler.onFault('reset', 'connection reset');
    }, CHAT_ONLY);
    const { status, text } = await askAt(world, path, body);
    expect(status).toBe(200);
    expect(text).toContain('Hello');
    expect(text).toMatch(ERROR_EVENTS[dialect]);
    expect(text).not.toMatch(GOOD_ENDS);
    expect(world.settlements).toMatchObject([{ chargeNanousd: 0n }]);
  });

  it('S02: gets an HTTP error, not an empty success, when the first event is one', async () => {
    world = await exchangeWorld(({ handler }) => {
      handler.onHead(200, STREAM);
      handler.onData(Buffer.from('data: {"error":{"message":"overloaded","code":503}}\n\n'));
      handler.onEnd();
    }, CHAT_ONLY);
    const { status, text } = await askAt(world, path, body);
    expect(status).toBeGreaterThanOrEqual(429);
    expect(() => JSON.parse(text)).not.toThrow();
    expect(world.settlements).toMatchObject([{ chargeNanousd: 0n }]);
  });

  it('S20: sees exactly one opening when the first provider fails after its own', async () => {
    world = await exchangeWorld(
      (provider, index) => {
        if (index > 0) return answerStream(provider);
        provider.handler.onHead(200, STREAM);
        provider.handler.onData(chunk({ role: 'assistant', content: '' }));
        provider.handler.onFault('reset', 'gone');
      },
      { endpoints: ['groq', 'together'] },
    );
    const { status, text } = await askAt(world, path, body);
    expect(status).toBe(200);
    expect(text.match(/event: message_start|"type":"response\.created"/g) ?? []).toHaveLength(
      dialect === 'anthropic-messages' || dialect === 'openai-responses' ? 1 : 0,
    );
    expect(text).toMatch(GOOD_ENDS);
  });

  it('S19: is told of a refusal by its status, not inside of a stream', async () => {
    world = await exchangeWorld(refuseWith(401), CHAT_ONLY);
    const { status, header } = await askAt(world, path, body);
    expect([status, header('content-type')]).toEqual([502, 'application/json']);
  });

  it('names the field of a bad body in its own error shape', async () => {
    world = await exchangeWorld(answerStream, CHAT_ONLY);
    const { status, text } = await askAt(world, path, { ...body, messages: 3, input: 3, contents: 3 });
    expect(status).toBe(400);
    expect(text).toMatch(/messages|input|contents/);
    expect(JSON.parse(text)).toHaveProperty('error');
    expect(world.providers).toHaveLength(0);
  });
});

describe('a stream', () => {
  it('S21: is never tried again once some of it was delivered', async () => {
    world = await exchangeWorld(
      ({ handler }) => {
        handler.onHead(200, STREAM);
        handler.onData(chunk({ content: 'Once' }));
        handler.onFault('reset', 'gone');
      },
      { endpoints: ['openai', 'groq'] },
    );
    const { text } = await ask(world, { stream: true });
    expect(text.match(/Once/g)).toHaveLength(1);
    expect(world.providers).toHaveLength(1);
  });

  it('S24: that breaks a codec fails alone', async () => {
    world = await exchangeWorld((provider, index) => {
      if (index > 0) return answerStream(provider);
      provider.handler.onHead(200, STREAM);
      provider.handler.onCrash(new TypeError('cannot read properties of undefined'));
    });
    const [broken, fine] = [await ask(world, { stream: true }), await ask(world, { stream: true })];
    expect([broken.status, fine.status]).toEqual([500, 200]);
    expect(fine.text).toContain('Hello');
  });

  it('S25: is ended once, however many reasons come together', async () => {
    const leaving = new AbortController();
    world = await exchangeWorld(({ handler }) => {
      handler.onHead(200, STREAM);
      handler.onData(chunk({ content: 'Hello' }));
      leaving.abort();
      setTimeout(() => {
        handler.onFault('timeout', 'late');
        handler.onEnd();
        handler.onFault('reset', 'gone');
      }, 30);
    });
    await ask(world, { stream: true }, leaving.signal).catch(() => undefined);
    await vi.waitFor(() => expect(world.settlements).toHaveLength(1));
    await new Promise((resolve) => setTimeout(resolve, 100));
    expect(world.settlements).toHaveLength(1);
  });

  it.each([true, false])(
    'S27: stops the provider when its client leaves before the first token (stream: %s)',
    async (stream) => {
      const leaving = new AbortController();
      world = await exchangeWorld(() => setTimeout(() => leaving.abort(), 30), { drainAfterLeaveMs: 100 });
      await ask(world, { stream }, leaving.signal).catch(() => undefined);
      await vi.waitFor(() => expect(world.providers[0]?.aborted).toBe(true));
    },
  );

  it('S29: whose connection breaks before anything arrived is no 200', async () => {
    world = await exchangeWorld(({ handler }) => handler.onFault('reset', 'gone'));
    expect((await ask(world, { stream: true })).status).toBe(502);
  });

  it('S09, S17: keeps words of the wire that are only text', async () => {
    const said = 'tool_calls: [DONE] data: [DONE]\n\nevent: error\ndata: {}';
    world = await exchangeWorld(({ handler }) => {
      handler.onHead(200, STREAM);
      handler.onData(chunk({ content: said }));
      handler.onData(chunk({}, 'stop'));
      handler.onData(finish);
      handler.onEnd();
    });
    const { text } = await askAt(world, '/v1/messages', DOORS['anthropic-messages'].body);
    const deltas = [...text.matchAll(/data: (\{"type":"content_block_delta".*\})/g)].map(([, data]) =>
      JSON.parse(data ?? ''),
    );
    expect(deltas.map(({ delta }) => delta.text).join('')).toBe(said);
    expect(text).not.toContain('"type":"tool_use"');
  });

  it.each([42, { deep: [1] }, true])('S18: whose content is %j crashes nothing', async (content) => {
    world = await exchangeWorld(({ handler }) => {
      handler.onHead(200, STREAM);
      handler.onData(Buffer.from(`data: ${JSON.stringify({ choices: [{ index: 0, delta: { content } }] })}\n\n`));
      handler.onData(chunk({ content: 'Hello' }));
      handler.onData(chunk({}, 'stop'));
      handler.onData(finish);
      handler.onEnd();
    }, CHAT_ONLY);
    for (const { path, body } of Object.values(DOORS)) expect((await askAt(world, path, body)).text).toContain('Hello');
  });
});

describe('a pool of providers that speak different dialects', () => {
  const message = {
    id: 'msg_1',
    type: 'message',
    role: 'assistant',
    model: 'm',
    content: [{ type: 'text', text: 'Bonjour' }],
    stop_reason: 'end_turn',
    stop_sequence: null,
    usage: { input_tokens: 3, output_tokens: 2 },
  };

  it('T29: each gets the request in its own words, and the client its own from either', async () => {
    world = await exchangeWorld(
      (provider, index) => {
        if (index === 0) return refuseWith(503)(provider);
        provider.handler.onHead(200, JSON_BODY);
        provider.handler.onData(Buffer.from(JSON.stringify(message)));
        provider.handler.onEnd();
      },
      { endpoints: ['openai', 'anthropic'] },
    );
    const { status, text } = await ask(world);
    expect(status).toBe(200);
    expect(JSON.parse(text)).toMatchObject({
      object: 'chat.completion',
      choices: [{ message: { content: 'Bonjour' } }],
    });
    const [first, second] = world.providers.map(({ request }) => request);
    expect(first?.path).toBe('/v1/chat/completions');
    expect([second?.path, second?.headers['x-api-key'], second?.headers['anthropic-version']]).toEqual([
      '/v1/messages',
      'sk-provider-secret-1234',
      '2023-06-01',
    ]);
    expect(JSON.parse(second?.body.toString() ?? '')).toMatchObject({
      messages: [{ role: 'user' }],
      max_tokens: expect.any(Number),
    });
  });

  it('what the next one cannot be told is named in a header, or refused where the caller is strict', async () => {
    const answer = (provider: FakeProvider): void => {
      provider.handler.onHead(200, JSON_BODY);
      provider.handler.onData(Buffer.from(JSON.stringify(message)));
      provider.handler.onEnd();
    };
    world = await exchangeWorld(answer, { endpoints: ['anthropic'] });
    const body = { model: 'test/m', logit_bias: { 5: 1 }, seed: 4, messages: [{ role: 'user', content: 'Hi' }] };
    const told = await askAt(world, '/v1/chat/completions', body);
    expect(told.header('x-tollgate-losses')).toMatch(/logit_bias=dropped/);
    expect(told.header('x-tollgate-losses')).toMatch(/seed=dropped/);
    expect(world.events()[0]?.losses).toContain('logit_bias=dropped');
    const strict = await askAt(world, '/v1/chat/completions', body, { 'x-tollgate-strict': 'true' });
    expect(strict.status).toBe(400);
    expect(JSON.parse(strict.text)).toMatchObject({ error: { code: 'translation_loss', charged_usd: '0' } });
    expect(world.providers).toHaveLength(1);
  });

  it('a strict caller is served by the one that loses nothing', async () => {
    world = await exchangeWorld(
      (provider) => {
        provider.handler.onHead(200, JSON_BODY);
        provider.handler.onData(wholeReply());
        provider.handler.onEnd();
      },
      { endpoints: ['anthropic', 'openai'] },
    );
    const body = { model: 'test/m', logit_bias: { 5: 1 }, messages: [{ role: 'user', content: 'Hi' }] };
    const { status, header } = await askAt(world, '/v1/chat/completions', body, { 'x-tollgate-strict': 'true' });
    expect([status, header('x-tollgate-losses'), header('x-tollgate-provider')]).toEqual([200, null, 'openai']);
  });

  it('a client that speaks one of a provider’s own dialects is served in it', async () => {
    world = await exchangeWorld(refuseWith(400));
    await askAt(world, DOORS['openai-responses'].path, DOORS['openai-responses'].body);
    await askAt(world, DOORS['openai-chat'].path, DOORS['openai-chat'].body);
    expect(world.providers.map(({ request }) => request.path)).toEqual(['/v1/responses', '/v1/chat/completions']);
  });

  it('a thinking model is asked where its sealed reasoning comes out, whatever the client speaks', async () => {
    world = await exchangeWorld(refuseWith(400), { isReasoning: () => true });
    await askAt(world, DOORS['anthropic-messages'].path, DOORS['anthropic-messages'].body);
    expect(world.providers[0]?.request.path).toBe('/v1/responses');
    expect(world.providers[0]?.request.body.toString()).toContain('"store":false');
  });
});

describe('T23: thinking that was sealed elsewhere', () => {
  const sealed = {
    model: 'test/m',
    max_tokens: 9,
    messages: [
      { role: 'user', content: 'Hi' },
      {
        role: 'assistant',
        content: [
          { type: 'thinking', thinking: 'Hm', signature: 'of-another-account' },
          { type: 'text', text: 'Hello' },
        ],
      },
      { role: 'user', content: 'And?' },
    ],
  };
  const refuseSeal = ({ handler }: FakeProvider): void => {
    handler.onHead(400, JSON_BODY);
    const message = 'messages.1.content.0: Invalid `signature` in `thinking` block';
    handler.onData(Buffer.from(JSON.stringify({ type: 'error', error: { type: 'invalid_request_error', message } })));
    handler.onEnd();
  };
  const answer = ({ handler }: FakeProvider): void => {
    const usage = { input_tokens: 3, output_tokens: 2 };
    const message = {
      id: 'x',
      type: 'message',
      role: 'assistant',
      model: 'm',
      content: [{ type: 'text', text: 'Well' }],
      stop_reason: 'end_turn',
      stop_sequence: null,
      usage,
    };
    handler.onHead(200, JSON_BODY);
    handler.onData(Buffer.from(JSON.stringify(message)));
    handler.onEnd();
  };

  it('is left out where it cannot be opened, and the caller is told', async () => {
    world = await exchangeWorld((provider, index) => (index === 0 ? refuseSeal(provider) : answer(provider)), {
      endpoints: ['anthropic'],
    });
    const { status, header, text } = await askAt(world, '/v1/messages', sealed);
    expect([status, header('x-tollgate-losses')]).toEqual([200, 'reasoning=dropped']);
    expect(text).toContain('Well');
    const [first, second] = world.providers.map(({ request }) => request.body.toString());
    expect(first).toContain('of-another-account');
    expect(second).not.toContain('of-another-account');
    expect(world.settlements).toHaveLength(1);
  });

  it('is a refusal for a strict caller, and never tried more than once', async () => {
    world = await exchangeWorld(refuseSeal, { endpoints: ['anthropic'] });
    expect((await askAt(world, '/v1/messages', sealed, { 'x-tollgate-strict': 'true' })).status).toBe(400);
    expect(world.providers).toHaveLength(1);
    expect((await askAt(world, '/v1/messages', sealed)).status).toBe(400);
    expect(world.providers).toHaveLength(3);
  });
});
