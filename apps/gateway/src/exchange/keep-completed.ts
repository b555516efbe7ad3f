import { ZERO } from '@tollgate/amount';
import type { AnswerMemory } from '../memory/answer-memory.js';
import type { Call } from './call.js';

/** After the end of a request, whichever it was: who asks again under its Idempotency-Key is told what it came to. Nobody waits for it. */
export function keepCompleted(memory: AnswerMemory | null, call: Call): void {
  const { claim, claimEnded, answer, principal, input } = call;
  if (memory === null || claim === null || claimEnded !== 'done') return;
  const { requestId, token } = input;
  const { key, keyHash, bodyHash } = claim;
  const chargeNanousd = call.settledNanousd ?? ZERO;
  memory.keep(principal, { keyHash, bodyHash, requestId, chargeNanousd, answer }, { idempotencyKey: key, token });
}
