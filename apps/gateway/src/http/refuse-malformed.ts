import type { Socket } from 'node:net';
import { type Failure, FORM_DOORS, failureOf, openaiChat } from '@tollgate/dialects';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { refuse } from '../exchange/refuse.js';
import { mintRequestId } from '../exchange/request-id.js';
import { doorDialect, doorSkin } from './door-dialect.js';
import { type FailureException, refusal } from './failure-exception.js';
import { operationDoor } from './operation-path.js';
import { requestIdOf } from './request-identity.js';

/** What cannot even be parsed as HTTP is answered in the shape of everything else, and its connection is closed. */
export function refuseMalformed(error: Error & { code?: string }, socket: Socket): void {
  if (error.code === 'ECONNRESET' || !socket.writable) return void socket.destroy();
  const { status, body } = openaiChat.encodeFailure(malformedFailure(error.code ?? ''));
  const head = [
    `HTTP/1.1 ${status} Refused`,
    'content-type: application/json',
    `content-length: ${body.length}`,
    'connection: close',
  ];
  socket.end(Buffer.concat([Buffer.from(`${head.join('\r\n')}\r\n\r\n`), body]), () => socket.destroy());
}

function malformedFailure(code: string): Failure {
  const requestId = mintRequestId(Date.now());
  switch (code) {
    case 'HPE_HEADER_OVERFLOW':
      return failureOf({
        code: 'invalid_request',
        status: 431,
        message: 'The request headers are too large.',
        requestId,
      });
    case 'ERR_HTTP_REQUEST_TIMEOUT':
      return failureOf({ code: 'request_timeout', message: 'The request took too long to arrive.', requestId });
    default:
      return failureOf({ code: 'invalid_request', message: 'This is not a valid HTTP request.', requestId });
  }
}

/** A path the router cannot decode never reaches a door. */
export function refuseBadUrl(_error: Error, request: FastifyRequest, reply: FastifyReply): void {
  const requestId = requestIdOf(request);
  reply.hijack();
  refuse(
    { response: reply.raw, requestId, dialect: doorDialect(request.url), skin: doorSkin(request.url) },
    failureOf({ code: 'invalid_request', message: 'The path of this URL is not valid.', requestId }),
  );
}

/** Compressed bodies are not taken: a few kilobytes of them can be gigabytes. Null when the body is as it is. */
export function encodedBodyRefusal(request: FastifyRequest): FailureException | null {
  const encoding = request.headers['content-encoding'];
  if (encoding === undefined || /^\s*identity\s*$/i.test(encoding)) return null;
  const message = 'Send the request body without content-encoding.';
  return refusal(request, { code: 'unsupported_content_type', message });
}

/** Forms are taken by the doors for files alone: anywhere else one is refused before its bytes arrive. Null when the body is no form, or may be one. */
export function misplacedFormRefusal(request: FastifyRequest): FailureException | null {
  if (!/^\s*multipart\//i.test(request.headers['content-type'] ?? '')) return null;
  const door = operationDoor(request.url);
  if (door !== null && FORM_DOORS.has(door)) return null;
  return refusal(request, { code: 'unsupported_content_type', message: 'Send the request as application/json.' });
}
