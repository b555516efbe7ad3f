import { describe, expect, it } from 'vitest';
import type { ClientRecord } from '../load/client-record.js';
import type { RequestPlan } from '../load/request-plan.js';
import type { BookedRequest, LedgerBooks } from './ledger-books.store.js';
import { ACCOUNT_PROMISES, checkAccounts } from './ledger-checks.js';
import type { RedisBooks } from './redis-books.js';
import { checkRequests, dollarsOf, REQUEST_PROMISES } from './request-checks.js';
import type { TruthAttempt } from './truth-log.js';
import { Verdicts } from './verdict.js';

// A world in which one request of 100 and 10 tokens went well: (100 × 150,000 + 10 × 600,000) × 1.055 = $0.000022155.
const REQUEST = '01a1fac6-2c0c-7fd4-971f-36c17455e145';
const ORGANIZATION = '01a1fac6-17a3-7417-ba6b-3bc2d02f4af3';
const CHARGE = 22_155n;

const plan: RequestPlan = {
  tenant: { organizationId: ORGANIZATION, markupBp: 550, isPoor: false, keys: [] },
  key: { token: 'token', keyId: 'key', limitNanousd: 1_000_000n },
  gateway: 0,
  door: 'chat',
  model: 'openai/gpt-4o-mini',
  isStream: true,
  prompt: '',
  maxTokens: 20,
  mark: 'none',
  leavesAfter: null,
  pauseMs: 0,
};
const tenant = { ...plan.tenant, keys: [plan.key] };

const record: ClientRecord = {
  callerId: 'c1-1',
  plan,
  startedAtMs: 0,
  endedAtMs: 100,
  outcome: 'whole',
  status: 200,
  requestId: REQUEST,
  errorCode: null,
  pieces: 10,
  costUsd: '0.000022155',
};

const attempt: TruthAttempt = {
  provider: 'openai',
  model: 'gpt-4o-mini',
  correlation: `${REQUEST}/0`,
  promptTokens: 100,
  cachedTokens: 0,
  cacheWriteTokens: 0,
  completionTokens: 10,
  reasoningTokens: 0,
  tokensWritten: 10,
  usageSent: true,
  status: 200,
  ending: 'complete',
  durationMs: 50,
};

const booked: BookedRequest = {
  requestId: REQUEST,
  callerId: 'c1-1',
  organizationId: ORGANIZATION,
  keyId: 'key',
  endpointId: 'openai:gpt-4o-mini',
  priceVersionId: '7',
  markupBp: 550,
  inputTokens: 100,
  outputTokens: 10,
  chargeNanousd: CHARGE,
  lateNanousd: 0n,
  usageSource: 'reported',
  ending: 'finished',
  settledAtMs: 90,
};

const ledger: LedgerBooks = {
  requests: [booked],
  organizations: [
    {
      organizationId: ORGANIZATION,
      balanceNanousd: 1_000_000n - CHARGE,
      grantedNanousd: 1_000_000n,
      lowestNanousd: 0n,
    },
  ],
  keySpendNanousd: new Map([['key', CHARGE]]),
  endpoints: new Map([
    [
      'openai:gpt-4o-mini',
      {
        provider: 'openai',
        providerModel: 'gpt-4o-mini',
        priceVersionId: '7',
        prices: { input: 150_000_000n, output: 600_000_000n },
      },
    ],
  ]),
  unbalancedTransactions: 0,
  totalNanousd: 0n,
  wrongBalances: 0,
  revenueNanousd: CHARGE,
  deadLetters: [],
  openGrants: 0,
  openAnnouncements: 0,
};

const redis: RedisBooks = {
  holds: [],
  streamEntries: 0,
  loaded: new Map([
    [
      ORGANIZATION,
      {
        availableNanousd: 1_000_000n - CHARGE,
        heldNanousd: 0n,
        leftNanousd: new Map([['key:key', 1_000_000n - CHARGE]]),
      },
    ],
  ]),
};

