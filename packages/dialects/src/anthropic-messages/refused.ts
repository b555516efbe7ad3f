import type { Decoded } from '../canonical/codec.js';
import type { FailureCode, RequestFailure } from '../failure.js';

/** Ends the reading or the writing of a request from any depth; `attempt` turns it into a value, nobody else sees it. */
class Refused extends Error {
  readonly failure: RequestFailure;

  constructor(failure: RequestFailure) {
    super(failure.message);
    this.failure = failure;
  }
}

export function refuse(code: FailureCode, param: string | null, message: string): never {
  throw new Refused({ code, message, param });
}

/** In the vendor's words: `messages.0.content: Input should be …`. */
export function refuseField(param: string, demand: string): never {
  return refuse('invalid_request', param, `${param}: ${demand}`);
}

/** Runs it; a refusal becomes its failure. */
export function attempt<Value>(run: () => Value): Decoded<Value> {
  try {
    return { ok: true, value: run() };
  } catch (error) {
    if (error instanceof Refused) return { ok: false, failure: error.failure };
    throw error;
  }
}
