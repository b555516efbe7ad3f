import { decodeNanousdPerMillion, type Nanousd, nanousd } from '@tollgate/amount';
import { z } from 'zod';
import { requestIdOf } from './late-request-id.js';
import type { Ending, UsageAttempt, UsageLine, UsageSource } from './usage-event.js';
import { isErrorEvent } from './usage-rollup.js';

/** One request as a table shows it. */
export interface RequestSummary {
  readonly requestId: string;
  readonly startedAtMs: number;
  readonly projectId: string;
  readonly keyId: string;
  readonly requestedModel: string;
  readonly model: string;
  readonly provider: string;
  readonly endpointId: string;
  /** HTTP status the client saw */
  readonly status: number;
  readonly isError: boolean;
  readonly errorCode: string | null;
  readonly ending: Ending;
  readonly finish: string | null;
  readonly usageSource: UsageSource;
  readonly isStream: boolean;
  readonly isSandbox: boolean;
  readonly durationMs: number;
  readonly firstTokenMs: number | null;
  readonly inputTokens: number;
  readonly cachedInputTokens: number;
  readonly outputTokens: number;
  readonly reasoningTokens: number;
  readonly chargeNanousd: Nanousd;
}

/** Everything the log knows of one request. It never knew the prompt or the reply. */
export interface RequestRecord extends RequestSummary {
  readonly callerRequestId: string | null;
  readonly dialect: string;
  readonly region: string | null;
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

/** The posted charge of one request: what its receipt is made of. What it cost the house beyond that is not in here. */
export interface ChargeRecord {
  readonly requestId: string;
  readonly projectId: string;
  readonly keyId: string;
  readonly provider: string;
  readonly model: string;
  readonly endpointId: string;
  readonly priceVersionId: string | null;
  /** the service tier whose prices these are; null: the standard one */
  readonly serviceTier: string | null;
  readonly markupBp: number;
  readonly lines: readonly UsageLine[];
  readonly inputTokens: number;
  readonly cachedInputTokens: number;
  readonly outputTokens: number;
  readonly reasoningTokens: number;
  readonly costNanousd: Nanousd;
  readonly feeNanousd: Nanousd;
  readonly chargeNanousd: Nanousd;
  readonly usageSource: UsageSource;
  readonly ending: Ending;
  readonly settledAtMs: number;
  readonly postedAtMs: number;
  /** when the request had been given up before it was settled after all; null: it was not settled late */
  readonly expiredAtMs: number | null;
  /** the journal transaction that moved the money; null when the request moved none */
  readonly transactionId: string | null;
  /** what was posted later because a price turned out to have been wrong, in that order */
  readonly corrections: readonly ChargeCorrection[];
}

/** A late correction of a request's price: what it costs since then. The charge itself stays what it was. */
export interface ChargeCorrection {
  readonly correctionId: string;
  readonly reason: string;
  readonly lines: readonly UsageLine[];
  readonly markupBp: number;
  readonly costNanousd: Nanousd;
  readonly feeNanousd: Nanousd;
  /** before this correction */
  readonly oldChargeNanousd: Nanousd;
  readonly chargeNanousd: Nanousd;
  readonly postedAtMs: number;
  readonly transactionId: string;
}

const endings = z.enum(['finished', 'client_left', 'provider_died', 'refused', 'crashed', 'expired']);
const sources = z.enum(['reported', 'counted', 'none']);
const milliseconds = z.date().transform((date) => date.getTime());
const amount = z.bigint().transform((value) => nanousd(value));
const tokens = z.bigint().transform(Number);

const summaryColumns = {
  request_id: z.string(),
  started_at: milliseconds,
  project_id: z.string(),
  key_id: z.string(),
  requested_model: z.string(),
  model: z.string(),
  provider: z.string(),
  endpoint_id: z.string(),
  status: z.number(),
  error_code: z.string().nullable(),
  ending: endings,
  finish: z.string().nullable(),
  usage_source: sources,
  is_stream: z.boolean(),
  is_sandbox: z.boolean(),
  duration_ms: z.number(),
  first_token_ms: z.number().nullable(),
  input_tokens: tokens,
  cached_input_tokens: tokens,
  output_tokens: tokens,
  reasoning_tokens: tokens,
  charge_nanousd: amount,
};

const summarySchema = z.object(summaryColumns);

const attemptSchema = z.object({
  endpointId: z.string(),
  provider: z.string(),
  providerModel: z.string(),
  startedMs: z.number(),
  durationMs: z.number(),
  firstByteMs: z.number().nullable(),
  status: z.number().nullable(),
  outcome: z.enum(['answered', 'failed', 'abandoned']),
  errorCode: z.string().nullable(),
  reason: z.string(),
});

const recordSchema = z.object({
  ...summaryColumns,
  caller_request_id: z.string().nullable(),
  dialect: z.string(),
  region: z.string().nullable(),
  gateway_ms: z.number().nullable(),
  input_characters: z.number(),
  message_count: z.number(),
  tool_count: z.number(),
  image_count: z.number(),
  metadata: z.record(z.string(), z.string()),
  attempts: z.array(attemptSchema),
  losses: z.array(z.string()),
});

const lineSchema = z.object({
  bucket: z.string(),
  quantity: z.coerce.number().int().min(0),
  unitPriceNanousdPerMillion: z.string().transform((text) => decodeNanousdPerMillion(text)),
});

const chargeSchema = z.object({
  request_id: z.string(),
  project_id: z.string(),
  key_id: z.string(),
  provider: z.string(),
  model: z.string(),
  endpoint_id: z.string(),
  price_version_id: z.bigint().transform(String).nullable(),
  service_tier: z.string().nullable(),
  markup_bp: z.number(),
  lines: z.array(lineSchema),
  input_tokens: tokens,
  cached_input_tokens: tokens,
  output_tokens: tokens,
  reasoning_tokens: tokens,
  cost_nanousd: amount,
  fee_nanousd: amount,
  charge_nanousd: amount,
  usage_source: sources,
  ending: endings,
  settled_at: milliseconds,
  posted_at: milliseconds,
  transaction_id: z.bigint().transform(String).nullable(),
});

/** Row of request_log → summary. Throws on a row that the writer cannot have written. */
export function decodeRequestSummary(raw: unknown): RequestSummary {
  return toSummary(summarySchema.parse(raw));
}

/** Row of request_log → record. Throws as above. */
export function decodeRequestRecord(raw: unknown): RequestRecord {
  const row = recordSchema.parse(raw);
  return {
    ...toSummary(row),
    callerRequestId: row.caller_request_id,
    dialect: row.dialect,
    region: row.region,
    gatewayMs: row.gateway_ms,
    features: {
      inputCharacters: row.input_characters,
      messages: row.message_count,
      tools: row.tool_count,
      images: row.image_count,
    },
    metadata: row.metadata,
    attempts: row.attempts,
    losses: row.losses,
  };
}

const correctionSchema = z.object({
  correction_id: z.string(),
  reason: z.string(),
  lines: z.array(lineSchema),
  markup_bp: z.number(),
  new_cost_nanousd: amount,
  fee_nanousd: amount,
  old_charge_nanousd: amount,
  new_charge_nanousd: amount,
  posted_at: milliseconds,
  transaction_id: z.bigint().transform(String),
});

function decodeCorrection(raw: unknown): ChargeCorrection {
  const row = correctionSchema.parse(raw);
  return {
    correctionId: row.correction_id,
    reason: row.reason,
    lines: row.lines,
    markupBp: row.markup_bp,
    costNanousd: row.new_cost_nanousd,
    feeNanousd: row.fee_nanousd,
    oldChargeNanousd: row.old_charge_nanousd,
    chargeNanousd: row.new_charge_nanousd,
    postedAtMs: row.posted_at,
    transactionId: row.transaction_id,
  };
}

const expirySchema = z.object({ settled_at: milliseconds });

/** What belongs to a row of usage_event. */
export interface ChargeHistory {
  /** the row by which the request had been given up, if this one is its late settlement */
  readonly expiry?: unknown;
  /** rows of usage_correction in the order of their posting */
  readonly corrections?: readonly unknown[];
}

/** Row of usage_event with its history → charge, under the request's own id. Throws as above. */
export function decodeChargeRecord(raw: unknown, { expiry, corrections = [] }: ChargeHistory = {}): ChargeRecord {
  const row = chargeSchema.parse(raw);
  return {
    requestId: requestIdOf(row.request_id),
    projectId: row.project_id,
    keyId: row.key_id,
    provider: row.provider,
    model: row.model,
    endpointId: row.endpoint_id,
    priceVersionId: row.price_version_id,
    serviceTier: row.service_tier,
    markupBp: row.markup_bp,
    lines: row.lines,
    inputTokens: row.input_tokens,
    cachedInputTokens: row.cached_input_tokens,
    outputTokens: row.output_tokens,
    reasoningTokens: row.reasoning_tokens,
    costNanousd: row.cost_nanousd,
    feeNanousd: row.fee_nanousd,
    chargeNanousd: row.charge_nanousd,
    usageSource: row.usage_source,
    ending: row.ending,
    settledAtMs: row.settled_at,
    postedAtMs: row.posted_at,
    expiredAtMs: expiry === undefined ? null : expirySchema.parse(expiry).settled_at,
    transactionId: row.transaction_id,
    corrections: corrections.map(decodeCorrection),
  };
}

function toSummary(row: z.output<typeof summarySchema>): RequestSummary {
  return {
    requestId: row.request_id,
    startedAtMs: row.started_at,
    projectId: row.project_id,
    keyId: row.key_id,
    requestedModel: row.requested_model,
    model: row.model,
    provider: row.provider,
    endpointId: row.endpoint_id,
    status: row.status,
    isError: isErrorEvent(row),
    errorCode: row.error_code,
    ending: row.ending,
    finish: row.finish,
    usageSource: row.usage_source,
    isStream: row.is_stream,
    isSandbox: row.is_sandbox,
    durationMs: row.duration_ms,
    firstTokenMs: row.first_token_ms,
    inputTokens: row.input_tokens,
    cachedInputTokens: row.cached_input_tokens,
    outputTokens: row.output_tokens,
    reasoningTokens: row.reasoning_tokens,
    chargeNanousd: row.charge_nanousd,
  };
}
