import type { RandomStream } from '../random-stream.js';
import type { Tenant, TenantKey } from '../world/tenants.store.js';

/** What the sandbox is asked to do with a request, by words in its prompt (`load/provider-marks.ts`). */
export type Mark =
  | 'none'
  | 'reset_3'
  | 'reset_9'
  | 'cut_6'
  | 'error_event_4'
  | 'no_usage'
  | 'status_400'
  | 'status_429'
  | 'status_500'
  | 'status_529'
  | 'slow';

export type Door = 'chat' | 'messages' | 'gemini';

/** One request before it is sent: all of it drawn from the client's own stream of chance. */
export interface RequestPlan {
  readonly tenant: Tenant;
  readonly key: TenantKey;
  readonly gateway: number;
  readonly door: Door;
  readonly model: string;
  readonly isStream: boolean;
  readonly prompt: string;
  readonly maxTokens: number;
  readonly mark: Mark;
  /** the client goes away after so many events (a stream) or milliseconds (a whole answer) */
  readonly leavesAfter: number | null;
  readonly pauseMs: number;
}

const MODELS: Readonly<Record<Door, readonly string[]>> = {
  chat: ['openai/gpt-4o-mini', 'openai/gpt-4.1-nano', 'anthropic/claude-haiku-4-5', 'google/gemini-2.5-flash-lite'],
  messages: ['anthropic/claude-haiku-4-5', 'openai/gpt-4o-mini'],
  gemini: ['google/gemini-2.5-flash-lite', 'openai/gpt-4.1-nano'],
};

const WORDS = 'river mountain harbour window letter garden winter market violin bridge morning engine'.split(' ');

/** 4 % broken streams, 2 % without usage, 5 % provider errors, 1 % errors inside a stream, 3 % slow. */
function drawMark(random: RandomStream): Mark {
  const dice = random.below(1_000);
  if (dice < 15) return 'reset_3';
  if (dice < 30) return 'reset_9';
  if (dice < 40) return 'cut_6';
  if (dice < 60) return 'no_usage';
  if (dice < 70) return 'status_400';
  if (dice < 80) return 'status_429';
  if (dice < 95) return 'status_500';
  if (dice < 110) return 'status_529';
  if (dice < 120) return 'error_event_4';
  return dice < 150 ? 'slow' : 'none';
}

export function drawRequest(random: RandomStream, tenants: readonly Tenant[]): RequestPlan {
  const tenant = random.pick(tenants);
  const door = random.pick<Door>(['chat', 'chat', 'messages', 'gemini']);
  const words = Array.from({ length: random.between(10, 400) }, () => random.pick(WORDS));
  const isStream = random.chance(0.7);
  return {
    tenant,
    key: random.pick(tenant.keys),
    gateway: random.below(2),
    door,
    model: random.pick(MODELS[door]),
    isStream,
    prompt: `Tell me about the ${random.pick(WORDS)}. ${words.join(' ')}`,
    maxTokens: random.between(8, 140),
    mark: drawMark(random),
    leavesAfter: random.chance(0.05) ? random.between(1, isStream ? 30 : 200) : null,
    pauseMs: random.between(20, 400),
  };
}
