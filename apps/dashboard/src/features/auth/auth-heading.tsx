import type { ReactNode } from 'react';

export function AuthHeading({ title, children }: { title: string; children?: ReactNode }) {
  return (
    <div className="mb-6">
      <h1 className="text-2xl font-semibold tracking-tight">{title}</h1>
      {children ? <p className="mt-1.5 text-muted">{children}</p> : null}
    </div>
  );
}

export const textLink =
  'font-medium text-accent underline underline-offset-4 decoration-accent/40 hover:decoration-accent';
