import { type Nanousd, nanousd } from '@tollgate/amount';
import { addCounts, type Counts, quantile } from './histogram.js';
import { pointsOf, type UsageWindow } from './usage-window.js';

/** Latencies in milliseconds; null where nothing was measured. Read from histograms: within 13 % of the true value. */
export interface Quantiles {
  readonly p50: number | null;
  readonly p95: number | null;
  readonly p99: number | null;
}

/** What a set of requests came to. Cached tokens are part of the input, reasoning tokens of the output. */
export interface UsageSummary {
  readonly spendNanousd: Nanousd;
  readonly requests: number;
  readonly errors: number;
  readonly inputTokens: number;
  readonly cachedInputTokens: number;
  readonly outputTokens: number;
  readonly reasoningTokens: number;
  readonly durationMs: Quantiles;
  readonly firstTokenMs: Quantiles;
}

export interface UsagePoint extends UsageSummary {
  /** start of the step, UTC */
  readonly atMs: number;
}

export interface UsageGroup extends UsageSummary {
  /** model, provider or key id; empty for the rest */
  readonly name: string;
  /** everything that is not among the first groups by spend, together */
  readonly isOther: boolean;
}

export interface Overview {
  /** what was really read: see UsageWindow */
  readonly window: UsageWindow | null;
  readonly totals: UsageSummary;
  /** one point for every step, also where nothing happened */
  readonly series: readonly UsagePoint[];
  /** the dearest first, the rest last; empty without groupBy */
  readonly groups: readonly UsageGroup[];
}

/** Sums as the store reads them. A row is about a step (`at_ms`) or about a group (`name`, null for the rest). */
export interface SumRow {
  readonly is_group: boolean;
  readonly at_ms: bigint | null;
  readonly name: string | null;
  readonly spend_nanousd: bigint;
  readonly requests: bigint;
  readonly errors: bigint;
  readonly input_tokens: bigint;
  readonly cached_input_tokens: bigint;
  readonly output_tokens: bigint;
  readonly reasoning_tokens: bigint;
}

/** One bucket of one histogram of a step or a group. */
export interface SlotRow {
  readonly is_group: boolean;
  readonly at_ms: bigint | null;
  readonly name: string | null;
  readonly measure: 'duration' | 'first_token';
  readonly slot: number;
  readonly count: bigint;
}

interface Tally {
  spend: bigint;
  requests: number;
  errors: number;
  inputTokens: number;
  cachedInputTokens: number;
  outputTokens: number;
  reasoningTokens: number;
  readonly duration: number[];
  readonly firstToken: number[];
}

/** Folds the rows of the store into what a page shows. */
export function foldOverview(window: UsageWindow | null, sums: readonly SumRow[], slots: readonly SlotRow[]): Overview {
  const points = window === null ? [] : pointsOf(window);
  const byPoint = new Map<number, Tally>(points.map((at) => [at, emptyTally()]));
  const byName = new Map<string | null, Tally>();
  const tallyOf = (row: SumRow | SlotRow): Tally =>
    row.is_group ? groupTally(byName, row.name) : pointTally(byPoint, row.at_ms, points);
  for (const row of sums) addSums(tallyOf(row), row);
  for (const row of slots) addSlot(tallyOf(row), row);
  return {
    window,
    totals: summarize(mergeTallies([...byPoint.values()])),
    series: points.map((atMs) => ({ atMs, ...summarize(byPoint.get(atMs) ?? emptyTally()) })),
    groups: [...byName]
      .map(([name, tally]) => ({ name: name ?? '', isOther: name === null, ...summarize(tally) }))
      .sort(compareGroups),
  };
}

function compareGroups(a: UsageGroup, b: UsageGroup): number {
  if (a.isOther !== b.isOther) return a.isOther ? 1 : -1;
  if (a.spendNanousd !== b.spendNanousd) return a.spendNanousd < b.spendNanousd ? 1 : -1;
  return b.requests - a.requests || (a.name < b.name ? -1 : 1);
}

function groupTally(byName: Map<string | null, Tally>, name: string | null): Tally {
  const tally = byName.get(name) ?? emptyTally();
  byName.set(name, tally);
  return tally;
}

/** A request whose id was minted in the window but that says it started a moment outside belongs to the nearest step. */
function pointTally(byPoint: Map<number, Tally>, at: bigint | null, points: readonly number[]): Tally {
  const [first, last] = [points[0], points.at(-1)];
  if (at === null || first === undefined || last === undefined) throw new Error('a sum of a step without a step');
  const tally = byPoint.get(Math.min(Math.max(Number(at), first), last));
  if (tally === undefined) throw new Error('a sum between the steps of its window');
  return tally;
}

function emptyTally(): Tally {
  return {
    spend: 0n,
    requests: 0,
    errors: 0,
    inputTokens: 0,
    cachedInputTokens: 0,
    outputTokens: 0,
    reasoningTokens: 0,
    duration: [],
    firstToken: [],
  };
}

function addSums(tally: Tally, row: SumRow): void {
  tally.spend += row.spend_nanousd;
  tally.requests += Number(row.requests);
  tally.errors += Number(row.errors);
  tally.inputTokens += Number(row.input_tokens);
  tally.cachedInputTokens += Number(row.cached_input_tokens);
  tally.outputTokens += Number(row.output_tokens);
  tally.reasoningTokens += Number(row.reasoning_tokens);
}

function addSlot(tally: Tally, row: SlotRow): void {
  const counts = row.measure === 'duration' ? tally.duration : tally.firstToken;
  while (counts.length <= row.slot) counts.push(0);
  counts[row.slot] = (counts[row.slot] ?? 0) + Number(row.count);
}

function mergeTallies(tallies: readonly Tally[]): Tally {
  const sum = (of: (tally: Tally) => number) => tallies.reduce((total, tally) => total + of(tally), 0);
  return {
    spend: tallies.reduce((total, tally) => total + tally.spend, 0n),
    requests: sum((tally) => tally.requests),
    errors: sum((tally) => tally.errors),
    inputTokens: sum((tally) => tally.inputTokens),
    cachedInputTokens: sum((tally) => tally.cachedInputTokens),
    outputTokens: sum((tally) => tally.outputTokens),
    reasoningTokens: sum((tally) => tally.reasoningTokens),
    duration: addCounts(...tallies.map((tally) => tally.duration)),
    firstToken: addCounts(...tallies.map((tally) => tally.firstToken)),
  };
}

function summarize({ spend, duration, firstToken, ...counts }: Tally): UsageSummary {
  return {
    spendNanousd: nanousd(spend),
    ...counts,
    durationMs: quantiles(duration),
    firstTokenMs: quantiles(firstToken),
  };
}

function quantiles(counts: Counts): Quantiles {
  return { p50: quantile(counts, 0.5), p95: quantile(counts, 0.95), p99: quantile(counts, 0.99) };
}
