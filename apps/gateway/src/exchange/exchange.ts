import type { Admission } from '@tollgate/admission';
import { decimalUsd, ZERO } from '@tollgate/amount';
import type { Catalog, Endpoint, ProviderInfo } from '@tollgate/catalog';
import {
  type Failure,
  failureOf,
  type Lane,
  type ProviderFailure,
  type ReplyStream,
  type RequestFailure,
  usageTotals,
} from '@tollgate/dialects';
import type { Attempt, Availability } from '@tollgate/routing';
import { failPoint } from '@tollgate/telemetry';
import type { KeyCache } from '../keys/key-cache.js';
import type { AnswerMemory } from '../memory/answer-memory.js';
import type { ReasoningVault } from '../memory/reasoning-vault.js';
import type { ResponseMemory } from '../memory/response-memory.js';
import type { ProviderAccess } from '../upstream/provider-access.js';
import type { UpstreamRequest, UpstreamSender } from '../upstream/send.js';
import { type AdmitPorts, admit } from './admit.js';
import { type AnswerRecord, recordFor } from './answer-record.js';
import { type AttemptFailure, isWorthAnotherTry, notSayable } from './attempt.js';
import { type Call, type ExchangeInput, markupOf } from './call.js';
import { chargeInTier } from './charge-in-tier.js';
import { claimOf } from './claim.js';
import { clientFailure, providerCode } from './client-failure.js';
import { type Departure, Drains, watchDeparture } from './departure.js';
import { keepAliveOf } from './keep-alive.js';
import { keepCompleted } from './keep-completed.js';
import { keepReasoning, restoreReasoning, unsealRefused } from './kept-reasoning.js';
import { type LaneTargetOptions, laneTarget } from './lane-target.js';
import { openCall } from './open-call.js';
import { planAttempts } from './plan.js';
import { isPlausible } from './plausible-usage.js';
import { providerRequest } from './provider-request.js';
import { RefusalAllowance } from './refusal-allowance.js';
import { breakOff, refuse } from './refuse.js';
import { relayStream, type Streamed } from './relay-stream.js';
import { relayWhole, type WholeAnswer } from './relay-whole.js';
import { answerRepeat, claimedBefore, settledBefore } from './repeat.js';
import { endReply, writeReplyHead, writeStreamHead } from './reply-head.js';
import { type Ended, type SettlementPorts, settle } from './settlement.js';
import { type SpendingPorts, watchSpending, watchUnseen } from './spending.js';
import { keepTurn } from './stored-turns.js';
import { nothingCharged, type Outcome } from './tally.js';

export interface ExchangePorts extends SettlementPorts, AdmitPorts, SpendingPorts, LaneTargetOptions {
  readonly admission: Admission;
  readonly keys: KeyCache;
  readonly upstream: UpstreamSender;
  readonly catalog: () => Catalog;
  readonly provider: (id: string) => ProviderInfo | undefined;
  readonly availability: (endpoint: Endpoint) => Availability;
  /** where an attempt goes, and as whom; asked only for endpoints that are available */
  readonly access: (attempt: Attempt) => ProviderAccess;
  readonly vault: ReasoningVault | null;
  readonly memory: ResponseMemory | null;
  readonly answerMemory: AnswerMemory | null;
  /** what digests of Idempotency-Keys and requests are made under */
  readonly claimSecret: string;
  readonly streamStallMs: number;
  /** for the whole request, over all its attempts */
  readonly answerTimeoutMs: number;
  /** how long, and for how many at once, answers are read on whose client has left */
  readonly drainAfterLeaveMs: number;
  readonly drainsAtOnce: number;
  /** a client that reads nothing of its stream for this long has left */
  readonly clientStallMs: number;
  /** told of every request that ended, for metrics and the log */
  readonly onEnded: (call: Call, ended: Ended) => void;
}

/** How many endpoints are tried at most. */
export const ATTEMPTS_MAX = 3;

/**
 * The whole life of one request: decode, decide, admit, attempt, relay, settle. Left column down; every refusal leaves to the right in
 * the caller's dialect. Never rejects once there is a call: what is wrong with ourselves releases the hold, is logged, and is told to the
 * caller too. Before, there is nothing to release, and the failure filter answers.
 */
export class Exchange {
  private readonly drains: Drains;
  private readonly refusals = new RefusalAllowance();
  private running = 0;
  private waiting: (() => void)[] = [];