interface Change {
  readonly record?: Partial<ClientRecord>;
  readonly attempts?: readonly Partial<TruthAttempt>[];
  readonly booked?: readonly Partial<BookedRequest>[];
  readonly ledger?: Partial<LedgerBooks>;
  readonly redis?: Partial<RedisBooks>;
  readonly wasInterrupted?: boolean;
}

/** The promises that are broken in the world after a change. */
function brokenAfter(change: Change): string[] {
  const verdicts = new Verdicts();
  const books = {
    ...ledger,
    requests: (change.booked ?? [{}]).map((each) => ({ ...booked, ...each })),
    ...change.ledger,
  };
  const attempts = (change.attempts ?? [{}]).map((each) => ({ ...attempt, ...each }));
  checkRequests(
    {
      records: [{ ...record, ...change.record }],
      truth: new Map(attempts.length === 0 ? [] : [[REQUEST, attempts]]),
      ledger: books,
      wasInterrupted: () => change.wasInterrupted ?? false,
    },
    verdicts,
  );
  checkAccounts(
    { tenants: [tenant], ledger: books, redis: { ...redis, ...change.redis }, allowedNanousd: () => 0n },
    verdicts,
  );
  return verdicts.all().flatMap(({ promise, violations }) => (violations.length > 0 ? [promise] : []));
}

const [LOST, EXACT, COUNTED, TWICE, UNFOUNDED, FREE, LEFT, UNRECORDED, HEADER, PRICE] = REQUEST_PROMISES;
const [JOURNAL, EXPLAINED, BOUND, AGREE, HOLDS, DRAINED, DEAD] = ACCOUNT_PROMISES;

const organization = { organizationId: ORGANIZATION, balanceNanousd: 1_000_000n - CHARGE, grantedNanousd: 1_000_000n };
const loaded = { availableNanousd: 1_000_000n - CHARGE, heldNanousd: 0n, leftNanousd: new Map<string, bigint>() };

