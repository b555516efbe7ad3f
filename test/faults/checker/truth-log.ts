import { readFileSync } from 'node:fs';
import { z } from 'zod';

const count = z
  .number()
  .int()
  .nullable()
  .transform((value) => value ?? 0);

const attemptSchema = z.object({
  provider: z.string(),
  model: z.string(),
  correlation: z.string(),
  promptTokens: count,
  cachedTokens: count,
  cacheWriteTokens: count,
  completionTokens: count,
  reasoningTokens: count,
  tokensWritten: z.number().int(),
  usageSent: z.boolean(),
  status: z.number().int(),
  ending: z.string(),
  durationMs: z.number(),
});

/** One try at the provider as the provider knows it. */
export type TruthAttempt = z.infer<typeof attemptSchema>;

/** The provider's own book: what it served for each request of the gateway, in the order of its tries. */
export function readTruthLog(file: string): ReadonlyMap<string, readonly TruthAttempt[]> {
  const byRequest = new Map<string, { readonly index: number; readonly attempt: TruthAttempt }[]>();
  for (const line of readFileSync(file, 'utf8').split('\n')) {
    if (line === '') continue;
    const attempt = attemptSchema.parse(JSON.parse(line));
    const [requestId = '', index = '0'] = attempt.correlation.split('/');
    byRequest.set(requestId, [...(byRequest.get(requestId) ?? []), { index: Number(index), attempt }]);
  }
  return new Map(
    [...byRequest].map(([requestId, tries]) => [
      requestId,
      tries.sort((a, b) => a.index - b.index).map(({ attempt }) => attempt),
    ]),
  );
}
