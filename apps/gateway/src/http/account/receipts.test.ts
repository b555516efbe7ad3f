import { afterEach, describe, expect, it } from 'vitest';
import { type HttpWorld, httpWorld } from '../http-world.fixture.js';

let world: HttpWorld;
afterEach(() => world.close());

const OWN = '00000000-0000-7000-8000-000000000001';
const ID = '0199f123-4567-7abc-8def-0123456789ab';
const LINES = [{ bucket: 'input', quantity: 1_000, unitPriceNanousdPerMillion: '150000001' }];

/** A row of usage_event as Postgres gives it. */
const EVENT = {
  request_id: ID,
  project_id: OWN,
  key_id: OWN,
  provider: 'openai',
  model: 'openai/gpt-4o',
  endpoint_id: 'openai:gpt-4o',
  price_version_id: 7n,
  service_tier: null,
  markup_bp: 550,
  lines: LINES,
  input_tokens: 1_000n,
  cached_input_tokens: 0n,
  output_tokens: 0n,
  reasoning_tokens: 0n,
  cost_nanousd: 150_001n,
  fee_nanousd: 0n,
  charge_nanousd: 158_251n,
  usage_source: 'reported',
  ending: 'finished',
  settled_at: new Date(1_760_000_000_000),
  posted_at: new Date(1_760_000_000_500),
  transaction_id: 42n,
};

/** A row of usage_correction: what the provider asked for turned out to be a third less. */
const CORRECTION = {
  correction_id: 'openai-october',
  reason: 'The price list was read wrong',
  lines: [{ bucket: 'input', quantity: 1_000, unitPriceNanousdPerMillion: '100000000' }],
  markup_bp: 550,
  fee_nanousd: 0n,
  new_cost_nanousd: 100_000n,
  old_charge_nanousd: 158_251n,
  new_charge_nanousd: 105_500n,
  posted_at: new Date(1_760_100_000_000),
  transaction_id: 43n,
};

const silent = (): void => undefined;

async function get(path: string, key = 'tg_test') {
  const response = await fetch(world.doors + path, { headers: { authorization: `Bearer ${key}` } });
  return { status: response.status, text: await response.text(), cache: response.headers.get('cache-control') };
}

/** A database that has one event, of one organisation, and what belongs to it. */
async function booksOf(
  organizationId: string,
  event: object = EVENT,
  { expiry = [], corrections = [] }: { readonly expiry?: object[]; readonly corrections?: object[] } = {},
): Promise<void> {
  world = await httpWorld(silent, {
    answers: (statement, values) => {
      const isAsked = JSON.stringify(values).includes(ID) && JSON.stringify(values).includes(organizationId);
      if (!isAsked) return [];
      if (statement.includes('usage_correction')) return corrections;
      return statement.includes('usage_event') ? [event, ...expiry] : [];
    },
  });
}