describe('the checker', () => {
  it('has nothing to say of a world in which all went well', () => {
    expect(brokenAfter({})).toEqual([]);
  });

  const failed = { outcome: 'failed', status: 502, costUsd: null } as const;
  const left = { outcome: 'left', costUsd: null } as const;
  const counted = { usageSource: 'counted' };
  const silent = { usageSent: false };

  it.each<[string, string, Change]>([
    ['a whole answer that is not booked', LOST, { booked: [] }],
    ['a whole answer that is booked as refused', LOST, { booked: [{ ending: 'refused' }] }],
    ['a nano-dollar too much', EXACT, { booked: [{ chargeNanousd: CHARGE + 1n }] }],
    ['a nano-dollar too little', EXACT, { booked: [{ chargeNanousd: CHARGE - 1n }] }],
    ['tokens that were made and not charged', EXACT, { booked: [{ chargeNanousd: 0n }] }],
    ['a markup forgotten', EXACT, { booked: [{ markupBp: 0 }] }],
    ['a token too much by our count', COUNTED, { attempts: [{ ...silent, completionTokens: 9 }], booked: [counted] }],
    ['our count where the provider told', COUNTED, { booked: [counted] }],
    ['one request under two ids', TWICE, { booked: [{}, { requestId: REQUEST.replace('5e145', '5e146') }] }],
    ['a charge that nobody served', UNFOUNDED, { attempts: [] }],
    ['a caller that never was', UNFOUNDED, { booked: [{ callerId: 'nobody' }] }],
    ['a failure that costs', FREE, { record: failed }],
    ['a provider that died and is paid', FREE, { booked: [{ ending: 'provider_died' }] }],
    [
      'a client that leaves for free',
      LEFT,
      { record: left, booked: [{ ending: 'client_left', chargeNanousd: 0n }], attempts: [silent] },
    ],
    [
      'a client that leaves and pays for more than was made',
      LEFT,
      {
        record: left,
        booked: [{ ...counted, ending: 'client_left' }],
        attempts: [{ ...silent, completionTokens: 7, tokensWritten: 7 }],
      },
    ],
    [
      'a client that leaves and pays for less than it has',
      LEFT,
      {
        record: left,
        booked: [{ ...counted, ending: 'client_left', chargeNanousd: CHARGE - 3n * 633n }],
        attempts: [{ ...silent, completionTokens: 30, tokensWritten: 30 }],
      },
    ],
    ['a request that left no trace', UNRECORDED, { record: failed, booked: [] }],
    ['an answer that says another price', HEADER, { record: { costUsd: '0.000022156' } }],
    ['the price of another endpoint', PRICE, { attempts: [{ provider: 'azure' }] }],
    ['the price of yesterday', PRICE, { booked: [{ priceVersionId: '6' }] }],
    ['a transaction that does not sum to zero', JOURNAL, { ledger: { unbalancedTransactions: 1 } }],
    ['entries that do not sum to zero', JOURNAL, { ledger: { totalNanousd: 1n } }],
    ['a balance that is not its entries', JOURNAL, { ledger: { wrongBalances: 1 } }],
    [
      'credit from nowhere',
      EXPLAINED,
      { ledger: { organizations: [{ ...organization, grantedNanousd: 999_999n, lowestNanousd: 0n }] } },
    ],
    ['a key that spent something else', EXPLAINED, { ledger: { keySpendNanousd: new Map([['key', 1n]]) } }],
    ['revenue that is no charge', EXPLAINED, { ledger: { revenueNanousd: 0n } }],
    ['a debt', BOUND, { ledger: { organizations: [{ ...organization, lowestNanousd: -1n }] } }],
    ['a key beyond its limit', BOUND, { ledger: { keySpendNanousd: new Map([['key', 1_000_001n]]) } }],
    [
      'a balance that Redis has not',
      AGREE,
      { redis: { loaded: new Map([[ORGANIZATION, { ...loaded, availableNanousd: 1n }]]) } },
    ],
    [
      'a limit that Redis has not',
      AGREE,
      { redis: { loaded: new Map([[ORGANIZATION, { ...loaded, leftNanousd: new Map([['key:key', 5n]]) }]]) } },
    ],
    ['nothing loaded to compare', AGREE, { redis: { loaded: new Map() } }],
    ['a hold left behind', HOLDS, { redis: { holds: ['one'] } }],
    ['a settlement on its way', DRAINED, { redis: { streamEntries: 1 } }],
    ['a credit on its way', DRAINED, { ledger: { openGrants: 1 } }],
    ['a credit nobody was told of', DRAINED, { ledger: { openAnnouncements: 1 } }],
    ['a settlement put aside', DEAD, { ledger: { deadLetters: [{ requestId: REQUEST, reason: 'odd' }] } }],
  ])('sees %s', (_name, promise, change) => {
    expect(brokenAfter(change)).toContain(promise);
  });

  it('asks nothing of a client whose gateway died, and counts what was charged late', () => {
    const interrupted = { record: left, wasInterrupted: true, attempts: [silent] };
    expect(brokenAfter({ ...interrupted, booked: [{ ending: 'expired', chargeNanousd: 0n }] })).not.toContain(LEFT);
    const late = { ending: 'expired', chargeNanousd: 0n, lateNanousd: CHARGE };
    expect(brokenAfter({ booked: [late] })).toEqual([]);
  });

  it('lets poison lie among the dead letters', () => {
    const poison = { requestId: '00000000-0000-7000-8000-000000000003', reason: 'version' };
    expect(brokenAfter({ ledger: { deadLetters: [poison] } })).toEqual([]);
  });

  it('writes dollars as an answer does', () => {
    expect([0n, 5n, CHARGE, 1_500_000_000n, -7n].map(dollarsOf)).toEqual([
      '0',
      '0.000000005',
      '0.000022155',
      '1.5',
      '-0.000000007',
    ]);
  });
});
