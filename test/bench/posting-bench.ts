import { randomBytes } from 'node:crypto';
import { mintId } from '@tollgate/access';
import { nanousd, nanousdPerMillion } from '@tollgate/amount';
import { postUsage } from '@tollgate/billing';
import { type Database, openDatabase } from '@tollgate/prisma';
import type { UsageEvent } from '@tollgate/usage';
import { median } from './cpu-time.js';

export interface PostingOptions {
  readonly databaseUrl: string;
  readonly rounds: number;
  readonly eventsPerRound: number;
  readonly organizations: number;
  /** events of one transaction, as the worker's drain takes them */
  readonly batch: number;
}

export interface PostingFigures {
  /** by round */
  readonly eventsPerSecond: readonly number[];
  readonly posted: number;
}

/** Posts events as the worker does, one batch after the other, and says how many a second it took. Nothing but the database works meanwhile. */
export async function postingBench(options: PostingOptions): Promise<PostingFigures> {
  const database = openDatabase({ url: options.databaseUrl, applicationName: 'posting-bench', maxConnections: 8 });
  try {
    const ids = await createOrganizations(database, options.organizations);
    await postAll(database, makeEvents(ids, 2_000), options.batch);
    const eventsPerSecond: number[] = [];
    let posted = 0;
    for (let round = 0; round < options.rounds; round += 1) {
      const events = makeEvents(ids, options.eventsPerRound);
      const startedAt = performance.now();
      posted += await postAll(database, events, options.batch);
      eventsPerSecond.push((events.length / (performance.now() - startedAt)) * 1_000);
    }
    return { eventsPerSecond, posted };
  } finally {
    await database.$disconnect();
  }
}

export function postingLine(
  { eventsPerSecond, posted }: PostingFigures,
  { organizations, batch }: PostingOptions,
): string {
  const each = eventsPerSecond.map((figure) => Math.round(figure)).join(' ');
  return `posting  median ${Math.round(median(eventsPerSecond))} events/s in batches of ${batch} over ${organizations} organisations (rounds ${each}), ${posted} posted`;
}

async function postAll(database: Database, events: readonly UsageEvent[], batch: number): Promise<number> {
  let posted = 0;
  for (let at = 0; at < events.length; at += batch)
    posted += (await postUsage(database, events.slice(at, at + batch), { via: 'bench' })).posted.length;
  return posted;
}

async function createOrganizations(database: Database, count: number): Promise<string[]> {
  const ids = Array.from({ length: count }, () => mintId(Date.now(), randomBytes));
  const rows = ids.map((id) => ({ id, name: 'Bench', slug: `posting-${id}`, markupBp: 550 }));
  await database.organization.createMany({ data: rows });
  return ids;
}

/** Requests of four keys and three models an organisation, as a busy minute brings them. */
function makeEvents(organizationIds: readonly string[], count: number): UsageEvent[] {
  return Array.from({ length: count }, (_, index) => {
    const organizationId = organizationIds[index % organizationIds.length] ?? '';
    return requestOf(organizationId, index);
  });
}

function requestOf(organizationId: string, index: number): UsageEvent {
  const atMs = Date.now();
  const model = `bench/model-${index % 3}`;
  const attempt = {
    endpointId: `bench:${model}`,
    provider: 'bench',
    providerModel: model,
    startedMs: 1,
    durationMs: 780,
    firstByteMs: 110,
    status: 200,
    outcome: 'answered',
    errorCode: null,
    reason: 'first',
  } as const;
  return {
    version: 1,
    requestId: mintId(atMs, randomBytes),
    callerRequestId: null,
    organizationId,
    projectId: organizationId,
    keyId: `${organizationId.slice(0, -1)}${Math.floor(index / 50) % 4}`,
    gatewayBoot: 'bench',
    epoch: 'bench',
    dialect: 'openai-chat',
    requestedModel: model,
    model,
    endpointId: attempt.endpointId,
    provider: 'bench',
    region: null,
    isSandbox: true,
    isStream: true,
    priceVersionId: '1',
    markupBp: 550,
    lines: [
      { bucket: 'input', quantity: 1_000, unitPriceNanousdPerMillion: nanousdPerMillion(150_000_000n) },
      { bucket: 'output', quantity: 200, unitPriceNanousdPerMillion: nanousdPerMillion(600_000_000n) },
    ],
    costNanousd: nanousd(270_000n),
    feeNanousd: nanousd(0n),
    chargeNanousd: nanousd(284_850n),
    lossNanousd: nanousd(0n),
    heldNanousd: nanousd(10_000_000n),
    tokens: { input: 1_000, cachedInput: 0, output: 200, reasoning: 0 },
    usageSource: 'reported',
    ending: 'finished',
    finish: 'stop',
    status: 200,
    errorCode: null,
    startedAtMs: atMs,
    settledAtMs: atMs + 800,
    durationMs: 800,
    firstTokenMs: 120,
    gatewayMs: 1.5,
    features: { inputCharacters: 4_000, messages: 2, tools: 0, images: 0 },
    metadata: {},
    attempts: [attempt],
    losses: [],
  };
}
