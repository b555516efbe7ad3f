import { counter, histogram, type Logger, type Registry } from '@tollgate/telemetry';
import type { Call } from './exchange/call.js';
import type { Ended } from './exchange/settlement.js';

const SECONDS = [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 120, 300];

/** What every ended request tells an operator: counters always, one log line when something went wrong. */
export function requestMetrics(registry: Registry, log: Logger): (call: Call, ended: Ended) => void {
  const requests = counter(registry, 'tollgate_requests_total', 'Requests that ended, by status and ending', [
    'status',
    'ending',
    'provider',
  ]);
  const firstToken = histogram(
    registry,
    'tollgate_first_token_seconds',
    'Time to the first byte of the answer',
    SECONDS,
    ['provider'],
  );
  const breaches = counter(
    registry,
    'tollgate_hold_breaches_total',
    'Requests charged more than was held for them: the bound of the model is too low, or its provider ignores the maximum',
    ['model', 'provider'],
  );
  return (call, { attempt, status, charge, errorCode }) => {
    const provider = attempt?.endpoint.provider ?? 'none';
    requests.inc({ status: String(status), ending: charge.ending, provider });
    if (call.firstTokenMs !== null) firstToken.observe({ provider }, call.firstTokenMs / 1000);
    const isHeld = charge.chargeNanousd <= (call.heldNanousd ?? charge.chargeNanousd);
    if (attempt !== null && !isHeld) breaches.inc({ model: attempt.endpoint.modelId, provider });
    if (status < 500) return;
    log.warn(
      { requestId: call.input.requestId, status, errorCode, model: call.envelope.model, attempts: call.attempts },
      'request failed',
    );
  };
}
