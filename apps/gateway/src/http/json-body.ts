import type { FastifyRequest } from 'fastify';
import type { z } from 'zod';
import { refusal } from './failure-exception.js';

/** Bodies arrive as bytes. Reads one as JSON and checks it against the schema; what is wrong is named in the caller's error shape. */
export function decodeBody<T>(schema: z.ZodType<T>, body: unknown, request: FastifyRequest): T {
  const parsed = schema.safeParse(Buffer.isBuffer(body) ? parseJson(body, request) : (body ?? {}));
  if (parsed.success) return parsed.data;
  const issue = parsed.error.issues[0];
  const param = issue?.path.join('.') || null;
  const message = `${param ?? 'The body'}: ${issue?.message ?? 'is not valid'}`;
  throw refusal(request, { code: 'invalid_request', message, param });
}

function parseJson(body: Buffer, request: FastifyRequest): unknown {
  try {
    return JSON.parse(body.toString('utf8'));
  } catch {
    throw refusal(request, { code: 'invalid_json', message: 'The body is not valid JSON.' });
  }
}
