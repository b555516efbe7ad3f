import { displayUsd } from '@tollgate/amount';
import type { RequestSummary } from '@tollgate/usage';
import Link from 'next/link';
import { AlignedDecimal } from '../../ui/aligned-decimal';
import { duration, fullCount } from '../../ui/format';
import { LocalTime } from '../../ui/local-time';
import { BODY_ROW, Cell, HEAD_ROW, HeadCell, NUMBER, Table } from '../../ui/table';
import { RequestStatus } from './request-status';

interface RequestTableProps {
  readonly rows: readonly RequestSummary[];
  readonly keyTitles: ReadonlyMap<string, string>;
}

const WIDE = 'hidden md:table-cell';
const COST_DECIMALS = 9;

export function RequestTable({ rows, keyTitles }: RequestTableProps) {
  return (
    <Table label="Requests">
      <thead>
        <tr className={HEAD_ROW}>
          <HeadCell className={WIDE}>Time</HeadCell>
          <HeadCell>Model</HeadCell>
          <HeadCell>Status</HeadCell>
          <HeadCell className={WIDE}>Key</HeadCell>
          <HeadCell className={`${NUMBER} ${WIDE}`}>Tokens in</HeadCell>
          <HeadCell className={`${NUMBER} ${WIDE}`}>Tokens out</HeadCell>
          <HeadCell className={`${NUMBER} ${WIDE}`}>First token</HeadCell>
          <HeadCell className={`${NUMBER} ${WIDE}`}>Duration</HeadCell>
          <HeadCell className={NUMBER}>Cost</HeadCell>
        </tr>
      </thead>
      <tbody>
        {rows.map((row) => (
          <tr key={row.requestId} className={`relative ${BODY_ROW}`}>
            <Cell className={`whitespace-nowrap text-muted ${WIDE}`}>
              <LocalTime atMs={row.startedAtMs} />
            </Cell>
            <Cell className="h-13 max-w-36 md:max-w-64">
              {/* The link covers its row: the whole row can be clicked, and a keyboard meets one link. */}
              <Link
                href={`/requests/${row.requestId}`}
                prefetch={false}
                title={row.model}
                className="block truncate font-medium after:absolute after:inset-0 after:content-['']"
              >
                {row.model}
              </Link>
              <span className="block truncate text-xs text-muted">
                <span className="md:hidden">
                  <LocalTime atMs={row.startedAtMs} style="minute" />
                </span>
                <span className="hidden md:inline">
                  {row.provider || 'no provider'}
                  {row.isStream ? ' · stream' : ''}
                  {row.isSandbox ? ' · sandbox' : ''}
                </span>
              </span>
            </Cell>
            <Cell>
              <RequestStatus {...row} />
            </Cell>
            <Cell className={`max-w-40 truncate text-muted ${WIDE}`} title={keyTitles.get(row.keyId)}>
              {keyTitles.get(row.keyId) ?? '–'}
            </Cell>
            <Cell className={`${NUMBER} ${WIDE}`}>{fullCount(row.inputTokens)}</Cell>
            <Cell className={`${NUMBER} ${WIDE}`}>{fullCount(row.outputTokens)}</Cell>
            <Cell className={`${NUMBER} ${WIDE}`}>{duration(row.firstTokenMs)}</Cell>
            <Cell className={`${NUMBER} ${WIDE}`}>{duration(row.durationMs)}</Cell>
            <Cell className={`${NUMBER} font-medium`}>
              <AlignedDecimal text={displayUsd(row.chargeNanousd, COST_DECIMALS)} decimals={COST_DECIMALS} />
            </Cell>
          </tr>
        ))}
      </tbody>
    </Table>
  );
}
