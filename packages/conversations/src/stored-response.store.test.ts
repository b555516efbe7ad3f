import { randomBytes, randomUUID } from 'node:crypto';
import { openDatabase } from '@tollgate/prisma';
import { afterAll, describe, expect, it } from 'vitest';
import { changeProjectSettings, readProjectSettings } from './project-settings.store.js';
import {
  deleteExpiredResponses,
  deleteResponse,
  loadResponse,
  loadResponsesWithItems,
  RESPONSE_RETENTION_DAYS,
  type ResponseOwner,
  saveResponse,
} from './stored-response.store.js';

const db = openDatabase({ url: process.env.DATABASE_URL ?? '', applicationName: 'stored-response.store.test' });
afterAll(() => db.$disconnect());

const nowMs = Date.now();
const payload = randomBytes(64);

async function newProject(organizationId: string = randomUUID(), storesResponses = true): Promise<ResponseOwner> {
  const projectId = randomUUID();
  const known = await db.organization.findUnique({ where: { id: organizationId } });
  if (known === null)
    await db.organization.create({
      data: { id: organizationId, name: 'Test', slug: `test-${organizationId}`, markupBp: 550 },
    });
  await db.project.create({ data: { id: projectId, organizationId, name: projectId, storesResponses } });
  return { organizationId, projectId };
}

describe('a stored turn', () => {
  it('is found by its own project, and by nobody else', async () => {
    const owner = await newProject();
    const sibling = await newProject(owner.organizationId);
    const stranger = await newProject();
    await saveResponse(db, owner, { id: 'resp_a', payload, itemIds: [], nowMs });
    expect(await loadResponse(db, owner, { id: 'resp_a', nowMs })).toEqual(payload);
    for (const other of [sibling, stranger]) {
      expect(await loadResponse(db, other, { id: 'resp_a', nowMs })).toBeNull();
      expect(await deleteResponse(db, other, { id: 'resp_a', nowMs })).toBe(false);
    }
    expect(await loadResponse(db, owner, { id: 'resp_a', nowMs })).toEqual(payload);
  });

  it('may have the same id in another organisation', async () => {
    const [one, two] = [await newProject(), await newProject()];
    const other = randomBytes(64);
    await saveResponse(db, one, { id: 'resp_same', payload, itemIds: [], nowMs });
    await saveResponse(db, two, { id: 'resp_same', payload: other, itemIds: [], nowMs });
    expect(await loadResponse(db, one, { id: 'resp_same', nowMs })).toEqual(payload);
    expect(await loadResponse(db, two, { id: 'resp_same', nowMs })).toEqual(other);
  });

  it('is gone after it was deleted, and after its time', async () => {
    const owner = await newProject();
    const later = nowMs + RESPONSE_RETENTION_DAYS * 86_400_000;
    for (const id of ['resp_deleted', 'resp_old', 'resp_young'])
      await saveResponse(db, owner, { id, payload, itemIds: [], nowMs: id === 'resp_young' ? nowMs + 1 : nowMs });
    expect(await deleteResponse(db, owner, { id: 'resp_deleted', nowMs })).toBe(true);
    expect(await loadResponse(db, owner, { id: 'resp_deleted', nowMs })).toBeNull();
    expect(await loadResponse(db, owner, { id: 'resp_old', nowMs: later - 1 })).toEqual(payload);
    expect(await loadResponse(db, owner, { id: 'resp_old', nowMs: later })).toBeNull();
    expect(await deleteExpiredResponses(db, { nowMs: later })).toBeGreaterThan(0);
    expect(
      await db.storedResponse.findMany({ where: { organizationId: owner.organizationId }, select: { id: true } }),
    ).toEqual([{ id: 'resp_young' }]);
  });
});

describe('items of stored turns', () => {
  it('are found by their ids, in their own project, while they last', async () => {
    const owner = await newProject();
    const stranger = await newProject(owner.organizationId);
    const later = nowMs + RESPONSE_RETENTION_DAYS * 86_400_000;
    await saveResponse(db, owner, { id: 'resp_items', payload, itemIds: ['msg_1', 'fc_1'], nowMs });
    await saveResponse(db, owner, { id: 'resp_other', payload, itemIds: ['msg_2'], nowMs });
    const find = (whose: ResponseOwner, itemIds: readonly string[], at = nowMs) =>
      loadResponsesWithItems(db, whose, { itemIds, nowMs: at });
    expect(await find(owner, ['fc_1', 'fc_9'])).toEqual([{ id: 'resp_items', payload }]);
    expect((await find(owner, ['msg_1', 'msg_2'])).map(({ id }) => id).sort()).toEqual(['resp_items', 'resp_other']);
    expect(await find(owner, ['msg_9'])).toEqual([]);
    expect(await find(stranger, ['msg_1'])).toEqual([]);
    expect(await find(owner, ['msg_1'], later)).toEqual([]);
  });

  it('are looked for in the newest turns only, and no further than memory allows', async () => {
    const owner = await newProject();
    const large = Buffer.alloc(9 * 1024 * 1024);
    for (const [at, id] of ['oldest', 'old', 'new'].entries())
      await saveResponse(db, owner, { id, payload: large, itemIds: [`msg_${id}`], nowMs: nowMs + at });
    const itemIds = ['msg_oldest', 'msg_old', 'msg_new'];
    const found = await loadResponsesWithItems(db, owner, { itemIds, nowMs });
    expect(found.map(({ id }) => id)).toEqual(['new', 'old']);
  });
});

describe('a project', () => {
  it('stores nothing unless it says so, and what it stored is gone when it says no', async () => {
    const owner = await newProject(randomUUID(), false);
    expect(await readProjectSettings(db, owner)).toMatchObject({ storesResponses: false, keepsReasoning: true });
    const on = await changeProjectSettings(db, owner, { storesResponses: true });
    expect(on).toMatchObject({ settings: { storesResponses: true, keepsReasoning: true }, authVersion: '2' });
    await saveResponse(db, owner, { id: 'resp_b', payload, itemIds: [], nowMs });
    expect(await changeProjectSettings(db, owner, { storesResponses: false })).toMatchObject({ authVersion: '3' });
    expect(await loadResponse(db, owner, { id: 'resp_b', nowMs })).toBeNull();
  });

  it('stores no answer that ends after it said no, and none under another organisation', async () => {
    const owner = await newProject();
    const stranger = await newProject();
    await changeProjectSettings(db, owner, { storesResponses: false });
    await saveResponse(db, owner, { id: 'resp_late', payload, itemIds: [], nowMs });
    await saveResponse(
      db,
      { ...stranger, organizationId: owner.organizationId },
      { id: 'resp_late', payload, itemIds: [], nowMs },
    );
    expect(await db.storedResponse.count({ where: { id: 'resp_late', organizationId: owner.organizationId } })).toBe(0);
  });

  it('of another organisation cannot be read or changed', async () => {
    const owner = await newProject(randomUUID(), false);
    const stranger = await newProject();
    const mixed = { organizationId: stranger.organizationId, projectId: owner.projectId };
    expect(await readProjectSettings(db, mixed)).toBeNull();
    expect(await changeProjectSettings(db, mixed, { storesResponses: true })).toBeNull();
    expect(await readProjectSettings(db, owner)).toMatchObject({ storesResponses: false });
  });
});
