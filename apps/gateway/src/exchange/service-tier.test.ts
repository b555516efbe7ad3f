import { nanousdPerMillion } from '@tollgate/amount';
import type { Model } from '@tollgate/catalog';
import { afterEach, describe, expect, it } from 'vitest';
import {
  askAt,
  chunk,
  type ExchangeWorld,
  exchangeWorld,
  type FakeProvider,
  grantedWhole,
  JSON_BODY,
  modelFor,
  STREAM,
  wholeReply,
} from './exchange.fixture.js';

let world: ExchangeWorld | undefined;
afterEach(() => world?.close());

const DOLLAR = 1_000_000_000n;
const STANDARD = { input: DOLLAR, output: 2n * DOLLAR };
const messages = [{ role: 'user', content: 'Hi' }];

/** A model whose price of a tier is a multiple of the standard one: flex the half, priority the double. */
function tiered(dialect = 'openai-chat'): Model {
  const model = modelFor('chat', dialect, STANDARD);
  const sheet = (serviceTier: string, input: bigint) => ({
    serviceTier,
    prices: { input: nanousdPerMillion(input), output: nanousdPerMillion(2n * input) },
    tiers: [],
    windows: [],
  });
  const serviceTiers = [sheet('flex', DOLLAR / 2n), sheet('priority', 2n * DOLLAR), sheet('batch', DOLLAR / 2n)];
  const provider = dialect === 'anthropic-messages' ? 'anthropic' : 'openai';
  const endpoints = model.endpoints.map((endpoint) => ({
    ...endpoint,
    provider,
    prices: endpoint.prices.map((price) => ({ ...price, schedule: { ...price.schedule, serviceTiers } })),
  }));
  return { ...model, endpoints };
}

function answering(served?: string) {
  return ({ handler }: FakeProvider) => {
    const answer: Record<string, unknown> = JSON.parse(wholeReply().toString());
    handler.onHead(200, JSON_BODY);
    handler.onData(
      Buffer.from(JSON.stringify({ ...answer, ...(served === undefined ? {} : { service_tier: served }) })),
    );
    handler.onEnd();
  };
}

/** 10 tokens in and 5 out at the standard prices and 5.5 %. */
const CHARGE = 21_100n;

async function chargedFor(named: string | undefined, served: string | undefined) {
  const wants: bigint[] = [];
  world = await exchangeWorld(answering(served), {
    models: [tiered()],
    authorize: async ({ wantNanousd }) => {
      wants.push(wantNanousd);
      return grantedWhole(wantNanousd);
    },
  });
  const tier = named === undefined ? {} : { service_tier: named };
  const { status } = await askAt(world, '/v1/chat/completions', {
    model: 'test/chat',
    max_tokens: 5,
    messages,
    ...tier,
  });
  expect(status).toBe(200);
  const [event] = world.events();
  if (event === undefined) throw new Error('nothing was settled');
  return { event, wantNanousd: wants[0] ?? 0n };
}

