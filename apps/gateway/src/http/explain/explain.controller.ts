import { Controller, HttpCode, Inject, Post, Req, Res, UseGuards } from '@nestjs/common';
import type { FastifyReply } from 'fastify';
import type { Explainer } from '../../exchange/explain.js';
import { EXPLAINER } from '../../ports.js';
import type { AuthenticatedRequest } from '../authenticated-request.js';
import { FreshInferenceKeyGuard } from '../key.guard.js';
import { explainedInput } from './explained-input.js';

/**
 * What a request would come to, for nothing: the body of any door, sent to `/v1/explain<path of the door>`. The key is asked of Postgres, because no
 * admission follows that would refuse a revoked one.
 */
@Controller()
@UseGuards(FreshInferenceKeyGuard)
export class ExplainController {
  constructor(@Inject(EXPLAINER) private readonly explainer: Explainer) {}

  @Post(['v1/explain', 'api/v1/explain', 'v1/explain/*'])
  @HttpCode(200)
  explain(@Req() request: AuthenticatedRequest, @Res() reply: FastifyReply): Promise<void> {
    const input = explainedInput(request, reply);
    reply.hijack();
    return this.explainer.run(input);
  }
}
