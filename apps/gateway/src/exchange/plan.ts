import type { Catalog, Endpoint, Model } from '@tollgate/catalog';
import {
  type Envelope,
  type Failure,
  type FailureFacts,
  failureOf,
  NO_WISH,
  type Operation,
  type RoutingWish,
} from '@tollgate/dialects';
import { type Attempt, type Availability, decide, type Exclusion } from '@tollgate/routing';
import { billableAttempts } from './priced-features.js';

export interface PlanPorts {
  readonly catalog: () => Catalog;
  readonly availability: (endpoint: Endpoint) => Availability;
}

interface Planned {
  readonly kind: 'planned';
  readonly attempts: readonly Attempt[];
  /** endpoints of the named models that will not be tried */
  readonly excluded: readonly Exclusion[];
}

export type Plan = Planned | { readonly kind: 'refused'; readonly failure: Failure };

type ModelPlan = Planned | { readonly kind: 'refused'; readonly facts: Omit<FailureFacts, 'requestId'> };

/**
 * Which endpoints to try, in order, or why none: those of the model, then those of each fallback the caller named. A fallback that cannot be used is
 * passed over; when nothing is left, the refusal is about the model that was asked for first.
 */
export function planAttempts(ports: PlanPorts, envelope: Envelope, startedAtMs: number, requestId: string): Plan {
  const { routing, model } = envelope;
  if (routing === NO_WISH) return told(planModel(ports, envelope, model, startedAtMs), requestId);
  const plans = [model, ...routing.fallbackModels].map((name) => planModel(ports, envelope, name, startedAtMs));
  const planned = withoutRepeats(plans.flatMap((plan) => (plan.kind === 'planned' ? plan.attempts : [])));
  const attempts = realFirst(planned);
  const wished = obey(routing, attempts);
  if (wished.length > 0) {
    const excluded = [
      ...plans.flatMap((plan) => (plan.kind === 'planned' ? plan.excluded : [])),
      ...leftOut(planned, attempts, 'the sandbox stands in only where nothing real can answer'),
      ...leftOut(attempts, wished, "the 'provider' preferences of the request leave it out"),
    ];
    return { kind: 'planned', attempts: wished, excluded };
  }
  const [first] = plans;
  if (first?.kind === 'refused') return told(first, requestId);
  const message = `The 'provider' preferences of the request leave no provider of ${model}.`;
  return { kind: 'refused', failure: failureOf({ code: 'model_not_found', message, requestId, param: 'provider' }) };
}

function told(plan: ModelPlan, requestId: string): Plan {
  return plan.kind === 'planned' ? plan : { kind: 'refused', failure: failureOf({ ...plan.facts, requestId }) };
}

function planModel(ports: PlanPorts, envelope: Envelope, name: string, nowMs: number): ModelPlan {
  const resolved = ports.catalog().resolve(name);
  if (resolved.kind === 'unknown') {
    const hint = resolved.suggestions.length > 0 ? ` Did you mean ${resolved.suggestions.join(', ')}?` : '';
    return refused('model_not_found', `The model '${name}' does not exist.${hint}`);
  }
  const { model } = resolved;
  if (!serves(model, envelope.operation)) {
    const message = `${model.id} is a model for ${model.operation}; this endpoint is for ${envelope.operation}.`;
    return { kind: 'refused', facts: { code: 'not_supported', status: 400, message, param: 'model' } };
  }
  const decision = decide({ model, operation: model.operation, isAvailable: ports.availability, nowMs });
  if (decision.kind === 'refused')
    return refused(decision.code === 'unpriced' ? 'unpriced_feature' : 'model_not_found', decision.message);
  const billable = billableAttempts(envelope, decision.attempts);
  if (billable.kind === 'billable') {
    const unbillable = leftOut(decision.attempts, billable.attempts, 'it has no price for a feature of the request');
    return { kind: 'planned', attempts: billable.attempts, excluded: [...decision.excluded, ...unbillable] };
  }
  const { feature } = billable;
  const message = `'${feature}' has a price of its own that this gateway does not know for ${model.id}; it would not be billed exactly.`;
  return { kind: 'refused', facts: { code: 'unpriced_feature', message, param: feature } };
}

function leftOut(before: readonly Attempt[], after: readonly Attempt[], reason: string): readonly Exclusion[] {
  if (after.length === before.length) return [];
  return before.filter((attempt) => !after.includes(attempt)).map(({ endpoint }) => ({ endpoint, reason }));
}

function refused(code: FailureFacts['code'], message: string): ModelPlan {
  return { kind: 'refused', facts: { code, message, param: 'model' } };
}

/** A conversation can be had in the legacy shape too. */
function serves(model: Model, operation: Operation): boolean {
  return model.operation === operation || (operation === 'completions' && model.operation === 'chat');
}

/** The sandbox never stands in where anything real can answer: its answer would be charged like one, and be none. */
function realFirst(attempts: readonly Attempt[]): readonly Attempt[] {
  const real = attempts.filter(({ credential }) => credential !== 'sandbox');
  return real.length > 0 ? real : attempts;
}

function withoutRepeats(attempts: readonly Attempt[]): readonly Attempt[] {
  const seen = new Set<string>();
  return attempts.filter(({ endpoint }) => {
    const isNew = !seen.has(endpoint.id);
    seen.add(endpoint.id);
    return isNew;
  });
}

/** OpenRouter's preferences: who may, who may not, who first. Models keep their order; within one, named providers come first. */
function obey({ only, ignore, order, allowsFallbacks }: RoutingWish, attempts: readonly Attempt[]): readonly Attempt[] {
  const allowed = attempts.filter(
    ({ endpoint: { provider } }) => (only === null || only.includes(provider)) && !ignore.includes(provider),
  );
  if (order.length === 0) return allowsFallbacks ? allowed : allowed.slice(0, 1);
  const rank = ({ endpoint }: Attempt): number => {
    const place = order.indexOf(endpoint.provider);
    return place === -1 ? order.length : place;
  };
  const models = [...new Set(allowed.map(({ endpoint }) => endpoint.modelId))];
  const ordered = models.flatMap((id) =>
    allowed.filter(({ endpoint }) => endpoint.modelId === id).sort((one, other) => rank(one) - rank(other)),
  );
  return allowsFallbacks ? ordered : ordered.filter((attempt) => rank(attempt) < order.length);
}
