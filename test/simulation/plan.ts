import { Random } from './random.ts';

export interface RequestPlan {
  readonly kind: 'request';
  readonly id: string;
  readonly atMs: number;
  readonly salt: number;
  readonly gateway: number;
  readonly organization: string;
  readonly want: number;
  readonly floor: number;
  readonly charge: number;
  /** a charge may be above its hold: the bound of the input was wrong */
  readonly isOverrun: boolean;
  readonly durationMs: number;
  readonly extension: number;
  readonly hasSlot: boolean;
  readonly rateTake: number;
  readonly claim: string | null;
}

export interface LedgerPlan {
  readonly kind: 'grant' | 'limit' | 'forget_limits' | 'suspend' | 'sweep';
  readonly atMs: number;
  readonly salt: number;
  readonly organization: string;
  readonly amount: number;
}

export const FAULTS = [
  'kill',
  'power',
  'disk',
  'worker',
  'redis',
  'flush',
  'cut',
  'postgres',
  'lost_commits',
  'lost_replies',
  'slow',
  'stop',
  'stop_long',
  'skew',
  'duplicate',
  'ambush',
  'ambush_stop',
] as const;

/** Where a process stands between two durable steps: each is a place to die in. */
export const CRASH_POINTS = [
  ...['authorizing', 'held', 'extending', 'spooled', 'settled', 'synced'].map((phase) => `request ${phase}`),
  ...['settling', 'retrying'].map((phase) => `settle ${phase}`),
  ...['waiting', 'looking', 'posting', 'telling', 'confirming'].map((phase) => `ship ${phase}`),
  ...['looking', 'settling', 'telling'].map((phase) => `replay ${phase}`),
  ...['claiming', 'posting', 'telling', 'acknowledging'].map((phase) => `drain ${phase}`),
  ...['claiming', 'looking', 'posting', 'telling', 'releasing'].map((phase) => `sweep ${phase}`),
  ...['posting', 'telling', 'closing'].map((phase) => `announce ${phase}`),
  ...['writing', 'telling'].map((phase) => `change ${phase}`),
  ...['beginning', 'reading', 'loading'].map((phase) => `load ${phase}`),
] as const;

export interface FaultPlan {
  readonly kind: 'fault';
  readonly fault: (typeof FAULTS)[number];
  readonly atMs: number;
  readonly salt: number;
  /** which gateway, worker or party */
  readonly target: number;
  readonly durationMs: number;
  /** what an ambush waits for */
  readonly point: string;
  /** commands the append-only file loses */
  readonly lostCommands: number;
}

export type PlanItem = RequestPlan | LedgerPlan | FaultPlan;

export interface Plan {
  readonly seed: number;
  readonly items: readonly PlanItem[];
}

export const GATEWAYS = 2;
export const WORKERS = 2;
/** Mostly crowded; sometimes long enough that a drain is done while others still come. */
const WINDOWS_MS = [2_500, 2_500, 2_500, 8_000];
const organizations = ['a', 'b'];

/** What will happen, all of it decided by the seed; how it interleaves is decided by the salt of each item. */
export function planOf(seed: number): Plan {
  const random = new Random(seed);
  const windowMs = random.pick(WINDOWS_MS);
  const requests = Array.from({ length: random.between(6, 9) }, (_, index) => requestOf(random, windowMs, index));
  const changes = Array.from({ length: random.below(4) }, () => ledgerOf(random, windowMs));
  const faults = Array.from({ length: random.between(3, 5) }, () => faultOf(random, windowMs));
  return { seed, items: [...requests, ...changes, ...faults].sort((a, b) => a.atMs - b.atMs) };
}

function requestOf(random: Random, windowMs: number, index: number): RequestPlan {
  const floor = random.between(1, 200);
  const want = floor + random.below(300);
  const isLong = random.once(12);
  return {
    kind: 'request',
    id: `r${index}`,
    atMs: random.below(windowMs),
    salt: random.bits(),
    gateway: random.below(GATEWAYS),
    organization: random.once(4) ? 'b' : 'a',
    want,
    floor,
    charge: random.once(6) ? 0 : random.between(1, 500),
    isOverrun: random.once(10),
    durationMs: isLong ? random.between(5_000, 60_000) : random.between(1, 600),
    extension: random.once(3) ? random.between(1, 200) : 0,
    hasSlot: random.once(2),
    rateTake: random.once(3) ? random.between(1, 200) : 0,
    claim: random.once(5) ? `c${random.below(2)}` : null,
  };
}

function ledgerOf(random: Random, windowMs: number): LedgerPlan {
  return {
    kind: random.pick(['grant', 'grant', 'limit', 'limit', 'forget_limits', 'suspend', 'sweep'] as const),
    atMs: random.below(windowMs),
    salt: random.bits(),
    organization: random.pick(organizations),
    amount: random.between(1, 600),
  };
}

function faultOf(random: Random, windowMs: number): FaultPlan {
  const fault = random.pick(FAULTS);
  const isStopLong = fault === 'stop_long' || fault === 'ambush_stop';
  const longMs = random.once(4) ? random.between(900_000, 1_100_000) : random.between(61_000, 130_000);
  return {
    kind: 'fault',
    fault,
    atMs: random.below(windowMs),
    salt: random.bits(),
    target: random.below(4),
    durationMs: isStopLong ? longMs : random.between(20, fault === 'cut' ? 8_000 : 1_500),
    point: random.pick(CRASH_POINTS),
    lostCommands: random.below(12),
  };
}

/** One line of a schedule, for a person. */
export function describeItem(item: PlanItem): string {
  const { atMs, kind } = item;
  if (item.kind === 'fault') {
    const point = item.fault.startsWith('ambush') ? ` at ${item.point}` : '';
    const lost = item.fault === 'redis' ? ` losing ${item.lostCommands} commands` : '';
    return `${atMs} ms fault ${item.fault} target ${item.target} for ${item.durationMs} ms${lost}${point}`;
  }
  if (item.kind !== 'request') return `${atMs} ms ${kind} ${item.amount} for ${item.organization}`;
  const { id, gateway, organization, want, floor, charge, durationMs, extension } = item;
  return `${atMs} ms request ${id} of ${organization} at gateway ${gateway}: want ${want} floor ${floor} charge ${charge} for ${durationMs} ms, extension ${extension}`;
}
