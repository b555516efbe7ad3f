import { type Nanousd, nanousd } from '@tollgate/amount';
import { addCounts, type Counts, quantile } from './histogram.js';
import { pointsOf, type UsageWindow } from './usage-window.js';

/** Latencies in milliseconds; null where nothing was measured. Read from histograms: at most 28 % off above 8 ms. */
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

/** How many requests of a bucket of the latency histogram there were. */
export interface SlotCount {
  readonly slot: number;
  readonly count: number;
}

/** A piece of the overview: part of the sums of one step or of one group (null: the rest). Pieces add up. */
export interface UsagePiece {
  readonly place:
    | { readonly kind: 'step'; readonly atMs: number }
    | { readonly kind: 'group'; readonly name: string | null };
  readonly sums: UsageSums | null;
  readonly duration: readonly SlotCount[];
  readonly firstToken: readonly SlotCount[];
}

/** Columns both sources sum up, as the driver returns them. */
export interface UsageSums {
  readonly spend_nanousd: bigint;
  readonly requests: bigint;
  readonly errors: bigint;
  readonly input_tokens: bigint;
  readonly cached_input_tokens: bigint;
  readonly output_tokens: bigint;
  readonly reasoning_tokens: bigint;
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

/** Adds the pieces up to what a page shows. */
export function foldOverview(window: UsageWindow | null, pieces: readonly UsagePiece[]): Overview {
  const points = window === null ? [] : pointsOf(window);
  const byPoint = new Map<number, Tally>(points.map((at) => [at, emptyTally()]));
  const byName = new Map<string | null, Tally>();
  for (const piece of pieces) {
    const { place } = piece;
    addPiece(place.kind === 'step' ? pointTally(byPoint, place.atMs, points) : groupTally(byName, place.name), piece);
  }
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
function pointTally(byPoint: Map<number, Tally>, atMs: number, points: readonly number[]): Tally {
  const [first, last] = [points[0], points.at(-1)];
  const tally =
    first === undefined || last === undefined ? undefined : byPoint.get(Math.min(Math.max(atMs, first), last));
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

function addPiece(tally: Tally, { sums, duration, firstToken }: UsagePiece): void {
  if (sums !== null) addSums(tally, sums);
  addSlots(tally.duration, duration);
  addSlots(tally.firstToken, firstToken);
}

function addSums(tally: Tally, sums: UsageSums): void {
  tally.spend += sums.spend_nanousd;
  tally.requests += Number(sums.requests);
  tally.errors += Number(sums.errors);
  tally.inputTokens += Number(sums.input_tokens);
  tally.cachedInputTokens += Number(sums.cached_input_tokens);
  tally.outputTokens += Number(sums.output_tokens);
  tally.reasoningTokens += Number(sums.reasoning_tokens);
}

function addSlots(counts: number[], slots: readonly SlotCount[]): void {
  for (const { slot, count } of slots) {
    while (counts.length <= slot) counts.push(0);
    counts[slot] = (counts[slot] ?? 0) + count;
  }
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
