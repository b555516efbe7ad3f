import type { Usage } from '../usage.js';
import { spliceMembers, spliceUsage } from './reply-splices.js';
import { encodeUsage } from './usage.js';

export const DONE_EVENT = Buffer.from('data: [DONE]\n\n');

export interface UsageChunkFacts {
  readonly id: string;
  readonly model: string;
  /** seconds since 1970, 0 where no chunk had one */
  readonly created: number;
  /** the provider's own usage chunk (`choices: []`), the bytes of its JSON */
  readonly chunk: Buffer | null;
  /** the bytes of the usage object that counts, wherever it stood */
  readonly reported: Buffer | null;
  /** our own reading or count, for a stream without one */
  readonly usage: Usage | null;
  readonly cost: string | null;
}

/**
 * The one usage chunk of a stream, with `choices: []`: the provider's own bytes where it sent such a chunk, else a new
 * chunk around the provider's own usage object, else around our count. Null where nothing is known.
 */
export function encodeUsageChunk(facts: UsageChunkFacts): Buffer | null {
  const usage = usageBytes(facts);
  if (usage === null) return null;
  const { id, model, created } = facts;
  const own = facts.chunk === null ? null : spliceMembers(facts.chunk, 0, { id, model, usage });
  const head = JSON.stringify({ id, object: 'chat.completion.chunk', created, model, choices: [] });
  const chunk = own ?? Buffer.concat([Buffer.from(`${head.slice(0, -1)},"usage":`), usage, Buffer.from('}')]);
  return Buffer.concat([Buffer.from('data: '), chunk, Buffer.from('\n\n')]);
}

function usageBytes(facts: UsageChunkFacts): Buffer | null {
  const counted = facts.usage === null ? null : Buffer.from(JSON.stringify(encodeUsage(facts.usage)));
  const usage = facts.reported ?? counted;
  if (usage === null || facts.cost === null) return usage;
  return spliceUsage(usage, { cost: facts.cost });
}
