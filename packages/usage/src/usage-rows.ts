import type { UsageEvent } from './usage-event.js';

/** Where an event's organisation stands in this posting: its sequence number and the journal transaction reserved for it. */
export interface PostingReference {
  readonly postingSequence: bigint;
  readonly transactionId: bigint;
}

/** True when the event moves money in any account, so that it needs a journal transaction. */
export function movesMoney(event: UsageEvent): boolean {
  return event.chargeNanousd !== 0n || event.costNanousd !== 0n || event.lossNanousd !== 0n;
}

/** The usage_event row: the charge is recomputable from it alone. */
export function usageEventRow(event: UsageEvent, reference: PostingReference) {
  return {
    request_id: event.requestId,
    organization_id: event.organizationId,
    project_id: event.projectId,
    key_id: event.keyId,
    provider: event.provider,
    model: event.model,
    endpoint_id: event.endpointId,
    price_version_id: event.priceVersionId,
    service_tier: event.serviceTier ?? null,
    markup_bp: event.markupBp,
    lines: event.lines.map((line) => ({
      bucket: line.bucket,
      quantity: String(line.quantity),
      unitPriceNanousdPerMillion: line.unitPriceNanousdPerMillion,
    })),
    input_tokens: event.tokens.input,
    cached_input_tokens: event.tokens.cachedInput,
    output_tokens: event.tokens.output,
    reasoning_tokens: event.tokens.reasoning,
    cost_nanousd: event.costNanousd,
    fee_nanousd: event.feeNanousd,
    charge_nanousd: event.chargeNanousd,
    loss_nanousd: event.lossNanousd,
    held_nanousd: event.heldNanousd ?? null,
    usage_source: event.usageSource,
    ending: event.ending,
    gateway_boot: event.gatewayBoot,
    settled_ms: event.settledAtMs,
    posting_sequence: reference.postingSequence,
    transaction_id: movesMoney(event) ? reference.transactionId : null,
  };
}

/** The request_log row: metadata, timings and the decision. Times are whole milliseconds there. */
export function requestLogRow(event: UsageEvent) {
  return {
    request_id: event.requestId,
    organization_id: event.organizationId,
    project_id: event.projectId,
    key_id: event.keyId,
    caller_request_id: event.callerRequestId,
    dialect: event.dialect,
    requested_model: event.requestedModel,
    model: event.model,
    provider: event.provider,
    endpoint_id: event.endpointId,
    region: event.region,
    status: event.status,
    error_code: event.errorCode,
    ending: event.ending,
    finish: event.finish,
    usage_source: event.usageSource,
    is_stream: event.isStream,
    is_sandbox: event.isSandbox,
    started_ms: event.startedAtMs,
    duration_ms: Math.round(event.durationMs),
    first_token_ms: event.firstTokenMs === null ? null : Math.round(event.firstTokenMs),
    gateway_ms: event.gatewayMs,
    input_characters: event.features.inputCharacters,
    message_count: event.features.messages,
    tool_count: event.features.tools,
    image_count: event.features.images,
    input_tokens: event.tokens.input,
    cached_input_tokens: event.tokens.cachedInput,
    output_tokens: event.tokens.output,
    reasoning_tokens: event.tokens.reasoning,
    charge_nanousd: event.chargeNanousd,
    metadata: event.metadata,
    attempts: event.attempts,
    losses: event.losses,
  };
}
