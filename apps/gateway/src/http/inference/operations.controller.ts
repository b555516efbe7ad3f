import { Controller, Inject, Post, Req, Res, UseGuards } from '@nestjs/common';
import { OPERATION_DOORS, type OperationDoor } from '@tollgate/dialects';
import type { FastifyReply } from 'fastify';
import type { Exchange } from '../../exchange/exchange.js';
import { EXCHANGE } from '../../ports.js';
import type { AuthenticatedRequest } from '../authenticated-request.js';
import { InferenceKeyGuard } from '../key.guard.js';
import { operationDoor } from '../operation-path.js';
import { exchangeInput } from './exchange-input.js';

const DOORS = Object.keys(OPERATION_DOORS) as OperationDoor[];

/** Everything of OpenAI's interface that is no conversation, and `/rerank`: one door each, all through the same exchange. */
@Controller()
@UseGuards(InferenceKeyGuard)
export class OperationsController {
  constructor(@Inject(EXCHANGE) private readonly exchange: Exchange) {}

  @Post(DOORS.flatMap((door) => [`v1/${door}`, `api/v1/${door}`]))
  create(@Req() request: AuthenticatedRequest, @Res() reply: FastifyReply): Promise<void> {
    const door = operationDoor(request.url);
    if (door === null) throw new Error('a path that is no door of an operation was routed to one');
    const contentType = request.headers['content-type'] ?? '';
    reply.hijack();
    return this.exchange.run({ ...exchangeInput(request, reply), operation: { door, contentType } });
  }
}
