'use client';

import { ArrowDown, ArrowUp, Search } from 'lucide-react';
import Link from 'next/link';
import { type ReactNode, useDeferredValue, useEffect, useMemo, useRef, useState } from 'react';
import { AlignedDecimal } from '../../ui/aligned-decimal';
import { Badge } from '../../ui/badge';
import { Button } from '../../ui/button';
import { classNames } from '../../ui/class-names';
import { EmptyState } from '../../ui/empty-state';
import { Input, Select } from '../../ui/field';
import { compactCount, fullCount } from '../../ui/format';
import { BODY_ROW, Cell, HEAD_ROW, HeadCell, NUMBER, Table } from '../../ui/table';
import { percentOfBasisPoints } from '../landing/percent';
import type { PriceRow } from './price-row';
import { priceText } from './price-text';
import { type Selection, type SortColumn, selectRows } from './select-rows';

interface PriceListProps {
  readonly rows: readonly PriceRow[];
  readonly markupBp: number;
  /** whether a row leads to the model's own page, which only signed-in people have */
  readonly isLinked: boolean;
}

const FIRST_ROWS = 80;
const MORE_ROWS = 200;

interface Column {
  readonly column: SortColumn;
  readonly title: string;
  readonly isNumber: boolean;
  /** not shown on a phone */
  readonly isWide: boolean;
}

const COLUMNS: readonly Column[] = [
  { column: 'model', title: 'Model', isNumber: false, isWide: false },
  { column: 'provider', title: 'Provider', isNumber: false, isWide: true },
  { column: 'context', title: 'Context', isNumber: true, isWide: true },
  { column: 'input', title: 'Input', isNumber: true, isWide: false },
  { column: 'output', title: 'Output', isNumber: true, isWide: false },
  { column: 'cached', title: 'Cached input', isNumber: true, isWide: true },
];

const WIDE = 'hidden md:table-cell';
const PRICE_DECIMALS = 4;

/** Every model at every provider. Thousands of rows stay quick: only those that can be seen are drawn. */
export function PriceList({ rows, markupBp, isLinked }: PriceListProps) {
  const [selection, setSelection] = useState<Selection>({
    search: '',
    provider: '',
    isCallableOnly: false,
    sort: 'model',
    isDescending: false,
  });
  const [withMarkup, setWithMarkup] = useState(true);
  const deferred = useDeferredValue(selection);
  const selected = useMemo(() => selectRows(rows, deferred), [rows, deferred]);
  const { shown, sentinel, showMore } = useShown(selected);
  const providers = useMemo(() => [...new Set(rows.map((row) => row.provider))].sort(), [rows]);
  const change = (part: Partial<Selection>) => setSelection((before) => ({ ...before, ...part }));
  const sortBy = (sort: SortColumn) =>
    change({ sort, isDescending: selection.sort === sort ? !selection.isDescending : false });
  const markup = withMarkup ? markupBp : 0;
  return (
    <div className="rounded-lg border border-line bg-surface shadow-[var(--shadow)]">
      <div className="flex flex-wrap items-center gap-2 border-b border-line p-3">
        <div className="relative w-full sm:w-72">
          <Search className="pointer-events-none absolute left-2.5 top-2 size-4 text-faint" aria-hidden />
          <Input
            type="search"
            aria-label="Search models"
            placeholder="Search models"
            value={selection.search}
            onChange={(event) => change({ search: event.target.value })}
            className="h-8 pl-8 text-[13px]"
          />
        </div>
        <Select
          aria-label="Provider"
          value={selection.provider}
          onChange={(event) => change({ provider: event.target.value })}
          className="h-8 w-auto max-w-44 text-[13px]"
        >
          <option value="">All providers</option>
          {providers.map((provider) => (
            <option key={provider}>{provider}</option>
          ))}
        </Select>
        <CheckBox isChecked={selection.isCallableOnly} onChange={(isCallableOnly) => change({ isCallableOnly })}>
          Callable now
        </CheckBox>
        <CheckBox isChecked={withMarkup} onChange={setWithMarkup}>
          With our {percentOfBasisPoints(markupBp)}
        </CheckBox>
        <p aria-live="polite" className="ml-auto text-[13px] text-muted tabular-nums">
          {fullCount(selected.length)} of {fullCount(rows.length)}
        </p>
      </div>
      {selected.length === 0 ? (
        <EmptyState title={rows.length === 0 ? 'The price list is being imported' : 'No model matches'}>
          <p>
            {rows.length === 0 ? 'It takes a few seconds after the first start. Reload the page.' : 'Try fewer words.'}
          </p>
        </EmptyState>
      ) : (
        <Table label="Prices per million tokens, in dollars">
          <thead>
            <tr className={HEAD_ROW}>
              {COLUMNS.map(({ column, title, isNumber, isWide }) => (
                <SortHead
                  key={column}
                  title={title}
                  isNumber={isNumber}
                  isWide={isWide}
                  order={selection.sort === column ? (selection.isDescending ? 'descending' : 'ascending') : null}
                  onSort={() => sortBy(column)}
                />
              ))}
            </tr>
          </thead>
          <tbody>
            {selected.slice(0, shown).map((row) => (
              <Row key={row.endpointId} row={row} markupBp={markup} isLinked={isLinked} />
            ))}
          </tbody>
        </Table>
      )}
      {shown < selected.length ? (
        <div ref={sentinel} className="flex justify-center border-t border-line p-3">
          <Button look="quiet" onClick={showMore}>
            Show more
          </Button>
        </div>
      ) : null}
    </div>
  );
}

