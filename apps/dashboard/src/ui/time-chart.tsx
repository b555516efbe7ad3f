'use client';

import { useId } from 'react';
import {
  Area,
  Bar,
  CartesianGrid,
  ComposedChart,
  Line,
  ResponsiveContainer,
  Tooltip,
  type TooltipContentProps,
  XAxis,
  YAxis,
} from 'recharts';
import { compactCount, duration, fullCount } from './format';
import { useIsHydrated } from './local-time';

/** Drawn numbers; money is drawn in dollars and told exactly by `exact`. */
export interface ChartPoint {
  readonly atMs: number;
  readonly values: Readonly<Record<string, number | null>>;
  /** what the tooltip says instead of the drawn number */
  readonly exact?: Readonly<Record<string, string>>;
}

export interface ChartSeries {
  readonly name: string;
  readonly title: string;
  readonly color: string;
}

export type ChartUnit = 'count' | 'dollars' | 'milliseconds';

interface TimeChartProps {
  readonly label: string;
  readonly kind: 'bars' | 'lines';
  readonly unit: ChartUnit;
  readonly points: readonly ChartPoint[];
  readonly series: readonly ChartSeries[];
  readonly stepMs: number;
}

const DAY_MS = 86_400_000;
const HEIGHT = 'h-48';

/** Values over time: stacked bars or lines. The legend and the table behind it say in words what the picture shows. */
export function TimeChart({ label, kind, unit, points, series, stepMs }: TimeChartProps) {
  const isHydrated = useIsHydrated();
  const labelId = useId();
  const lengthMs = (points.at(-1)?.atMs ?? 0) - (points[0]?.atMs ?? 0);
  const tick = (atMs: number) => axisTime(atMs, stepMs, lengthMs);
  return (
    <figure aria-labelledby={labelId} className="min-w-0">
      <figcaption id={labelId} className="sr-only">
        {label}
      </figcaption>
      <div className={HEIGHT} aria-hidden>
        {isHydrated ? (
          <ResponsiveContainer width="100%" height="100%" debounce={50}>
            <ComposedChart
              data={points.map((point) => ({ atMs: point.atMs, ...point.values }))}
              margin={{ top: 8, right: 4, bottom: 0, left: 0 }}
              accessibilityLayer={false}
              barCategoryGap="18%"
            >
              <CartesianGrid vertical={false} stroke="var(--line)" />
              <XAxis
                dataKey="atMs"
                tickFormatter={tick}
                tickLine={false}
                axisLine={{ stroke: 'var(--line-strong)' }}
                minTickGap={40}
                height={22}
              />
              <YAxis
                tickFormatter={(value: number) => axisValue(value, unit)}
                tickLine={false}
                axisLine={false}
                width={56}
                allowDecimals={unit !== 'count'}
              />
              <Tooltip
                isAnimationActive={false}
                cursor={kind === 'bars' ? { fill: 'var(--surface-sunken)' } : { stroke: 'var(--line-strong)' }}
                content={(props) => (
                  <ChartTooltip {...props} points={points} series={series} unit={unit} stepMs={stepMs} />
                )}
              />
              {(kind === 'bars' ? series : series.toReversed()).map((one) => drawSeries(kind, one, points.length))}
            </ComposedChart>
          </ResponsiveContainer>
        ) : null}
      </div>
      {series.length > 1 ? <Legend series={series} /> : null}
    </figure>
  );
}

/** Bars thinner than a pixel or two only flicker: many points are drawn as an area instead. */
const BARS_MAX = 62;

