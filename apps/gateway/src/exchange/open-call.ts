import type { Nanousd } from '@tollgate/amount';
import {
  type ClientRequest,
  type Decoded,
  type Failure,
  failureOf,
  openOperation,
  openRequest,
} from '@tollgate/dialects';
import type { KeyCache } from '../keys/key-cache.js';
import type { ResponseMemory } from '../memory/response-memory.js';
import type { Call, ExchangeInput } from './call.js';
import type { Claim } from './claim.js';
import { maxCostOf } from './max-cost.js';
import { resumeTurn } from './stored-turns.js';

export type OpenedCall =
  | { readonly kind: 'opened'; readonly call: Call }
  | { readonly kind: 'refused'; readonly input: ExchangeInput; readonly failure: Failure };

/** From bytes to a call that can be planned: the history it goes on from, and the request in its dialect. Nothing is held or written. */
export async function openCall(
  ports: { readonly memory: ResponseMemory | null; readonly keys: KeyCache },
  asked: ExchangeInput,
  claim: Claim | null = null,
): Promise<OpenedCall> {
  const { requestId } = asked;
  const resumed = isResponses(asked) ? await resumeTurn(ports, asked) : null;
  if (resumed?.kind === 'refused')
    return { kind: 'refused', input: asked, failure: failureOf({ ...resumed.failure, requestId }) };
  const input = resumed === null ? asked : { ...asked, ...resumed.input };
  const opened = open(input);
  if (!opened.ok) return { kind: 'refused', input, failure: failureOf({ ...opened.failure, requestId }) };
  const maxCost = maxCostOf(input, opened.value.envelope);
  return maxCost.ok
    ? { kind: 'opened', call: beginCall(input, opened.value, maxCost.value, claim) }
    : { kind: 'refused', input, failure: failureOf({ ...maxCost.failure, requestId }) };
}

function isResponses({ dialect, operation }: ExchangeInput): boolean {
  return dialect === 'openai-responses' && operation === undefined;
}

function open({ operation, dialect, body, door }: ExchangeInput): Decoded<ClientRequest> {
  return operation === undefined
    ? openRequest(dialect, body, door)
    : openOperation(operation.door, body, operation.contentType, door.model ?? '');
}

function beginCall(
  input: ExchangeInput,
  request: ClientRequest,
  maxCostNanousd: Nanousd | null,
  claim: Claim | null,
): Call {
  return {
    input,
    request,
    envelope: request.envelope,
    losses: [],
    unsealed: [],
    openStream: null,
    attempts: [],
    principal: input.principal,
    markupTerms: { rules: [], fallbackBp: input.principal.markupBp },
    maxCostNanousd,
    clampedOutput: null,
    admission: null,
    hasSent: false,
    heldNanousd: null,
    epoch: null,
    firstTokenMs: null,
    upstreamMs: 0,
    settledNanousd: null,
    claim,
    claimEnded: null,
    answer: null,
  };
}
