import { displayUsd } from '@tollgate/amount';
import type { UsagePoint } from '@tollgate/usage';
import type { ChartPoint, ChartSeries } from '../../ui/time-chart';

/** One chart of the overview: what is drawn, from which numbers. */
export interface OverviewChart {
  readonly title: string;
  readonly kind: 'bars' | 'lines';
  readonly unit: 'count' | 'dollars' | 'milliseconds';
  readonly series: readonly ChartSeries[];
  readonly pointOf: (point: UsagePoint) => ChartPoint;
}

const QUANTILES: readonly ChartSeries[] = [
  { name: 'p50', title: 'p50', color: 'var(--chart-1)' },
  { name: 'p95', title: 'p95', color: 'var(--chart-2)' },
  { name: 'p99', title: 'p99', color: 'var(--chart-6)' },
];

export const OVERVIEW_CHARTS: readonly OverviewChart[] = [
  {
    title: 'Spend',
    kind: 'bars',
    unit: 'dollars',
    series: [{ name: 'spend', title: 'Spend', color: 'var(--chart-1)' }],
    // Only the height of a bar is a float; the number that is told is exact.
    pointOf: ({ atMs, spendNanousd }) => ({
      atMs,
      values: { spend: Number(spendNanousd) / 1e9 },
      exact: { spend: displayUsd(spendNanousd) },
    }),
  },
  {
    title: 'Requests',
    kind: 'bars',
    unit: 'count',
    series: [
      { name: 'ok', title: 'Answered', color: 'var(--chart-2)' },
      { name: 'errors', title: 'Failed', color: 'var(--chart-error)' },
    ],
    pointOf: ({ atMs, requests, errors }) => ({ atMs, values: { ok: requests - errors, errors } }),
  },
  {
    title: 'Tokens',
    kind: 'bars',
    unit: 'count',
    series: [
      { name: 'input', title: 'Input', color: 'var(--chart-1)' },
      { name: 'cached', title: 'Cached input', color: 'var(--chart-6)' },
      { name: 'output', title: 'Output', color: 'var(--chart-4)' },
    ],
    pointOf: ({ atMs, inputTokens, cachedInputTokens, outputTokens }) => ({
      atMs,
      values: { input: inputTokens - cachedInputTokens, cached: cachedInputTokens, output: outputTokens },
    }),
  },
  {
    title: 'Latency',
    kind: 'lines',
    unit: 'milliseconds',
    series: QUANTILES,
    pointOf: ({ atMs, durationMs }) => ({ atMs, values: { ...durationMs } }),
  },
  {
    title: 'Time to first token',
    kind: 'lines',
    unit: 'milliseconds',
    series: QUANTILES,
    pointOf: ({ atMs, firstTokenMs }) => ({ atMs, values: { ...firstTokenMs } }),
  },
];
