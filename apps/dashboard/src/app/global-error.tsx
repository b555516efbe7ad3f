'use client';

import './globals.css';
import { Failure } from '../ui/failure';

/** The last resort: the layout itself failed, so this brings its own document. */
export default function GlobalError({ error, reset }: { error: Error & { digest?: string }; reset: () => void }) {
  return (
    <html lang="en">
      <body>
        <title>Tollgate</title>
        <main id="main">
          <Failure digest={error.digest} onRetry={reset} />
        </main>
      </body>
    </html>
  );
}
