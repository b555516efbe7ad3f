import { receipt } from '@tollgate/pricing';
import type { ChargeRecord } from '@tollgate/usage';
import { Card } from '../../ui/card';
import { ReceiptTable } from './receipt-table';

/** What the request cost, line by line. A request that was never charged says why. */
export function RequestReceipt({ event }: { event: ChargeRecord | null }) {
  if (event === null) {
    return (
      <Card title="Receipt">
        <p className="text-[13px] text-muted">Nothing has been posted for this request.</p>
      </Card>
    );
  }
  if (event.lines.length === 0) {
    return (
      <Card title="Receipt">
        <p className="text-[13px] text-muted">Nothing was used, so nothing was charged.</p>
        <p className="mt-2 font-medium tabular-nums" data-testid="receipt-total" data-total="0">
          $0.00
        </p>
      </Card>
    );
  }
  const note =
    event.priceVersionId === null
      ? 'No price was frozen for this request.'
      : `Price version ${event.priceVersionId}, as it stood when the request came in.`;
  return (
    <Card title="Receipt" note={note}>
      <ReceiptTable receipt={receipt(event)} />
    </Card>
  );
}
