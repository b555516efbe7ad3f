import type { ReactNode } from 'react';

export interface Fact {
  readonly title: string;
  readonly value: ReactNode;
}

/** Names and values in two columns. */
export function Facts({ facts }: { facts: readonly Fact[] }) {
  return (
    <dl className="grid gap-y-2 text-[13px]">
      {facts.map(({ title, value }) => (
        <div key={title} className="grid grid-cols-[minmax(7rem,2fr)_minmax(0,3fr)] items-baseline gap-3">
          <dt className="text-muted">{title}</dt>
          <dd className="min-w-0 tabular-nums [overflow-wrap:anywhere]">{value}</dd>
        </div>
      ))}
    </dl>
  );
}
