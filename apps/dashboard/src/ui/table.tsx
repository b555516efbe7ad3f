import type { ComponentProps, ReactNode } from 'react';
import { classNames } from './class-names';

/** A table that scrolls inside its own box, so that a phone never scrolls sideways. Focusable, so that arrow keys scroll it. */
export function Table({ label, children, className }: { label: string; children: ReactNode; className?: string }) {
  return (
    // biome-ignore lint/a11y/noNoninteractiveTabindex: a region that scrolls must be reachable by keyboard
    <section aria-label={label} tabIndex={0} className="relative overflow-x-auto rounded-b-lg">
      <table className={classNames('w-full border-collapse text-[13px]', className)}>{children}</table>
    </section>
  );
}

export function HeadCell({ className, ...props }: ComponentProps<'th'>) {
  return (
    <th
      scope="col"
      className={classNames(
        'h-9 whitespace-nowrap px-3 text-left text-xs font-medium text-muted first:pl-4 last:pr-4',
        className,
      )}
      {...props}
    />
  );
}

export function Cell({ className, ...props }: ComponentProps<'td'>) {
  return <td className={classNames('h-10 px-3 first:pl-4 last:pr-4', className)} {...props} />;
}

export const NUMBER = 'text-right tabular-nums whitespace-nowrap';
export const HEAD_ROW = 'border-b border-line bg-sunken/60';
export const BODY_ROW = 'border-b border-line last:border-0 hover:bg-hover';
