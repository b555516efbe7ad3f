import { type ArgumentsHost, Catch, type ExceptionFilter, HttpException, Inject } from '@nestjs/common';
import { type Failure, type FailureCode, failureOf } from '@tollgate/dialects';
import type { Logger } from '@tollgate/telemetry';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { refuse } from '../exchange/refuse.js';
import { LOGGER } from '../ports.js';
import { doorDialect, doorSkin } from './door-dialect.js';
import { FailureException } from './failure-exception.js';
import { requestIdOf } from './request-identity.js';

/** The one catch of the data plane: whatever went wrong at a door leaves in the caller's own error shape. */
@Catch()
export class FailureFilter implements ExceptionFilter {
  constructor(@Inject(LOGGER) private readonly log: Logger) {}

  catch(error: unknown, host: ArgumentsHost): void {
    const http = host.switchToHttp();
    const reply = http.getResponse<FastifyReply>();
    const request = http.getRequest<FastifyRequest>();
    const told = this.translate(error, request);
    if (!reply.sent) reply.hijack();
    refuse(
      {
        response: reply.raw,
        requestId: told.requestId,
        dialect: doorDialect(request.url),
        skin: doorSkin(request.url),
      },
      told,
    );
  }

  private translate(error: unknown, request: FastifyRequest): Failure {
    const requestId = requestIdOf(request);
    if (error instanceof FailureException) return error.failure;
    const known = error instanceof HttpException ? HTTP_FAILURES[error.getStatus()] : undefined;
    if (known) return failureOf({ ...known, requestId });
    if (error instanceof HttpException && error.getStatus() === 404) {
      return failureOf({
        code: 'not_found',
        message: `${request.method} ${pathOf(request)} does not exist here.`,
        requestId,
      });
    }
    if (error instanceof HttpException && error.getStatus() < 500)
      return failureOf({ code: 'invalid_request', message: error.message, requestId });
    this.log.error({ error, requestId, path: pathOf(request) }, 'a request failed inside the gateway');
    return failureOf({
      code: 'internal_error',
      message: 'Something failed on our side. You were not charged.',
      requestId,
    });
  }
}

/** Nest hands on Fastify's own refusals with nothing but their status. */
const HTTP_FAILURES: Readonly<Record<number, { code: FailureCode; message: string }>> = {
  413: { code: 'payload_too_large', message: 'The request body is larger than this gateway accepts.' },
  415: { code: 'unsupported_content_type', message: 'Send the request as application/json.' },
};

function pathOf(request: FastifyRequest): string {
  return (request.url.split('?')[0] ?? '').slice(0, 200);
}
