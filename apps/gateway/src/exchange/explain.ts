import { minAmount, type Nanousd } from '@tollgate/amount';
import { type Failure, failureOf, type Loss, type RequestFailure } from '@tollgate/dialects';
import type { Attempt, Exclusion } from '@tollgate/routing';
import { belowFloor, wantedBy } from './admit.js';
import type { Call, ExchangeInput } from './call.js';
import { type CostRange, estimateCost } from './estimate-cost.js';
import { ATTEMPTS_MAX, type ExchangePorts, strictRefusal } from './exchange.js';
import type { ExplainedLimits, LimitedRequest } from './explained-limits.js';
import { encodeExplanation } from './explanation.js';
import { clampFor, type Hold } from './hold.js';
import { restoreReasoning } from './kept-reasoning.js';
import { laneTarget } from './lane-target.js';
import { openCall } from './open-call.js';
import { planAttempts } from './plan.js';
import { refuse } from './refuse.js';
import { endReply } from './reply-head.js';

export interface ExplainPorts
  extends Pick<
    ExchangePorts,
    | 'catalog'
    | 'availability'
    | 'provider'
    | 'safetySecret'
    | 'upstreamModel'
    | 'isReasoning'
    | 'houseMarkup'
    | 'vault'
    | 'memory'
    | 'keys'
  > {
  /** what each limit would say to a request of this key; asked of the books */
  readonly limits: (request: LimitedRequest) => Promise<ExplainedLimits>;
}

/** One endpoint as it would be tried: in which dialect, and what of the request it could not be told. */
export interface ExplainedAttempt {
  readonly attempt: Attempt;
  readonly dialect: string;
  readonly losses: readonly Loss[];
  /** why nothing would be sent to it and the next one is tried */
  readonly refusal: RequestFailure | null;
}

/** What would happen to a request. */
export interface Explanation {
  readonly call: Call;
  readonly attempts: readonly ExplainedAttempt[];
  readonly excluded: readonly Exclusion[];
  readonly cost: CostRange;
  readonly hold: Hold;
  /** what admission would grant of it; below the floor it would refuse */
  readonly grantedNanousd: Nanousd;
  readonly limits: ExplainedLimits;
}

export type Explained =
  | { readonly kind: 'explained'; readonly explanation: Explanation }
  | { readonly kind: 'refused'; readonly input: ExchangeInput; readonly failure: Failure };

/**
 * What the exchange would do with a request, by the very functions that the exchange uses, up to the point where it would hold money. Nothing is
 * sent, held, charged, stored or logged. What the door would refuse by the request alone is refused in the same words; what a balance or a limit
 * would refuse is told as such, because it is what was asked.
 */
export class Explainer {
  constructor(private readonly ports: ExplainPorts) {}

  async run(asked: ExchangeInput): Promise<void> {
    const explained = await this.explain(asked);
    if (explained.kind === 'refused') return refuse(explained.input, explained.failure);
    const { response } = asked;
    if (response.destroyed) return;
    const body = Buffer.from(JSON.stringify({ data: encodeExplanation(this.ports.catalog(), explained.explanation) }));
    response.statusCode = 200;
    response.setHeader('content-type', 'application/json');
    response.setHeader('content-length', body.length);
    response.setHeader('x-tollgate-cost-usd', '0');
    endReply(response, body);
  }

  async explain(asked: ExchangeInput): Promise<Explained> {
    const opened = await openCall(this.ports, asked);
    if (opened.kind === 'refused') return opened;
    const { call } = opened;
    const { input, envelope, principal } = call;
    const plan = planAttempts(this.ports, envelope, input.startedAtMs, input.requestId);
    if (plan.kind === 'refused') return { kind: 'refused', input, failure: plan.failure };
    await restoreReasoning(this.ports.vault, call, plan.attempts);
    const { hold, limits: taken } = wantedBy(this.ports, call, plan.attempts);
    const tooLittle = belowFloor(call, hold);
    if (tooLittle !== null)
      return { kind: 'refused', input, failure: failureOf({ ...tooLittle, requestId: input.requestId }) };
    const limits = await this.ports.limits({ principal, taken, hold, requestId: input.requestId });
    const grantedNanousd = minAmount(hold.wantNanousd, limits.availableNanousd);
    const isGranted = grantedNanousd >= hold.floorNanousd;
    if (isGranted) call.clampedOutput = clampFor(hold, limits.availableNanousd, envelope.choices);
    const attempts = plan.attempts.slice(0, ATTEMPTS_MAX).map((attempt) => this.tried(call, attempt));
    const first = attempts.find(({ refusal }) => refusal === null) ?? attempts[0];
    if (first === undefined) throw new Error('a plan without attempts was explained');
    const refusal = attempts.at(-1)?.refusal ?? null;
    // A door asks for money first: what it would refuse for want of it is told as an explanation, whatever else is wrong.
    if (isGranted && first.refusal !== null && refusal !== null)
      return { kind: 'refused', input, failure: failureOf({ ...refusal, requestId: input.requestId }) };
    const beyond = plan.attempts.slice(ATTEMPTS_MAX).map(({ endpoint }) => ({ endpoint, reason: BEYOND }));
    const excluded = [...plan.excluded, ...beyond];
    const cost = estimateCost(call, first.attempt, hold);
    return { kind: 'explained', explanation: { call, attempts, excluded, cost, hold, grantedNanousd, limits } };
  }

  private tried(call: Call, attempt: Attempt): ExplainedAttempt {
    const provider = this.ports.provider(attempt.endpoint.provider);
    if (!provider) throw new Error(`endpoint ${attempt.endpoint.id} names an unknown provider`);
    const target = laneTarget(call, attempt, provider, this.ports);
    const lane = call.request.lane(target);
    const { dialect } = target;
    if (!lane.ok) return { attempt, dialect, losses: [], refusal: lane.failure };
    const { losses } = lane.value;
    call.losses = losses;
    return { attempt, dialect, losses, refusal: call.input.isStrict && losses.length > 0 ? strictRefusal(call) : null };
  }
}

const BEYOND = `no more than ${ATTEMPTS_MAX} endpoints are tried`;
