import type { VerifiedKey } from '@tollgate/access';
import { nanousd } from '@tollgate/amount';
import type { OrganizationSnapshot } from '@tollgate/billing';
import { TokenCounter } from '../exchange/count-tokens.js';
import { type ExchangeWorld, exchangeWorld } from '../exchange/exchange.fixture.js';
import { Explainer } from '../exchange/explain.js';
import { bookedStanding, explainLimits } from '../exchange/explained-limits.js';
import { KeyCache } from '../keys/key-cache.js';
import { Readiness } from '../readiness.js';
import { readReceiptKeys } from '../receipts/receipt-keys.js';
import { createHttpServer, type HttpPorts } from './http-server.js';

export interface HttpWorld extends ExchangeWorld {
  /** of the doors themselves: guards, filters and all */
  readonly doors: string;
}

/** Rows that a test lets the database answer with, whatever it is asked. */
export type Answers = (statement: string, values: readonly unknown[]) => readonly unknown[];

interface HttpChange {
  answers?: Answers;
  /** what the ledger says of the organisation; it may spend a million dollars unless told */
  books?: Partial<OrganizationSnapshot>;
}

const RICH: Partial<OrganizationSnapshot> = {};
const BODY_BYTES_MAX = 100_000;

/** All doors on a real server, before an exchange whose providers, admission, keys and database a test plays. */
export async function httpWorld(
  answer: Parameters<typeof exchangeWorld>[0],
  { answers = () => [], books = RICH, ...change }: NonNullable<Parameters<typeof exchangeWorld>[1]> & HttpChange = {},
): Promise<HttpWorld> {
  const world = await exchangeWorld(answer, change);
  const { ports, principal } = world;
  const snapshot: OrganizationSnapshot = {
    availableNanousd: nanousd(10n ** 15n),
    status: 'active',
    authVersion: '1',
    postingSequence: '1',
    armed: [],
  };
  const verify = async (token: string): Promise<VerifiedKey> => {
    if (token === 'tg_test') return { kind: 'verified', principal };
    if (token === 'tg_management') return { kind: 'verified', principal: { ...principal, keyKind: 'management' } };
    return token === 'tg_revoked' ? { kind: 'revoked' } : { kind: 'unknown' };
  };
  const receiptKeys = readReceiptKeys(Buffer.alloc(32, 9).toString('base64'));
  if (!receiptKeys.ok) throw new Error(receiptKeys.reason);
  const $queryRaw = async (statement: readonly string[], ...values: readonly unknown[]) =>
    answers(statement.join(' '), values);
  const server = await createHttpServer({
    config: { host: '127.0.0.1', port: 0, maxBodyBytes: BODY_BYTES_MAX } as HttpPorts['config'],
    exchange: world.exchange,
    explainer: new Explainer({
      ...ports,
      limits: async (request) =>
        explainLimits(bookedStanding({ ...snapshot, ...books }, request.taken), request, Date.now()),
    }),
    tokenCounter: new TokenCounter(ports),
    keys: new KeyCache({ verify, now: Date.now }),
    log: ports.log,
    database: { $queryRaw } as unknown as HttpPorts['database'],
    admission: ports.admission,
    readiness: new Readiness(),
    catalog: ports.catalog,
    receiptKeys: receiptKeys.keys,
    houseMarkup: () => [],
    memory: {} as HttpPorts['memory'],
    vault: {} as HttpPorts['vault'],
  });
  await server.listen();
  return {
    ...world,
    doors: `http://127.0.0.1:${server.port()}`,
    close: async () => {
      await world.close();
      await server.close();
    },
  };
}
