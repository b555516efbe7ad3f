import { displayUsd } from '@tollgate/amount';
import type { Quantiles, UsageSummary } from '@tollgate/usage';
import { compactCount, duration, fullCount, percent } from '../../ui/format';
import { StatTile } from '../../ui/stat-tile';

export function StatTiles({ totals }: { totals: UsageSummary }) {
  const { requests, errors, inputTokens, cachedInputTokens, outputTokens } = totals;
  return (
    <div className="grid grid-cols-2 gap-3 lg:grid-cols-3 2xl:grid-cols-6">
      <StatTile title="Spend" value={displayUsd(totals.spendNanousd, 4)} />
      <StatTile title="Requests" value={fullCount(requests)} />
      <StatTile
        title="Errors"
        value={percent(errors, requests)}
        isAlarming={errors > 0 && errors * 20 >= requests}
        details={[{ title: 'failed', value: fullCount(errors) }]}
      />
      <StatTile
        title="Tokens"
        value={compactCount(inputTokens + outputTokens)}
        details={[
          { title: 'in', value: compactCount(inputTokens) },
          { title: 'out', value: compactCount(outputTokens) },
          { title: 'cached', value: compactCount(cachedInputTokens) },
        ]}
      />
      <QuantileTile title="Latency, p50" quantiles={totals.durationMs} />
      <QuantileTile title="First token, p50" quantiles={totals.firstTokenMs} />
    </div>
  );
}

function QuantileTile({ title, quantiles }: { title: string; quantiles: Quantiles }) {
  return (
    <StatTile
      title={title}
      value={duration(quantiles.p50)}
      details={[
        { title: 'p95', value: duration(quantiles.p95) },
        { title: 'p99', value: duration(quantiles.p99) },
      ]}
    />
  );
}
