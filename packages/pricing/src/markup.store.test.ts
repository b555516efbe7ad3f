import { randomUUID } from 'node:crypto';
import { type Database, openDatabase } from '@tollgate/prisma';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { MarkupRule } from './index.js';
import { addMarkupRule, endMarkupRule, loadHouseMarkup } from './markup.store.js';

let db: Database;
let organizationId: string;
const nowMs = Date.UTC(2026, 10, 20, 12);
const midnight = Date.UTC(2026, 10, 21);

beforeAll(async () => {
  db = openDatabase({ url: process.env.DATABASE_URL ?? '', applicationName: 'markup-test' });
  organizationId = randomUUID();
  await db.$executeRaw`INSERT INTO organization (id, name, slug, markup_bp)
    VALUES (${organizationId}::uuid, 'Test', ${`markup-${organizationId}`}, 550)`;
});
afterAll(() => db.$disconnect());

function rule(changes: Partial<MarkupRule> = {}): MarkupRule {
  return {
    organizationId,
    model: null,
    provider: null,
    markupBp: 100,
    effectiveFromMs: nowMs,
    effectiveToMs: null,
    ...changes,
  };
}

const add = (changes: Partial<MarkupRule>) => addMarkupRule(db, rule(changes), nowMs);

async function authVersion(): Promise<bigint | undefined> {
  const rows = await db.$queryRaw<{ version: bigint }[]>`
    SELECT auth_version AS version FROM organization WHERE id = ${organizationId}::uuid`;
  return rows[0]?.version;
}

describe('rules of markup', () => {
  it('two of one subject never hold at the same time: the database refuses the second', async () => {
    const model = `test/${randomUUID()}`;
    expect(await add({ model, effectiveToMs: midnight })).toMatchObject({ kind: 'added' });
    expect(await add({ model, effectiveFromMs: midnight - 1 })).toEqual({ kind: 'refused', reason: 'overlap' });
    expect(await add({ model, effectiveFromMs: midnight })).toMatchObject({ kind: 'added' });
    const again = await add({ model, effectiveFromMs: midnight + 1, effectiveToMs: midnight + 2 });
    expect(again).toEqual({ kind: 'refused', reason: 'overlap' });
    await expect(
      db.$executeRaw`INSERT INTO markup_rule (organization_id, model, markup_bp, effective_from)
        VALUES (${organizationId}::uuid, ${model}, 5, ${new Date(midnight)})`,
    ).rejects.toThrow(/markup_rule_no_overlap/);
  });

  it('of many that are added at once for one subject, one stands', async () => {
    const model = `test/${randomUUID()}`;
    const outcomes = await Promise.all(Array.from({ length: 8 }, () => add({ model })));
    expect(outcomes.filter(({ kind }) => kind === 'added')).toHaveLength(1);
  });

  it('other subjects are other rules: a model, a provider, both, the house', async () => {
    const model = `test/${randomUUID()}`;
    const provider = `p-${model}`;
    const subjects = [{ model }, { provider }, { model, provider }, { model, provider, organizationId: null }];
    for (const subject of subjects) expect(await add(subject)).toMatchObject({ kind: 'added' });
    const house = (await loadHouseMarkup(db)).filter((entry) => entry.model === model);
    expect(house).toEqual([rule({ organizationId: null, model, provider })]);
  });

  it('an organisation’s rule raises its auth version, so that every gateway reads it', async () => {
    const before = (await authVersion()) ?? 0n;
    const added = await add({ model: `test/${randomUUID()}` });
    expect(await authVersion()).toBe(before + 1n);
    if (added.kind !== 'added') throw new Error(added.reason);
    expect(await endMarkupRule(db, { id: added.id, effectiveToMs: midnight, nowMs })).toBe(true);
    expect(await authVersion()).toBe(before + 2n);
  });

  it('nothing that was admitted is priced anew: no rule of the past, no end in the past, no rewriting', async () => {
    expect(await add({ effectiveFromMs: nowMs - 1 })).toEqual({ kind: 'refused', reason: 'in_the_past' });
    const model = `test/${randomUUID()}`;
    const added = await add({ model });
    if (added.kind !== 'added') throw new Error(added.reason);
    expect(await endMarkupRule(db, { id: added.id, effectiveToMs: nowMs - 1, nowMs })).toBe(false);
    await expect(db.$executeRaw`UPDATE markup_rule SET markup_bp = 0 WHERE model = ${model}`).rejects.toThrow();
    await expect(db.$executeRaw`DELETE FROM markup_rule WHERE model = ${model}`).rejects.toThrow();
  });

  it.each([-1, 100_001, 1.5, Number.NaN])('a markup of %s is no markup', async (markupBp) => {
    await expect(add({ model: `test/${randomUUID()}`, markupBp })).rejects.toThrow();
  });

  it('is refused for an organisation that does not exist', async () => {
    const unknown = await add({ organizationId: randomUUID() });
    expect(unknown).toEqual({ kind: 'refused', reason: 'unknown_organization' });
  });
});
