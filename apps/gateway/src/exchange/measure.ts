import { INPUT_COMPONENTS, type ModelOperation, OUTPUT_COMPONENTS, UNIT_COMPONENTS } from '@tollgate/catalog';
import type { BilledUnit, Operation, Usage, UsageBucket } from '@tollgate/dialects';
import { pricesAt } from '@tollgate/pricing';
import type { Attempt } from '@tollgate/routing';

/** What an operation is billed by wherever its model has a price for it; else it is billed in tokens. */
const UNITS: Readonly<Partial<Record<ModelOperation, BilledUnit>>> = {
  image: 'image',
  speech: 'character',
  transcription: 'audio_second',
  rerank: 'search_unit',
};

/** The unit an attempt is billed by, or null for tokens. */
export function billedUnit({ endpoint, price }: Attempt, atMs: number): BilledUnit | null {
  const unit = UNITS[endpoint.operation];
  return unit !== undefined && pricesAt(price.schedule, atMs).prices[unit] !== undefined ? unit : null;
}

/** Whether a report says what the attempt is billed by: vendors of speech and transcription report seconds, tokens, or nothing, by model and format. */
export function isReported(usage: Usage, unit: BilledUnit | null): boolean {
  return unit !== null ? usage[unit] !== undefined : TOKENS.some((bucket) => usage[bucket] !== undefined);
}

/** What is billed of everything that is known: an answer that is paid by the second is not paid by its tokens too. */
export function billedPart(usage: Usage, { endpoint }: Attempt, unit: BilledUnit | null): Usage {
  if (UNITS[endpoint.operation] === undefined) return usage;
  const billed: Partial<Record<UsageBucket, number>> = { ...usage };
  for (const bucket of unit === null ? UNIT_COMPONENTS : TOKENS) delete billed[bucket];
  for (const bucket of UNIT_COMPONENTS) if (bucket !== unit) delete billed[bucket];
  return billed;
}

const TOKENS: readonly UsageBucket[] = [...INPUT_COMPONENTS, ...OUTPUT_COMPONENTS];

/** Operations whose output has a maximum that can be lowered: the rest is done as asked or not at all. */
const LOWERABLE: ReadonlySet<Operation> = new Set<Operation>(['chat', 'completions']);

export function canLowerOutput(operation: Operation): boolean {
  return LOWERABLE.has(operation);
}
