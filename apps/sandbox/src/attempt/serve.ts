import type { ServerResponse } from 'node:http';
import type { RequestMemory } from '../control/requests.js';
import type { RuleBook } from '../control/rules.js';
import type { SettingsHolder } from '../control/settings.js';
import type { TruthLog } from '../control/truth.js';
import type { Dialect, DialectWorld } from '../providers/dialect.js';
import { dialectOf } from '../providers/dialects.js';
import { fixedPlan } from '../providers/fixed-plan.js';
import { fixedBodyPlan, isFixedModel } from '../providers/openai/fixed.js';
import type { ReplayLibrary } from '../replay/library.js';
import type { ReplayQueue } from '../replay/queue.js';
import { replayPlan } from '../replay/replay-plan.js';
import { type Behaviour, behaviourOf, type WholeAnswer } from './behaviour.js';
import { type Delivery, deliver } from './deliver.js';
import { headerOf, type Incoming } from './incoming.js';
import { bodyPlan, jsonPlan, type ReplyPlan } from './reply-plan.js';
import { createResponseSink, createSlowHeadSink } from './sink.js';
import { createSplitSink, type Split } from './split-sink.js';

/** Everything an attempt touches. */
export interface World extends DialectWorld {
  readonly rules: RuleBook;
  readonly truth: TruthLog;
  readonly requests: RequestMemory;
  readonly settings: SettingsHolder;
  readonly library: ReplayLibrary;
  readonly queue: ReplayQueue;
  readonly nowMs: () => number;
  /** Attempts that have no line in the truth log yet. */
  readonly running: Set<Promise<void>>;
}

/** Serves one request to a pretend provider from its arrival to its line in the truth log. */
export async function serveAttempt(incoming: Incoming, response: ServerResponse, world: World): Promise<void> {
  world.requests.remember(incoming);
  const rules = world.rules.take(incoming);
  const dialect = dialectOf(incoming.path);
  const behaviour = behaviourOf(rules, incoming, world.settings.current(), dialect);
  const { plan, split } = planFor(incoming, behaviour, dialect, world);
  const plainSink =
    behaviour.slowHeadMs === null ? createResponseSink(response) : createSlowHeadSink(response, behaviour.slowHeadMs);
  const sink = split === null ? plainSink : createSplitSink(plainSink, split);
  const delivery = await deliver(plan, behaviour.manner, sink);
  const endedAtMs = world.nowMs();
  world.truth.append({
    at: new Date(endedAtMs).toISOString(),
    provider: incoming.provider,
    model: incoming.model,
    path: incoming.path,
    stream: incoming.isStream,
    correlation: incoming.correlation,
    requestSha256: incoming.bodySha256,
    promptTokens: plan.counts.promptTokens,
    cachedTokens: plan.counts.cachedTokens,
    cacheWriteTokens: plan.counts.cacheWriteTokens ?? 0,
    completionTokens: tokensMade(plan, delivery),
    reasoningTokens: thinkingMade(plan, delivery),
    tokensWritten: delivery.tokensWritten,
    usageSent: delivery.usageSent,
    status: plan.status,
    ending: delivery.hasLeft ? 'client_left' : delivery.fault === null ? 'complete' : `fault:${delivery.fault}`,
    durationMs: Math.max(0, Math.round(endedAtMs - incoming.atMs)),
    rules: rules.map((rule) => rule.id),
    recordedUsage: plan.recordedUsage,
  });
}

/** A whole body was made completely before it was sent; a stream is made as it is written, so what was not written was not made. */
function tokensMade(plan: ReplyPlan, delivery: Delivery): number | null {
  if (plan.framing === 'whole' || plan.recordedUsage !== null) return plan.counts.completionTokens;
  return delivery.tokensWritten + (thinkingMade(plan, delivery) ?? 0);
}

/** Thinking that is shown is made as it is written; hidden thinking is over before the first token. */
function thinkingMade(plan: ReplyPlan, delivery: Delivery): number | null {
  const isShown = plan.framing === 'events' && plan.frames.some((frame) => (frame.thinkingTokens ?? 0) > 0);
  return isShown ? delivery.thinkingWritten : plan.counts.reasoningTokens;
}

interface Planned {
  readonly plan: ReplyPlan;
  readonly split: Split | null;
}

function planFor(incoming: Incoming, behaviour: Behaviour, dialect: Dialect, world: World): Planned {
  const replay = replayWanted(incoming, behaviour.whole, world);
  if (replay !== null) {
    const recording = world.library.find(replay.case);
    const plan = recording === null ? missingCase(replay.case) : replayPlan(recording);
    return { plan, split: replay.split ?? behaviour.split };
  }
  return { plan: madePlan(incoming, behaviour, dialect, world), split: behaviour.split };
}

/** The recording to answer with: the rule's, the header's, the address's, or the next in the queue. */
function replayWanted(
  incoming: Incoming,
  whole: WholeAnswer | null,
  world: World,
): { readonly case: string; readonly split?: Split | undefined } | null {
  if (whole !== null) return whole.kind === 'replay' ? whole : null;
  const named = headerOf(incoming.headers, 'x-sandbox-case') ?? incoming.caseInPath;
  return named === null ? world.queue.take(incoming) : { case: named };
}

function missingCase(name: string): ReplyPlan {
  const message = `The sandbox has no recording named "${name}". Load its folder with POST /control/replay first.`;
  return jsonPlan(501, {}, { error: { message, type: 'sandbox_error', param: null, code: 'unknown_case' } }, 'replay');
}

function madePlan(incoming: Incoming, behaviour: Behaviour, dialect: Dialect, world: World): ReplyPlan {
  const { whole, omitUsage } = behaviour;
  const usual = { omitUsage, echo: false, empty: null, says: null };
  switch (whole?.kind) {
    case 'status':
      return statusPlan(whole.status, whole.body, whole.headers ?? {}, incoming, dialect);
    case 'content_type':
      return bodyPlan(200, { 'content-type': whole.value }, whole.body, 'content_type');
    case 'fixed':
      return whole.body === undefined ? fixedPlan(incoming, dialect, world) : fixedBodyPlan(whole.body);
    case 'empty':
      return dialect.plan(incoming, { ...usual, empty: { finish: whole.finish ?? null } }, world);
    case 'echo':
      return dialect.plan(incoming, { ...usual, echo: true }, world);
    case 'replay':
      throw new Error('a replay was planned as a made answer');
    case undefined:
      if (isFixedModel(incoming.model)) return fixedPlan(incoming, dialect, world);
      return dialect.plan(incoming, usual, world);
  }
}

function statusPlan(
  status: number,
  body: unknown,
  headers: Readonly<Record<string, string>>,
  incoming: Incoming,
  dialect: Dialect,
): ReplyPlan {
  const lower = Object.fromEntries(Object.entries(headers).map(([name, value]) => [name.toLowerCase(), value]));
  if (typeof body === 'string')
    return bodyPlan(status, { 'content-type': 'text/plain; charset=utf-8', ...lower }, body, 'status');
  const vendor = body === undefined ? dialect.errorOfStatus(status, incoming) : { headers: {}, body };
  const payload = status === 204 ? '' : JSON.stringify(vendor.body);
  return bodyPlan(status, { 'content-type': 'application/json', ...vendor.headers, ...lower }, payload, 'status');
}
