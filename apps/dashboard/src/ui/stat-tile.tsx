import type { ReactNode } from 'react';
import { classNames } from './class-names';

interface StatTileProps {
  readonly title: string;
  readonly value: ReactNode;
  readonly details?: readonly { readonly title: string; readonly value: string }[];
  readonly isAlarming?: boolean;
}

export function StatTile({ title, value, details = [], isAlarming = false }: StatTileProps) {
  return (
    <div className="min-w-0 rounded-lg border border-line bg-surface p-3.5 sm:p-4 shadow-[var(--shadow)]">
      <p className="text-[13px] text-muted">{title}</p>
      <p
        className={classNames(
          'mt-1 truncate text-xl sm:text-[22px] font-semibold leading-7 tracking-tight tabular-nums',
          isAlarming && 'text-danger',
        )}
      >
        {value}
      </p>
      {details.length > 0 ? (
        <dl className="mt-2 flex flex-wrap gap-x-3 gap-y-0.5 text-xs text-muted">
          {details.map((detail) => (
            <div key={detail.title} className="flex gap-1">
              <dt>{detail.title}</dt>
              <dd className="tabular-nums text-text">{detail.value}</dd>
            </div>
          ))}
        </dl>
      ) : null}
    </div>
  );
}
