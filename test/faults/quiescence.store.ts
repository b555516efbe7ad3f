import { setTimeout as pause } from 'node:timers/promises';
import { readRedisBooks } from './checker/redis-books.js';
import type { World } from './world/world.js';

export interface QuietOptions {
  /** give up when nothing has changed for this long */
  readonly patienceMs: number;
  readonly say: (line: string) => void;
}

const EVERY_MS = 1_000;
const SETTLED_MS = 4_000;
const TELL_EVERY_MS = 10_000;
const LONGEST_MS = 300_000;

const WAITING = `
  SELECT (SELECT count(*) FROM usage_event)::text AS booked,
    (SELECT count(*) FROM credit_grant WHERE posted_at IS NULL)::text AS grants,
    (SELECT count(*) FROM credit_announcement)::text AS announcements`;

/** Resolves true when nothing is held, waits or moves any more; false when something stays. What stays is for the checker to name. */
export async function untilQuiet(world: World, { patienceMs, say }: QuietOptions): Promise<boolean> {
  const beganAtMs = Date.now();
  let last = '';
  let changedAtMs = beganAtMs;
  let toldAtMs = beganAtMs;
  while (Date.now() - beganAtMs < LONGEST_MS) {
    const { holds, entries, booked, open } = await look(world);
    const state = `${holds} holds, ${entries} entries in streams, ${open} credits on their way, ${booked} requests booked`;
    if (state !== last) changedAtMs = Date.now();
    last = state;
    const stillMs = Date.now() - changedAtMs;
    if (holds + entries + open === 0 && stillMs >= SETTLED_MS) return true;
    if (stillMs >= patienceMs) break;
    if (Date.now() - toldAtMs >= TELL_EVERY_MS) {
      toldAtMs = Date.now();
      say(`waiting for quiet: ${state}`);
    }
    await pause(EVERY_MS);
  }
  say(`it does not become quiet: ${last}`);
  return false;
}

async function look({ redis, postgres }: World) {
  const { holds, streamEntries } = await readRedisBooks(redis.client);
  const [row] = await postgres.ask(WAITING);
  const open = Number(row?.grants) + Number(row?.announcements);
  return { holds: holds.length, entries: streamEntries, booked: Number(row?.booked), open };
}
