'use client';

import { Failure } from '../../ui/failure';

export default function AppError({ error, reset }: { error: Error & { digest?: string }; reset: () => void }) {
  return <Failure digest={error.digest} onRetry={reset} />;
}
