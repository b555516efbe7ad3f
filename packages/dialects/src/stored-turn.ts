import type { JsonObject } from './canonical/index.js';

/** One turn of the Responses API as it is kept: everything a following turn refers to, and the answer as it was given. Plain JSON. */
export interface StoredTurn {
  /** the whole conversation up to here, as input items: what came before, what was asked, what was answered */
  readonly items: readonly JsonObject[];
  /** the response object for GET /v1/responses/{id} */
  readonly body: JsonObject;
}