function drawSeries(kind: TimeChartProps['kind'], { name, color }: ChartSeries, count: number) {
  if (kind === 'bars' && count <= BARS_MAX) {
    return <Bar key={name} dataKey={name} stackId="all" fill={color} isAnimationActive={false} maxBarSize={28} />;
  }
  if (kind === 'bars') {
    return (
      <Area
        key={name}
        dataKey={name}
        stackId="all"
        stroke="none"
        fill={color}
        fillOpacity={0.85}
        isAnimationActive={false}
        type="stepAfter"
      />
    );
  }
  return (
    <Line
      key={name}
      dataKey={name}
      stroke={color}
      strokeWidth={1.75}
      dot={count <= 31 ? { r: 2, fill: color, strokeWidth: 0 } : false}
      connectNulls
      isAnimationActive={false}
      type="monotone"
    />
  );
}

function Legend({ series }: { series: readonly ChartSeries[] }) {
  return (
    <ul className="mt-2 flex flex-wrap gap-x-4 gap-y-1 pl-1 text-xs text-muted">
      {series.map(({ name, title, color }) => (
        <li key={name} className="flex items-center gap-1.5">
          <span aria-hidden className="size-2 rounded-[2px]" style={{ background: color }} />
          {title}
        </li>
      ))}
    </ul>
  );
}

interface ChartTooltipProps extends TooltipContentProps {
  readonly points: readonly ChartPoint[];
  readonly series: readonly ChartSeries[];
  readonly unit: ChartUnit;
  readonly stepMs: number;
}

function ChartTooltip({ active, label, points, series, unit, stepMs }: ChartTooltipProps) {
  const point = points.find((candidate) => candidate.atMs === label);
  if (!active || !point) return null;
  return (
    <div className="rounded-md border border-line bg-surface px-3 py-2 text-xs shadow-[var(--shadow-raised)]">
      <p className="mb-1 text-muted">{tooltipTime(point.atMs, stepMs)}</p>
      {series.map(({ name, title, color }) => (
        <p key={name} className="flex items-center gap-2">
          <span className="size-2 rounded-[2px]" style={{ background: color }} />
          <span className="text-muted">{title}</span>
          <span className="ml-auto pl-4 font-medium tabular-nums">
            {point.exact?.[name] ?? tooltipValue(point.values[name] ?? null, unit)}
          </span>
        </p>
      ))}
    </div>
  );
}

function axisTime(atMs: number, stepMs: number, lengthMs: number): string {
  const isDay = stepMs >= DAY_MS || lengthMs > 2 * DAY_MS;
  return new Intl.DateTimeFormat(
    'en-GB',
    isDay
      ? { day: '2-digit', month: 'short', ...(stepMs >= DAY_MS ? { timeZone: 'UTC' } : {}) }
      : { hour: '2-digit', minute: '2-digit' },
  ).format(atMs);
}

/** Days are days of UTC, everything shorter is told in the reader's zone. */
function tooltipTime(atMs: number, stepMs: number): string {
  return new Intl.DateTimeFormat(
    'en-GB',
    stepMs >= DAY_MS
      ? { weekday: 'short', day: '2-digit', month: 'short', year: 'numeric', timeZone: 'UTC' }
      : { weekday: 'short', day: '2-digit', month: 'short', hour: '2-digit', minute: '2-digit' },
  ).format(atMs);
}

function axisValue(value: number, unit: ChartUnit): string {
  switch (unit) {
    case 'count':
      return compactCount(value);
    case 'dollars':
      return dollars(value);
    case 'milliseconds':
      return value === 0 ? '0' : duration(value);
  }
}

function tooltipValue(value: number | null, unit: ChartUnit): string {
  if (value === null) return '–';
  switch (unit) {
    case 'count':
      return fullCount(value);
    case 'dollars':
      return dollars(value);
    case 'milliseconds':
      return duration(value);
  }
}

/** Axis labels only: two significant digits below a dollar, never in exponents. */
function dollars(value: number): string {
  if (value === 0) return '$0';
  if (value >= 1_000) return `$${compactCount(value)}`;
  if (value >= 1) return `$${value.toFixed(2).replace(/\.00$/, '')}`;
  const decimals = Math.min(9, Math.max(2, 1 - Math.floor(Math.log10(value))));
  return `$${value.toFixed(decimals).replace(/0+$/, '')}`;
}
