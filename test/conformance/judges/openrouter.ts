import {
  ChatResult$inboundSchema,
  ChatStreamChunk$inboundSchema,
  OpenResponsesResult$inboundSchema,
  StreamEvents$inboundSchema,
} from '@openrouter/sdk/models';
import type { Judge, WrittenAnswer } from './judge.js';

interface Schema {
  safeParse(value: unknown): { readonly success: boolean; readonly data?: unknown; readonly error?: unknown };
}

function judgeOf(name: string, whole: Schema, event: Schema): Judge {
  return {
    name,
    reads: ({ isPassed }) => !isPassed,
    read(written) {
      const values = written.isStream ? eventsOf(written) : [JSON.parse(written.bytes.toString('utf8'))];
      for (const value of values) expectValid(written.isStream ? event : whole, value);
      return Promise.resolve(null);
    },
  };
}

function expectValid(schema: Schema, value: unknown): void {
  const { success, data, error } = schema.safeParse(value);
  if (!success) throw new Error(`${brief(error)} in ${JSON.stringify(value).slice(0, 300)}`);
  const unknown = unknownIn(data);
  if (unknown !== null) throw new Error(`not recognised: ${JSON.stringify(unknown).slice(0, 500)}`);
}

/** Where a union knows no member that fits, the SDK hands on `{raw, isUnknown}` instead of failing: the first such raw value. */
function unknownIn(data: unknown): unknown {
  if (typeof data !== 'object' || data === null) return null;
  if ('isUnknown' in data && data.isUnknown === true && 'raw' in data) return data.raw;
  for (const member of Object.values(data)) {
    const found = unknownIn(member);
    if (found !== null) return found;
  }
  return null;
}

const brief = (error: unknown): string =>
  String(error instanceof Error ? error.message : error)
    .replace(/\s+/g, ' ')
    .slice(0, 500);

/** Data of all events but the mark of the end. Ours have one line of data each. */
function eventsOf({ bytes }: WrittenAnswer): unknown[] {
  return bytes
    .toString('utf8')
    .split(/\r?\n/)
    .filter((line) => line.startsWith('data:') && !line.includes('[DONE]'))
    .map((line) => JSON.parse(line.slice('data:'.length)));
}

/** A second vendor's contract of the same two dialects, and the strictest there is: its SDK throws away what does not fit. */
export const openrouterChat = judgeOf('@openrouter/sdk chat', ChatResult$inboundSchema, ChatStreamChunk$inboundSchema);
export const openrouterResponses = judgeOf(
  '@openrouter/sdk responses',
  OpenResponsesResult$inboundSchema,
  StreamEvents$inboundSchema,
);
