'use client';

import { useState } from 'react';
import { Badge, type BadgeTone } from '../../ui/badge';
import { classNames } from '../../ui/class-names';
import { LocalTime } from '../../ui/local-time';
import { BODY_ROW, Cell, HEAD_ROW, HeadCell, NUMBER, Table } from '../../ui/table';
import { KeyMenu } from './key-menu';
import type { KeyRow } from './key-row';

const STATES: Readonly<Record<KeyRow['state'], { tone: BadgeTone; title: string }>> = {
  active: { tone: 'success', title: 'Active' },
  disabled: { tone: 'warning', title: 'Disabled' },
  expired: { tone: 'neutral', title: 'Expired' },
  revoked: { tone: 'danger', title: 'Revoked' },
};

const WIDE = 'hidden md:table-cell';

export function KeyTable({ rows, canWrite }: { rows: readonly KeyRow[]; canWrite: boolean }) {
  const [news, setNews] = useState('');
  return (
    <>
      <p
        aria-live="polite"
        className={news === '' ? 'sr-only' : 'border-b border-line px-4 py-2.5 text-[13px] text-muted'}
      >
        {news}
      </p>
      <Table label="Keys">
        <thead>
          <tr className={HEAD_ROW}>
            <HeadCell>Name</HeadCell>
            <HeadCell className={WIDE}>Key</HeadCell>
            <HeadCell className={WIDE}>Kind</HeadCell>
            <HeadCell>State</HeadCell>
            <HeadCell className={NUMBER}>Spent</HeadCell>
            <HeadCell className={WIDE}>Created</HeadCell>
            <HeadCell className={WIDE}>Expires</HeadCell>
            <HeadCell>
              <span className="sr-only">Actions</span>
            </HeadCell>
          </tr>
        </thead>
        <tbody>
          {rows.map((row) => (
            <tr key={row.keyId} className={BODY_ROW}>
              <Cell className="h-13 max-w-32 md:h-10 md:max-w-56" title={row.name}>
                <span className="block truncate font-medium">{row.name}</span>
                <span className="block truncate font-mono text-xs text-muted md:hidden">{row.hint}</span>
              </Cell>
              <Cell className={`whitespace-nowrap font-mono text-[12.5px] text-muted ${WIDE}`}>{row.hint}</Cell>
              <Cell className={`capitalize text-muted ${WIDE}`}>{row.kind}</Cell>
              <Cell>
                <Badge tone={STATES[row.state].tone}>{STATES[row.state].title}</Badge>
              </Cell>
              <Cell className={NUMBER}>
                <Spent row={row} />
              </Cell>
              <Cell className={`text-muted ${WIDE}`}>
                <LocalTime atMs={row.createdAtMs} style="day" />
              </Cell>
              <Cell className={`text-muted ${WIDE}`}>
                {row.expiresAtMs === null ? 'Never' : <LocalTime atMs={row.expiresAtMs} style="day" />}
              </Cell>
              <Cell className="text-right">
                {canWrite && row.state !== 'revoked' ? <KeyMenu row={row} onNews={setNews} /> : null}
              </Cell>
            </tr>
          ))}
        </tbody>
      </Table>
    </>
  );
}

function Spent({ row }: { row: KeyRow }) {
  if (row.limit === null || row.spentShare === null) return <>{row.spent}</>;
  const percent = Math.round(row.spentShare * 100);
  return (
    <div className="ml-auto grid w-24 gap-1 md:w-36">
      <span className="truncate">
        {row.spent} <span className="text-muted">of {row.limit}</span>
      </span>
      <div
        role="progressbar"
        aria-label={`Spent of the limit of ${row.name}`}
        aria-valuenow={percent}
        aria-valuemin={0}
        aria-valuemax={100}
        className="h-1 overflow-hidden rounded-full bg-sunken"
      >
        <div
          className={classNames('h-full rounded-full', percent >= 90 ? 'bg-chart-error' : 'bg-chart-1')}
          style={{ width: `${percent}%` }}
        />
      </div>
    </div>
  );
}
