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

/** One run, or one for each control. */
export interface FaultPlan {
  readonly runs: readonly FaultOptions[];
}

const MINUTES = 4;
/** What a hold of a dead gateway may take to be released, and somewhat more. */
const PATIENCE_S = 130;
/** A control has to show once; entries of a worker that died are taken over after 30 s. */
const CONTROL_MINUTES = 0.7;
const CONTROL_PATIENCE_S = 35;

const argumentsSchema = z.object({
  seed: z.coerce.number().int().min(0).default(1),
  minutes: z.coerce.number().positive().max(240).optional(),
  only: z.string().default(''),
  control: z.enum([...CONTROL_NAMES, 'all']).optional(),
  patience: z.coerce.number().positive().optional(),
  clients: z.coerce.number().int().min(1).max(500).default(60),
});

/** `--seed N --minutes M --only F7,F15 --control holds-off|…|all --patience S --clients N`; throws on anything else. */
export function parseFaultPlan(args: readonly string[]): FaultPlan {
  const text = { type: 'string' } as const;
  const { values } = parseArgs({
    args: [...args],
    options: { seed: text, minutes: text, only: text, control: text, patience: text, clients: text },
  });
  const read = argumentsSchema.parse(values);
  const controls = read.control === undefined ? [null] : read.control === 'all' ? CONTROL_NAMES : [read.control];
  return { runs: controls.map((control) => optionsOf(read, control)) };
}

function optionsOf(read: z.output<typeof argumentsSchema>, control: ControlName | null): FaultOptions {
  const isControl = control !== null;
  return {
    seed: read.seed,
    loadMs: Math.round((read.minutes ?? (isControl ? CONTROL_MINUTES : MINUTES)) * 60_000),
    only: read.only.split(',').filter((id) => id !== ''),
    control,
    patienceMs: Math.round((read.patience ?? (isControl ? CONTROL_PATIENCE_S : PATIENCE_S)) * 1_000),
    clients: read.clients,
  };
}
