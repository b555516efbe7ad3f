import { addAmounts, type Nanousd, ZERO } from '@tollgate/amount';
import { countLatencies } from './histogram.js';
import type { Ending, UsageEvent } from './usage-event.js';

const HOUR_MS = 3_600_000;

/** The sums of one hour of one organisation, project, key, model and provider: what a usage_rollup row is raised by. */
export interface RollupDelta {
  readonly organizationId: string;
  readonly hourMs: number;
  readonly projectId: string;
  readonly keyId: string;
  readonly model: string;
  readonly provider: string;
  readonly requestCount: number;
  readonly errorCount: number;
  readonly inputTokens: number;
  readonly cachedInputTokens: number;
  readonly outputTokens: number;
  readonly reasoningTokens: number;
  readonly costNanousd: Nanousd;
  readonly chargeNanousd: Nanousd;
  readonly lossNanousd: Nanousd;
  readonly durationHistogram: readonly number[];
  readonly firstTokenHistogram: readonly number[];
}

const ERROR_ENDINGS: Readonly<Record<Ending, boolean>> = {
  finished: false,
  client_left: false,
  // Its gateway was lost, and the client's connection with it.
  expired: true,
  provider_died: true,
  refused: true,
  crashed: true,
};

/** An error is what the client saw as one: a status from 400 up, or an ending that is not the client's own doing. */
export function isErrorEvent(event: Pick<UsageEvent, 'status' | 'ending'>): boolean {
  return event.status >= 400 || ERROR_ENDINGS[event.ending];
}

/** Sums events into rollup deltas, in the order of the table's primary key so that writers lock rows in one order. */
export function rollUp(events: readonly UsageEvent[]): RollupDelta[] {
  const groups = new Map<string, UsageEvent[]>();
  for (const event of events) {
    const hour = Math.floor(event.startedAtMs / HOUR_MS);
    const key = JSON.stringify([event.organizationId, hour, event.projectId, event.keyId, event.model, event.provider]);
    const group = groups.get(key);
    if (group) group.push(event);
    else groups.set(key, [event]);
  }
  return [...groups.entries()].sort(([a], [b]) => (a < b ? -1 : 1)).map(([, group]) => sumGroup(group));
}

function sumGroup(group: readonly UsageEvent[]): RollupDelta {
  const [first] = group;
  if (!first) throw new Error('a rollup group holds at least one event');
  const count = (of: (event: UsageEvent) => number) => group.reduce((total, event) => total + of(event), 0);
  const amount = (of: (event: UsageEvent) => Nanousd) =>
    group.reduce((total, event) => addAmounts(total, of(event)), ZERO);
  return {
    organizationId: first.organizationId,
    hourMs: Math.floor(first.startedAtMs / HOUR_MS) * HOUR_MS,
    projectId: first.projectId,
    keyId: first.keyId,
    model: first.model,
    provider: first.provider,
    requestCount: group.length,
    errorCount: count((event) => (isErrorEvent(event) ? 1 : 0)),
    inputTokens: count((event) => event.tokens.input),
    cachedInputTokens: count((event) => event.tokens.cachedInput),
    outputTokens: count((event) => event.tokens.output),
    reasoningTokens: count((event) => event.tokens.reasoning),
    costNanousd: amount((event) => event.costNanousd),
    chargeNanousd: amount((event) => event.chargeNanousd),
    lossNanousd: amount((event) => event.lossNanousd),
    durationHistogram: countLatencies(group.map((event) => event.durationMs)),
    firstTokenHistogram: countLatencies(group.flatMap((event) => event.firstTokenMs ?? [])),
  };
}

/**
 * The sums of settlements whose requests are counted already, as expired: money and tokens, and no further request. Hourly sums keep
 * such a request as the error that its client saw.
 */
export function rollUpLate(events: readonly UsageEvent[]): RollupDelta[] {
  const nothing = { requestCount: 0, errorCount: 0, durationHistogram: [], firstTokenHistogram: [] };
  return rollUp(events).map((delta) => ({ ...delta, ...nothing }));
}