  constructor(private readonly ports: ExchangePorts) {
    this.drains = new Drains(ports.drainAfterLeaveMs, ports.drainsAtOnce);
  }

  /** Resolves when nothing runs any more, abandoned answers and settlements included: only then may the stores be closed. */
  whenIdle(): Promise<void> {
    return this.running === 0 ? Promise.resolve() : new Promise((resolve) => this.waiting.push(resolve));
  }

  async run(asked: ExchangeInput): Promise<void> {
    this.running += 1;
    try {
      await this.begin(asked);
    } finally {
      this.running -= 1;
      if (this.running === 0) for (const resolve of this.waiting.splice(0)) resolve();
    }
  }

  private async begin(asked: ExchangeInput): Promise<void> {
    const claimed = claimOf(this.ports.claimSecret, asked);
    if (!claimed.ok) return refuse(asked, failureOf({ ...claimed.failure, requestId: asked.requestId }));
    const earlier = claimed.value && (await settledBefore(this.ports, asked, claimed.value));
    if (earlier !== null) return answerRepeat(asked, earlier);
    const opened = await openCall(this.ports, asked, claimed.value);
    if (opened.kind === 'refused') return refuse(opened.input, opened.failure);
    const { call } = opened;
    try {
      await this.live(call);
    } catch (error) {
      await this.failedInside(call, error);
    }
    keepCompleted(this.ports.answerMemory, call);
  }

  private async live(call: Call): Promise<void> {
    const { startedAtMs, requestId } = call.input;
    const plan = planAttempts(this.ports, call.envelope, startedAtMs, requestId);
    if (plan.kind === 'refused') return this.refuseRecorded(call, plan.failure);

    const departure = watchDeparture(call.input.response, this.drains);
    try {
      await restoreReasoning(this.ports.vault, call, plan.attempts);
      const admitted = await admit(this.ports, call, plan.attempts);
      if (admitted.kind === 'refused') return this.refuseRecorded(call, admitted.failure);
      if (admitted.kind === 'repeated') return await this.repeat(call, admitted);
      failPoint('gateway.authorized');
      if (departure.hasLeft) return await this.leftEarly(call);
      await this.attempts(call, plan.attempts.slice(0, ATTEMPTS_MAX), departure);
    } finally {
      departure.close();
    }
  }

  /** Nothing was taken for it, so there is nothing to settle or to record: the books have the request that ran. */
  private async repeat(call: Call, other: Parameters<typeof claimedBefore>[3]): Promise<void> {
    const { claim, input } = call;
    if (claim === null) throw new Error('a request without an Idempotency-Key was taken for a repeated one');
    answerRepeat(input, await claimedBefore(this.ports, input, claim, other));
  }

  /** Nothing was sent for this client, so nothing is charged. */
  private leftEarly(call: Call): Promise<void> {
    const charge = nothingCharged('client_left');
    return this.settle(call, { charge, attempt: null, status: 499, errorCode: 'client_left', finish: null });
  }

  /** A defect of ours. The hold must not outlive the request, the client must not wait, and after a settlement there is no second one. */
  private async failedInside(call: Call, error: unknown): Promise<void> {
    const { requestId } = call.input;
    this.ports.log.error({ error, requestId }, 'a request failed inside the gateway');
    // The provider had the request, and bills it to us whatever became of it here.
    const charge = nothingCharged('crashed', call.hasSent ? (call.admission?.crashLossNanousd ?? ZERO) : ZERO);
    if (call.settledNanousd === null)
      await this.settle(call, { charge, attempt: null, status: 500, errorCode: 'internal_error', finish: null }).catch(
        (again: unknown) => this.releaseUnrecorded(call, again),
      );
    const chargedUsd = decimalUsd(call.settledNanousd ?? ZERO);
    const message = 'Something failed on our side.';
    breakOff(call, failureOf({ code: 'internal_error', message, requestId, chargedUsd }));
  }

  private async releaseUnrecorded(call: Call, error: unknown): Promise<void> {
    const { requestId } = call.input;
    this.ports.log.error({ error, requestId }, 'a request that failed inside the gateway could not be recorded');
    await this.ports.admission.settle({
      organizationId: call.principal.organizationId,
      requestId,
      scopes: null,
      chargeNanousd: ZERO,
      event: '',
      append: false,
      claim: call.claim && { keyHash: call.claim.keyHash, becomes: 'free' },
    });
  }

