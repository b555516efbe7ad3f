import { z } from 'zod';

/** An answer as its client got it: the bytes, and those headers that belong to it. */
export interface WrittenAnswer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Buffer;
}

const headSchema = z.object({ status: z.number().int().min(200).max(599), headers: z.record(z.string(), z.string()) });

/** The length of the head as four bytes, the head as JSON, the body as it is. */
export function encodeAnswer({ status, headers, body }: WrittenAnswer): Buffer {
  const head = Buffer.from(JSON.stringify({ status, headers }));
  const length = Buffer.alloc(4);
  length.writeUInt32BE(head.length);
  return Buffer.concat([length, head, body]);
}

/** Null for what `encodeAnswer` has not written. */
export function decodeAnswer(bytes: Buffer): WrittenAnswer | null {
  if (bytes.length < 4) return null;
  const end = 4 + bytes.readUInt32BE();
  if (end > bytes.length) return null;
  try {
    const head = headSchema.safeParse(JSON.parse(bytes.toString('utf8', 4, end)));
    return head.success ? { ...head.data, body: bytes.subarray(end) } : null;
  } catch {
    return null;
  }
}
