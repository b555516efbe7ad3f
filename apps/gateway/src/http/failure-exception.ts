import type { Failure } from '@tollgate/dialects';

/** A refusal on its way from a guard or a door to the error filter. The only thing doors throw. */
export class FailureException extends Error {
  constructor(readonly failure: Failure) {
    super(failure.code);
  }
}