  /** Tries endpoints until one answers. Only before the first byte to the client; never after the caller's own mistake. */
  private async attempts(call: Call, planned: readonly Attempt[], departure: Departure): Promise<void> {
    let last: { attempt: Attempt; failed: AttemptFailure } | null = null;
    for (const attempt of planned) {
      const remainingMs = this.ports.answerTimeoutMs - (this.ports.monotonic() - call.input.startedAt);
      if (last && remainingMs <= 0) break;
      let failed = await this.attempt(call, attempt, departure, Math.max(1, remainingMs));
      if (failed !== null && !departure.hasLeft && unsealRefused(call, failed.failure))
        failed = await this.attempt(call, attempt, departure, Math.max(1, remainingMs));
      if (failed === null) return;
      last = { attempt, failed };
      if (!isWorthAnotherTry(failed) || departure.hasLeft) break;
    }
    if (!last) throw new Error('a plan without attempts was admitted');
    const { requestId } = call.input;
    const { refusal, failure } = last.failed;
    const told = refusal
      ? failureOf({ ...refusal, requestId })
      : clientFailure(failure, { requestId, provider: last.attempt.endpoint.provider });
    await this.settle(call, {
      charge: nothingCharged('refused'),
      attempt: last.attempt,
      status: told.status,
      errorCode: told.code,
      finish: null,
    });
    refuse(call.input, told);
  }

  /** Puts the request into the endpoint's dialect and sends it. Null when the client was answered. */
  private async attempt(
    call: Call,
    attempt: Attempt,
    departure: Departure,
    remainingMs: number,
  ): Promise<AttemptFailure | null> {
    const { ports } = this;
    const provider = ports.provider(attempt.endpoint.provider);
    if (!provider) throw new Error(`endpoint ${attempt.endpoint.id} names an unknown provider`);
    const lane = call.request.lane(laneTarget(call, attempt, provider, ports));
    if (!lane.ok) return notSayable(lane.failure);
    call.losses = [...lane.value.losses, ...call.unsealed];
    if (call.input.isStrict && call.losses.length > 0) return notSayable(strictRefusal(call));
    const limits = { streamStallMs: ports.streamStallMs, remainingMs };
    const prepared = providerRequest(call, lane.value, ports.access(attempt), limits);
    const request = prepared instanceof Promise ? await prepared : prepared;
    call.hasSent = true;
    return call.envelope.isStream
      ? this.stream(call, attempt, departure, remainingMs, lane.value, request)
      : this.whole(call, attempt, departure, remainingMs, lane.value, request);
  }

  private async whole(
    call: Call,
    attempt: Attempt,
    departure: Departure,
    remainingMs: number,
    lane: Lane,
    request: UpstreamRequest,
  ): Promise<AttemptFailure | null> {
    const { ports } = this;
    const startedAt = ports.monotonic();
    const unwatch = watchUnseen(ports, call);
    const result = await relayWhole(ports.upstream, request, {
      departure,
      lane,
      answerTimeoutMs: remainingMs,
      clock: ports.monotonic,
    }).finally(unwatch);
    call.upstreamMs += ports.monotonic() - startedAt;
    noteAttempt(
      call,
      attempt,
      startedAt,
      ports.monotonic(),
      result.kind === 'failed' ? result : null,
      result.kind === 'answered' ? result.firstByteMs : null,
    );
    if (result.kind === 'failed') return result;
    if (result.kind === 'abandoned') {
      const outcome = leftBefore(call);
      await this.settle(call, {
        charge: this.charge(call, attempt, outcome),
        attempt,
        status: 499,
        errorCode: 'client_left',
        finish: null,
      });
      return null;
    }
    await this.answer(call, attempt, departure, result);
    return null;
  }

