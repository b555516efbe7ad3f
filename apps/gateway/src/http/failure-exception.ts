import { type Failure, type FailureFacts, failureOf } from '@tollgate/dialects';
import type { FastifyRequest } from 'fastify';
import { requestIdOf } from './request-identity.js';

/** A refusal on its way from a guard or a door to the error filter. The only thing doors throw. */
export class FailureException extends Error {
  constructor(readonly failure: Failure) {
    super(failure.code);
  }
}

/** What a door throws: the facts, under the id of the request they are about. */
export function refusal(request: FastifyRequest, facts: Omit<FailureFacts, 'requestId'>): FailureException {
  return new FailureException(failureOf({ ...facts, requestId: requestIdOf(request) }));
}
