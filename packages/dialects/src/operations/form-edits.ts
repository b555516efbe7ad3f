import type { Loss } from '../canonical/loss.js';
import type { LaneTarget } from '../lane.js';
import type { Form } from './multipart.js';

/** The edits every form gets: the model's name is the provider's, the user is a hash or nobody, and labels stay with us. */
export function formEdits(
  { parts }: Form,
  target: LaneTarget,
): { set: Readonly<Record<string, string>>; removed: ReadonlySet<string>; losses: readonly Loss[] } {
  const set: Record<string, string> = { model: target.model };
  const isUserSaid = parts.some((part) => part.name === 'user');
  if (isUserSaid && target.safetyIdentifier !== null) set['user'] = target.safetyIdentifier;
  const isLost = isUserSaid && target.safetyIdentifier === null;
  return {
    set,
    removed: new Set(isLost ? ['user', 'metadata'] : ['metadata']),
    losses: isLost ? [{ field: 'user', reason: 'dropped' }] : [],
  };
}
