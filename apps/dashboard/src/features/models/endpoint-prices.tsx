import {
  type ComponentPrices,
  type Endpoint,
  isCallable,
  PRICE_COMPONENTS,
  type PriceComponent,
  priceAt,
} from '@tollgate/catalog';
import { pricesAt } from '@tollgate/pricing';
import { Badge } from '../../ui/badge';
import { Card } from '../../ui/card';
import { fullCount } from '../../ui/format';
import { BODY_ROW, Cell, HEAD_ROW, HeadCell, NUMBER, Table } from '../../ui/table';
import { providerTitle } from './price-row';
import { priceText } from './price-text';

const TITLES: Readonly<Record<PriceComponent, string>> = {
  input: 'Input',
  input_audio: 'Audio input',
  input_image: 'Image input',
  cache_read: 'Cached input',
  cache_read_audio: 'Cached audio input',
  cache_write_5m: 'Cache write, 5 min',
  cache_write_1h: 'Cache write, 1 h',
  output: 'Output',
  reasoning: 'Reasoning',
  output_audio: 'Audio output',
  output_image: 'Image output',
  web_search: 'Web searches',
  request: 'Requests',
  character: 'Characters',
  audio_second: 'Seconds of audio',
  image: 'Images',
  search_unit: 'Searches ranked',
};

/** Everything one provider charges for a model: the base price and every tier, beside what the customer pays. */
export function EndpointPrices({ endpoint, markupBp, nowMs }: { endpoint: Endpoint; markupBp: number; nowMs: number }) {
  const version = priceAt(endpoint, nowMs);
  const provider = providerTitle(endpoint.provider);
  const title = (
    <span className="flex flex-wrap items-center gap-2">
      {provider}
      {endpoint.isEnabled && isCallable(endpoint) ? <Badge tone="success">callable</Badge> : <Badge>soon</Badge>}
    </span>
  );
  if (version === null) {
    return (
      <Card title={title}>
        <p className="text-[13px] text-muted">No price is known, so requests to this provider are refused.</p>
      </Card>
    );
  }
  const { prices, tiers } = pricesAt(version.schedule, nowMs);
  const components = PRICE_COMPONENTS.filter(
    (component) => prices[component] !== undefined || tiers.some((tier) => tier.prices[component] !== undefined),
  );
  const columns: { readonly title: string; readonly prices: ComponentPrices }[] = [
    { title: 'Provider', prices },
    ...tiers.map((tier) => ({
      title: `Above ${fullCount(tier.aboveInputTokens)} input tokens`,
      prices: { ...prices, ...tier.prices },
    })),
  ];
  const timeOfDay =
    version.schedule.windows.length > 0 ? ' The price depends on the time of day; this is the one of now.' : '';
  return (
    <Card
      title={title}
      note={`${endpoint.providerModel} · price version ${version.id}${sinceText(version.effectiveFromMs)}.${timeOfDay}`}
      isPadded={false}
    >
      <Table label={`Prices at ${provider}`}>
        <thead>
          <tr className={HEAD_ROW}>
            <HeadCell>Per million</HeadCell>
            {columns.map((column) => (
              <HeadCell key={column.title} className={NUMBER}>
                {column.title}
              </HeadCell>
            ))}
            <HeadCell className={NUMBER}>You pay</HeadCell>
          </tr>
        </thead>
        <tbody>
          {components.map((component) => (
            <tr key={component} className={BODY_ROW}>
              <Cell>{TITLES[component]}</Cell>
              {columns.map((column) => (
                <Cell key={column.title} className={`${NUMBER} text-muted`}>
                  {priceText(column.prices[component], 0)}
                </Cell>
              ))}
              <Cell className={`${NUMBER} font-medium`}>{priceText(prices[component], markupBp)}</Cell>
            </tr>
          ))}
        </tbody>
      </Table>
    </Card>
  );
}

/** The first import says of a price that it always was so. */
function sinceText(effectiveFromMs: number): string {
  return effectiveFromMs <= 0 ? '' : `, since ${new Date(effectiveFromMs).toISOString().slice(0, 10)}`;
}
