import { type DoorFacts, type KeptAnswer, openaiResponses, type RequestFailure } from '@tollgate/dialects';
import type { KeyCache } from '../keys/key-cache.js';
import { KEY_REFUSALS } from '../keys/key-refusals.js';
import type { ResponseMemory } from '../memory/response-memory.js';
import type { Call, ExchangeInput } from './call.js';

/** A request of the Responses API as it is read from here on: with its history, and what becomes of its answer. */
export interface ResumedInput {
  readonly body: Buffer;
  readonly door: DoorFacts;
}

export type Resumed =
  | { readonly kind: 'ready'; readonly input: ResumedInput }
  | { readonly kind: 'refused'; readonly failure: RequestFailure };

/**
 * Puts the history of `previous_response_id` before the input. State is ours, per project, and only where the project allows it: an id of somebody
 * else's does not exist. Nothing is read for a request that names nothing.
 */
export async function resumeTurn(
  { memory, keys }: { readonly memory: ResponseMemory | null; readonly keys: KeyCache },
  input: ExchangeInput,
): Promise<Resumed> {
  const wish = openaiResponses.storageWish(input.body);
  if (wish.isBackground) {
    const message = 'background is not supported: the answer is given on the connection that asked for it.';
    return refused('not_supported', message, 'background');
  }
  const isStored = wish.wantsStore && input.principal.storesResponses && memory !== null;
  const { previousResponseId, itemIds } = wish;
  const door: DoorFacts = { ...input.door, storage: { previousResponseId, isStored } };
  if (previousResponseId === null && itemIds.length === 0) return { kind: 'ready', input: { body: input.body, door } };
  // What is stored is read with the key and the setting as they are now: the cache may be seconds behind.
  const checked = await keys.recheck(input.token);
  if (checked.kind !== 'verified') {
    const { code, message } = KEY_REFUSALS[checked.kind];
    return { kind: 'refused', failure: { code, message, param: null } };
  }
  const owner = checked.principal;
  if (!owner.storesResponses || memory === null) {
    const message =
      'This project does not keep responses, so there is none to go on from: turn on its setting stores_responses (PATCH /v1/project), or send the whole input (clients that name items do so with store: false).';
    return refused(
      'response_storage_disabled',
      message,
      previousResponseId === null ? 'input' : 'previous_response_id',
    );
  }
  const referenced = await memory.findItems(owner, itemIds);
  if (referenced === null)
    return refused('admission_unavailable', 'Stored responses cannot be read right now.', 'input');
  if (previousResponseId === null)
    return { kind: 'ready', input: { body: openaiResponses.resume(input.body, { history: [], referenced }), door } };
  const found = await memory.load(owner, previousResponseId);
  switch (found.kind) {
    case 'found':
      return {
        kind: 'ready',
        input: { body: openaiResponses.resume(input.body, { history: found.turn.items, referenced }), door },
      };
    case 'missing':
      return refused(
        'not_found',
        `Previous response with id '${previousResponseId.slice(0, 100)}' not found.`,
        'previous_response_id',
      );
    case 'unavailable':
      return refused('admission_unavailable', 'Stored responses cannot be read right now.', 'previous_response_id');
  }
}

/** After the good end: what a following turn may name. The client does not wait for it. */
export function keepTurn(memory: ResponseMemory | null, call: Call, kept: KeptAnswer | null | undefined): void {
  const { input, principal } = call;
  if (memory === null || !kept || input.door.storage?.isStored !== true || !principal.storesResponses) return;
  const id = openaiResponses.responseId(input.requestId);
  memory.keep(principal, id, openaiResponses.storedTurn(input.body, kept));
}

function refused(code: RequestFailure['code'], message: string, param: string): Resumed {
  return { kind: 'refused', failure: { code, message, param } };
}
