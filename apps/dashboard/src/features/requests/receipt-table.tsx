import type { Receipt } from '@tollgate/pricing';
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

const amountLook = 'py-1.5 text-right font-mono text-[12.5px] tabular-nums';

/** Every line of a charge, exact to the last digit: lines + markup + rounding + fees − waived = total. */
export function ReceiptTable({ receipt }: { receipt: Receipt }) {
  return (
    <section className="overflow-x-auto" aria-label="Receipt lines">
      <table className="w-full min-w-[26rem] text-[13px]">
        <thead>
          <tr className="border-b border-line text-xs text-muted">
            <th scope="col" className="py-1.5 pr-3 text-left font-medium">
              Item
            </th>
            <th scope="col" className="py-1.5 pr-3 text-right font-medium">
              Quantity
            </th>
            <th scope="col" className="py-1.5 pr-3 text-right font-medium">
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
              </th>
              <td className={`${amountLook} pr-3`}>{line.quantity.toLocaleString('en-US')}</td>
              <td className={`${amountLook} pr-3`}>{line.unitPriceUsdPerMillion}</td>
              <td className={amountLook}>{line.amountUsd}</td>
            </tr>
          ))}
          <SumRow title="Provider cost" amount={receipt.subtotalUsd} hasRule />
          <SumRow title={`Markup, ${percentOfBasisPoints(receipt.markupBp)}`} amount={receipt.markupUsd} />
          <SumRow title="Rounding up to a nano-dollar" amount={receipt.roundingUsd} />
          {receipt.feesUsd === '0' ? null : <SumRow title="Fees" amount={receipt.feesUsd} />}
          {receipt.waivedUsd === '0' ? null : <SumRow title="Waived: the failure was ours" amount={`-${receipt.waivedUsd}`} />}
        </tbody>
        <tfoot>
          <tr className="border-t border-line-strong font-semibold">
            <th scope="row" colSpan={3} className="py-2 text-left font-semibold">
              Charged
            </th>
            <td className={`${amountLook} py-2`} data-testid="receipt-total">
              {receipt.totalUsd}
            </td>
          </tr>
        </tfoot>
      </table>
    </section>
  );
}

function SumRow({ title, amount, hasRule = false }: { title: string; amount: string; hasRule?: boolean }) {
  return (
    <tr className={hasRule ? 'border-t border-line' : ''}>
      <th scope="row" colSpan={3} className="py-1.5 pr-3 text-left font-normal text-muted">
        {title}
      </th>
      <td className={amountLook}>{amount}</td>
    </tr>
  );
}
