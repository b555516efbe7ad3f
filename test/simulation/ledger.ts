import type { Snapshot } from './redis/load.ts';

export const SCOPE = 'key:k';

/** A settlement or an expiry, as it travels: what usage_event stores of it. */
export interface UsageRecord {
  readonly request: string;
  readonly organization: string;
  readonly charge: bigint;
  readonly ending: 'settled' | 'expired';
}

export interface PostedRow extends UsageRecord {
  readonly sequence: bigint;
}

export interface Account {
  balance: bigint;
  revenue: bigint;
  expense: bigint;
  sequence: bigint;
  auth: bigint;
  status: string;
  limit: bigint;
  spent: bigint;
}

export interface Announcement {
  readonly id: string;
  readonly organization: string;
  readonly amount: bigint;
  readonly sequence: bigint;
}

export interface Posting {
  readonly row: PostedRow;
  readonly kind: 'posted' | 'repeated' | 'late';
}

export const encodeRecord = ({ request, organization, charge, ending }: UsageRecord): string =>
  `${request}|${organization}|${charge}|${ending}`;

export function decodeRecord(text: string): UsageRecord {
  const [request = '', organization = '', charge = '0', ending] = text.split('|');
  return { request, organization, charge: BigInt(charge), ending: ending === 'expired' ? 'expired' : 'settled' };
}

/** Postgres: what commits, commits whole. */
export class Ledger {
  readonly accounts = new Map<string, Account>();
  /** by request id, or "late:<request id>" */
  readonly rows = new Map<string, PostedRow>();
  /** credits that admission has to be told of */
  readonly announcements = new Map<string, Announcement>();
  readonly #grants = new Map<string, Announcement>();

  open(organization: string, balance: bigint, limit: bigint): void {
    const account = {
      balance,
      revenue: 0n,
      expense: -balance,
      sequence: 1n,
      auth: 1n,
      status: 'active',
      limit,
      spent: 0n,
    };
    this.accounts.set(organization, account);
  }

  account(organization: string): Account {
    const found = this.accounts.get(organization);
    if (found === undefined) throw new Error(`no account of ${organization}`);
    return found;
  }

  snapshot(organization: string): Snapshot {
    const { balance, status, auth, sequence, limit, spent } = this.account(organization);
    return { available: balance, status, auth, sequence, armed: [{ scope: SCOPE, limit, left: limit - spent }] };
  }

  /** What a drain wants to know: expired is not settled. */
  isSettled(request: string): boolean {
    return this.rows.get(request)?.ending === 'settled' || this.rows.has(`late:${request}`);
  }

  /** The settlement of a request as it stands here; null while there is none. */
  settlement(request: string): Posting | null {
    const late = this.rows.get(`late:${request}`);
    if (late !== undefined) return { kind: 'late', row: late };
    const row = this.rows.get(request);
    return row?.ending === 'settled' ? { kind: 'repeated', row } : null;
  }

  /** postUsage: each request id is money once; a settlement of an expired one is posted late, once. */
  post(records: readonly UsageRecord[]): Posting[] {
    for (const organization of new Set(records.map((record) => record.organization)))
      this.account(organization).sequence += 1n;
    return records.map((record) => this.#postOne(record));
  }

  #postOne(record: UsageRecord): Posting {
    const stored = this.rows.get(record.request);
    if (stored === undefined) return { kind: 'posted', row: this.#insert(record.request, record) };
    if (stored.ending === 'settled' || record.ending === 'expired') return { kind: 'repeated', row: stored };
    const late = this.rows.get(`late:${record.request}`);
    return { kind: 'late', row: late ?? this.#insert(`late:${record.request}`, record) };
  }

  #insert(id: string, record: UsageRecord): PostedRow {
    const account = this.account(record.organization);
    account.balance -= record.charge;
    account.revenue += record.charge;
    account.spent += record.charge;
    const row = { ...record, sequence: account.sequence };
    this.rows.set(id, row);
    return row;
  }

  /** A limit or a status changes; versions only rise. */
  change(organization: string, changes: Partial<Pick<Account, 'limit' | 'status'>>): Account {
    const account = this.account(organization);
    if (changes.limit !== undefined) account.auth += 1n;
    return Object.assign(account, changes);
  }

  /** A grant and its announcement in one transaction. */
  grant(id: string, organization: string, amount: bigint): Announcement {
    const known = this.#grants.get(id);
    if (known !== undefined) return known;
    const account = this.account(organization);
    account.sequence += 1n;
    account.balance += amount;
    account.expense -= amount;
    const announcement = { id, organization, amount, sequence: account.sequence };
    this.announcements.set(id, announcement);
    this.#grants.set(id, announcement);
    return announcement;
  }
}
