import {
  decodeNanousd,
  decodeNanousdPerMillion,
  encodeNanousd,
  type Nanousd,
  type NanousdPerMillion,
} from '@tollgate/amount';
import { z } from 'zod';

/** Where the token counts of a charge come from; always stored, always true. */
export type UsageSource = 'reported' | 'counted' | 'none';

/** How a request ended; the first cause in time decides. */
export type Ending = 'finished' | 'client_left' | 'provider_died' | 'refused' | 'crashed' | 'expired';

/** One priced line of a receipt. `bucket` is a usage bucket of packages/dialects; the quantity is tokens (or images, requests …). */
export interface UsageLine {
  readonly bucket: string;
  readonly quantity: number;
  readonly unitPriceNanousdPerMillion: NanousdPerMillion;
}

/** One try at one endpoint. Times are milliseconds since the request started. */
export interface UsageAttempt {
  readonly endpointId: string;
  readonly provider: string;
  readonly providerModel: string;
  readonly startedMs: number;
  readonly durationMs: number;
  readonly firstByteMs: number | null;
  readonly status: number | null;
  readonly outcome: 'answered' | 'failed' | 'abandoned';
  readonly errorCode: string | null;
  /** why the decision put this attempt here */
  readonly reason: string;
}

/**
 * The settlement record: everything one request means for money and for the log. The gateway writes it to its spool
 * and, in the Lua that releases the hold, to the Redis Stream; whichever copy is drained first posts it, once, by `requestId`.
 * It carries no prompt and no reply text.
 */
export interface UsageEvent {
  readonly version: 1;
  /** UUIDv7 minted by the gateway: the billing id */
  readonly requestId: string;
  readonly callerRequestId: string | null;
  readonly organizationId: string;
  readonly projectId: string;
  readonly keyId: string;
  readonly gatewayBoot: string;
  /** the admission epoch it was settled in */
  readonly epoch: string | null;
  readonly dialect: string;
  readonly requestedModel: string;
  readonly model: string;
  readonly endpointId: string;
  readonly provider: string;
  readonly region: string | null;
  readonly isSandbox: boolean;
  readonly isStream: boolean;
  readonly priceVersionId: string | null;
  /** the service tier it was priced by, in the provider's word; absent: the standard one */
  readonly serviceTier?: string | undefined;
  readonly markupBp: number;
  readonly lines: readonly UsageLine[];
  readonly costNanousd: Nanousd;
  readonly feeNanousd: Nanousd;
  readonly chargeNanousd: Nanousd;
  /** provider cost that no customer pays (failed attempts, our own failures), estimated where unknown */
  readonly lossNanousd: Nanousd;
  /** what was held for it when it ended; absent or null: nobody knows, as in records written before this was told */
  readonly heldNanousd?: Nanousd | null;
  readonly tokens: {
    readonly input: number;
    readonly cachedInput: number;
    readonly output: number;
    readonly reasoning: number;
  };
  readonly usageSource: UsageSource;
  readonly ending: Ending;
  readonly finish: string | null;
  /** HTTP status the client saw */
  readonly status: number;
  readonly errorCode: string | null;
  readonly startedAtMs: number;
  readonly settledAtMs: number;
  readonly durationMs: number;
  readonly firstTokenMs: number | null;
  /** time spent in the gateway itself, outside the provider */
  readonly gatewayMs: number | null;
  readonly features: {
    readonly inputCharacters: number;
    readonly messages: number;
    readonly tools: number;
    readonly images: number;
  };
  readonly metadata: Readonly<Record<string, string>>;
  readonly attempts: readonly UsageAttempt[];
  readonly losses: readonly string[];
}

const uuid = z.string().regex(/^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/);
const amount = z.string().transform((text) => decodeNanousd(text));
const count = z.number().int().min(0).max(100_000_000);
const milliseconds = z
  .number()
  .min(0)
  .max(2 ** 31 - 1);

const lineSchema = z.object({
  bucket: z.string().max(40),
  quantity: count,
  unitPriceNanousdPerMillion: z.string().transform((text) => decodeNanousdPerMillion(text)),
});

