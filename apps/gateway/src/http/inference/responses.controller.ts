import { Controller, Delete, Get, HttpCode, Inject, Param, Post, Req, Res, UseGuards } from '@nestjs/common';
import { openaiResponses, type StoredTurn } from '@tollgate/dialects';
import type { FastifyReply } from 'fastify';
import type { Exchange } from '../../exchange/exchange.js';
import type { ResponseMemory } from '../../memory/response-memory.js';
import { EXCHANGE, MEMORY } from '../../ports.js';
import type { AuthenticatedRequest } from '../authenticated-request.js';
import { refusal } from '../failure-exception.js';
import { FreshInferenceKeyGuard, InferenceKeyGuard } from '../key.guard.js';
import { exchangeInput } from './exchange-input.js';

/** OpenAI's Responses API, with the answers a project keeps. */
@Controller()
export class ResponsesController {
  constructor(
    @Inject(EXCHANGE) private readonly exchange: Exchange,
    @Inject(MEMORY) private readonly memory: ResponseMemory,
  ) {}

  @UseGuards(InferenceKeyGuard)
  @Post(['v1/responses', 'api/v1/responses'])
  create(@Req() request: AuthenticatedRequest, @Res() reply: FastifyReply): Promise<void> {
    reply.hijack();
    return this.exchange.run(exchangeInput(request, reply));
  }

  @UseGuards(FreshInferenceKeyGuard)
  @Get(['v1/responses/:id', 'api/v1/responses/:id'])
  async read(@Req() request: AuthenticatedRequest, @Res() reply: FastifyReply, @Param('id') id: string): Promise<void> {
    const turn = await this.find(request, id);
    void reply.type('application/json').send(openaiResponses.encodeStored(turn));
  }

  /** What the answer was given to: the conversation before it, oldest first. */
  @UseGuards(FreshInferenceKeyGuard)
  @Get(['v1/responses/:id/input_items', 'api/v1/responses/:id/input_items'])
  async inputItems(@Req() request: AuthenticatedRequest, @Param('id') id: string): Promise<unknown> {
    const { items, body } = await this.find(request, id);
    const output = Array.isArray(body['output']) ? body['output'].length : 0;
    const data = items.slice(0, Math.max(0, items.length - output));
    return {
      object: 'list',
      data,
      first_id: data[0]?.['id'] ?? null,
      last_id: data.at(-1)?.['id'] ?? null,
      has_more: false,
    };
  }

  @UseGuards(FreshInferenceKeyGuard)
  @Delete(['v1/responses/:id', 'api/v1/responses/:id'])
  @HttpCode(200)
  async delete(@Req() request: AuthenticatedRequest, @Param('id') id: string): Promise<unknown> {
    if (!(await this.memory.delete(request.principal, id))) throw noSuchResponse(request, id);
    return { id, object: 'response.deleted', deleted: true };
  }

  private async find(request: AuthenticatedRequest, id: string): Promise<StoredTurn> {
    const found = await this.memory.load(request.principal, id);
    switch (found.kind) {
      case 'found':
        return found.turn;
      case 'missing':
        throw noSuchResponse(request, id);
      case 'unavailable':
        throw refusal(request, {
          code: 'admission_unavailable',
          message: 'Stored responses cannot be read right now.',
          retryAfterMs: 1_000,
        });
    }
  }
}

function noSuchResponse(request: AuthenticatedRequest, id: string) {
  return refusal(request, { code: 'not_found', message: `Response with id '${id.slice(0, 100)}' not found.` });
}