  private async answer(
    call: Call,
    attempt: Attempt,
    departure: Departure,
    { reply, firstByteMs }: WholeAnswer,
  ): Promise<void> {
    call.firstTokenMs = firstByteMs;
    const outcome: Outcome = {
      ending: departure.hasLeft ? 'client_left' : 'finished',
      reported: reply.usage,
      count: () => reply.counted?.() ?? { input: call.request.countInput(), output: reply.countOutput() },
      serviceTier: reply.serviceTier,
      isErrorFinish: reply.finish?.kind === 'error',
      isBlank: reply.isEmpty && (reply.finish === null || reply.finishRaw === ''),
    };
    const charge = this.charge(call, attempt, outcome);
    const cost = decimalUsd(charge.chargeNanousd);
    const { body: bytes, losses, contentType, kept } = reply.render({ usage: charge.usage, cost });
    call.losses = [...call.losses, ...losses];
    keepReasoning(this.ports.vault, call, attempt, reply);
    await this.settle(call, { charge, attempt, status: 200, errorCode: null, finish: reply.finishRaw });
    keepTurn(this.ports.memory, call, kept?.());
    const { response } = call.input;
    const record = recordFor(call);
    if (departure.hasLeft && record === null) return;
    writeReplyHead(response, call, attempt, contentType ?? call.request.wholeType);
    response.setHeader('content-length', bytes.length);
    response.setHeader('x-tollgate-cost-usd', cost);
    response.setHeader('x-tollgate-usage-source', charge.usageSource);
    record?.add(bytes);
    call.answer = record?.complete(response) ?? null;
    if (!departure.hasLeft) endReply(response, bytes);
    failPoint('gateway.answered');
  }

  private async stream(
    call: Call,
    attempt: Attempt,
    departure: Departure,
    remainingMs: number,
    lane: Lane,
    request: UpstreamRequest,
  ): Promise<AttemptFailure | null> {
    const { ports } = this;
    const { response, startedAt: began } = call.input;
    const startedAt = ports.monotonic();
    const commit = (stream: ReplyStream) => {
      call.openStream = stream;
      call.firstTokenMs = ports.monotonic() - began;
      writeStreamHead(response, call, attempt);
      failPoint('gateway.first_byte');
    };
    const provider = ports.provider(attempt.endpoint.provider);
    const record = recordFor(call);
    const result = await relayStream(ports.upstream, request, {
      response,
      departure,
      lane,
      keepAlive: keepAliveOf(call),
      watch: (spending) => watchSpending(ports, call, spending),
      commit,
      record: record?.add ?? null,
      stopsBillingOnCancel: provider?.stopsBillingOnCancel ?? false,
      answerTimeoutMs: remainingMs,
      clientStallMs: ports.clientStallMs,
      clock: ports.monotonic,
    });
    call.upstreamMs += ports.monotonic() - startedAt;
    const failed = result.kind === 'failed' ? result : null;
    noteAttempt(call, attempt, startedAt, ports.monotonic(), failed ?? brokenOff(result), result.firstByteMs);
    if (result.kind === 'failed') return result;
    await this.endStream(call, attempt, departure, result, record);
    return null;
  }

  private async endStream(
    call: Call,
    attempt: Attempt,
    departure: Departure,
    streamed: Streamed,
    record: AnswerRecord | null,
  ): Promise<void> {
    const { stream, ending } = streamed;
    const outcome: Outcome = {
      ending,
      ...usageOf(call, streamed),
      serviceTier: stream.serviceTier,
      isErrorFinish: stream.finish?.kind === 'error',
      isBlank: !stream.sawOutput && stream.finish === null,
    };
    const charge = this.charge(call, attempt, outcome);
    const source = { requestId: call.input.requestId, provider: attempt.endpoint.provider };
    const told = streamed.failure ? clientFailure(streamed.failure, source, 'stream_interrupted') : null;
    call.losses = [...call.losses, ...stream.losses];
    keepReasoning(this.ports.vault, call, attempt, stream);
    await this.settle(call, {
      charge,
      attempt,
      status: ending === 'client_left' ? 499 : 200,
      errorCode: told?.code ?? (ending === 'client_left' ? 'client_left' : null),
      finish: stream.finishRaw,
    });
    // Of a client that has left, only a whole answer is worth keeping for its next try.
    if (departure.hasLeft && (record === null || !streamed.isWhole)) return;
    const cost = decimalUsd(charge.chargeNanousd);
    const { response } = call.input;
    if (!response.headersSent) writeStreamHead(response, call, attempt);
    const last = told
      ? stream.failure({ ...told, chargedUsd: cost, skin: call.input.skin })
      : stream.terminal({ usage: charge.usage, cost });
    record?.add(last);
    call.answer = record?.complete(response) ?? null;
    if (departure.hasLeft) return;
    endReply(response, last);
    failPoint('gateway.answered');
    if (told === null) keepTurn(this.ports.memory, call, stream.kept?.());
  }

