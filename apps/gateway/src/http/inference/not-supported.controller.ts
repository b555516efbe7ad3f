import { All, Controller, Req } from '@nestjs/common';
import type { FastifyRequest } from 'fastify';
import { refusal } from '../failure-exception.js';

const PATHS = [
  'files',
  'batches',
  'realtime',
  'fine_tuning',
  'assistants',
  'threads',
  'vector_stores',
  'uploads',
  'videos',
];

/** Endpoints of the vendors' APIs that do not exist here yet: a clear answer instead of a bare 404. */
@Controller()
export class NotSupportedController {
  @All(PATHS.flatMap((path) => [`v1/${path}`, `v1/${path}/*`, `api/v1/${path}`, `api/v1/${path}/*`]))
  refuse(@Req() request: FastifyRequest): never {
    const path = (request.url.split('?')[0] ?? '').slice(0, 100);
    throw refusal(request, {
      code: 'not_supported',
      message: `${path} is not supported by this gateway yet.`,
    });
  }
}
