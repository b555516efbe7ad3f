import { displayUsd } from '@tollgate/amount';
import { creditsSummary } from '@tollgate/billing';
import Link from 'next/link';
import { database } from '../../server/database';
import { classNames } from '../../ui/class-names';

/** What the organisation has left, wherever the reader is. */
export async function BalanceChip({ organizationId }: { organizationId: string }) {
  const { availableNanousd } = await creditsSummary(database(), organizationId);
  const isEmpty = availableNanousd <= 0n;
  return (
    <Link
      href="/credits"
      prefetch={false}
      className={classNames(
        'flex items-center justify-between gap-2 rounded-md border border-line bg-sunken px-2.5 py-1.5 text-[13px] hover:border-line-strong',
        isEmpty && 'border-danger-line bg-danger-soft',
      )}
    >
      <span className={isEmpty ? 'text-danger' : 'text-muted'}>Balance</span>
      <span className={classNames('font-medium tabular-nums', isEmpty && 'text-danger')}>
        {displayUsd(availableNanousd, 4)}
      </span>
    </Link>
  );
}
