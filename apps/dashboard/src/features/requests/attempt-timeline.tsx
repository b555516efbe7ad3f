import type { RequestRecord } from '@tollgate/usage';
import { Badge, type BadgeTone } from '../../ui/badge';
import { duration } from '../../ui/format';

type Attempt = RequestRecord['attempts'][number];

const OUTCOMES: Readonly<Record<Attempt['outcome'], { tone: BadgeTone; title: string; bar: string }>> = {
  answered: { tone: 'success', title: 'Answered', bar: 'var(--chart-2)' },
  failed: { tone: 'danger', title: 'Failed', bar: 'var(--chart-error)' },
  abandoned: { tone: 'warning', title: 'Abandoned', bar: 'var(--chart-3)' },
};

/** Each attempt as a bar on the request's own clock: pale until the first byte, full while it answered. */
export function AttemptTimeline({ attempts, durationMs }: { attempts: readonly Attempt[]; durationMs: number }) {
  if (attempts.length === 0) {
    return <p className="text-[13px] text-muted">Nothing was sent to a provider: the request was refused before.</p>;
  }
  const wholeMs = Math.max(durationMs, ...attempts.map((attempt) => attempt.startedMs + attempt.durationMs), 1);
  return (
    <ol className="grid gap-4">
      {attempts.map((attempt, index) => (
        <li key={`${attempt.endpointId} ${attempt.startedMs}`} className="grid gap-1.5">
          <div className="flex flex-wrap items-center justify-between gap-x-3 gap-y-1 text-[13px]">
            <span className="min-w-0 [overflow-wrap:anywhere]">
              <span className="text-muted">{index + 1}.</span> <span className="font-medium">{attempt.provider}</span>{' '}
              <span className="text-muted">{attempt.providerModel}</span>
            </span>
            <span className="flex items-center gap-2 tabular-nums">
              <Badge tone={OUTCOMES[attempt.outcome].tone}>
                {attempt.status ?? ''} {attempt.errorCode ?? OUTCOMES[attempt.outcome].title}
              </Badge>
              {duration(attempt.durationMs)}
            </span>
          </div>
          <Bar attempt={attempt} wholeMs={wholeMs} />
          <p className="text-xs text-muted">
            {attempt.firstByteMs === null
              ? ''
              : `First byte after ${duration(attempt.firstByteMs - attempt.startedMs)}. `}
            Chosen because: {attempt.reason}
          </p>
        </li>
      ))}
    </ol>
  );
}

function Bar({ attempt, wholeMs }: { attempt: Attempt; wholeMs: number }) {
  const share = (milliseconds: number) => `${Math.min(100, Math.max(0, (milliseconds / wholeMs) * 100))}%`;
  const { bar } = OUTCOMES[attempt.outcome];
  const waitedMs = attempt.firstByteMs === null ? attempt.durationMs : attempt.firstByteMs - attempt.startedMs;
  const answeredMs = attempt.firstByteMs === null ? 0 : attempt.startedMs + attempt.durationMs - attempt.firstByteMs;
  return (
    <div aria-hidden className="relative h-2.5 overflow-hidden rounded bg-sunken">
      <div
        className="absolute inset-y-0 min-w-[2px] opacity-35"
        style={{ left: share(attempt.startedMs), width: share(waitedMs), background: bar }}
      />
      <div
        className="absolute inset-y-0"
        style={{ left: share(attempt.firstByteMs ?? 0), width: share(answeredMs), background: bar }}
      />
    </div>
  );
}
