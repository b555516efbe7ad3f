import { parseArgs } from 'node:util';
import { z } from 'zod';

/** Promises that a control takes away; the run must then go red, or it proves nothing. */
export const CONTROL_NAMES = ['holds-off', 'dedupe-off', 'stream-only', 'spool-only', 'bullmq'] as const;

export type ControlName = (typeof CONTROL_NAMES)[number];

export interface FaultOptions {
  readonly seed: number;
  /** how long there is load and attack; what follows until everything is quiet comes on top */
  readonly loadMs: number;
  /** only these faults, by their number in the matrix; empty: all */
  readonly only: readonly string[];
  readonly control: ControlName | null;
  /** how long nothing may change any more before the run stops waiting for quiet */
  readonly patienceMs: number;
  readonly clients: number;
}

/** What a hold of a dead gateway may take to be released, and somewhat more. */
const PATIENCE_MS = 130_000;

const argumentsSchema = z.object({
  seed: z.coerce.number().int().min(0).default(1),
  minutes: z.coerce.number().positive().max(240).default(4),
  only: z.string().default(''),
  control: z.enum(CONTROL_NAMES).optional(),
  patience: z.coerce
    .number()
    .positive()
    .default(PATIENCE_MS / 1_000),
  clients: z.coerce.number().int().min(1).max(500).default(60),
});

/** `--seed N --minutes M --only F7,F15 --control holds-off --patience S --clients N`; throws on anything else. */
export function parseFaultOptions(args: readonly string[]): FaultOptions {
  const text = { type: 'string' } as const;
  const { values } = parseArgs({
    args: [...args],
    options: { seed: text, minutes: text, only: text, control: text, patience: text, clients: text },
  });
  const read = argumentsSchema.parse(values);
  return {
    seed: read.seed,
    loadMs: Math.round(read.minutes * 60_000),
    only: read.only.split(',').filter((id) => id !== ''),
    control: read.control ?? null,
    patienceMs: Math.round(read.patience * 1_000),
    clients: read.clients,
  };
}
