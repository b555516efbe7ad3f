import { readFileSync } from 'node:fs';
import type { ClientRecord } from '../load/client-record.js';
import type { Attacked } from '../schedule/schedule.js';
import type { World } from '../world/world.js';
import { type LedgerBooks, readLedgerBooks } from './ledger-books.store.js';
import { ACCOUNT_PROMISES, checkAccounts } from './ledger-checks.js';
import { readRedisBooks } from './redis-books.js';
import { checkRequests, REQUEST_PROMISES } from './request-checks.js';
import { readTruthLog } from './truth-log.js';
import { type Verdict, Verdicts } from './verdict.js';

const ALIVE = 'no program ends by itself';
const UNHANDLED = 'no program meets an error that nobody handles';
const ATTACKED = 'every attack took place';

/** What a world is judged by when it is quiet. */
export const CHECKED_PROMISES = [...REQUEST_PROMISES, ...ACCOUNT_PROMISES, ALIVE, UNHANDLED, ATTACKED] as const;

/** A gateway that came back has to learn of a new epoch; a client hears of a death a moment later. */
const NEAR_MS = 3_000;

/** Judges a run when everything is quiet. Shares no code with the product: the price table is read, all else is computed here. */
export async function check(
  world: World,
  records: readonly ClientRecord[],
  attacked: Attacked,
): Promise<readonly Verdict[]> {
  const verdicts = new Verdicts();
  for (const promise of CHECKED_PROMISES) verdicts.promise(promise);
  const ledger = await readLedgerBooks(world.postgres);
  const redis = await readRedisBooks(world.redis.client);
  const truth = readTruthLog(world.truthFile);
  const wasInterrupted = interruptions(world);
  checkRequests({ records, truth, ledger, wasInterrupted }, verdicts);
  const allowedNanousd = overspendBound(world, records, ledger);
  checkAccounts({ tenants: world.tenants, ledger, redis, allowedNanousd }, verdicts);
  checkPrograms(world, verdicts);
  for (const mishap of attacked.mishaps) verdicts.promise(ATTACKED)(mishap);
  return verdicts.all();
}

/** Whether the gateway of a request was away while it ran, or died just after. */
function interruptions({ gateways }: World): (record: ClientRecord) => boolean {
  return ({ plan, startedAtMs, endedAtMs }) =>
    gateways[plan.gateway]?.process.absences.some(
      ({ fromMs, untilMs }) => fromMs < endedAtMs + NEAR_MS && untilMs > startedAtMs,
    ) ?? false;
}

/**
 * The bound of the protocol: what ran, when Redis forgot its holds, on a gateway that was away and could not assert them again. Everything
 * else is held, settled, or asserted again before anybody new is let in.
 */
function overspendBound(world: World, records: readonly ClientRecord[], ledger: LedgerBooks) {
  const charges = new Map<string, bigint>();
  for (const { callerId, chargeNanousd, lateNanousd } of ledger.requests)
    if (callerId !== null) charges.set(callerId, (charges.get(callerId) ?? 0n) + chargeNanousd + lateNanousd);
  const changes = world.redis.epochChangesMs;
  const isBlind = ({ plan }: ClientRecord, atMs: number): boolean =>
    world.gateways[plan.gateway]?.process.absences.some(
      ({ fromMs, untilMs }) => fromMs < atMs + NEAR_MS && untilMs > atMs - NEAR_MS,
    ) ?? false;
  return (organizationId: string): bigint => {
    let allowed = 0n;
    for (const record of records) {
      if (record.plan.tenant.organizationId !== organizationId) continue;
      const { startedAtMs, endedAtMs } = record;
      const ranThen = changes.some(
        (atMs) => startedAtMs <= atMs && endedAtMs + NEAR_MS >= atMs && isBlind(record, atMs),
      );
      if (ranThen) allowed += charges.get(record.callerId) ?? 0n;
    }
    return allowed;
  };
}

const LOGS_SAY = /uncaughtException|unhandledRejection|unhandled|a request failed inside the gateway/;

function checkPrograms({ gateways, workers }: World, verdicts: Verdicts): void {
  const alive = verdicts.promise(ALIVE);
  const unhandled = verdicts.promise(UNHANDLED);
  for (const { process: supervised, name } of [...gateways, ...workers]) {
    for (const { how, atMs } of supervised.unexpected) alive(`${name}: ${how} at ${new Date(atMs).toISOString()}`);
    for (const line of readFileSync(supervised.plan.logFile, 'utf8').split('\n'))
      if (LOGS_SAY.test(line)) unhandled(`${name}: ${line.slice(0, 400)}`);
  }
}
