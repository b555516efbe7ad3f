'use client';

import { useSyncExternalStore } from 'react';

const never = () => () => {};

/** false while the server's HTML is being taken over, true afterwards: what depends on the reader's machine waits for it. */
export function useIsHydrated(): boolean {
  return useSyncExternalStore(
    never,
    () => true,
    () => false,
  );
}

type TimeStyle = 'second' | 'minute' | 'day';

const STYLES: Record<TimeStyle, Intl.DateTimeFormatOptions> = {
  second: {
    year: 'numeric',
    month: 'short',
    day: '2-digit',
    hour: '2-digit',
    minute: '2-digit',
    second: '2-digit',
    hour12: false,
  },
  minute: { year: 'numeric', month: 'short', day: '2-digit', hour: '2-digit', minute: '2-digit', hour12: false },
  day: { year: 'numeric', month: 'short', day: '2-digit' },
};

/** A moment in the reader's own time zone; the exact UTC instant in the tooltip. */
export function LocalTime({ atMs, style = 'second' }: { atMs: number; style?: TimeStyle }) {
  const isHydrated = useIsHydrated();
  const iso = new Date(atMs).toISOString();
  const zone = isHydrated ? undefined : 'UTC';
  const text = new Intl.DateTimeFormat('en-GB', { ...STYLES[style], timeZone: zone }).format(atMs);
  return (
    <time dateTime={iso} title={iso} className="whitespace-nowrap tabular-nums" suppressHydrationWarning>
      {text}
    </time>
  );
}
