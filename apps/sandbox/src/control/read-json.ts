import type { FastifyReply, FastifyRequest } from 'fastify';
import { z } from 'zod';

/** The body of a control request as its schema has it; null after a 400 that says what is wrong. */
export function readJson<Schema extends z.ZodType>(
  schema: Schema,
  request: FastifyRequest,
  reply: FastifyReply,
): z.output<Schema> | null {
  const parsed = schema.safeParse(parseBody(request.body));
  if (parsed.success) return parsed.data;
  void reply.code(400).send({ error: { code: 'invalid_control_request', message: z.prettifyError(parsed.error) } });
  return null;
}

function parseBody(body: unknown): unknown {
  if (!Buffer.isBuffer(body) || body.length === 0) return {};
  try {
    return JSON.parse(body.toString('utf8'));
  } catch {
    return undefined;
  }
}
