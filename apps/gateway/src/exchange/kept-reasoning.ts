import {
  callsWithoutReasoning,
  type ProviderFailure,
  quirksOf,
  type ReasoningEntry,
  withoutSeals,
  withReasoning,
} from '@tollgate/dialects';
import type { Attempt } from '@tollgate/routing';
import type { ReasoningOwner, ReasoningVault } from '../memory/reasoning-vault.js';
import type { Call } from './call.js';

/**
 * Puts back what was thought before the calls of a chat history whose client dropped it. Asked only where some endpoint would want it: most requests
 * never look at the vault. Read once, before anything is held.
 */
export async function restoreReasoning(
  vault: ReasoningVault | null,
  call: Call,
  attempts: readonly Attempt[],
): Promise<void> {
  const { input, principal } = call;
  if (vault === null || !principal.keepsReasoning || input.dialect !== 'openai-chat') return;
  if (!attempts.some(wantsReasoning) || !input.body.includes('"tool_calls"')) return;
  const decoded = call.request.canonical();
  const [first] = attempts;
  if (!decoded.ok || first === undefined) return;
  const calls = callsWithoutReasoning(decoded.value);
  if (calls.length === 0) return;
  const find = await vault.find(ownerOf(call, first), calls);
  if (calls.some((one) => find(one) !== null)) call.request = call.request.amended(withReasoning(decoded.value, find));
}

/** Nobody waits for it: losing it costs thinking again. */
export function keepReasoning(
  vault: ReasoningVault | null,
  call: Call,
  attempt: Attempt,
  reply: { reasoning?(): readonly ReasoningEntry[] },
): void {
  if (vault === null || !call.principal.keepsReasoning || call.input.dialect !== 'openai-chat') return;
  const entries = reply.reasoning?.() ?? [];
  if (entries.length > 0) vault.keep(ownerOf(call, attempt), entries);
}

function ownerOf(call: Call, attempt: Attempt): ReasoningOwner {
  const { organizationId, projectId } = call.principal;
  return { organizationId, projectId, model: attempt.endpoint.modelId };
}

/** Another dialect than the client's has a place for it; of the same one, some providers insist on it (T24). */
function wantsReasoning({ endpoint }: Attempt): boolean {
  return endpoint.dialect !== 'openai-chat' || quirksOf(endpoint.provider).reasoningReplayField !== null;
}

/** How vendors say that they did not seal what they were sent. */
const FOREIGN_SEAL =
  /invalid_encrypted_content|encrypted[ _]content|thought[ _]?signature|signature.{0,40}thinking|thinking.{0,40}signature/i;

/**
 * Thinking that was sealed for another deployment (a fallback, another region, a rotated account) is a 400 there. Without it the request is fine: it
 * goes again, and the loss is told. True where something was taken out; a strict caller keeps its refusal.
 */
export function unsealRefused(call: Call, { kind, code, message }: ProviderFailure): boolean {
  if (kind !== 'invalid_request' || call.input.isStrict || call.unsealed.length > 0) return false;
  if (!FOREIGN_SEAL.test(`${code ?? ''} ${message}`)) return false;
  const decoded = call.request.canonical();
  if (!decoded.ok) return false;
  const { request, hadSeals } = withoutSeals(decoded.value);
  if (!hadSeals) return false;
  call.request = call.request.amended(request);
  call.unsealed = [{ field: 'reasoning', reason: 'dropped' }];
  return true;
}
