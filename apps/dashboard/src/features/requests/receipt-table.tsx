import type { Receipt } from '@tollgate/pricing';
import { AlignedDecimal, decimalsOf } from '../../ui/aligned-decimal';
import { percentOfBasisPoints } from '../landing/percent';

/** What people call a usage bucket. A bucket of a newer release is shown under its own name. */
const BUCKET_TITLES: Readonly<Record<string, string>> = {
  input: 'Input tokens',
  input_audio: 'Audio input tokens',
  input_image: 'Image input tokens',
  cache_read: 'Cached input tokens',
  cache_read_audio: 'Cached audio input tokens',
  cache_write_5m: 'Cache write tokens (5 min)',
  cache_write_1h: 'Cache write tokens (1 h)',
  output: 'Output tokens',
  reasoning: 'Reasoning tokens',
  output_audio: 'Audio output tokens',
  output_image: 'Image output tokens',
  web_search: 'Web searches',
  request: 'Requests',
};

const AMOUNT = 'py-1.5 text-right align-top font-mono text-[12.5px] tabular-nums whitespace-nowrap';
const WIDE_ONLY = 'hidden sm:table-cell';

/** Every line of a charge, exact to the last digit: lines + markup + rounding + fees − waived = total. */
export function ReceiptTable({ receipt }: { receipt: Receipt }) {
  const sums = sumsOf(receipt);
  const amounts = [
    ...receipt.lines.map((line) => line.amountUsd),
    ...sums.map((sum) => sum.amountUsd),
    receipt.totalUsd,
  ];
  const decimals = Math.max(...amounts.map(decimalsOf));
  const priceDecimals = Math.max(0, ...receipt.lines.map((line) => decimalsOf(line.unitPriceUsdPerMillion)));
  return (
    <table className="w-full text-[13px]">
      <thead>
        <tr className="border-b border-line text-xs text-muted">
          <th scope="col" className="py-1.5 pr-3 text-left font-medium">
            Item
          </th>
          <th scope="col" className={`py-1.5 pr-4 text-right font-medium ${WIDE_ONLY}`}>
            Quantity
          </th>
          <th scope="col" className={`py-1.5 pr-4 text-right font-medium ${WIDE_ONLY}`}>
            $ per million
          </th>
          <th scope="col" className="py-1.5 text-right font-medium">
            Amount, $
          </th>
        </tr>
      </thead>
      <tbody>
        {receipt.lines.map((line) => (
          <tr key={line.bucket}>
            <th scope="row" className="py-1.5 pr-3 text-left font-normal">
              {BUCKET_TITLES[line.bucket] ?? line.bucket}
              <span className="block text-xs text-muted tabular-nums sm:hidden">
                {line.quantity.toLocaleString('en-US')} × {line.unitPriceUsdPerMillion} per million
              </span>
            </th>
            <td className={`${AMOUNT} pr-4 ${WIDE_ONLY}`}>{line.quantity.toLocaleString('en-US')}</td>
            <td className={`${AMOUNT} pr-4 ${WIDE_ONLY}`}>
              <AlignedDecimal text={line.unitPriceUsdPerMillion} decimals={priceDecimals} />
            </td>
            <td className={AMOUNT}>
              <AlignedDecimal text={line.amountUsd} decimals={decimals} />
            </td>
          </tr>
        ))}
        {sums.map((sum, index) => (
          <tr key={sum.title} className={index === 0 ? 'border-t border-line' : ''}>
            <SumHead title={sum.title} look="font-normal text-muted" />
            <td className={AMOUNT}>
              <AlignedDecimal text={sum.amountUsd} decimals={decimals} />
            </td>
          </tr>
        ))}
      </tbody>
      <tfoot>
        <tr className="border-t border-line-strong font-semibold">
          <SumHead title="Charged" look="font-semibold" />
          <td className={AMOUNT} data-testid="receipt-total" data-total={receipt.totalUsd}>
            <AlignedDecimal text={receipt.totalUsd} decimals={decimals} />
          </td>
        </tr>
      </tfoot>
    </table>
  );
}

function sumsOf(receipt: Receipt): { title: string; amountUsd: string }[] {
  const sums = [
    { title: 'Provider cost', amountUsd: receipt.subtotalUsd },
    { title: `Markup, ${percentOfBasisPoints(receipt.markupBp)}`, amountUsd: receipt.markupUsd },
    { title: 'Rounding up to a nano-dollar', amountUsd: receipt.roundingUsd },
  ];
  if (receipt.feesUsd !== '0') sums.push({ title: 'Fees', amountUsd: receipt.feesUsd });
  if (receipt.waivedUsd !== '0')
    sums.push({ title: 'Waived: the failure was ours', amountUsd: `-${receipt.waivedUsd}` });
  return sums;
}

/** Spans the columns in between where they are shown. */
function SumHead({ title, look }: { title: string; look: string }) {
  return (
    <>
      <th scope="row" className={`py-1.5 pr-3 text-left ${look}`}>
        {title}
      </th>
      <td colSpan={2} className={WIDE_ONLY} />
    </>
  );
}
