import { keyNames } from '@tollgate/access';
import { listRequests, type RequestFilters } from '@tollgate/usage';
import type { Metadata } from 'next';
import { QuickStartExample } from '../../../features/quick-start/quick-start-example';
import { RequestSearch } from '../../../features/requests/request-search';
import { RequestTable } from '../../../features/requests/request-table';
import { NotAllowed } from '../../../features/shell/not-allowed';
import { type FilterAddress, readAddress, writeAddress } from '../../../features/usage-filter/filter-address';
import { keyTitle, readUsedNames, usageChoices } from '../../../features/usage-filter/filter-choices';
import { type FilterChoice, FilterSelects } from '../../../features/usage-filter/filter-selects';
import { decodeRange, type Range } from '../../../features/usage-filter/range';
import { RANGE_CHOICES } from '../../../features/usage-filter/range-choices';
import { RangePicker } from '../../../features/usage-filter/range-picker';
import { usageFiltersOf } from '../../../features/usage-filter/usage-filters-of';
import { database } from '../../../server/database';
import { type SearchParameters, textParameter } from '../../../server/search-parameters';
import { isAllowed, requireVisitor } from '../../../server/session';
import { ButtonLink } from '../../../ui/button';
import { Card } from '../../../ui/card';
import { EmptyState } from '../../../ui/empty-state';
import { PageHeading } from '../../../ui/page-heading';

export const metadata: Metadata = { title: 'Requests' };

const PATH = '/requests';
const PAGE_SIZE = 50;
const CHOICES = [{ value: 'all', title: 'All', label: 'All: up to 90 days' }, ...RANGE_CHOICES];
const STATUS_CHOICE: FilterChoice = {
  name: 'status',
  label: 'Status',
  allTitle: 'Any status',
  options: [
    { value: 'ok', title: 'Answered' },
    { value: 'error', title: 'Failed' },
  ],
};

export default async function RequestsPage({ searchParams }: { searchParams: Promise<SearchParameters> }) {
  const visitor = await requireVisitor();
  if (!isAllowed(visitor, 'request.read')) return <NotAllowed />;
  const parameters = await searchParams;
  const address = readAddress((name) => textParameter(parameters, name));
  const before = textParameter(parameters, 'before');
  const nowMs = Date.now();
  const range = rangeOf(address, nowMs);
  const { organizationId } = visitor.organization;
  const [page, used] = await Promise.all([
    listRequests(database(), {
      organizationId,
      filters: filtersOf(address, range),
      limit: PAGE_SIZE,
      ...(before === undefined ? {} : { before }),
    }),
    readUsedNames(organizationId, range ?? decodeRange({ range: '30d', from: undefined, to: undefined }, nowMs)),
  ]);
  const keyIds = [...new Set(page.rows.map((row) => row.keyId))];
  const names = await keyNames(database(), { organizationId, keyIds });
  const isNarrowed = Object.keys(address).length > 0 || before !== undefined;
  const pickerRange = range ?? decodeRange({ range: '24h', from: undefined, to: undefined }, nowMs);
  return (
    <div className="grid grid-cols-[minmax(0,1fr)] gap-5">
      <PageHeading
        title="Requests"
        action={
          <RangePicker
            path={PATH}
            address={address}
            current={range?.name ?? 'all'}
            choices={CHOICES}
            fromMs={pickerRange.fromMs}
            toMs={pickerRange.toMs}
          />
        }
      />
      <div className="flex flex-wrap items-center gap-2">
        <FilterSelects path={PATH} address={address} choices={[...usageChoices(used), STATUS_CHOICE]} />
        <RequestSearch path={PATH} address={address} />
      </div>
      <Card isPadded={false}>
        {page.rows.length === 0 ? (
          <NoRequests isNarrowed={isNarrowed} />
        ) : (
          <RequestTable
            rows={page.rows}
            keyTitles={new Map(keyIds.map((keyId) => [keyId, keyTitle(keyId, names.get(keyId))]))}
          />
        )}
      </Card>
      <div className="flex justify-between gap-3">
        {before ? (
          <ButtonLink href={writeAddress(PATH, address, {})} prefetch={false}>
            Newest
          </ButtonLink>
        ) : (
          <span />
        )}
        {page.next ? (
          <ButtonLink href={writeAddress(PATH, address, { before: page.next })} prefetch={false}>
            Older
          </ButtonLink>
        ) : null}
      </div>
    </div>
  );
}

function rangeOf(address: FilterAddress, nowMs: number): Range | null {
  const name = address['range'];
  if (name === undefined || name === 'all') return null;
  return decodeRange({ range: name, from: address['from'], to: address['to'] }, nowMs);
}

function filtersOf(address: FilterAddress, range: Range | null): RequestFilters {
  const { status, search } = address;
  return {
    ...usageFiltersOf(address),
    ...(status === 'ok' || status === 'error' ? { status } : {}),
    ...(search === undefined ? {} : { search }),
    ...(range === null ? {} : { fromMs: range.fromMs, toMs: range.toMs }),
  };
}

function NoRequests({ isNarrowed }: { isNarrowed: boolean }) {
  if (isNarrowed) {
    return (
      <EmptyState title="No request matches">
        <p>Take a filter away or choose a longer range. Requests are kept for 90 days.</p>
      </EmptyState>
    );
  }
  return (
    <EmptyState title="No requests yet">
      <p className="mb-5">They appear here within three seconds. This is what one looks like:</p>
      <div className="text-left">
        <QuickStartExample modelsHref="/models" />
      </div>
    </EmptyState>
  );
}
