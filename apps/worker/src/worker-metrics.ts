import { counter, createMetrics, gauge, histogram, type Registry } from '@tollgate/telemetry';

const SECONDS = [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30];

/** The worker's figures. Those ending in `_violations`, `_conflicts_total` and `_dead_letters_total` are alarms above zero. */
export function createWorkerMetrics() {
  const registry: Registry = createMetrics('worker');
  return {
    registry,
    eventsPosted: counter(registry, 'tollgate_usage_events_posted_total', 'Usage events that became money'),
    duplicates: counter(registry, 'tollgate_usage_events_duplicate_total', 'Usage events delivered again'),
    conflicts: counter(
      registry,
      'tollgate_usage_events_conflicts_total',
      'Usage events under an id that is money with another content',
    ),
    late: counter(
      registry,
      'tollgate_usage_events_late_total',
      'Settlements of requests that had been recorded as expired',
    ),
    holdsExpired: counter(registry, 'tollgate_holds_expired_total', 'Requests of lost gateways, recorded as expired'),
    deadLettersOpen: gauge(registry, 'tollgate_usage_dead_letters_open', 'Usage events that wait for a person'),
    deadLetters: counter(registry, 'tollgate_usage_dead_letters_total', 'Usage events that could not be posted'),
    postingSeconds: histogram(registry, 'tollgate_usage_posting_seconds', 'One batch, claim to acknowledge', SECONDS),
    freshnessSeconds: histogram(registry, 'tollgate_usage_freshness_seconds', 'Settled to posted, per event', SECONDS),
    streamEntries: gauge(registry, 'tollgate_usage_stream_entries', 'Settlements waiting for the ledger'),
    streamOldestSeconds: gauge(registry, 'tollgate_usage_stream_oldest_seconds', 'Age of the oldest of them'),
    violations: gauge(registry, 'tollgate_ledger_violations', 'Rows that contradict an invariant', ['invariant']),
    invariantsCheckedAt: gauge(
      registry,
      'tollgate_ledger_checked_timestamp_seconds',
      'When the invariants were last checked',
    ),
    jobs: gauge(registry, 'tollgate_queue_jobs', 'Jobs in a queue by state', ['queue', 'state']),
    jobFailures: counter(registry, 'tollgate_job_failures_total', 'Failed tries of a job', ['job']),
  };
}

export type WorkerMetrics = ReturnType<typeof createWorkerMetrics>;
