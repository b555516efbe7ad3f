'use client';

import { Button } from './button';

/** A page that could not be made. `digest` finds the failure in the server's log and says nothing else. */
export function Failure({ digest, onRetry }: { digest: string | undefined; onRetry: () => void }) {
  return (
    <div role="alert" className="mx-auto flex max-w-md flex-col items-center gap-4 px-4 py-20 text-center">
      <h1 className="text-xl font-semibold tracking-tight">This page could not be shown</h1>
      <p className="text-muted">
        The failure is ours and is written down. Requests through the gateway are not affected by it. Try again in a
        moment.
      </p>
      <Button look="primary" size="medium" onClick={onRetry}>
        Try again
      </Button>
      {digest ? <p className="font-mono text-xs text-muted">Reference {digest}</p> : null}
    </div>
  );
}
