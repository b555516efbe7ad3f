import { createHmac, randomBytes } from 'node:crypto';
import { deriveKey, openBox, sealBox } from '@tollgate/conversations';
import type { CallFacts, ReasoningEntry, ReasoningState } from '@tollgate/dialects';
import type { Redis } from 'ioredis';
import { z } from 'zod';

/** Whose reasoning it is: state of one is never found by another, whatever ids they use. */
export interface ReasoningOwner {
  readonly organizationId: string;
  readonly projectId: string;
  readonly model: string;
}

/** Long enough for a person to come back to a conversation, short enough to be forgotten. */
const TIME_TO_LIVE_S = 6 * 3_600;
/** An answer with more calls than this keeps its first ones. */
const CALLS_MAX = 64;
const PATIENCE_MS = 200;

const stateSchema = z.object({
  reasoning: z.array(z.looseObject({ kind: z.literal('reasoning') })),
  seal: z.looseObject({ value: z.string() }).nullable(),
});

/**
 * Sealed reasoning for clients that cannot carry it (a plain OpenAI client drops what it does not know, and DeepSeek, Gemini and Claude answer 400 or
 * forget what they thought). Encrypted under the organisation's key, found by an HMAC over organisation, project, model, and the call's id, name and
 * arguments: ids such as `functions.add:0` repeat between tenants. Losing all of it is harmless: the model thinks again.
 */
export class ReasoningVault {
  constructor(
    private readonly redis: Redis,
    private readonly secret: string,
  ) {}

  /** Fire and forget: nobody waits for it, and what cannot be kept is not missed. */
  keep(owner: ReasoningOwner, entries: readonly ReasoningEntry[]): void {
    if (entries.length === 0 || this.redis.status !== 'ready') return;
    const key = deriveKey(this.secret, 'reasoning', owner.organizationId);
    const pipeline = this.redis.pipeline();
    for (const { call, state } of entries.slice(0, CALLS_MAX)) {
      const name = this.nameOf(owner, call);
      pipeline.set(name, sealBox(key, name, JSON.stringify(state), randomBytes(12)), 'EX', TIME_TO_LIVE_S);
    }
    pipeline.exec().catch(() => undefined);
  }

  /** What was kept for these calls; a Redis that does not answer at once has kept nothing. */
  async find(owner: ReasoningOwner, calls: readonly CallFacts[]): Promise<(call: CallFacts) => ReasoningState | null> {
    const asked = calls.slice(-CALLS_MAX);
    if (asked.length === 0 || this.redis.status !== 'ready') return () => null;
    const key = deriveKey(this.secret, 'reasoning', owner.organizationId);
    const names = asked.map((call) => this.nameOf(owner, call));
    const boxes = await withinPatience(this.redis.mgetBuffer(names));
    const found = new Map<string, ReasoningState>();
    for (const [index, name] of names.entries()) {
      const box = boxes[index];
      const text = box ? openBox(key, name, box) : null;
      const state = text === null ? null : decodeState(text);
      if (state !== null) found.set(name, state);
    }
    return (call) => found.get(this.nameOf(owner, call)) ?? null;
  }

  /** Zero retention means that nothing is left either. Walks the key space once: a setting is changed rarely. */
  async forget(organizationId: string): Promise<void> {
    const match = `{${organizationId}}:reasoning:*`;
    for await (const names of this.redis.scanStream({ match, count: 1_000 }) as AsyncIterable<string[]>)
      if (names.length > 0) await this.redis.unlink(...names);
  }

  /** All of one organisation in one slot, as everything else of it. */
  private nameOf({ organizationId, projectId, model }: ReasoningOwner, call: CallFacts): string {
    const facts = JSON.stringify([organizationId, projectId, model, call.id, call.name, call.arguments]);
    return `{${organizationId}}:reasoning:${createHmac('sha256', this.secret).update(facts).digest('base64url')}`;
  }
}

function decodeState(text: string): ReasoningState | null {
  const parsed = stateSchema.safeParse(JSON.parse(text));
  // It was written by this very class and is authenticated: the shape inside is the dialects' own.
  return parsed.success ? (parsed.data as unknown as ReasoningState) : null;
}

async function withinPatience(answer: Promise<(Buffer | null)[]>): Promise<readonly (Buffer | null)[]> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<[]>((resolve) => {
    timer = setTimeout(resolve, PATIENCE_MS, []);
  });
  return Promise.race([answer.catch(() => []), late]).finally(() => clearTimeout(timer));
}
