import { checkInvariants, INVARIANTS } from '@tollgate/billing';
import { REDIS_INVARIANTS, type RedisAuditServices } from './redis-invariants.js';

/** What became of one invariant. */
export type Audited = {
  readonly name: string;
  /** begins with its number in the money protocol */
  readonly says: string;
} & (
  | { readonly kind: 'checked'; readonly violations: bigint }
  /** there is nothing here that it could be checked against */
  | { readonly kind: 'not_applicable'; readonly reason: string }
);

/** Invariants of the protocol that this installation cannot check from here, and why. */
export const NOT_AUDITED: readonly Extract<Audited, { kind: 'not_applicable' }>[] = [
  {
    kind: 'not_applicable',
    name: 'spools_are_shipped',
    says: '10: no spool holds what the ledger lacks',
    reason:
      'spools are files of the gateways: each ships and replays its own, and counts what it shipped in its metrics',
  },
  {
    kind: 'not_applicable',
    name: 'stripe_clearing_matches_stripe',
    says: '13: the clearing account is what Stripe owes us',
    reason: 'not applicable yet: no payments are taken',
  },
  {
    kind: 'not_applicable',
    name: 'answers_are_settled',
    says: '15: every terminal event sent has its settlement',
    reason: 'not applicable here: a counter of each gateway process, which settles before it sends',
  },
];

/** Checks every invariant of money, in the order of their numbers; each is told as it comes. Rejects when Redis or Postgres is away. */
export async function auditInstallation(
  services: RedisAuditServices,
  onAudited: (audited: Audited) => void = () => undefined,
): Promise<readonly Audited[]> {
  const audited: Audited[] = [];
  const tell = (one: Audited) => {
    audited.push(one);
    onAudited(one);
  };
  const sayings = new Map(INVARIANTS.map(({ name, says }) => [name, says]));
  await checkInvariants(services.database, ({ name, violations }) =>
    tell({ kind: 'checked', name, says: sayings.get(name) ?? name, violations }),
  );
  for (const { name, says, violations } of REDIS_INVARIANTS)
    tell({ kind: 'checked', name, says, violations: await violations(services) });
  for (const one of NOT_AUDITED) tell(one);
  return audited;
}

/** How many rows contradict something. */
export function violationsOf(audited: readonly Audited[]): bigint {
  return audited.reduce((total, one) => total + (one.kind === 'checked' ? one.violations : 0n), 0n);
}
