import { displayUsd } from '@tollgate/amount';
import type { RequestSummary } from '@tollgate/usage';
import Link from 'next/link';
import { Badge } from '../../ui/badge';
import { duration, fullCount } from '../../ui/format';
import { LocalTime } from '../../ui/local-time';
import { BODY_ROW, Cell, HEAD_ROW, HeadCell, NUMBER, Table } from '../../ui/table';
import { RequestStatus } from './request-status';

interface RequestTableProps {
  readonly rows: readonly RequestSummary[];
  readonly keyTitles: ReadonlyMap<string, string>;
}

export function RequestTable({ rows, keyTitles }: RequestTableProps) {
  return (
    <Table label="Requests">
      <thead>
        <tr className={HEAD_ROW}>
          <HeadCell>Time</HeadCell>
          <HeadCell>Model</HeadCell>
          <HeadCell>Status</HeadCell>
          <HeadCell>Key</HeadCell>
          <HeadCell className={NUMBER}>Tokens in</HeadCell>
          <HeadCell className={NUMBER}>out</HeadCell>
          <HeadCell className={NUMBER}>First token</HeadCell>
          <HeadCell className={NUMBER}>Duration</HeadCell>
          <HeadCell className={NUMBER}>Cost</HeadCell>
        </tr>
      </thead>
      <tbody>
        {rows.map((row) => (
          <tr key={row.requestId} className={`relative ${BODY_ROW}`}>
            <Cell className="whitespace-nowrap">
              {/* The link covers its row: the whole row can be clicked, and a keyboard meets one link. */}
              <Link
                href={`/requests/${row.requestId}`}
                prefetch={false}
                className="after:absolute after:inset-0 after:content-['']"
                aria-label={`Request of ${new Date(row.startedAtMs).toISOString()} to ${row.model}`}
              >
                <LocalTime atMs={row.startedAtMs} />
              </Link>
            </Cell>
            <Cell>
              <span className="block max-w-60 truncate font-medium" title={row.model}>
                {row.model}
              </span>
              <span className="flex items-center gap-1.5 text-xs text-muted">
                {row.provider}
                {row.isStream ? <span>· stream</span> : null}
                {row.isSandbox ? <Badge className="h-4 px-1 text-[11px]">sandbox</Badge> : null}
              </span>
            </Cell>
            <Cell>
              <RequestStatus {...row} />
            </Cell>
            <Cell className="max-w-40 truncate text-muted" title={keyTitles.get(row.keyId)}>
              {keyTitles.get(row.keyId) ?? '–'}
            </Cell>
            <Cell className={NUMBER}>{fullCount(row.inputTokens)}</Cell>
            <Cell className={NUMBER}>{fullCount(row.outputTokens)}</Cell>
            <Cell className={NUMBER}>{duration(row.firstTokenMs)}</Cell>
            <Cell className={NUMBER}>{duration(row.durationMs)}</Cell>
            <Cell className={`${NUMBER} font-medium`}>{displayUsd(row.chargeNanousd, 9)}</Cell>
          </tr>
        ))}
      </tbody>
    </Table>
  );
}
