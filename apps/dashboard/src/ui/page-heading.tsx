import type { ReactNode } from 'react';

export function PageHeading({
  title,
  children,
  action,
}: {
  title: ReactNode;
  children?: ReactNode;
  action?: ReactNode;
}) {
  return (
    <div className="flex flex-wrap items-start justify-between gap-3">
      <div className="min-w-0">
        <h1 className="text-xl font-semibold tracking-tight [overflow-wrap:anywhere]">{title}</h1>
        {children ? <p className="mt-1 max-w-2xl text-[13px] text-muted">{children}</p> : null}
      </div>
      {action}
    </div>
  );
}
