import { channel } from 'node:diagnostics_channel';

/** Every line of ours that stands between two durable effects: a program that dies there must have lost and doubled nothing. */
export const FAIL_POINTS = {
  gateway: [
    /** the hold is taken, nothing was sent */
    'gateway.authorized',
    /** the client has the head of a stream and its first output */
    'gateway.first_byte',
    /** the provider's answer is complete, no settlement record exists */
    'gateway.received',
    /** the settlement is in the spool, Redis has not heard of it */
    'gateway.spooled',
    /** Redis has settled, the client waits for its terminal event */
    'gateway.settled',
    /** the client has everything */
    'gateway.answered',
  ],
  worker: [
    /** entries are claimed, nothing is posted */
    'worker.claimed',
    /** the ledger has them, admission was not told */
    'worker.posted',
    /** admission was told, the entries stand in the stream */
    'worker.recounted',
    /** the entries are gone */
    'worker.acknowledged',
    /** a credit stands in the ledger, admission was not told */
    'worker.granted',
    /** admission has the credit, its announcement is still open */
    'worker.credited',
  ],
} as const;

/** The name of one such line. */
export type FailPoint = (typeof FAIL_POINTS)[keyof typeof FAIL_POINTS][number];

const passed = channel('tollgate:fail-point');

/** Says that the program passes this line. Nobody listens in production, and then it is one comparison; the fault tests listen, and kill. */
export function failPoint(name: FailPoint): void {
  if (passed.hasSubscribers) passed.publish(name);
}