describe('GET /v1/receipts/{id}', () => {
  it('answers the signed receipt, by whatever name a dialect gave the answer', async () => {
    await booksOf(OWN);
    const answers = await Promise.all(
      ['', 'gen-', 'msg_', 'resp_', 'cmpl-'].map((prefix) => get(`/v1/receipts/${prefix}${ID}`)),
    );
    expect(new Set(answers.map(({ text }) => text)).size).toBe(1);
    expect(JSON.parse(answers[0]?.text ?? '')).toEqual({
      data: expect.objectContaining({
        format: 'tollgate-receipt/1',
        organization_id: OWN,
        lines: [
          {
            bucket: 'input',
            quantity: '1000',
            unit_price_usd_per_million: '0.150000001',
            unit_price_nanousd_per_million: '150000001',
            amount_usd: '0.000150000001',
          },
        ],
        subtotal_usd: '0.000150000001',
        markup_usd: '0.000008250000055',
        rounding_usd: '0.000000000998945',
        total_usd: '0.000158251',
        waived_usd: '0',
        attempts: null,
        signature: { algorithm: 'Ed25519', kid: expect.any(String), value: expect.any(String) },
      }),
    });
  });

  it('of a request that failed is one of nothing, signed all the same', async () => {
    const failed = {
      lines: [],
      cost_nanousd: 0n,
      charge_nanousd: 0n,
      ending: 'refused',
      usage_source: 'none',
      transaction_id: null,
    };
    await booksOf(OWN, { ...EVENT, ...failed });
    expect(JSON.parse((await get(`/v1/receipts/${ID}`)).text).data).toMatchObject({
      lines: [],
      total_usd: '0',
      ending: 'refused',
      signature: { algorithm: 'Ed25519' },
    });
  });

  it('says what a correction made of it, what the difference was and in which tier it was priced', async () => {
    await booksOf(OWN, { ...EVENT, service_tier: 'flex' }, { corrections: [CORRECTION] });
    const { data } = JSON.parse((await get(`/v1/receipts/${ID}`)).text);
    expect(data).toMatchObject({
      service_tier: 'flex',
      total_usd: '0.000158251',
      corrected_total_usd: '0.0001055',
      settled_late: 'false',
      expired_at: null,
    });
    expect(data.corrections).toEqual([
      {
        correction_id: 'openai-october',
        reason: 'The price list was read wrong',
        lines: [
          {
            bucket: 'input',
            quantity: '1000',
            unit_price_usd_per_million: '0.1',
            unit_price_nanousd_per_million: '100000000',
            amount_usd: '0.0001',
          },
        ],
        subtotal_usd: '0.0001',
        markup_bp: '550',
        markup_usd: '0.0000055',
        rounding_usd: '0',
        fees_usd: '0',
        waived_usd: '0',
        total_usd: '0.0001055',
        charge_nanousd: '105500',
        provider_cost_usd: '0.0001',
        difference_usd: '-0.000052751',
        journal_transaction_id: '43',
        posted_at: '2025-10-10T12:40:00.000Z',
      },
    ]);
  });

  it('of a request that was given up and settled after all bears the id of the request, and says that it was late', async () => {
    const late = { ...EVENT, request_id: ID.replace('-7abc-', '-8abc-') };
    await booksOf(OWN, late, { expiry: [{ settled_at: new Date(1_759_999_000_000) }] });
    for (const id of [ID, late.request_id]) {
      const { data } = JSON.parse((await get(`/v1/receipts/${id}`)).text);
      expect(data).toMatchObject({ request_id: ID, settled_late: 'true', expired_at: '2025-10-09T08:36:40.000Z' });
    }
  });

  it('of another organisation is answered like one that never was', async () => {
    await booksOf('00000000-0000-7000-8000-00000000000f');
    const shape = (text: string) => text.replace(/"request_id":"[^"]*"/, '');
    const foreign = await get(`/v1/receipts/${ID}`);
    expect(foreign.status).toBe(404);
    for (const unknown of ['0199f123-4567-7abc-8def-0123456789ac', 'gen-1', 'x', '%00', "'"]) {
      const answer = await get(`/v1/receipts/${unknown}`);
      expect([answer.status, shape(answer.text)]).toEqual([404, shape(foreign.text)]);
    }
  });

  it('is for keys of the organisation alone', async () => {
    await booksOf(OWN);
    expect((await get(`/v1/receipts/${ID}`, 'tg_other')).status).toBe(401);
    expect((await get(`/v1/receipts/${ID}`, 'tg_revoked')).status).toBe(401);
    expect((await get(`/v1/receipts/${ID}`, 'tg_management')).status).toBe(200);
  });
});

it('the public keys are for everybody, and the one that signs is among them', async () => {
  await booksOf(OWN);
  const { status, text, cache } = await get('/.well-known/tollgate-receipts.json', '');
  expect([status, cache]).toEqual([200, 'public, max-age=300']);
  const { keys } = JSON.parse(text) as { keys: { kid: string; d?: string }[] };
  const { signature } = JSON.parse((await get(`/v1/receipts/${ID}`)).text).data;
  expect(keys.map(({ kid }) => kid)).toContain(signature.kid);
  expect(Object.keys(keys[0] ?? {}).sort()).toEqual(['alg', 'crv', 'kid', 'kty', 'use', 'x']);
});
