import { maxAmount, nanousd, ZERO } from '@tollgate/amount';
import type { Envelope, Loss } from '@tollgate/dialects';
import type { Attempt } from '@tollgate/routing';
import { unitsFor } from './priced-features.js';
import { atTier, namedTier, servedTier } from './service-tier.js';
import { type Charge, chargeFor, type Outcome } from './tally.js';

/** What a charge follows from besides how the attempt ended; all of it is as of the admission. */
export interface ChargeTerms {
  readonly envelope: Envelope;
  /** what could not be said to the provider */
  readonly losses: readonly Loss[];
  readonly markupBp: number;
  readonly atMs: number;
}

/**
 * The charge by the prices of the service tier that was served. A tier that nobody named never costs more than the standard one: what the
 * provider charges beyond that is the house's loss. A served tier without a price is charged as standard and stands in `unpriced`, so that
 * somebody looks.
 */
export function chargeInTier(outcome: Outcome, attempt: Attempt, terms: ChargeTerms): Charge {
  const { envelope, losses, markupBp, atMs } = terms;
  const charge = (priced: Attempt) => chargeFor(outcome, priced, unitsFor(envelope, priced), markupBp, atMs);
  const named = namedTier(envelope);
  const served = servedTier(outcome.serviceTier, named, losses);
  if (served === null) return charge(attempt);
  const inTier = atTier(attempt, served);
  if (inTier === null) return withUnpriced(charge(attempt), served);
  const told = { ...charge(inTier), serviceTier: served };
  if (served === named) return told;
  const standard = charge(attempt);
  if (told.chargeNanousd <= standard.chargeNanousd) return told;
  const beyond = maxAmount(ZERO, nanousd(told.costNanousd - standard.costNanousd));
  return { ...withUnpriced(standard, served), lossNanousd: nanousd(standard.lossNanousd + beyond) };
}

function withUnpriced(charge: Charge, tier: string): Charge {
  return { ...charge, unpriced: [...charge.unpriced, `service_tier:${tier}`] };
}