/** How many rows are drawn: more as the reader comes near the end. A new selection starts from the top. */
function useShown(selected: readonly PriceRow[]) {
  const [state, setState] = useState({ of: selected, shown: FIRST_ROWS });
  const shown = state.of === selected ? state.shown : FIRST_ROWS;
  const showMore = () => setState({ of: selected, shown: shown + MORE_ROWS });
  const sentinel = useRef<HTMLDivElement>(null);
  useEffect(() => {
    const target = sentinel.current;
    if (!target) return;
    const observer = new IntersectionObserver(
      (entries) => {
        if (entries.some((entry) => entry.isIntersecting)) setState({ of: selected, shown: shown + MORE_ROWS });
      },
      { rootMargin: '600px' },
    );
    observer.observe(target);
    return () => observer.disconnect();
  }, [selected, shown]);
  return { shown, sentinel, showMore };
}

interface CheckBoxProps {
  readonly isChecked: boolean;
  readonly onChange: (isChecked: boolean) => void;
  readonly children: ReactNode;
}

function CheckBox({ isChecked, onChange, children }: CheckBoxProps) {
  return (
    <label className="flex h-8 items-center gap-2 px-1 text-[13px]">
      <input
        type="checkbox"
        checked={isChecked}
        onChange={(event) => onChange(event.target.checked)}
        className="size-4 accent-[var(--accent)]"
      />
      <span>{children}</span>
    </label>
  );
}

interface SortHeadProps {
  readonly title: string;
  readonly isNumber: boolean;
  readonly isWide: boolean;
  readonly order: 'ascending' | 'descending' | null;
  readonly onSort: () => void;
}

function SortHead({ title, isNumber, isWide, order, onSort }: SortHeadProps) {
  const Arrow = order === 'descending' ? ArrowDown : ArrowUp;
  return (
    <HeadCell aria-sort={order ?? 'none'} className={classNames(isNumber && 'text-right', isWide && WIDE)}>
      <button
        type="button"
        onClick={onSort}
        className={classNames(
          'inline-flex items-center gap-1 rounded hover:text-text',
          order && 'text-text',
          isNumber && 'flex-row-reverse',
        )}
      >
        {title}
        <Arrow className={classNames('size-3', !order && 'invisible')} aria-hidden />
      </button>
    </HeadCell>
  );
}

function Row({ row, markupBp, isLinked }: { row: PriceRow; markupBp: number; isLinked: boolean }) {
  const provider = row.region === null ? row.provider : `${row.provider}, ${row.region}`;
  return (
    <tr className={BODY_ROW}>
      <Cell className="h-11 font-medium md:h-10">
        <span className="flex min-w-32 flex-wrap items-center gap-1.5">
          {isLinked ? (
            <Link
              href={`/models/${row.modelId}`}
              prefetch={false}
              className="underline-offset-4 [overflow-wrap:anywhere] hover:underline"
            >
              {row.modelId}
            </Link>
          ) : (
            <span className="[overflow-wrap:anywhere]">{row.modelId}</span>
          )}
          {row.isCallable ? null : <Badge>soon</Badge>}
        </span>
        <span className="block text-xs font-normal text-muted md:hidden">{provider}</span>
      </Cell>
      <Cell className={`whitespace-nowrap text-muted ${WIDE}`}>{provider}</Cell>
      <Cell className={`${NUMBER} ${WIDE}`}>{row.contextTokens === null ? '–' : compactCount(row.contextTokens)}</Cell>
      <Cell className={NUMBER}>
        {row.isVariable ? <span className="text-xs text-muted">from </span> : null}
        <Price text={priceText(row.input, markupBp)} />
      </Cell>
      <Cell className={NUMBER}>
        <Price text={priceText(row.output, markupBp)} />
      </Cell>
      <Cell className={`${NUMBER} text-muted ${WIDE}`}>
        <Price text={priceText(row.cached, markupBp)} />
      </Cell>
    </tr>
  );
}

function Price({ text }: { text: string }) {
  return text === '–' ? text : <AlignedDecimal text={text} decimals={PRICE_DECIMALS} />;
}
