import { randomBytes } from 'node:crypto';
import { createKey, createOrganizationForUser, mintId } from '@tollgate/access';
import { type Nanousd, nanousd } from '@tollgate/amount';
import { requestGrant } from '@tollgate/billing';
import { openDatabase } from '@tollgate/prisma';
import type { RandomStream } from '../random-stream.js';

export interface TenantKey {
  readonly token: string;
  readonly keyId: string;
  readonly limitNanousd: bigint | null;
}

/** An organisation under load. */
export interface Tenant {
  readonly organizationId: string;
  readonly markupBp: number;
  /** so little that most of its requests must be refused */
  readonly isPoor: boolean;
  readonly keys: readonly TenantKey[];
}

export interface TenantWish {
  readonly databaseUrl: string;
  readonly pepper: string;
  readonly random: RandomStream;
  readonly poor: number;
  readonly rich: number;
}

const POOR_NANOUSD = nanousd(3_000_000n);
const RICH_NANOUSD = nanousd(50_000_000_000n);
const KEY_LIMIT_NANOUSD = nanousd(20_000_000n);
const MARKUPS_BP = [0, 550, 1_234, 10_000];

/** Organisations with two projects, three keys (one with a limit) and credit that the worker has still to post. */
export async function createTenants(wish: TenantWish): Promise<readonly Tenant[]> {
  const database = openDatabase({ url: wish.databaseUrl, applicationName: 'faults' });
  try {
    const tenants: Tenant[] = [];
    for (let index = 0; index < wish.poor + wish.rich; index += 1)
      tenants.push(await createTenant(database, wish, index, index < wish.poor));
    return tenants;
  } finally {
    await database.$disconnect();
  }
}

type Database = ReturnType<typeof openDatabase>;

async function createTenant(database: Database, wish: TenantWish, index: number, isPoor: boolean): Promise<Tenant> {
  const nowMs = Date.now();
  const userId = `faults-${index}`;
  const email = `faults-${index}@tollgate.local`;
  const at = new Date(nowMs);
  await database.user.create({
    data: { id: userId, name: `Tenant ${index}`, email, emailVerified: true, createdAt: at },
  });
  const markupBp = wish.random.pick(MARKUPS_BP);
  const { organizationId, projectId } = await createOrganizationForUser(database, {
    userId,
    userName: `Tenant ${index}`,
    email,
    markupBp,
    termsVersion: 'faults',
    nowMs,
    random: randomBytes,
  });
  const second = await database.project.create({
    data: { id: mintId(nowMs, randomBytes), organizationId, name: 'second' },
  });
  const key = async (project: string, name: string, limitNanousd: Nanousd | null): Promise<TenantKey> => {
    const created = await createKey(database, {
      organizationId,
      projectId: project,
      kind: 'inference',
      name,
      limitNanousd,
      expiresAtMs: null,
      createdById: null,
      pepper: wish.pepper,
      nowMs,
      random: randomBytes,
    });
    if (created.kind !== 'created') throw new Error(`no key was made: ${created.kind}`);
    return { token: created.token, keyId: created.key.keyId, limitNanousd };
  };
  const keys = [
    await key(projectId, 'first', null),
    await key(second.id, 'second', null),
    await key(second.id, 'limited', isPoor ? null : KEY_LIMIT_NANOUSD),
  ];
  const amountNanousd = isPoor ? POOR_NANOUSD : RICH_NANOUSD;
  await grant(database, organizationId, amountNanousd, organizationId);
  return { organizationId, markupBp, isPoor, keys };
}

async function grant(database: Database, organizationId: string, amountNanousd: Nanousd, reference: string) {
  const id = mintId(Date.now(), randomBytes);
  const wish = { id, organizationId, kind: 'sandbox', amountNanousd, reference } as const;
  await requestGrant(database, { ...wish, requestedBy: 'faults', expiresAt: null });
}

/** A credit asked for while everything is under attack. Rejects when Postgres is away. */
export interface TopUps {
  request(organizationId: string, amountNanousd: bigint, reference: string): Promise<void>;
  close(): Promise<void>;
}

export function openTopUps(databaseUrl: string): TopUps {
  const database = openDatabase({ url: databaseUrl, applicationName: 'faults' });
  return {
    request: (organizationId, amountNanousd, reference) =>
      grant(database, organizationId, nanousd(amountNanousd), reference),
    close: () => database.$disconnect(),
  };
}
