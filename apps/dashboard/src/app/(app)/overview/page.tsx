import type { Metadata } from 'next';
import { BreakdownTable } from '../../../features/overview/breakdown-table';
import { OverviewCharts } from '../../../features/overview/overview-charts';
import { readOverview } from '../../../features/overview/read-overview';
import { StatTiles } from '../../../features/overview/stat-tiles';
import { QuickStartExample } from '../../../features/quick-start/quick-start-example';
import { NotAllowed } from '../../../features/shell/not-allowed';
import { readAddress, writeAddress } from '../../../features/usage-filter/filter-address';
import { readUsedNames, usageChoices } from '../../../features/usage-filter/filter-choices';
import { FilterSelects } from '../../../features/usage-filter/filter-selects';
import { decodeRange } from '../../../features/usage-filter/range';
import { RANGE_CHOICES } from '../../../features/usage-filter/range-choices';
import { RangePicker } from '../../../features/usage-filter/range-picker';
import { usageFiltersOf } from '../../../features/usage-filter/usage-filters-of';
import { type SearchParameters, textParameter } from '../../../server/search-parameters';
import { isAllowed, requireVisitor } from '../../../server/session';
import { Card } from '../../../ui/card';
import { EmptyState } from '../../../ui/empty-state';
import { PageHeading } from '../../../ui/page-heading';

export const metadata: Metadata = { title: 'Overview' };

const PATH = '/overview';

export default async function OverviewPage({ searchParams }: { searchParams: Promise<SearchParameters> }) {
  const visitor = await requireVisitor();
  if (!isAllowed(visitor, 'usage.read')) return <NotAllowed />;
  const parameters = await searchParams;
  const address = readAddress((name) => textParameter(parameters, name));
  const range = decodeRange({ range: address['range'], from: address['from'], to: address['to'] }, Date.now());
  const { organizationId } = visitor.organization;
  const [page, used] = await Promise.all([
    readOverview(organizationId, range, usageFiltersOf(address)),
    readUsedNames(organizationId, range),
  ]);
  const link = (filter: string) => (name: string) => writeAddress(PATH, address, { [filter]: name });
  return (
    <div className="grid grid-cols-[minmax(0,1fr)] gap-5">
      <PageHeading
        title="Overview"
        action={
          <RangePicker
            path={PATH}
            address={address}
            current={range.name}
            choices={RANGE_CHOICES}
            fromMs={range.fromMs}
            toMs={range.toMs}
          />
        }
      />
      <FilterSelects path={PATH} address={address} choices={usageChoices(used)} />
      <StatTiles totals={page.whole.totals} />
      {page.whole.totals.requests === 0 ? (
        <Card>
          <EmptyState title="No requests in this range">
            <p className="mb-5">They appear here within three seconds. This is what one looks like:</p>
            <div className="text-left">
              <QuickStartExample modelsHref="/models" />
            </div>
          </EmptyState>
        </Card>
      ) : (
        <>
          <OverviewCharts overview={page.whole} />
          <div className="grid gap-4 xl:grid-cols-2">
            <BreakdownTable isWide title="By model" groups={page.byModel} linkOf={link('model')} />
            <BreakdownTable title="By provider" groups={page.byProvider} linkOf={link('provider')} />
            <BreakdownTable
              title="By key"
              groups={page.byKey}
              linkOf={link('key')}
              titleOf={(keyId) => page.keyTitles.get(keyId) ?? keyId}
            />
          </div>
        </>
      )}
    </div>
  );
}
