import type { ReactNode } from 'react';

interface EmptyStateProps {
  readonly title: string;
  readonly children?: ReactNode;
  /** true: nothing else is on the page, so the title is its heading */
  readonly isPage?: boolean;
}

/** What stands where data will be: it says why nothing is here and what to do. */
export function EmptyState({ title, children, isPage = false }: EmptyStateProps) {
  return (
    <div className="mx-auto flex max-w-xl flex-col items-center gap-3 px-4 py-12 text-center">
      {isPage ? <h1 className="text-lg font-semibold">{title}</h1> : <p className="font-medium">{title}</p>}
      {children ? <div className="w-full text-[13px] text-muted">{children}</div> : null}
    </div>
  );
}
