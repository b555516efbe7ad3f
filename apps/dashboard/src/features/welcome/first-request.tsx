'use client';

import { CircleCheck } from 'lucide-react';
import Link from 'next/link';
import { useEffect, useState } from 'react';
import { ButtonLink } from '../../ui/button';

const POLL_MS = 2_000;

/** Waits for the organisation's first request and links to it. */
export function FirstRequest() {
  const [requestId, setRequestId] = useState<string | null>(null);
  useEffect(() => {
    if (requestId !== null) return;
    let isOver = false;
    const look = async () => {
      if (document.hidden) return;
      const found = await fetchLatestRequest();
      if (!isOver && found !== null) setRequestId(found);
    };
    void look();
    const timer = setInterval(() => void look(), POLL_MS);
    return () => {
      isOver = true;
      clearInterval(timer);
    };
  }, [requestId]);
  return (
    <div aria-live="polite">
      {requestId === null ? (
        <p className="flex items-center gap-3 text-muted">
          <span aria-hidden className="relative flex size-2.5">
            <span className="absolute inline-flex size-full animate-ping rounded-full bg-accent opacity-60" />
            <span className="relative inline-flex size-2.5 rounded-full bg-accent" />
          </span>
          Waiting for your first request…
        </p>
      ) : (
        <div className="flex flex-wrap items-center justify-between gap-3">
          <p className="flex items-center gap-2.5 font-medium">
            <CircleCheck className="size-5 text-success" aria-hidden />
            First request received.
          </p>
          <div className="flex gap-2">
            <ButtonLink href={`/requests/${requestId}`} look="primary" prefetch={false}>
              See its receipt
            </ButtonLink>
            <Link
              href="/overview"
              prefetch={false}
              className="rounded px-2 py-1.5 text-[13px] text-muted hover:text-text"
            >
              Go to the overview
            </Link>
          </div>
        </div>
      )}
    </div>
  );
}

/** null when there is none yet, or when the question could not be asked: it is asked again anyway. */
async function fetchLatestRequest(): Promise<string | null> {
  try {
    const response = await fetch('/api/pulse', { cache: 'no-store' });
    if (!response.ok) return null;
    const pulse: unknown = await response.json();
    const latest =
      typeof pulse === 'object' && pulse !== null ? (pulse as Record<string, unknown>)['latestRequestId'] : null;
    return typeof latest === 'string' ? latest : null;
  } catch {
    return null;
  }
}
