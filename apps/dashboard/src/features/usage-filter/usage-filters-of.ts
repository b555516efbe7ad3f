import type { UsageFilters } from '@tollgate/usage';
import type { FilterAddress } from './filter-address';

/** What the address asks the stores for. They check every value themselves: a wrong one matches nothing. */
export function usageFiltersOf(address: FilterAddress): UsageFilters {
  const { model, provider, key } = address;
  return {
    ...(model === undefined ? {} : { model }),
    ...(provider === undefined ? {} : { provider }),
    ...(key === undefined ? {} : { keyId: key }),
  };
}
