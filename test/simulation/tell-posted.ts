import { redis, type Steps } from './effects.ts';
import { type Posting, SCOPE } from './ledger.ts';
import { ANY_EPOCH, type Loader } from './organization-loader.ts';
import { recount } from './redis/recount.ts';
import type { World } from './world.ts';

const DAY_MS = 24 * 3_600_000;
const FORGOTTEN_MS = 10 * 60_000;
/** Requests are minted in this window of the world's clock. */
const MINTED_MS = 0;

/** What a drain knows of a posting: `settled` is the epoch its stream entry says it was debited in. */
export interface Told {
  readonly posting: Posting;
  readonly settled: string;
}

/** tellPosted of the product: true when admission has counted it. */
export function* tellPosted(world: World, loader: Loader, { posting, settled }: Told): Steps<boolean> {
  const { row, kind } = posting;
  if (kind === 'late' && !(yield* loader.forget(row.organization))) return false;
  const item = {
    organization: row.organization,
    request: row.request,
    charge: row.charge,
    settled,
    sequence: row.sequence,
    scopes: [SCOPE],
    isForgotten:
      MINTED_MS <
      world.nowMs + loader.actor.skewMs - (world.defect === 'forgotten_after_a_day' ? DAY_MS : FORGOTTEN_MS),
  };
  for (let tries = 0; tries < (world.defect === 'reload_not_followed' ? 1 : 2); tries += 1) {
    const answer = yield* redis({
      name: 'recount',
      about: row.request,
      run: (state, stamp) => recount(state, stamp, item),
      code: ({ code }) => code,
      observe: (counted) => world.witness?.recounted(item, counted),
    });
    if (answer.kind === 'failed') return false;
    if (answer.value.code !== 'RELOAD') return true;
    if (!(yield* loader.load(row.organization, answer.value.first || ANY_EPOCH))) return false;
  }
  return true;
}
