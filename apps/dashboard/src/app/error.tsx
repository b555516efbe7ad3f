'use client';

import { Failure } from '../ui/failure';

export default function RootError({ error, reset }: { error: Error & { digest?: string }; reset: () => void }) {
  return (
    <main id="main">
      <Failure digest={error.digest} onRetry={reset} />
    </main>
  );
}
