import { CRASH_POINTS, FAULTS } from './plan.ts';

/** How often each command answered what, each crash point was hit, each fault happened. */
export class Statistics {
  readonly counts = new Map<string, number>();

  hit(point: string): void {
    this.counts.set(point, (this.counts.get(point) ?? 0) + 1);
  }

  /** The listed points nobody reached. */
  missing(listed: readonly string[]): string[] {
    return listed.filter((point) => !this.counts.has(point));
  }

  lines(): string[] {
    const width = Math.max(0, ...[...this.counts.keys()].map((point) => point.length));
    return [...this.counts]
      .sort(([a], [b]) => (a < b ? -1 : 1))
      .map(([point, count]) => `  ${point.padEnd(width)} ${count}`);
  }
}

const of = (command: string, codes: string): string[] => codes.split(' ').map((code) => `${command} ${code}`);

/**
 * Every answer and every place to die in that the run must have seen. `settle UNLOADED` is not among them: it answers a debit without an
 * event, which nobody sends; the differential test covers it.
 */
export const LISTED_POINTS: readonly string[] = [
  ...of('authorize', 'GRANTED HELD SHORT RATE BUSY REPEATED STALE_KEY SUSPENDED DONE WAIT RELOAD'),
  ...of('extend', 'EXTENDED SHORT GONE'),
  ...of('settle', 'SETTLED DEFERRED DUPLICATE'),
  ...of('recount', 'COUNTED INSIDE DEBITED DUPLICATE UNLOADED RELOAD'),
  ...of('renew', 'KEPT ASSERTED DONE NO_PLACE'),
  ...of('load', 'LOADED STALE NEWS RACE'),
  ...of('credit', 'CREDITED DUPLICATE INSIDE UNLOADED'),
  ...of('change', 'CHANGED KNOWN UNLOADED'),
  ...of('release', 'RELEASED RENEWED'),
  ...of('post', 'posted repeated late expired'),
  ...of('claim', 'fresh again'),
  ...of('spool', 'appended synced torn lost'),
  ...CRASH_POINTS.map((point) => `crash ${point}`),
  ...FAULTS.map((fault) => `fault ${fault}`),
];
