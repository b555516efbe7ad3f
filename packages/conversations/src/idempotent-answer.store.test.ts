import { randomBytes, randomUUID } from 'node:crypto';
import { nanousd } from '@tollgate/amount';
import { openDatabase } from '@tollgate/prisma';
import { afterAll, describe, expect, it } from 'vitest';
import {
  ANSWER_RETENTION_MS,
  deleteExpiredAnswers,
  findIdempotentAnswer,
  saveIdempotentAnswer,
} from './idempotent-answer.store.js';
import { changeProjectSettings } from './project-settings.store.js';
import type { ResponseOwner } from './stored-response.store.js';

const db = openDatabase({ url: process.env.DATABASE_URL ?? '', applicationName: 'idempotent-answer.store.test' });
afterAll(() => db.$disconnect());

const nowMs = Date.now();
const answer = randomBytes(64);
const hash = () => randomBytes(32).toString('base64url');
const completed = (over: object = {}) => ({
  keyHash: hash(),
  bodyHash: hash(),
  requestId: randomUUID(),
  chargeNanousd: nanousd(12_345n),
  answer,
  nowMs,
  ...over,
});

async function newProject(keepsReasoning = true): Promise<ResponseOwner> {
  const [organizationId, projectId] = [randomUUID(), randomUUID()];
  await db.organization.create({
    data: { id: organizationId, name: 'Test', slug: `test-${organizationId}`, markupBp: 550 },
  });
  await db.project.create({ data: { id: projectId, organizationId, name: projectId, keepsReasoning } });
  return { organizationId, projectId };
}

describe('what a request with an Idempotency-Key came to', () => {
  it('is found for a day by its own project, and by nobody else', async () => {
    const [owner, stranger] = [await newProject(), await newProject()];
    const kept = completed();
    const { keyHash, bodyHash, requestId, chargeNanousd } = kept;
    expect(await saveIdempotentAnswer(db, owner, kept)).toBe(true);
    const find = (who: ResponseOwner, atMs: number) => findIdempotentAnswer(db, who, { keyHash, nowMs: atMs });
    expect(await find(owner, nowMs)).toEqual({ bodyHash, requestId, chargeNanousd, answer });
    expect(await find(owner, nowMs + ANSWER_RETENTION_MS - 1)).not.toBeNull();
    expect(await find(owner, nowMs + ANSWER_RETENTION_MS)).toBeNull();
    expect(await find(stranger, nowMs)).toBeNull();
    expect(await find({ ...owner, projectId: stranger.projectId }, nowMs)).toBeNull();
  });

  it('is that of the first request, until its day is over', async () => {
    const owner = await newProject();
    const first = completed();
    const { keyHash } = first;
    const [second, third] = [completed({ keyHash }), completed({ keyHash, nowMs: nowMs + ANSWER_RETENTION_MS })];
    expect(await saveIdempotentAnswer(db, owner, first)).toBe(true);
    expect(await saveIdempotentAnswer(db, owner, second)).toBe(false);
    expect(await findIdempotentAnswer(db, owner, { keyHash, nowMs })).toMatchObject({ requestId: first.requestId });
    expect(await saveIdempotentAnswer(db, owner, third)).toBe(true);
    expect(await findIdempotentAnswer(db, owner, third)).toMatchObject({ requestId: third.requestId });
  });

  it('says under zero retention that it was done and what it cost, and nothing of the answer', async () => {
    const owner = await newProject(false);
    const kept = completed();
    await saveIdempotentAnswer(db, owner, kept);
    const { requestId, chargeNanousd } = kept;
    expect(await findIdempotentAnswer(db, owner, kept)).toMatchObject({ requestId, chargeNanousd, answer: null });
  });

  it('loses its answer, not its charge, when its project turns keeping off', async () => {
    const [owner, other] = [await newProject(), await newProject()];
    const [kept, others] = [completed(), completed()];
    await saveIdempotentAnswer(db, owner, kept);
    await saveIdempotentAnswer(db, other, others);
    await changeProjectSettings(db, owner, { storesResponses: false });
    expect(await findIdempotentAnswer(db, owner, kept)).toMatchObject({ answer });
    await changeProjectSettings(db, owner, { keepsReasoning: false });
    expect(await findIdempotentAnswer(db, owner, kept)).toMatchObject({ requestId: kept.requestId, answer: null });
    expect(await findIdempotentAnswer(db, other, others)).toMatchObject({ answer });
  });

  it('is deleted when its day is over', async () => {
    const owner = await newProject();
    const [old, young] = [completed({ nowMs: nowMs - ANSWER_RETENTION_MS }), completed()];
    await saveIdempotentAnswer(db, owner, old);
    await saveIdempotentAnswer(db, owner, young);
    expect(await deleteExpiredAnswers(db, { nowMs })).toBeGreaterThan(0);
    const rows = await db.idempotentAnswer.findMany({ where: { projectId: owner.projectId } });
    expect(rows.map(({ keyHash }) => keyHash)).toEqual([young.keyHash]);
  });

  it('of 10,000 keys is found one by one, and deleted in batches when the day is over', async () => {
    const owner = await newProject();
    await db.$executeRaw`
      INSERT INTO idempotent_answer (key_hash, organization_id, project_id, request_id, body_hash, charge_nanousd, created_at, expires_at)
      SELECT lpad(n::text, 43, 'k'), ${owner.organizationId}::uuid, ${owner.projectId}::uuid, gen_random_uuid(), repeat('b', 43), n,
        ${new Date(nowMs - 2)}::timestamptz, ${new Date(nowMs - 1)}::timestamptz FROM generate_series(1, 10000) n`;
    const keyHash = '7777'.padStart(43, 'k');
    const found = await findIdempotentAnswer(db, owner, { keyHash, nowMs: nowMs - 2 });
    expect(found).toMatchObject({ chargeNanousd: 7_777n, answer: null });
    expect(await deleteExpiredAnswers(db, { nowMs })).toBeGreaterThanOrEqual(10_000);
    expect(await db.idempotentAnswer.count({ where: { projectId: owner.projectId } })).toBe(0);
  });

  it('cannot be larger than an answer that is kept', async () => {
    const owner = await newProject();
    await expect(saveIdempotentAnswer(db, owner, completed({ answer: randomBytes(300_001) }))).rejects.toThrow();
  });

  it('is written once by requests that end at the same time', async () => {
    const owner = await newProject();
    const keyHash = hash();
    const saved = await Promise.all(
      Array.from({ length: 20 }, () => saveIdempotentAnswer(db, owner, completed({ keyHash }))),
    );
    expect(saved.filter(Boolean)).toHaveLength(1);
  });
});
