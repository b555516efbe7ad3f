'use client';

import { useRouter } from 'next/navigation';
import { useEffect, useRef, useTransition } from 'react';

const LOOK_MS = 1_500;
/** A range such as "the last hour" moves on even when nothing happens. */
const SLIDE_MS = 60_000;

/**
 * Keeps the page true: asks cheaply whether anything was posted, and only then reads the page again. Rests while hidden.
 * `sequence` is what the organisation's was before the page's data was read: nothing falls between the two.
 */
export function Freshness({ sequence: shown }: { sequence: string }) {
  const router = useRouter();
  const [isRefreshing, startRefresh] = useTransition();
  const seen = useRef({ sequence: shown, refreshedAtMs: 0 });
  const isBusy = useRef(false);
  isBusy.current = isRefreshing;
  useEffect(() => {
    seen.current.refreshedAtMs = Date.now();
    let isLooking = false;
    const look = async () => {
      if (document.hidden || isLooking || isBusy.current) return;
      isLooking = true;
      const sequence = await fetchSequence();
      isLooking = false;
      if (sequence === null) return;
      const isNews = seen.current.sequence !== sequence;
      if (!isNews && Date.now() - seen.current.refreshedAtMs < SLIDE_MS) return;
      seen.current = { sequence, refreshedAtMs: Date.now() };
      startRefresh(() => router.refresh());
    };
    const timer = setInterval(() => void look(), LOOK_MS);
    const onVisible = () => void look();
    document.addEventListener('visibilitychange', onVisible);
    return () => {
      clearInterval(timer);
      document.removeEventListener('visibilitychange', onVisible);
    };
  }, [router]);
  return null;
}

/** null when the question could not be asked; it is asked again anyway. */
async function fetchSequence(): Promise<string | null> {
  try {
    const response = await fetch('/api/pulse', { cache: 'no-store' });
    if (response.status === 401) window.location.assign(signInAddress(window.location));
    if (!response.ok) return null;
    const pulse: unknown = await response.json();
    const sequence =
      typeof pulse === 'object' && pulse !== null ? (pulse as Record<string, unknown>)['sequence'] : null;
    return typeof sequence === 'string' ? sequence : null;
  } catch {
    return null;
  }
}

/** Where a session that ended elsewhere is begun again: it leads back to the view that was open, filters included. */
function signInAddress({ pathname, search }: Location): string {
  return `/sign-in?next=${encodeURIComponent(pathname + search)}`;
}
