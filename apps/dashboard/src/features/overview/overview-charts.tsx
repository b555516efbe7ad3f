import { INTERVAL_MS, type Overview } from '@tollgate/usage';
import { Card } from '../../ui/card';
import { TimeChart } from '../../ui/time-chart';
import { OVERVIEW_CHARTS } from './chart-points';

export function OverviewCharts({ overview }: { overview: Overview }) {
  const stepMs = INTERVAL_MS[overview.window?.interval ?? 'hour'];
  return (
    <div className="grid gap-4 md:grid-cols-2 xl:grid-cols-6">
      {OVERVIEW_CHARTS.map(({ title, kind, unit, series, pointOf }, index) => (
        <Card key={title} title={title} className={index < 3 ? 'xl:col-span-2' : 'xl:col-span-3'}>
          <TimeChart
            label={`${title} over time`}
            kind={kind}
            unit={unit}
            series={series}
            stepMs={stepMs}
            points={overview.series.map(pointOf)}
          />
        </Card>
      ))}
    </div>
  );
}
