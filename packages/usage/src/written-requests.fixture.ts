import { randomBytes } from 'node:crypto';
import { nanousd, nanousdPerMillion } from '@tollgate/amount';
import type { Database } from '@tollgate/prisma';
import {
  addBudgetSpend,
  insertRequestLog,
  insertUsageEvents,
  rollUp,
  type UsageEvent,
  upsertRollups,
} from './index.js';

/** A UUIDv7 of a millisecond. */
export function uuidV7(atMs: number): string {
  const hex = atMs.toString(16).padStart(12, '0') + randomBytes(10).toString('hex');
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-7${hex.slice(13, 16)}-8${hex.slice(17, 20)}-${hex.slice(20, 32)}`;
}

/** A finished request that started at a millisecond; whatever a test is about is in `changes`. */
export function requestAt(
  startedAtMs: number,
  changes: Partial<UsageEvent> & Pick<UsageEvent, 'organizationId'>,
): UsageEvent {
  return {
    version: 1,
    requestId: uuidV7(startedAtMs),
    callerRequestId: null,
    projectId: '01900000-0000-7000-8000-000000000001',
    keyId: '01900000-0000-7000-8000-000000000002',
    gatewayBoot: 'test:boot',
    epoch: 'run:1',
    dialect: 'openai-chat',
    requestedModel: 'gpt-4o-mini',
    model: 'openai/gpt-4o-mini',
    endpointId: 'openai:gpt-4o-mini',
    provider: 'openai',
    region: null,
    isSandbox: true,
    isStream: true,
    priceVersionId: '1',
    markupBp: 550,
    lines: [{ bucket: 'input', quantity: 1_000, unitPriceNanousdPerMillion: nanousdPerMillion(150_000_000n) }],
    costNanousd: nanousd(150_000n),
    feeNanousd: nanousd(0n),
    chargeNanousd: nanousd(158_250n),
    lossNanousd: nanousd(0n),
    tokens: { input: 1_000, cachedInput: 0, output: 0, reasoning: 0 },
    usageSource: 'reported',
    ending: 'finished',
    finish: 'stop',
    status: 200,
    errorCode: null,
    startedAtMs,
    settledAtMs: startedAtMs + 800,
    durationMs: 800,
    firstTokenMs: 120,
    gatewayMs: 1.5,
    features: { inputCharacters: 4_000, messages: 2, tools: 1, images: 0 },
    metadata: { team: 'search' },
    attempts: [],
    losses: [],
    ...changes,
  };
}

/** Writes requests the way the posting does, in one transaction, but for the ledger's entries. */
export async function writeRequests(db: Database, events: readonly UsageEvent[]): Promise<void> {
  await db.$transaction(async (transaction) => {
    const references = new Map<string, { postingSequence: bigint; transactionId: bigint }>();
    for (const organizationId of new Set(events.map((event) => event.organizationId))) {
      const key = `test:${randomBytes(12).toString('hex')}`;
      const { id } = await transaction.journalTransaction.create({
        data: { kind: 'usage', idempotencyKey: key, organizationId, actor: 'test' },
      });
      references.set(organizationId, { postingSequence: 1n, transactionId: id });
    }
    await insertUsageEvents(transaction, events, references);
    await insertRequestLog(transaction, events);
    await upsertRollups(transaction, rollUp(events));
    const spent = events.map(({ organizationId, keyId, chargeNanousd }) => ({ organizationId, keyId, chargeNanousd }));
    for (const { organizationId, keyId, chargeNanousd } of spent) {
      await addBudgetSpend(transaction, [
        { organizationId, scope: `key:${keyId}`, period: 'lifetime', spentNanousd: chargeNanousd },
      ]);
    }
  });
}
