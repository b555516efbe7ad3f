'use client';

import { useRouter } from 'next/navigation';
import { useState } from 'react';
import { Badge } from '../../ui/badge';
import { Button } from '../../ui/button';
import { LocalTime } from '../../ui/local-time';
import { endSessionAction } from './account-actions';

/** A session as the browser gets it: never its token. */
export interface SessionRow {
  readonly id: string;
  readonly device: string;
  readonly address: string | null;
  readonly startedAtMs: number;
  readonly isCurrent: boolean;
}

export function SessionList({ sessions }: { sessions: readonly SessionRow[] }) {
  const router = useRouter();
  const [news, setNews] = useState('');
  const [pendingId, setPendingId] = useState<string | null>(null);
  const end = async (id: string) => {
    setPendingId(id);
    const isEnded = await endSessionAction(id).catch(() => false);
    setPendingId(null);
    setNews(isEnded ? 'The session is ended.' : 'That did not work. Try again.');
    router.refresh();
  };
  return (
    <>
      <ul className="divide-y divide-line">
        {sessions.map((session) => (
          <li key={session.id} className="flex flex-wrap items-center justify-between gap-3 px-4 py-3 text-[13px]">
            <div className="min-w-0">
              <p className="flex items-center gap-2 font-medium">
                {session.device}
                {session.isCurrent ? <Badge tone="success">this one</Badge> : null}
              </p>
              <p className="text-muted">
                Since <LocalTime atMs={session.startedAtMs} style="minute" />
                {session.address ? `, from ${session.address}` : ''}
              </p>
            </div>
            {session.isCurrent ? null : (
              <Button disabled={pendingId !== null} onClick={() => void end(session.id)}>
                {pendingId === session.id ? 'Ending…' : 'End session'}
              </Button>
            )}
          </li>
        ))}
      </ul>
      <p
        aria-live="polite"
        className={news === '' ? 'sr-only' : 'border-t border-line px-4 py-2.5 text-[13px] text-muted'}
      >
        {news}
      </p>
    </>
  );
}
