import { displayUsd, nanousd } from '@tollgate/amount';
import { creditsSummary } from '@tollgate/billing';
import { listLedgerLines } from '@tollgate/ledger';
import type { Metadata } from 'next';
import { LedgerTable } from '../../../features/credits/ledger-table';
import { percentOfBasisPoints } from '../../../features/landing/percent';
import { NotAllowed } from '../../../features/shell/not-allowed';
import { database } from '../../../server/database';
import { type SearchParameters, textParameter } from '../../../server/search-parameters';
import { isAllowed, requireVisitor } from '../../../server/session';
import { ButtonLink } from '../../../ui/button';
import { Card } from '../../../ui/card';
import { EmptyState } from '../../../ui/empty-state';
import { Notice } from '../../../ui/notice';
import { PageHeading } from '../../../ui/page-heading';
import { StatTile } from '../../../ui/stat-tile';

export const metadata: Metadata = { title: 'Credits' };

const PAGE_SIZE = 50;

export default async function CreditsPage({ searchParams }: { searchParams: Promise<SearchParameters> }) {
  const visitor = await requireVisitor();
  if (!isAllowed(visitor, 'credit.read')) return <NotAllowed />;
  const { organizationId, markupBp } = visitor.organization;
  const before = decodeCursor(textParameter(await searchParams, 'before'));
  const [summary, page] = await Promise.all([
    creditsSummary(database(), organizationId),
    listLedgerLines(database(), { organizationId, limit: PAGE_SIZE, before }),
  ]);
  const paidNanousd = nanousd(summary.availableNanousd - summary.promoNanousd);
  return (
    <div className="grid grid-cols-[minmax(0,1fr)] gap-5">
      <PageHeading title="Credits">
        Requests are paid from this balance when they end: the provider&rsquo;s price plus{' '}
        {percentOfBasisPoints(markupBp)}. Granted credit is spent first.
      </PageHeading>
      <div className="grid grid-cols-2 gap-3 lg:grid-cols-4">
        <StatTile
          title="Balance"
          value={displayUsd(summary.availableNanousd)}
          isAlarming={summary.availableNanousd <= 0n}
        />
        <StatTile title="Granted part" value={displayUsd(summary.promoNanousd)} />
        <StatTile title="Paid part" value={displayUsd(paidNanousd)} />
        <StatTile title="Used so far" value={displayUsd(summary.totalUsageNanousd)} />
      </div>
      <Notice>
        Topping up by card comes with another release of Tollgate. Until then the operator of this installation grants
        credit.
      </Notice>
      <Card title="Ledger" note="Every line that ever moved this balance, newest first." isPadded={false}>
        {page.lines.length === 0 ? (
          <EmptyState title={before === undefined ? 'No line yet' : 'No more lines'}>
            <p>Trial credit and the first requests appear here within seconds.</p>
          </EmptyState>
        ) : (
          <LedgerTable lines={page.lines} />
        )}
      </Card>
      <div className="flex justify-between gap-3">
        {before === undefined ? (
          <span />
        ) : (
          <ButtonLink href="/credits" prefetch={false}>
            Newest
          </ButtonLink>
        )}
        {page.next === null ? null : (
          <ButtonLink href={`/credits?before=${page.next}`} prefetch={false}>
            Older
          </ButtonLink>
        )}
      </div>
    </div>
  );
}

function decodeCursor(text: string | undefined): bigint | undefined {
  return text !== undefined && /^\d{1,18}$/.test(text) ? BigInt(text) : undefined;
}
