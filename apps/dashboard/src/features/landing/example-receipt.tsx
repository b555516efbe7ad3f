import { nanousd, nanousdPerMillion } from '@tollgate/amount';
import { receipt } from '@tollgate/pricing';
import { Card } from '../../ui/card';
import { ReceiptTable } from '../requests/receipt-table';

const LINES = [
  { bucket: 'input', quantity: 1_214, unitPriceNanousdPerMillion: nanousdPerMillion(150_000_000n) },
  { bucket: 'cache_read', quantity: 1_024, unitPriceNanousdPerMillion: nanousdPerMillion(75_000_000n) },
  { bucket: 'output', quantity: 356, unitPriceNanousdPerMillion: nanousdPerMillion(600_000_000n) },
] as const;

const LINE_SUM = LINES.reduce((sum, line) => sum + BigInt(line.quantity) * line.unitPriceNanousdPerMillion, 0n);

/** A receipt made by the code that makes the real ones, for a request of plausible size. */
export function ExampleReceipt({ markupBp }: { markupBp: number }) {
  const scaled = LINE_SUM * BigInt(10_000 + markupBp);
  const example = receipt({
    lines: LINES,
    costNanousd: nanousd((LINE_SUM + 999_999n) / 1_000_000n),
    chargeNanousd: nanousd((scaled + 9_999_999_999n) / 10_000_000_000n),
    feeNanousd: nanousd(0n),
    markupBp,
  });
  return (
    <Card title="Example receipt" note="openai/gpt-4o-mini, one chat request">
      <ReceiptTable receipt={example} />
    </Card>
  );
}
