import { decimalUsd } from '@tollgate/amount';
import type { Catalog, ComponentPrices } from '@tollgate/catalog';
import { markedUpPriceUsd, pricesAt, pricesForInput } from '@tollgate/pricing';
import type { Attempt } from '@tollgate/routing';
import { markupOf } from './call.js';
import type { CostEstimate } from './estimate-cost.js';
import type { ExplainedAttempt, Explanation } from './explain.js';
import type { LimitVerdict } from './explained-limits.js';

/** The answer of /v1/explain. Amounts are decimal dollars as text; the charge for asking is in it too, and is nothing. */
export function encodeExplanation(catalog: Catalog, explanation: Explanation): Record<string, unknown> {
  const { call, attempts, excluded, cost, limits } = explanation;
  const { envelope, input } = call;
  const firing = limits.limits.find(({ wouldRefuse }) => wouldRefuse);
  return {
    object: 'explanation',
    request_id: input.requestId,
    charged_usd: '0',
    dialect: input.dialect,
    operation: envelope.operation,
    is_stream: envelope.isStream,
    would_refuse: firing?.name ?? null,
    model: encodeModel(catalog, envelope.model),
    fallback_models: envelope.routing.fallbackModels.map((name) => encodeModel(catalog, name)),
    attempts: attempts.map((tried, index) => encodeAttempt(explanation, tried, index)),
    excluded: excluded.map(({ endpoint, reason }) => ({
      endpoint_id: endpoint.id,
      model: endpoint.modelId,
      provider: endpoint.provider,
      reason,
    })),
    cost: { low: encodeEstimate(cost.low), likely: encodeEstimate(cost.likely), max: encodeEstimate(cost.max) },
    hold: encodeHold(explanation),
    limits: limits.limits.map(encodeLimit),
  };
}

function encodeModel(catalog: Catalog, name: string): Record<string, unknown> {
  const resolved = catalog.resolve(name);
  if (resolved.kind === 'unknown') return { requested: name, resolved: null };
  const { model, variant, snapshot } = resolved;
  return { requested: name, resolved: model.id, variant, snapshot, aliases: model.aliases };
}

function encodeAttempt({ call, cost }: Explanation, tried: ExplainedAttempt, index: number): Record<string, unknown> {
  const { attempt, dialect, losses, refusal } = tried;
  const { endpoint, price, credential } = attempt;
  return {
    attempt: index + 1,
    endpoint_id: endpoint.id,
    model: endpoint.modelId,
    provider: endpoint.provider,
    region: endpoint.region,
    dialect,
    is_sandbox: credential === 'sandbox',
    reason: attempt.reason,
    would_be_sent: refusal === null,
    refusal: refusal === null ? null : { code: refusal.code, message: refusal.message, param: refusal.param },
    losses: losses.map(({ field, reason }) => ({ field, reason })),
    price_version_id: price.id,
    markup_bp: markupOf(call, attempt),
    ...encodePrices(attempt, markupOf(call, attempt), call.input.startedAtMs, cost.likely.inputTokens),
  };
}

/** The prices in force now for as much input, and from how much input on others are. */
function encodePrices(
  { price }: Attempt,
  markupBp: number,
  atMs: number,
  inputTokens: number,
): Record<string, unknown> {
  const current = pricesAt(price.schedule, atMs);
  const encode = (prices: ComponentPrices) =>
    Object.fromEntries(
      Object.entries(prices).map(([component, amount]) => [
        component,
        { usd_per_million: decimalUsd(amount), with_markup_usd_per_million: markedUpPriceUsd(amount, markupBp) },
      ]),
    );
  return {
    prices: encode(pricesForInput(current, inputTokens)),
    tiers: current.tiers.map(({ aboveInputTokens, prices }) => ({
      above_input_tokens: aboveInputTokens,
      prices: encode(prices),
    })),
  };
}

function encodeEstimate({ chargeNanousd, inputTokens, outputTokens, assumes }: CostEstimate): Record<string, unknown> {
  return { usd: decimalUsd(chargeNanousd), input_tokens: inputTokens, output_tokens: outputTokens, assumes };
}

function encodeHold({ call, hold, grantedNanousd, limits }: Explanation): Record<string, unknown> {
  const isGranted = grantedNanousd >= hold.floorNanousd;
  return {
    wanted_usd: decimalUsd(hold.wantNanousd),
    least_usd: decimalUsd(hold.floorNanousd),
    available_usd: decimalUsd(limits.availableNanousd),
    granted_usd: isGranted ? decimalUsd(grantedNanousd) : '0',
    clamped_max_tokens: call.clampedOutput,
  };
}

function encodeLimit({ name, measure, limit, used, resetsAtMs, wouldRefuse }: LimitVerdict): Record<string, unknown> {
  const resetsAt = resetsAtMs === null ? null : new Date(resetsAtMs).toISOString();
  return { name, measure, limit, used, resets_at: resetsAt, would_refuse: wouldRefuse };
}