  private charge(call: Call, attempt: Attempt, outcome: Outcome) {
    return chargeInTier(this.believed(call, attempt, outcome), attempt, {
      envelope: call.envelope,
      losses: call.losses,
      markupBp: markupOf(call, attempt),
      atMs: call.input.startedAtMs,
    });
  }

  private believed(call: Call, { endpoint }: Attempt, outcome: Outcome): Outcome {
    const { reported } = outcome;
    const countOutput = () => outcome.count().output ?? 0;
    if (reported === null || isPlausible(reported, call.envelope, endpoint, countOutput)) return outcome;
    const { requestId } = call.input;
    this.ports.log.error(
      { requestId, endpoint: endpoint.id, reported },
      'a provider reported a usage that cannot be true: it was counted here instead',
    );
    return { ...outcome, reported: null };
  }

  private async settle(call: Call, ended: Ended): Promise<void> {
    await settle(this.ports, call, ended);
    failPoint('gateway.settled');
    const { requestId } = call.input;
    if (ended.charge.unpriced.length > 0)
      this.ports.log.error(
        { requestId, endpoint: ended.attempt?.endpoint.id, unpriced: ended.charge.unpriced },
        'a provider reported quantities without a price: they were not charged',
      );
    try {
      this.ports.onEnded(call, ended);
    } catch (error) {
      this.ports.log.error({ error, requestId }, 'a request could not be counted');
    }
  }

  /** A refusal after the key was known is shown in the log too; it costs nothing and the caller does not wait for its record. */
  private async refuseRecorded(call: Call, told: Failure): Promise<void> {
    refuse(call.input, told);
    const charge = nothingCharged('refused');
    const ended = { charge, attempt: null, status: told.status, errorCode: told.code, finish: null };
    if (this.refusals.take(call.principal.keyId, this.ports.now())) await this.settle(call, ended);
    else this.ports.onEnded(call, ended);
  }
}

/** What a caller is told who wants no losses. */
export function strictRefusal(call: Call): RequestFailure {
  const fields = call.losses.map(({ field, reason }) => `${field} (${reason})`).join(', ');
  return {
    code: 'translation_loss',
    message: `x-tollgate-strict is set, and the provider cannot be told all of the request: ${fields}.`,
    param: call.losses[0]?.field ?? null,
  };
}

function leftBefore(call: Call): Outcome {
  const count = () => call.request.counted?.() ?? { input: call.request.countInput(), output: 0 };
  return { ending: 'client_left', reported: null, count, serviceTier: null, isErrorFinish: false, isBlank: true };
}

/**
 * What a stream reported, and our own count. What a vendor reports before its finish (Claude at its beginning) tells the input, and nothing of the
 * output that follows: a client that leaves in between, or whose answer we end, pays for that by our count.
 */
function usageOf(call: Call, { stream, ending, hasBeenCut }: Streamed): Pick<Outcome, 'reported' | 'count'> {
  const { usage } = stream;
  const own = () => stream.counted?.() ?? { input: call.request.countInput(), output: stream.countOutput() };
  const isPart = hasBeenCut || (ending === 'client_left' && stream.finish === null);
  if (usage === null || !isPart) return { reported: usage, count: own };
  const unreported = Math.max(0, (own().output ?? 0) - usageTotals(usage).output);
  if (unreported === 0) return { reported: usage, count: own };
  return { reported: null, count: () => ({ ...usage, output: (usage.output ?? 0) + unreported }) };
}

function brokenOff(streamed: Streamed | AttemptFailure): { failure: ProviderFailure; status: number | null } | null {
  return streamed.kind === 'streamed' && streamed.failure ? { failure: streamed.failure, status: 200 } : null;
}

function noteAttempt(
  call: Call,
  attempt: Attempt,
  startedAt: number,
  endedAt: number,
  failed: { failure: ProviderFailure; status: number | null } | null,
  firstByteMs: number | null,
): void {
  call.attempts.push({
    endpointId: attempt.endpoint.id,
    provider: attempt.endpoint.provider,
    providerModel: attempt.endpoint.providerModel,
    startedMs: Math.round(startedAt - call.input.startedAt),
    durationMs: Math.round(endedAt - startedAt),
    firstByteMs: firstByteMs === null ? null : Math.round(firstByteMs),
    status: failed ? failed.status : 200,
    outcome: failed ? 'failed' : 'answered',
    errorCode: failed ? (providerCode(failed.failure) ?? failed.failure.kind) : null,
    reason: attempt.reason,
  });
}
