import { type Database, Prisma } from '@tollgate/prisma';
import { INVARIANTS } from './invariants.js';

/** How many rows contradict an invariant: 0, or somebody must look at it now. */
export interface InvariantResult {
  readonly name: string;
  readonly violations: bigint;
}

/** A whole ledger is read, so this may take minutes; it takes no locks and nobody waits for it. */
const LONGEST_CHECK_MS = 900_000;

/**
 * Counts the violations of every invariant in one snapshot, so that postings under way are not mistaken for errors. `onChecked` is told
 * of each as it comes.
 */
export async function checkInvariants(
  database: Database,
  onChecked: (result: InvariantResult) => void = () => undefined,
): Promise<InvariantResult[]> {
  return database.$transaction(
    async (transaction) => {
      await transaction.$executeRaw`SET TRANSACTION READ ONLY`;
      await transaction.$executeRaw(Prisma.raw(`SET LOCAL statement_timeout = ${LONGEST_CHECK_MS}`));
      const results: InvariantResult[] = [];
      for (const { name, violations } of INVARIANTS) {
        const rows = await transaction.$queryRaw<{ violations: bigint }[]>(Prisma.raw(violations));
        const result = { name, violations: rows[0]?.violations ?? 0n };
        results.push(result);
        onChecked(result);
      }
      return results;
    },
    { isolationLevel: 'RepeatableRead', timeout: LONGEST_CHECK_MS, maxWait: 5_000 },
  );
}
