import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { mkdtempSync, readFileSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { type Nanousd, nanousd, nanousdPerMillion } from '@tollgate/amount';
import { chargeOf } from '@tollgate/pricing';
import type { ChargeCorrection, ChargeRecord, UsageAttempt, UsageLine } from '@tollgate/usage';
import fc from 'fast-check';
import { beforeAll, describe, expect, it } from 'vitest';
import { canonicalJson } from '../../apps/gateway/src/receipts/canonical-json.js';
import { receiptDocument, signReceipt } from '../../apps/gateway/src/receipts/receipt-document.js';
import { type ReceiptKeys, readReceiptKeys } from '../../apps/gateway/src/receipts/receipt-keys.js';
import { checkReceipt, type ReceiptCheck } from '../../infra/receipts/verify-receipt.mjs';

const seed = Number(process.env.TOLLGATE_SEED ?? 1);
const ORGANIZATION = '0199f000-0000-7000-8000-000000000001';

function keysOf(byte: number, old = ''): ReceiptKeys {
  const read = readReceiptKeys(Buffer.alloc(32, byte).toString('base64'), old);
  if (!read.ok) throw new Error(read.reason);
  return read.keys;
}
const keys = keysOf(1);
const published = { keys: keys.published };

const BUCKETS = ['input', 'cache_read', 'cache_write_1h', 'output', 'reasoning', 'request', 'image'];
const line = fc.record({
  bucket: fc.constantFrom(...BUCKETS),
  quantity: fc.nat({ max: 100_000_000 }),
  unitPriceNanousdPerMillion: fc.bigInt({ min: 0n, max: 10n ** 15n }).map((price) => nanousdPerMillion(price)),
});
const attempt: fc.Arbitrary<UsageAttempt> = fc.record({
  endpointId: fc.constantFrom('openai:gpt-4o', 'azure:gpt-4o'),
  provider: fc.constantFrom('openai', 'azure'),
  providerModel: fc.constant('gpt-4o'),
  startedMs: fc.constant(1),
  durationMs: fc.constant(1),
  firstByteMs: fc.constant(null),
  status: fc.constantFrom(null, 200, 503),
  outcome: fc.constantFrom('answered' as const, 'failed' as const),
  errorCode: fc.constantFrom(null, 'overloaded'),
  reason: fc.constant('first'),
});

interface Later {
  readonly prices: readonly bigint[];
  readonly isPricedByRequest: boolean;
}

/** Prices that turned out to be right, one after the other: the same quantities, and a line for the request itself that comes and goes. */
const later: fc.Arbitrary<Later> = fc.record({
  prices: fc.array(fc.bigInt({ min: 0n, max: 10n ** 15n }), { minLength: 5, maxLength: 5 }),
  isPricedByRequest: fc.boolean(),
});

function correctionsOf(
  charge: Pick<ChargeRecord, 'lines' | 'markupBp' | 'feeNanousd' | 'chargeNanousd'>,
  laters: readonly Later[],
): ChargeCorrection[] {
  let oldChargeNanousd: Nanousd = charge.chargeNanousd;
  return laters.map(({ prices, isPricedByRequest }, index) => {
    const lines: UsageLine[] = charge.lines.map((line, at) => ({
      ...line,
      unitPriceNanousdPerMillion: nanousdPerMillion(prices[at] ?? 0n),
    }));
    if (isPricedByRequest)
      lines.push({ bucket: 'request', quantity: 1, unitPriceNanousdPerMillion: nanousdPerMillion(9n) });
    const { markupBp, feeNanousd } = charge;
    const made = chargeOf(lines, markupBp, feeNanousd);
    const correction = {
      correctionId: `list-${index}`,
      reason: 'The list was “wrong”',
      postedAtMs: 1_770_000_000_000 + index,
    };
    const old = { oldChargeNanousd, transactionId: String(50 + index) };
    oldChargeNanousd = made.chargeNanousd;
    return { ...correction, ...old, ...made, lines, markupBp, feeNanousd };
  });
}

interface Settled {
  readonly event: ChargeRecord;
  readonly attempts: readonly UsageAttempt[] | null;
}

/** Rows as a settlement writes them: whole charges, waived ones, and those of failed requests, which have no lines. */
const settled: fc.Arbitrary<Settled> = fc
  .record({
    lines: fc.array(line, { maxLength: 5 }),
    markupBp: fc.constantFrom(0, 1, 550, 9_999, 100_000),
    fee: fc.constantFrom(0n, 1n, 30_000_000n),
    isWaived: fc.boolean(),
    isFailed: fc.boolean(),
    model: fc.oneof(fc.constantFrom('openai/gpt-4o', 'test/é"<m>'), fc.string({ unit: 'binary' })),
    attempts: fc.option(fc.array(attempt, { maxLength: 3 })),
    version: fc.option(fc.constant('17')),
    serviceTier: fc.constantFrom(null, 'flex', 'a “tier”'),
    expiredAtMs: fc.constantFrom(null, 1_760_000_090_000),
    laters: fc.array(later, { maxLength: 3 }),
  })
  .map(({ lines, markupBp, fee, isWaived, isFailed, model, attempts, version, serviceTier, expiredAtMs, laters }) => {
    const billed = isFailed ? [] : lines;
    const feeNanousd = nanousd(isFailed ? 0n : fee);
    const full = chargeOf(billed, markupBp, feeNanousd);
    const chargeNanousd = isWaived ? nanousd(0n) : full.chargeNanousd;
    const isCorrected = billed.length > 0 && !isWaived;
    const event: ChargeRecord = {
      requestId: '0199f123-4567-7abc-8def-0123456789ab',
      projectId: ORGANIZATION,
      keyId: ORGANIZATION,
      provider: isFailed ? '' : 'openai',
      model,
      endpointId: 'openai:gpt-4o',
      priceVersionId: version,
      serviceTier,
      markupBp,
      lines: billed,
      inputTokens: 0,
      cachedInputTokens: 0,
      outputTokens: 0,
      reasoningTokens: 0,
      costNanousd: full.costNanousd,
      feeNanousd,
      chargeNanousd,
      usageSource: isFailed ? 'none' : 'reported',
      ending: isFailed ? 'refused' : 'finished',
      settledAtMs: 1_760_000_000_000,
      postedAtMs: 1_760_000_000_500,
      expiredAtMs,
      transactionId: isFailed ? null : '42',
      corrections: correctionsOf({ lines: billed, markupBp, feeNanousd, chargeNanousd }, isCorrected ? laters : []),
    };
    return { event, attempts };
  });

function signedText({ event, attempts }: Settled, by: ReceiptKeys = keys): string {
  return JSON.stringify({ data: signReceipt(receiptDocument({ organizationId: ORGANIZATION, event, attempts }), by) });
}

const wrong = (checks: readonly ReceiptCheck[]): readonly string[] =>
  checks.filter(({ ok }) => !ok).map(({ name }) => name);

/** A settlement with everything in it, for tests of single members. */
const sample = fc.sample(
  settled.filter(
    ({ event, attempts }) =>
      event.lines.length > 2 &&
      event.chargeNanousd > 0n &&
      attempts?.length === 3 &&
      event.corrections.length > 1 &&
      event.expiredAtMs !== null &&
      event.serviceTier !== null,
  ),
  { seed, numRuns: 1 },
)[0];
if (sample === undefined) throw new Error('no sample was made');

type Json = string | null | Json[] | { [name: string]: Json };
type Path = readonly (string | number)[];

/** Every place in a value, leaves and branches. */
function pathsOf(value: Json, at: Path = []): readonly Path[] {
  if (value === null || typeof value === 'string') return [at];
  const below = Array.isArray(value)
    ? value.flatMap((member, index) => pathsOf(member, [...at, index]))
    : Object.entries(value).flatMap(([name, member]) => pathsOf(member, [...at, name]));
  return [at, ...below];
}

/** A copy in which the place holds something else; `undefined` takes it away. */
function changed(value: Json, [step, ...rest]: Path, put: (old: Json) => Json | undefined): Json | undefined {
  if (step === undefined) return put(value);
  if (value === null || typeof value === 'string') return value;
  const copy: Json = structuredClone(value);
  const inner = Array.isArray(copy) ? copy[Number(step)] : copy[String(step)];
  const next = inner === undefined ? undefined : changed(inner, rest, put);
  if (Array.isArray(copy)) copy.splice(Number(step), 1, ...(next === undefined ? [] : [next]));
  else if (next === undefined) delete copy[String(step)];
  else copy[String(step)] = next;
  return copy;
}

/** What somebody could make of a text: another digit, another letter, more, less, nothing. */
const DAMAGES: readonly ((old: Json) => Json | undefined)[] = [
  () => undefined,
  (old) => (old === null ? '0' : null),
  (old) => (typeof old === 'string' ? `${old}0` : '0'),
  (old) => (typeof old === 'string' ? old.replace(/.$/, (last) => (last === '1' ? '2' : '1')) : []),
];

describe('a receipt', () => {
  it('of any settlement is genuine and adds up, failed and free requests included', () => {
    fc.assert(
      fc.property(settled, (one) => {
        expect(wrong(checkReceipt(signedText(one), published))).toEqual([]);
      }),
      { seed, numRuns: 500 },
    );
  });

  it('is refused when any one thing in it was changed, wherever it stands', () => {
    const whole: Json = JSON.parse(signedText(sample));
    let tried = 0;
    for (const place of pathsOf(whole)) {
      for (const damage of DAMAGES) {
        const other = changed(whole, place, damage);
        if (other === undefined || canonicalJson(other) === canonicalJson(whole)) continue;
        tried += 1;
        expect(
          wrong(checkReceipt(JSON.stringify(other), published)),
          `${place.join('.')}: ${canonicalJson(other)}`,
        ).not.toEqual([]);
      }
    }
    expect(tried).toBeGreaterThan(400);
  });

  it('is refused with a member more, a member twice, or one written in another order of lines', () => {
    const text = signedText(sample);
    const { data } = JSON.parse(text);
    expect(wrong(checkReceipt(JSON.stringify({ data: { ...data, note: '' } }), published))).toEqual(['signature']);
    expect(wrong(checkReceipt(text.replace('{"data":{', '{"data":{"total_usd":"0",'), published))).toEqual(['receipt']);
    const turned = { ...data, lines: [...data.lines].reverse() };
    expect(wrong(checkReceipt(JSON.stringify(turned), published))).toEqual(['signature']);
  });

  it('is the same receipt by itself, indented, and with its members in another order', () => {
    const { data } = JSON.parse(signedText(sample));
    const turned = Object.fromEntries(Object.entries(data).reverse());
    expect(wrong(checkReceipt(JSON.stringify(turned, null, 2), published))).toEqual([]);
  });

  it('names the line that is wrong even where its signature is right: a signer who miscounts is found out', () => {
    const document = receiptDocument({ organizationId: ORGANIZATION, ...sample });
    const resigned = (change: (document: Json) => Json | undefined) =>
      wrong(
        checkReceipt(JSON.stringify(signReceipt(change(structuredClone(document) as Json) as never, keys)), published),
      );
    expect(resigned((one) => changed(one, ['lines', 1, 'amount_usd'], () => '7'))).toEqual([
      `line 2 (${sample.event.lines[1]?.bucket})`,
    ]);
    expect(resigned((one) => changed(one, ['rounding_usd'], () => '7'))).toEqual(['rounding_usd']);
    expect(resigned((one) => changed(one, ['markup_usd'], () => '7'))).toEqual(['markup_usd']);
    expect(resigned((one) => changed(one, ['total_usd'], () => '7'))).toEqual([
      'total_usd',
      'attempts',
      'correction 1: difference_usd',
    ]);
    expect(resigned((one) => changed(one, ['attempts', 0, 'charged_usd'], () => '7'))).toEqual(['attempts']);
    expect(resigned((one) => changed(one, ['lines', 0, 'quantity'], () => '-1'))).toContain('line 1');
    expect(resigned((one) => changed(one, ['format'], () => 'other/1'))).toEqual(['format']);
  });

  it('names the correction that is wrong even where its signature is right', () => {
    const document = receiptDocument({ organizationId: ORGANIZATION, ...sample });
    const resigned = (at: Path, value: Json | undefined) =>
      wrong(
        checkReceipt(
          JSON.stringify(signReceipt(changed(structuredClone(document) as Json, at, () => value) as never, keys)),
          published,
        ),
      );
    const second = (name: string) => `correction 2: ${name}`;
    expect(resigned(['corrections', 1, 'lines', 0, 'amount_usd'], '7')).toEqual([
      second(`line 1 (${sample.event.lines[0]?.bucket})`),
    ]);
    for (const name of ['subtotal_usd', 'markup_usd', 'rounding_usd', 'charge_nanousd', 'provider_cost_usd'])
      expect(resigned(['corrections', 1, name], '7')).toEqual([second(name)]);
    expect(resigned(['corrections', 1, 'difference_usd'], '-7')).toEqual([second('difference_usd')]);
    expect(resigned(['corrections', 1, 'markup_bp'], '77')).toContain(second('usage'));
    expect(resigned(['corrections', 1, 'lines', 0, 'quantity'], '1')).toContain(second('usage'));
    expect(resigned(['corrections', 1, 'fees_usd'], '7')).toContain(second('fees'));
    expect(resigned(['corrections', 1, 'lines'], undefined)).toContain(second('lines'));
    expect(resigned(['corrections', 0], undefined)).toContain('correction 1: difference_usd');
    expect(resigned(['corrections'], undefined)).toEqual(['corrections']);
    expect(resigned(['corrected_total_usd'], '7')).toEqual(['corrected_total_usd']);
  });

  it('of a request that was settled late says so, under its own id; one that was not late cannot say so', () => {
    const document = receiptDocument({ organizationId: ORGANIZATION, ...sample });
    expect(document).toMatchObject({
      request_id: sample.event.requestId,
      settled_late: 'true',
      expired_at: '2025-10-09T08:54:50.000Z',
    });
    const resigned = (changes: Record<string, string | null>) =>
      wrong(checkReceipt(JSON.stringify(signReceipt({ ...document, ...changes }, keys)), published));
    expect(resigned({ settled_late: 'false' })).toEqual(['settled_late']);
    expect(resigned({ expired_at: null })).toEqual(['settled_late']);
    expect(resigned({ expired_at: 'yesterday' })).toEqual(['settled_late']);
    expect(resigned({ ending: 'expired' })).toEqual(['settled_late']);
    expect(resigned({ settled_late: 'false', expired_at: null })).toEqual([]);
  });

  it('adds up line by line: nothing is rounded but the total, once (P11)', () => {
    fc.assert(
      fc.property(settled, ({ event, attempts }) => {
        const document = receiptDocument({ organizationId: ORGANIZATION, event, attempts });
        const units = (name: string) => {
          const [whole = '0', fraction = ''] = String(document[name]).split('.');
          return BigInt(whole + fraction.padEnd(19, '0'));
        };
        const sum = units('subtotal_usd') + units('markup_usd') + units('rounding_usd') + units('fees_usd');
        expect(sum - units('waived_usd')).toBe(units('total_usd'));
        expect(units('rounding_usd')).toBeLessThan(10n ** 10n);
      }),
      { seed, numRuns: 300 },
    );
  });

  it('says whose count it is and who answered (P05)', () => {
    const { event } = sample;
    expect(receiptDocument({ organizationId: ORGANIZATION, ...sample })).toMatchObject({
      usage_source: event.usageSource,
      ending: event.ending,
      provider: event.provider,
    });
  });

  it('names the attempts that were free of charge, and whose answer was paid', () => {
    const document = receiptDocument({ organizationId: ORGANIZATION, ...sample });
    expect(document['attempts']).toMatchObject([
      { charged_usd: '0' },
      { charged_usd: '0' },
      { charged_usd: document['total_usd'] },
    ]);
  });
});

describe('the key of a receipt', () => {
  const text = signedText(sample);

  it('must be one that we published', () => {
    expect(wrong(checkReceipt(text, { keys: keysOf(2).published }))).toEqual(['signature']);
    for (const none of [null, {}, { keys: [null, 7] }, []])
      expect(wrong(checkReceipt(text, none))).toEqual(['signature']);
  });

  it('cannot be replaced under its own name', () => {
    const [own] = keys.published;
    const [other] = keysOf(2).published;
    expect(wrong(checkReceipt(text, { keys: [{ ...other, kid: own?.kid }] }))).toEqual(['signature']);
  });

  it('opens old receipts after it was rotated, and new ones are signed by the next', () => {
    const next = keysOf(3, keys.published[0]?.x);
    expect(wrong(checkReceipt(text, { keys: next.published }))).toEqual([]);
    expect(wrong(checkReceipt(signedText(sample, next), { keys: next.published }))).toEqual([]);
    expect(wrong(checkReceipt(signedText(sample, next), published))).toEqual(['signature']);
  });
});

describe('a text that somebody made to trip the program', () => {
  const signed = (signature: object) => JSON.stringify({ format: 'tollgate-receipt/1', signature });
  const bytes = Buffer.alloc(64).toString('base64url');
  const x = 'abc';
  const kid = createHash('sha256').update(`{"crv":"Ed25519","kty":"OKP","x":"${x}"}`).digest('base64url');
  it.each([
    ['nested deeper than a stack', '['.repeat(100_000) + ']'.repeat(100_000), 'receipt'],
    ['nested deeply inside', `{"data":${'['.repeat(5_000)}${']'.repeat(5_000)}}`, 'receipt'],
    ['of one endless text', JSON.stringify({ a: 'a'.repeat(20_000_000) }), 'receipt'],
    [
      'with a signature that is no text',
      signed({ algorithm: 'Ed25519', kid: 'k', value: { toString: 1 } }),
      'signature',
    ],
    ['with a name that is no text', signed({ algorithm: 'Ed25519', kid: { toString: 1 }, value: bytes }), 'signature'],
    ['under a key that is none', signed({ algorithm: 'Ed25519', kid, value: bytes }), 'signature'],
  ])('%s is refused and does not end it', (_name, text, check) => {
    expect(wrong(checkReceipt(text, { keys: [{ kid, kty: 'OKP', crv: 'Ed25519', x }] }))).toContain(check);
  });
});

describe('verify-receipt', () => {
  const program = fileURLToPath(new URL('../../infra/receipts/verify-receipt.mjs', import.meta.url));
  const folder = mkdtempSync(path.join(os.tmpdir(), 'receipt-'));
  const keyFile = path.join(folder, 'keys.json');
  beforeAll(() => writeFileSync(keyFile, JSON.stringify(published)));
  const run = (args: readonly string[], input = '') =>
    spawnSync(process.execPath, [program, ...args], { input, encoding: 'utf8' });

  it('says yes with 0, names what is wrong with 1, and what it could not try with 2', () => {
    const good = run(['-', '--keys', keyFile], signedText(sample));
    expect([good.status, good.stdout]).toEqual([0, expect.stringContaining('genuine and adds up')]);
    const bad = run(['-', '--keys', keyFile], signedText(sample).replace('"markup_usd":"', '"markup_usd":"1'));
    expect(bad.status).toBe(1);
    expect(bad.stdout).toMatch(
      /WRONG {2}signature: the receipt is not what was signed\n[\s\S]*WRONG {2}markup_usd: is \$1/,
    );
    expect(run(['-', '--keys', '/nowhere'], signedText(sample)).status).toBe(2);
    expect(run([]).status).toBe(2);
  });

  const readme = readFileSync(new URL('../../README.md', import.meta.url), 'utf8');
  const PYTHON = ['-c', 'import cryptography'];
  it.for([
    { language: 'python', command: 'python3', file: 'check.py', isHere: spawnSync('python3', PYTHON).status === 0 },
    { language: 'js', command: process.execPath, file: 'check.mjs', isHere: true },
  ])('and the lines of the README agree in $language', ({ language, command, file, isHere }, { skip }) => {
    if (!isHere) skip(`no ${language} with what the example needs`);
    const code = new RegExp(`\`\`\`${language}\n([\\s\\S]*?)\`\`\``).exec(readme)?.[1] ?? '';
    writeFileSync(path.join(folder, file), code);
    const told = (text: string) => {
      writeFileSync(path.join(folder, 'receipt.json'), text);
      return spawnSync(command, [file, 'receipt.json', 'keys.json'], { cwd: folder, encoding: 'utf8' });
    };
    const text = signedText(sample);
    expect(told(text).stdout).toContain('genuine');
    expect(told(text.replace('"quantity":"', '"quantity":"1')).stdout).not.toContain('genuine');
  });
});
