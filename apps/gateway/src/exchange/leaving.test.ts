import { afterEach, describe, expect, it, vi } from 'vitest';
import { type ExchangeWorld, exchangeWorld, type FakeProvider, STREAM } from './exchange.fixture.js';

let world: ExchangeWorld | undefined;
afterEach(() => world?.close());

const event = (value: { readonly type: string }): Buffer =>
  Buffer.from(`event: ${value.type}\ndata: ${JSON.stringify(value)}\n\n`);

/** What Claude says of usage at the beginning: all of the input, and one token of output. */
function begin({ handler }: FakeProvider): void {
  handler.onHead(200, STREAM);
  const message = { id: 'msg_1', type: 'message', role: 'assistant', model: 'm', content: [], stop_reason: null };
  const usage = { input_tokens: 100, cache_read_input_tokens: 20, output_tokens: 1 };
  handler.onData(event({ type: 'message_start', message: { ...message, usage } } as never));
  handler.onData(event({ type: 'content_block_start', index: 0, content_block: { type: 'text', text: '' } } as never));
  for (let index = 0; index < 50; index += 1)
    handler.onData(
      event({ type: 'content_block_delta', index: 0, delta: { type: 'text_delta', text: ' word' } } as never),
    );
}

function end({ handler }: FakeProvider): void {
  handler.onData(event({ type: 'content_block_stop', index: 0 } as never));
  const usage = { output_tokens: 77 };
  handler.onData(event({ type: 'message_delta', delta: { stop_reason: 'end_turn' }, usage } as never));
  handler.onData(event({ type: 'message_stop' }));
  handler.onEnd();
}

const DOORS = [
  ['its own dialect', '/v1/messages'],
  ['another dialect', '/v1/chat/completions'],
] as const;

async function leaveAfterTheFirstBytes(path: string, answer: (provider: FakeProvider) => void) {
  const started = await exchangeWorld(answer, { endpoints: ['anthropic'] });
  world = started;
  const left = new AbortController();
  const body = JSON.stringify({
    model: 'test/m',
    max_tokens: 1_000,
    stream: true,
    messages: [{ role: 'user', content: 'Hi' }],
  });
  const response = await fetch(started.url + path, { method: 'POST', body, signal: left.signal });
  await response.body?.getReader().read();
  left.abort();
  await vi.waitFor(() => expect(started.events()).toHaveLength(1), { timeout: 3_000 });
  return started.events()[0];
}

describe('a client that leaves a stream of Claude, whose usage comes at the end', () => {
  it.each(DOORS)(
    'in %s: pays for all the output that was received, not for the one token told at the beginning',
    async (_what, path) => {
      const settled = await leaveAfterTheFirstBytes(path, begin);
      expect(settled).toMatchObject({
        ending: 'client_left',
        usageSource: 'counted',
        tokens: { input: 120, output: 50 },
      });
    },
  );

  it.each(DOORS)('in %s: pays what was reported where the provider came to its end meanwhile', async (_what, path) => {
    const settled = await leaveAfterTheFirstBytes(path, (provider) => {
      begin(provider);
      setTimeout(() => end(provider), 80);
    });
    expect(settled).toMatchObject({
      ending: 'client_left',
      usageSource: 'reported',
      tokens: { input: 120, output: 77 },
    });
  });
});
