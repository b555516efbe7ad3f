import { decimalUsd } from '@tollgate/amount';
import {
  addSums,
  decodeCorrection,
  NO_SUMS,
  type PriceCorrection,
  previewCorrection,
  type RerateSums,
  requestCorrection,
  rerateNext,
} from '@tollgate/billing';
import type { Database } from '@tollgate/prisma';

export interface RerateOptions {
  /** the correction file */
  readonly text: string;
  /** false: say what would be posted, and post nothing */
  readonly isPosting: boolean;
  readonly say: (line: string) => void;
  readonly now: () => number;
}

/**
 * What `npm run rerate` does. The exit code is 0, or 1 where the correction is refused or lacks a price that its requests need. Ended half-way,
 * it goes on when it is run again, or a worker goes on with it.
 */
export async function rerate(database: Database, { text, isPosting, say, now }: RerateOptions): Promise<number> {
  const decoded = decodeCorrection(readJson(text));
  if (!decoded.ok) return refuse(say, decoded.reason);
  const { correction } = decoded;
  say(`${correction.id}: ${correction.endpointId}, ${instant(correction.fromMs)} to ${instant(correction.toMs)}`);
  if (!isPosting) {
    const preview = await previewCorrection(database, correction, ({ sums, part }) => say(progress(sums, part)));
    if (preview.kind === 'refused') return refuse(say, preview.reason);
    say(`would post: ${summary(preview.sums)}. Nothing was posted; --post does it.`);
    return exitCode(preview.sums);
  }
  const requested = await requestCorrection(database, correction, { requestedBy: 'command line' });
  if (requested.kind === 'refused') return refuse(say, requested.reason);
  const sums = await post(database, correction, { say, now });
  say(`posted: ${summary(sums)}`);
  return exitCode(sums);
}

async function post(
  database: Database,
  { id }: PriceCorrection,
  { say, now }: Pick<RerateOptions, 'say' | 'now'>,
): Promise<RerateSums> {
  let sums = NO_SUMS;
  for (;;) {
    const step = await rerateNext(database, id, { actor: 'rerate', nowMs: now() });
    if (step.kind !== 'posted') return sums;
    sums = addSums(sums, step.sums);
    say(progress(sums, step.part));
  }
}

function readJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}

function refuse(say: (line: string) => void, reason: string): number {
  say(`refused: ${reason}`);
  return 1;
}

function exitCode({ unpriced }: RerateSums): number {
  return unpriced === 0 ? 0 : 1;
}

function progress(sums: RerateSums, part: number): string {
  return `  ${Math.round(part * 100)} %: ${sums.examined} looked at, ${sums.corrected} corrected`;
}

function summary({ examined, corrected, unpriced, chargeNanousd, costNanousd }: RerateSums): string {
  const lacking = unpriced === 0 ? '' : `; ${unpriced} stay as they are: the schedule lacks a price they need`;
  const sums = `charges ${decimalUsd(chargeNanousd)} USD, costs ${decimalUsd(costNanousd)} USD`;
  return `${corrected} of ${examined} requests, ${sums}${lacking}`;
}

function instant(atMs: number): string {
  return new Date(atMs).toISOString();
}
