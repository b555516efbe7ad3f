import { randomBytes } from 'node:crypto';
import { nanousd, nanousdPerMillion } from '@tollgate/amount';
import type { Database } from '@tollgate/prisma';
import type { UsageAttempt, UsageEvent } from '@tollgate/usage';

/** A UUIDv7 of this instant. */
export function uuidV7(atMs: number = Date.now()): string {
  const hex = atMs.toString(16).padStart(12, '0') + randomBytes(10).toString('hex');
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-7${hex.slice(13, 16)}-8${hex.slice(17, 20)}-${hex.slice(20, 32)}`;
}

/** An organisation of its own for a test, with nothing in its accounts. */
export async function createOrganization(database: Database, id: string = uuidV7()): Promise<string> {
  await database.$executeRaw`
    INSERT INTO organization (id, name, slug, markup_bp) VALUES (${id}::uuid, 'Test', ${`test-${id}`}, 550)`;
  return id;
}

/** An endpoint of a model of its own, without prices. */
export async function createEndpoint(database: Database, endpointId: string): Promise<void> {
  const [provider = '', model = ''] = endpointId.split(':');
  await database.$executeRaw`
    INSERT INTO catalog_model (id, author, slug, name, aliases, updated_at)
    VALUES (${`${provider}/${model}`}, ${provider}, ${model}, ${model}, '{}', now())`;
  await database.$executeRaw`
    INSERT INTO catalog_endpoint (id, model_id, provider, provider_model, dialect)
    VALUES (${endpointId}, ${`${provider}/${model}`}, ${provider}, ${model}, 'openai-chat')`;
}

const INPUT_PRICE = 150_000_000n;
const OUTPUT_PRICE = 600_000_000n;

/** Cost and charge by the rule of the house, written here once more so that a test does not trust the code it tests. */
export function priceOf(input: number, output: number, markupBp = 550): { cost: bigint; charge: bigint } {
  const raw = BigInt(input) * INPUT_PRICE + BigInt(output) * OUTPUT_PRICE;
  const up = (numerator: bigint, denominator: bigint) => (numerator + denominator - 1n) / denominator;
  return { cost: up(raw, 1_000_000n), charge: up(raw * BigInt(10_000 + markupBp), 10_000_000_000n) };
}

const ANSWERED: UsageAttempt = {
  endpointId: 'openai:gpt-4o-mini',
  provider: 'openai',
  providerModel: 'gpt-4o-mini',
  startedMs: 0,
  durationMs: 800,
  firstByteMs: 120,
  status: 200,
  outcome: 'answered',
  errorCode: null,
  reason: 'first',
};

/** A finished request of 1,000 input and 200 output tokens unless told otherwise, priced by the rule. */
export function sampleEvent(
  organizationId: string,
  { input = 1_000, output = 200, ...changes }: Partial<UsageEvent> & { input?: number; output?: number } = {},
): UsageEvent {
  const nowMs = Date.now();
  const { cost, charge } = priceOf(input, output);
  return {
    version: 1,
    requestId: uuidV7(nowMs),
    callerRequestId: null,
    organizationId,
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
    lines: [
      { bucket: 'input', quantity: input, unitPriceNanousdPerMillion: nanousdPerMillion(INPUT_PRICE) },
      { bucket: 'output', quantity: output, unitPriceNanousdPerMillion: nanousdPerMillion(OUTPUT_PRICE) },
    ],
    costNanousd: nanousd(cost),
    feeNanousd: nanousd(0n),
    chargeNanousd: nanousd(charge),
    lossNanousd: nanousd(0n),
    tokens: { input, cachedInput: 0, output, reasoning: 0 },
    usageSource: 'reported',
    ending: 'finished',
    finish: 'stop',
    status: 200,
    errorCode: null,
    startedAtMs: nowMs,
    settledAtMs: nowMs + 800,
    durationMs: 800.4,
    firstTokenMs: 120,
    gatewayMs: 1.5,
    features: { inputCharacters: 4_000, messages: 2, tools: 0, images: 0 },
    metadata: { team: 'search' },
    attempts: [ANSWERED],
    losses: [],
    ...changes,
  };
}

/** The row of a request whose gateway was lost: free, and its likely cost is the house's loss. */
export function expiredEvent(settled: UsageEvent, lossNanousd = 7_000n): UsageEvent {
  const nothing = { lines: [], costNanousd: nanousd(0n), chargeNanousd: nanousd(0n), priceVersionId: null };
  return {
    ...settled,
    ...nothing,
    lossNanousd: nanousd(lossNanousd),
    tokens: { input: 0, cachedInput: 0, output: 0, reasoning: 0 },
    usageSource: 'none',
    ending: 'expired',
    finish: null,
    status: 500,
    errorCode: 'gateway_lost',
  };
}