describe('B09: a request is priced by the tier that the provider says it served', () => {
  it.each<[string | undefined, string | undefined, string | undefined, bigint]>([
    ['flex', 'flex', 'flex', CHARGE / 2n],
    ['priority', 'priority', 'priority', CHARGE * 2n],
    ['priority', 'default', undefined, CHARGE],
    ['flex', undefined, 'flex', CHARGE / 2n],
    [undefined, 'default', undefined, CHARGE],
    [undefined, undefined, undefined, CHARGE],
    ['auto', 'flex', 'flex', CHARGE / 2n],
  ])('named %s, served %s: priced as %s', async (named, served, priced, charge) => {
    const { event, wantNanousd } = await chargedFor(named, served);
    expect([event.serviceTier, event.chargeNanousd]).toEqual([priced, charge]);
    expect(wantNanousd).toBeGreaterThanOrEqual(charge);
  });

  it('a dearer tier that nobody named costs the customer what the standard does, and the house the rest', async () => {
    const { event } = await chargedFor(undefined, 'priority');
    expect(event).toMatchObject({ chargeNanousd: CHARGE, costNanousd: 20_000n, lossNanousd: 20_000n });
    expect(world?.logLines.join('')).toContain('service_tier:priority');
  });

  it('a served tier without a price is charged as standard, and somebody is told', async () => {
    const { event } = await chargedFor('flex', 'scale');
    expect([event.serviceTier, event.chargeNanousd]).toEqual([undefined, CHARGE]);
    expect(world?.logLines.join('')).toContain('service_tier:scale');
  });

  it('is held at the dearest way it may be served', async () => {
    const held = async (named: string) => {
      const { wantNanousd } = await chargedFor(named, 'default');
      await world?.close();
      return wantNanousd;
    };
    // Words of the same length: the input is bounded by the bytes of the request.
    expect(await held('priority')).toBe(2n * (await held('standard')));
    // A provider without room in the cheaper tier serves the standard one.
    expect(await held('flex')).toBe(await held('auto'));
  });

  it('a tier that could not be said to the provider was not asked for', async () => {
    world = await exchangeWorld(
      ({ handler }) => {
        const content = [{ type: 'text', text: 'Hello' }];
        const told = { id: 'm', type: 'message', role: 'assistant', model: 'm', content, stop_reason: 'end_turn' };
        handler.onHead(200, JSON_BODY);
        const usage = { input_tokens: 10, output_tokens: 5 };
        handler.onData(Buffer.from(JSON.stringify({ ...told, stop_sequence: null, usage })));
        handler.onEnd();
      },
      { models: [tiered('anthropic-messages')] },
    );
    const asked = { model: 'test/chat', max_tokens: 5, messages, service_tier: 'flex' };
    await askAt(world, '/v1/chat/completions', asked);
    expect(world.events()[0]).toMatchObject({ chargeNanousd: CHARGE, losses: ['service_tier=dropped'] });
  });

  it('a stream says its tier too', async () => {
    world = await exchangeWorld(
      ({ handler }) => {
        handler.onHead(200, STREAM);
        handler.onData(chunk({ content: 'Hello' }));
        const usage = { prompt_tokens: 10, completion_tokens: 5, total_tokens: 15 };
        const last = { id: 'x', object: 'chat.completion.chunk', created: 1, model: 'm', service_tier: 'flex', usage };
        handler.onData(chunk({}, 'stop'));
        handler.onData(Buffer.from(`data: ${JSON.stringify({ ...last, choices: [] })}\n\n`));
        handler.onData(Buffer.from('data: [DONE]\n\n'));
        handler.onEnd();
      },
      { models: [tiered()] },
    );
    const asked = { model: 'test/chat', max_tokens: 5, messages, stream: true, service_tier: 'flex' };
    await askAt(world, '/v1/chat/completions', asked);
    expect(world.events()[0]).toMatchObject({ serviceTier: 'flex', chargeNanousd: CHARGE / 2n });
  });

  it.each(['priority', 'batch', 'standard'])('Claude says it in the usage: %s', async (tier) => {
    world = await exchangeWorld(
      ({ handler }) => {
        const usage = { input_tokens: 10, output_tokens: 5, service_tier: tier };
        const content = [{ type: 'text', text: 'Hello' }];
        const told = { id: 'm', type: 'message', role: 'assistant', model: 'm', content, stop_reason: 'end_turn' };
        handler.onHead(200, JSON_BODY);
        handler.onData(Buffer.from(JSON.stringify({ ...told, stop_sequence: null, usage })));
        handler.onEnd();
      },
      { models: [tiered('anthropic-messages')] },
    );
    await askAt(world, '/v1/messages', { model: 'test/chat', max_tokens: 5, messages });
    const [event] = world.events();
    // batch is cheaper than what was asked for, priority is dearer than what was asked for
    expect(event?.serviceTier).toBe(tier === 'batch' ? 'batch' : undefined);
    expect(event?.chargeNanousd).toBe(tier === 'batch' ? CHARGE / 2n : CHARGE);
    expect(event?.lossNanousd).toBe(tier === 'priority' ? 20_000n : 0n);
  });
});

describe('a tier that has no price', () => {
  it.each(['scale', 'Flex', 'nothing'])('%s is refused by name before anything is held or sent', async (named) => {
    world = await exchangeWorld(answering(), { models: [tiered()] });
    const asked = { model: 'test/chat', max_tokens: 5, messages, service_tier: named };
    const { status, text } = await askAt(world, '/v1/chat/completions', asked);
    expect([status, JSON.parse(text).error.code]).toEqual([400, 'unpriced_feature']);
    expect(text).toContain(`service_tier:${named}`);
    expect(world.providers).toHaveLength(0);
    expect(world.settlements).toMatchObject([{ chargeNanousd: 0n }]);
  });

  it('a feature must have a price in the named tier too: it is not taken from the standard one', async () => {
    const model = tiered();
    const endpoints = model.endpoints.map((endpoint) => ({
      ...endpoint,
      prices: endpoint.prices.map((price) => {
        const prices = { ...price.schedule.prices, web_search: nanousdPerMillion(DOLLAR) };
        return { ...price, schedule: { ...price.schedule, prices } };
      }),
    }));
    world = await exchangeWorld(answering(), { models: [{ ...model, endpoints }] });
    const asked = { model: 'test/chat', max_tokens: 5, messages, web_search_options: {} };
    const standard = await askAt(world, '/v1/chat/completions', asked);
    const flex = await askAt(world, '/v1/chat/completions', { ...asked, service_tier: 'flex' });
    expect([standard.status, flex.status]).toEqual([200, 400]);
    expect(JSON.parse(flex.text).error).toMatchObject({ code: 'unpriced_feature', param: 'web_search' });
  });
});
