import { createHash } from 'node:crypto';

/** What ids a dialect accepts. */
export interface CallIdRule {
  readonly pattern: RegExp;
  readonly maxLength: number;
}

const REVERSIBLE = 'tgc_';
const HASHED = 'tgh';
const SYNTHETIC = /^call_[A-Za-z0-9-]+_\d+s$/;

/** An id for a call that came without one: stable for the same request and place, never the same in another request (W26, S14). */
export function syntheticCallId(requestId: string, position: number): string {
  return `call_${requestId}_${position}s`;
}

export function isSyntheticCallId(id: string): boolean {
  return SYNTHETIC.test(id);
}

/**
 * Any id as one that is legal in the target: itself where it already is, else `tgc_` and base64url of it, which `originalCallId` reads back; where
 * that is too long, a hash, which is stable, so that a call and its result still meet. Kimi's `functions.add:0` is illegal at Anthropic.
 */
export function wireCallId(id: string, rule: CallIdRule): string {
  if (isLegal(id, rule)) return id;
  const reversible = REVERSIBLE + Buffer.from(id).toString('base64url');
  if (isLegal(reversible, rule)) return reversible;
  const digest = createHash('sha256').update(id).digest('hex');
  return (rule.maxLength < 16 ? digest : HASHED + digest).slice(0, rule.maxLength);
}

/** The id that `wireCallId` was given, or the id itself. */
export function originalCallId(wireId: string): string {
  if (!wireId.startsWith(REVERSIBLE)) return wireId;
  const decoded = Buffer.from(wireId.slice(REVERSIBLE.length), 'base64url').toString('utf8');
  return REVERSIBLE + Buffer.from(decoded).toString('base64url') === wireId ? decoded : wireId;
}

function isLegal(id: string, { pattern, maxLength }: CallIdRule): boolean {
  return id.length > 0 && id.length <= maxLength && pattern.test(id);
}
