import 'server-only';
import { keyNames } from '@tollgate/access';
import { type Overview, overview, type UsageFilters, type UsageGroup } from '@tollgate/usage';
import { database } from '../../server/database';
import { keyTitle } from '../usage-filter/filter-choices';
import type { Range } from '../usage-filter/range';

export interface OverviewPage {
  readonly whole: Overview;
  readonly byModel: readonly UsageGroup[];
  readonly byProvider: readonly UsageGroup[];
  readonly byKey: readonly UsageGroup[];
  readonly keyTitles: ReadonlyMap<string, string>;
}

/** Totals, series and the three breakdowns of one range, read at once. */
export async function readOverview(organizationId: string, range: Range, filters: UsageFilters): Promise<OverviewPage> {
  const { fromMs, toMs, interval } = range;
  const by = (groupBy: 'model' | 'provider' | 'key') =>
    overview(database(), { organizationId, fromMs, toMs, interval, groupBy, filters });
  const [byModel, byProvider, byKey] = await Promise.all([by('model'), by('provider'), by('key')]);
  const keyIds = byKey.groups.filter((group) => !group.isOther).map((group) => group.name);
  const names = await keyNames(database(), { organizationId, keyIds });
  return {
    whole: byModel,
    byModel: byModel.groups,
    byProvider: byProvider.groups,
    byKey: byKey.groups,
    keyTitles: new Map(keyIds.map((keyId) => [keyId, keyTitle(keyId, names.get(keyId))])),
  };
}