const attemptSchema = z.object({
  endpointId: z.string(),
  provider: z.string(),
  providerModel: z.string(),
  startedMs: milliseconds,
  durationMs: milliseconds,
  firstByteMs: milliseconds.nullable(),
  status: z.number().int().nullable(),
  outcome: z.enum(['answered', 'failed', 'abandoned']),
  errorCode: z.string().nullable(),
  reason: z.string(),
});

const eventSchema = z.object({
  version: z.literal(1),
  requestId: uuid,
  callerRequestId: z.string().max(64).nullable(),
  organizationId: uuid,
  projectId: uuid,
  keyId: uuid,
  gatewayBoot: z.string(),
  epoch: z.string().nullable(),
  dialect: z.string(),
  requestedModel: z.string(),
  model: z.string(),
  endpointId: z.string(),
  provider: z.string(),
  region: z.string().nullable(),
  isSandbox: z.boolean(),
  isStream: z.boolean(),
  priceVersionId: z.string().regex(/^\d+$/).nullable(),
  serviceTier: z.string().max(40).optional(),
  markupBp: z.number().int().min(0).max(100_000),
  lines: z.array(lineSchema),
  costNanousd: amount,
  feeNanousd: amount,
  chargeNanousd: amount,
  lossNanousd: amount,
  heldNanousd: amount.nullable().optional(),
  tokens: z.object({ input: count, cachedInput: count, output: count, reasoning: count }),
  usageSource: z.enum(['reported', 'counted', 'none']),
  ending: z.enum(['finished', 'client_left', 'provider_died', 'refused', 'crashed', 'expired']),
  finish: z.string().nullable(),
  status: z.number().int(),
  errorCode: z.string().nullable(),
  startedAtMs: z.number(),
  settledAtMs: z.number(),
  durationMs: milliseconds,
  firstTokenMs: milliseconds.nullable(),
  gatewayMs: milliseconds.nullable(),
  features: z.object({ inputCharacters: z.number().int().min(0), messages: count, tools: count, images: count }),
  metadata: z.record(z.string(), z.string()),
  attempts: z.array(attemptSchema),
  losses: z.array(z.string()),
});

/**
 * The event as one line of JSON: amounts and prices as decimal strings of nano-dollars. Amounts are written out by name: a replacer
 * that looks for bigints would be called for every member of every event, on every request.
 */
export function encodeUsageEvent(event: UsageEvent): string {
  return JSON.stringify({
    ...event,
    lines: event.lines.map(encodeLine),
    costNanousd: encodeNanousd(event.costNanousd),
    feeNanousd: encodeNanousd(event.feeNanousd),
    chargeNanousd: encodeNanousd(event.chargeNanousd),
    lossNanousd: encodeNanousd(event.lossNanousd),
    ...(event.heldNanousd == null ? {} : { heldNanousd: encodeNanousd(event.heldNanousd) }),
  });
}

function encodeLine({ bucket, quantity, unitPriceNanousdPerMillion }: UsageLine) {
  return { bucket, quantity, unitPriceNanousdPerMillion: unitPriceNanousdPerMillion.toString() };
}

export type DecodedUsageEvent =
  | { readonly ok: true; readonly event: UsageEvent }
  | { readonly ok: false; readonly reason: string };

/** Reads an event from the stream or the spool. Never throws: what cannot be read goes to the dead-letter table with the reason. */
export function decodeUsageEvent(text: string): DecodedUsageEvent {
  try {
    // U+0000 is legal JSON and illegal in PostgreSQL text: one such byte must not stop everybody's billing.
    const parsed = eventSchema.safeParse(JSON.parse(text.replaceAll('\\u0000', '\\ufffd')));
    if (parsed.success) return { ok: true, event: parsed.data };
    const issue = parsed.error.issues[0];
    return { ok: false, reason: `${issue?.path.join('.') ?? ''}: ${issue?.message ?? 'invalid'}` };
  } catch (error) {
    return { ok: false, reason: error instanceof Error ? error.message : 'unreadable' };
  }
}
