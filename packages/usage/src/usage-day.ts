const DAY = /^(\d{4})-(\d{2})-(\d{2})$/;
const DAY_MS = 86_400_000;

/** "2026-11-20" → its first millisecond in UTC; null for what is no day of the calendar. */
export function decodeDay(text: unknown): number | null {
  const match = typeof text === 'string' ? DAY.exec(text) : null;
  if (match === null || match[1] === '0000') return null;
  const atMs = Date.parse(`${match[0]}T00:00:00.000Z`);
  return Number.isNaN(atMs) || encodeDay(atMs) !== match[0] ? null : atMs;
}

/** The UTC day a millisecond belongs to. */
export function encodeDay(atMs: number): string {
  return new Date(atMs).toISOString().slice(0, 10);
}

/** When the current day, week (from Monday) and month began, in UTC. */
export function startsOfPeriods(nowMs: number): {
  readonly dayMs: number;
  readonly weekMs: number;
  readonly monthMs: number;
} {
  const now = new Date(nowMs);
  const dayMs = Math.floor(nowMs / DAY_MS) * DAY_MS;
  return {
    dayMs,
    weekMs: dayMs - ((now.getUTCDay() + 6) % 7) * DAY_MS,
    monthMs: Date.UTC(now.getUTCFullYear(), now.getUTCMonth(), 1),
  };
}
