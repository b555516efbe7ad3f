import { displayUsd, subtractAmounts } from '@tollgate/amount';
import { receipt } from '@tollgate/pricing';
import type { ChargeCorrection, ChargeRecord } from '@tollgate/usage';
import { Card } from '../../ui/card';
import { ReceiptTable } from './receipt-table';

function tierNote({ serviceTier }: ChargeRecord): string {
  return serviceTier === null ? '' : `, service tier ${serviceTier}`;
}

function difference({ chargeNanousd, oldChargeNanousd }: ChargeCorrection) {
  return subtractAmounts(chargeNanousd, oldChargeNanousd);
}

/** A request that was given up and settled after all was charged later than anybody expected: its receipt says so. */
function LateNote({ expiredAtMs }: { expiredAtMs: number | null }) {
  if (expiredAtMs === null) return null;
  return (
    <p className="mb-2 text-xs text-muted">
      Settled late: the request had been given up on {new Date(expiredAtMs).toISOString().slice(0, 10)}, and what it
      came to was found after all.
    </p>
  );
}

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
      : `Price version ${event.priceVersionId}${tierNote(event)}, as it stood when the request came in.`;
  return (
    <Card title="Receipt" note={note}>
      <LateNote expiredAtMs={event.expiredAtMs} />
      <ReceiptTable receipt={receipt(event)} />
      {event.corrections.map((correction) => (
        <section key={correction.correctionId} className="mt-5 border-t border-line pt-3">
          <h3 className="text-[13px] font-medium">Corrected later: {displayUsd(difference(correction))}</h3>
          <p className="mt-1 mb-2 text-xs text-muted">
            {correction.reason}. The difference was posted on{' '}
            {new Date(correction.postedAtMs).toISOString().slice(0, 10)}; since then the request costs:
          </p>
          <ReceiptTable receipt={receipt(correction)} />
        </section>
      ))}
    </Card>
  );
}
