import { displayUsd } from '@tollgate/amount';
import type { UsageGroup } from '@tollgate/usage';
import Link from 'next/link';
import { Card } from '../../ui/card';
import { compactCount, duration, fullCount, percent } from '../../ui/format';
import { BODY_ROW, Cell, HEAD_ROW, HeadCell, NUMBER, Table } from '../../ui/table';

interface BreakdownTableProps {
  readonly title: string;
  readonly groups: readonly UsageGroup[];
  /** what a group is called; the name stays where it is not known */
  readonly titleOf?: (name: string) => string;
  readonly linkOf: (name: string) => string;
  readonly isWide?: boolean;
}

export function BreakdownTable({
  title,
  groups,
  titleOf = (name) => name,
  linkOf,
  isWide = false,
}: BreakdownTableProps) {
  return (
    <Card title={title} isPadded={false} className={isWide ? 'xl:col-span-2' : ''}>
      <Table label={title}>
        <thead>
          <tr className={HEAD_ROW}>
            <HeadCell>Name</HeadCell>
            <HeadCell className={NUMBER}>Spend</HeadCell>
            <HeadCell className={NUMBER}>Requests</HeadCell>
            <HeadCell className={NUMBER}>Errors</HeadCell>
            <HeadCell className={NUMBER}>Tokens</HeadCell>
            <HeadCell className={NUMBER}>p95</HeadCell>
          </tr>
        </thead>
        <tbody>
          {groups.map((group) => (
            <tr key={group.isOther ? 'other' : `named ${group.name}`} className={BODY_ROW}>
              <Cell className="max-w-64 truncate">
                {group.isOther || group.name === '' ? (
                  <span className="text-muted">{group.isOther ? 'All others' : 'Refused before any'}</span>
                ) : (
                  <Link
                    href={linkOf(group.name)}
                    prefetch={false}
                    scroll={false}
                    className="font-medium underline-offset-4 hover:underline"
                    title={titleOf(group.name)}
                  >
                    {titleOf(group.name)}
                  </Link>
                )}
              </Cell>
              <Cell className={NUMBER}>{displayUsd(group.spendNanousd, 4)}</Cell>
              <Cell className={NUMBER}>{fullCount(group.requests)}</Cell>
              <Cell className={NUMBER}>{percent(group.errors, group.requests)}</Cell>
              <Cell className={NUMBER}>{compactCount(group.inputTokens + group.outputTokens)}</Cell>
              <Cell className={NUMBER}>{duration(group.durationMs.p95)}</Cell>
            </tr>
          ))}
        </tbody>
      </Table>
    </Card>
  );
}
