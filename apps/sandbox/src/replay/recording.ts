import { z } from 'zod';
import { messagesIn, payloadOf } from '../providers/bedrock/event-stream.js';

/** A recorded exchange, as its file holds it: exactly one of the body fields is there. */
export const recordingSchema = z.looseObject({
  provider: z.string(),
  api: z.string(),
  request: z
    .looseObject({ method: z.string().optional(), path: z.string().optional(), body: z.unknown().optional() })
    .nullish(),
  response: z.looseObject({
    status: z.int(),
    headers: z.record(z.string(), z.union([z.string(), z.array(z.string())])).nullish(),
    body: z.unknown().optional(),
    stream: z.string().optional(),
    body_text: z.string().optional(),
    body_base64: z.string().optional(),
    stream_base64: z.string().optional(),
  }),
});

export type Recording = z.infer<typeof recordingSchema>;

/** The exact bytes of the recorded answer. */
export function bytesOf({ response }: Recording): Buffer {
  if (response.stream !== undefined) return Buffer.from(response.stream, 'utf8');
  if (response.stream_base64 !== undefined) return Buffer.from(response.stream_base64, 'base64');
  if (response.body_base64 !== undefined) return Buffer.from(response.body_base64, 'base64');
  if (response.body_text !== undefined) return Buffer.from(response.body_text, 'utf8');
  return response.body === undefined ? Buffer.alloc(0) : Buffer.from(JSON.stringify(response.body), 'utf8');
}

/** Whether the answer was recorded as a stream. */
export function isStreamed({ response }: Recording): boolean {
  return response.stream !== undefined || response.stream_base64 !== undefined;
}

/** The last usage object in the answer, in whatever place its vendor puts it; null when there is none. */
export function usageOf(recording: Recording): unknown {
  const { body, stream, stream_base64 } = recording.response;
  if (stream_base64 !== undefined)
    return lastUsage(messagesIn(Buffer.from(stream_base64, 'base64')).map((message) => payloadOf(message)));
  if (stream === undefined) return usageIn(body);
  const lines = stream.split(/\r\n|\n|\r/).map((line) => (line.startsWith('data:') ? line.slice(5) : line).trim());
  return lastUsage(lines.filter((line) => line.startsWith('{')).map(parsed));
}

function lastUsage(events: readonly unknown[]): unknown {
  return events.map(usageIn).findLast((usage) => usage !== null) ?? null;
}

const usagePaths = [
  ['usage'],
  ['usageMetadata'],
  ['response', 'usage'],
  ['message', 'usage'],
  ['delta', 'usage'],
  ['x_groq', 'usage'],
];

function usageIn(value: unknown): unknown {
  for (const path of usagePaths) {
    const found = path.reduce<unknown>(
      (at, key) => (typeof at === 'object' && at !== null ? Reflect.get(at, key) : undefined),
      value,
    );
    if (found !== undefined && found !== null) return found;
  }
  // Ollama's counts stand in the line itself.
  return typeof value === 'object' && value !== null && 'eval_count' in value ? value : null;
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
