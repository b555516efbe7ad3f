import { displayUsd, type Nanousd } from '@tollgate/amount';
import type { LedgerLine } from '@tollgate/ledger';
import { classNames } from '../../ui/class-names';
import { LocalTime } from '../../ui/local-time';
import { BODY_ROW, Cell, HEAD_ROW, HeadCell, NUMBER, Table } from '../../ui/table';

/** What a ledger line is called where it has no description of its own. */
const KINDS: Readonly<Record<string, string>> = {
  usage: 'Usage',
  rerate: 'Price correction',
  grant: 'Credit',
  grant_expiry: 'Expired credit',
};

export function LedgerTable({ lines }: { lines: readonly LedgerLine[] }) {
  return (
    <Table label="Ledger lines">
      <thead>
        <tr className={HEAD_ROW}>
          <HeadCell>Time</HeadCell>
          <HeadCell>What</HeadCell>
          <HeadCell className={NUMBER}>Amount</HeadCell>
          <HeadCell className={NUMBER}>Balance</HeadCell>
          <HeadCell className={NUMBER}>Transaction</HeadCell>
        </tr>
      </thead>
      <tbody>
        {lines.map((line) => (
          <tr key={line.transactionId.toString()} className={BODY_ROW}>
            <Cell>
              <LocalTime atMs={line.at.getTime()} />
            </Cell>
            <Cell>
              <span className="font-medium">{KINDS[line.kind] ?? line.kind}</span>
              {line.description ? <span className="text-muted"> · {line.description}</span> : null}
            </Cell>
            <Cell className={classNames(NUMBER, 'font-medium', line.amountNanousd > 0n && 'text-success')}>
              {signedUsd(line.amountNanousd)}
            </Cell>
            <Cell className={NUMBER}>{displayUsd(line.balanceNanousd, 9)}</Cell>
            <Cell className={`${NUMBER} text-muted`}>{line.transactionId.toString()}</Cell>
          </tr>
        ))}
      </tbody>
    </Table>
  );
}

function signedUsd(amount: Nanousd): string {
  return amount > 0n ? `+${displayUsd(amount, 9)}` : displayUsd(amount, 9);
}
