import type { ReactNode } from 'react';
import { classNames } from './class-names';

interface CardProps {
  readonly title?: ReactNode;
  readonly note?: ReactNode;
  readonly action?: ReactNode;
  readonly children: ReactNode;
  readonly className?: string;
  /** false: the content touches the edges, as a table does */
  readonly isPadded?: boolean;
}

export function Card({ title, note, action, children, className, isPadded = true }: CardProps) {
  return (
    <section
      className={classNames('min-w-0 rounded-lg border border-line bg-surface shadow-[var(--shadow)]', className)}
    >
      {title ? (
        <header className="flex flex-wrap items-center justify-between gap-x-4 gap-y-1 border-b border-line px-4 py-3">
          <div className="min-w-0">
            <h2 className="text-sm font-semibold">{title}</h2>
            {note ? <p className="mt-0.5 text-[13px] text-muted">{note}</p> : null}
          </div>
          {action}
        </header>
      ) : null}
      <div className={isPadded ? 'p-4' : ''}>{children}</div>
    </section>
  );
}
