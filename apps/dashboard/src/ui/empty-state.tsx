import type { ReactNode } from 'react';

/** What stands where data will be: it says why nothing is here and what to do. */
export function EmptyState({ title, children }: { title: string; children?: ReactNode }) {
  return (
    <div className="mx-auto flex max-w-xl flex-col items-center gap-3 px-4 py-12 text-center">
      <p className="font-medium">{title}</p>
      {children ? <div className="w-full text-[13px] text-muted">{children}</div> : null}
    </div>
  );
}
