import type { Principal } from '@tollgate/access';
import type { MarkupRule } from '@tollgate/pricing';
import { afterEach, describe, expect, it } from 'vitest';
import { KeyCache } from '../keys/key-cache.js';
import {
  askAt,
  type ExchangeWorld,
  exchangeWorld,
  type FakeProvider,
  grantedWhole,
  JSON_BODY,
  modelFor,
  wholeReply,
} from './exchange.fixture.js';

let world: ExchangeWorld | undefined;
afterEach(() => world?.close());

const COST = 20_000n;
const charge = (markupBp: number) => (COST * BigInt(10_000 + markupBp)) / 10_000n;

function rule(markupBp: number, about: Partial<MarkupRule> = {}): MarkupRule {
  return {
    organizationId: null,
    model: null,
    provider: null,
    markupBp,
    effectiveFromMs: 0,
    effectiveToMs: null,
    ...about,
  };
}

const organizationId = '00000000-0000-7000-8000-000000000001';
const withRule: Principal = {
  keyId: organizationId,
  keyKind: 'inference',
  keyName: 'test',
  limits: [],
  organizationId,
  projectId: organizationId,
  markupBp: 550,
  markupRules: [rule(3_000, { organizationId })],
  authVersion: '2',
  limitNanousd: null,
  expiresAtMs: null,
  createdById: null,
  storesResponses: false,
  keepsReasoning: true,
  isKeyLimited: false,
};

function answer({ handler }: FakeProvider): void {
  handler.onHead(200, JSON_BODY);
  handler.onData(wholeReply());
  handler.onEnd();
}

function fail({ handler }: FakeProvider): void {
  handler.onHead(500, JSON_BODY);
  handler.onData(Buffer.from('{"error":{"message":"down"}}'));
  handler.onEnd();
}

async function settled(asked: ExchangeWorld) {
  const messages = [{ role: 'user', content: 'Hi' }];
  await askAt(asked, '/v1/chat/completions', { model: 'test/m', max_tokens: 5, messages });
  const { markupBp, chargeNanousd, provider } = asked.events()[0] ?? {};
  return { markupBp, chargeNanousd, provider };
}

describe('the markup of a request', () => {
  it('is the rule’s where there is one, and stands in the record', async () => {
    world = await exchangeWorld(answer, { houseMarkup: () => [rule(1_000, { model: 'test/m' })] });
    expect(await settled(world)).toMatchObject({ markupBp: 1_000, chargeNanousd: charge(1_000) });
  });

  it('is frozen at admission: a change while the provider answers is for the next request', async () => {
    let rules = [rule(1_000)];
    world = await exchangeWorld(
      (provider) => {
        rules = [rule(90_000)];
        answer(provider);
      },
      { houseMarkup: () => rules },
    );
    expect(await settled(world)).toMatchObject({ markupBp: 1_000, chargeNanousd: charge(1_000) });
  });

  it('B28: is as of the admission even where the rule’s time comes while the provider answers', async () => {
    world = await exchangeWorld((provider) => setTimeout(answer, 20, provider), {
      houseMarkup: () => {
        const soonMs = Date.now() + 1;
        return [rule(1_000, { effectiveToMs: soonMs }), rule(90_000, { effectiveFromMs: soonMs })];
      },
    });
    expect(await settled(world)).toMatchObject({ markupBp: 1_000, chargeNanousd: charge(1_000) });
  });

  it('B26: is that of the provider that answered, after a failover', async () => {
    const houseMarkup = () => [rule(100, { provider: 'openai' }), rule(2_000, { provider: 'groq' })];
    world = await exchangeWorld((provider, index) => (index === 0 ? fail(provider) : answer(provider)), {
      endpoints: ['openai', 'groq'],
      houseMarkup,
    });
    expect(await settled(world)).toEqual({ markupBp: 2_000, chargeNanousd: charge(2_000), provider: 'groq' });
  });

  it('of an organisation whose rules changed is the new one at the next admission', async () => {
    let asked = 0;
    const keys = new KeyCache({ verify: async () => ({ kind: 'verified', principal: withRule }), now: Date.now });
    world = await exchangeWorld(answer, {
      keys,
      authorize: async ({ wantNanousd }) => (asked++ === 0 ? { kind: 'stale_key' } : grantedWhole(wantNanousd)),
    });
    expect(await settled(world)).toMatchObject({ markupBp: 3_000, chargeNanousd: charge(3_000) });
  });

  it('is held at the dearest of the providers that may answer', async () => {
    const wants: bigint[] = [];
    const held = async (houseMarkup: readonly MarkupRule[]) => {
      const asked = await exchangeWorld(answer, {
        endpoints: ['openai', 'groq'],
        houseMarkup: () => houseMarkup,
        authorize: async ({ wantNanousd }) => {
          wants.push(wantNanousd);
          return grantedWhole(wantNanousd);
        },
      });
      await settled(asked);
      await asked.close();
    };
    await held([rule(0)]);
    await held([rule(0, { provider: 'openai' }), rule(10_000, { provider: 'groq' })]);
    expect(wants[1]).toBe(2n * (wants[0] ?? 0n));
  });
});

describe('a price that cannot be charged', () => {
  const priced = async (prices: Readonly<Record<string, bigint>>, max_tokens = 5) => {
    world = await exchangeWorld(answer, { models: [modelFor('chat', 'openai-chat', prices)] });
    const messages = [{ role: 'user', content: 'Hi' }];
    return askAt(world, '/v1/chat/completions', { model: 'test/chat', max_tokens, messages });
  };

  it('M11: for want of an output price is refused by name, and nothing is sent', async () => {
    const { status, text } = await priced({ input: 1n });
    expect([status, JSON.parse(text).error.code]).toEqual([400, 'unpriced_feature']);
    expect(world?.providers).toHaveLength(0);
  });

  it('because the ledger could not hold it fails before anything is sent, at charge 0', async () => {
    const { status } = await priced({ input: 10n ** 18n, output: 9n * 10n ** 18n }, 10_000_000);
    expect(status).toBe(500);
    expect(world?.providers).toHaveLength(0);
    expect(world?.settlements).toMatchObject([{ chargeNanousd: 0n }]);
  });

  it('of zero is charged at zero with its lines, and held all the same', async () => {
    const { status } = await priced({ input: 0n, output: 0n });
    expect(status).toBe(200);
    expect(world?.events()[0]).toMatchObject({
      chargeNanousd: 0n,
      ending: 'finished',
      lines: [{ bucket: 'input' }, { bucket: 'output' }],
    });
  });
});
