import { nanousd } from '@tollgate/amount';
import { expect, it } from 'vitest';
import type { ChangeOutcome, Recount, RecountOutcome } from './admission.js';
import { type PostedSettlement, tellPosted } from './tell-posted.js';

function admission(forgotten: ChangeOutcome = { kind: 'applied' }, recounted: RecountOutcome = { kind: 'counted' }) {
  const told: string[] = [];
  const forget = async (organizationId: string) => {
    told.push(`forget ${organizationId}`);
    return forgotten;
  };
  const recount = async ({ requestId }: Recount) => {
    told.push(`recount ${requestId}`);
    return recounted;
  };
  return { told, forget, recount };
}

const settlement = (requestId: string, isLate: boolean): PostedSettlement => ({
  organizationId: 'o',
  requestId,
  scopes: [],
  chargeNanousd: nanousd(1n),
  settledEpoch: null,
  postingSequence: '1',
  isLate,
});
const away = { kind: 'unavailable', reason: 'away' } as const;

it('a late settlement is counted by reading the balance again, before its id is recounted', async () => {
  const redis = admission();
  expect(await tellPosted(redis, [settlement('a', false), settlement('b', true), settlement('c', true)])).toEqual(
    new Set(),
  );
  expect(redis.told).toEqual(['forget o', 'recount a', 'recount b', 'recount c']);
});

it('what Redis could not be told is named, so that it is told again', async () => {
  const unread = admission(away);
  expect(await tellPosted(unread, [settlement('a', false), settlement('b', true)])).toEqual(new Set(['b']));
  expect(await tellPosted(admission(undefined, away), [settlement('a', false)])).toEqual(new Set(['a']));
});
