import type { Incoming } from '../attempt/incoming.js';
import type { ReplyPlan } from '../attempt/reply-plan.js';
import type { Dialect, DialectWorld } from './dialect.js';
import { openAiChat } from './openai/dialect.js';
import { fixedText, fixedPlan as openAiFixedPlan } from './openai/fixed.js';

const prepared = new Map<string, ReplyPlan>();
const mostPrepared = 1_000;

/** The fixed answer in any dialect: the same bytes each time, made once for a path, model and kind of request, and not paced. */
export function fixedPlan(incoming: Incoming, dialect: Dialect, world: DialectWorld): ReplyPlan {
  if (dialect === openAiChat) return openAiFixedPlan(incoming);
  const key = `${incoming.provider} ${incoming.path} ${incoming.model} ${incoming.isStream}`;
  const known = prepared.get(key);
  if (known !== undefined) return known;
  const changes = { omitUsage: false, echo: false, empty: null, says: fixedText };
  const plan = { ...dialect.plan(incoming, changes, world), isPaced: false };
  if (plan.status === 200 && prepared.size < mostPrepared) prepared.set(key, plan);
  return plan;
}
