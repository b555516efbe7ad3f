import type { Counts, Frame, ReplyPlan } from '../attempt/reply-plan.js';
import { bytesOf, isStreamed, type Recording, usageOf } from './recording.js';

/** Headers that belong to the connection the recording was made on. */
const connectionHeaders = new Set([
  'content-length',
  'content-encoding',
  'transfer-encoding',
  'connection',
  'keep-alive',
  'date',
]);

/** The recorded answer as a plan: same status, content type and bytes. Events stay apart so that faults can fall between them. */
export function replayPlan(recording: Recording): ReplyPlan {
  const usage = usageOf(recording);
  const counts = countsOf(usage);
  const bytes = bytesOf(recording);
  const payloads =
    isStreamed(recording) && recording.response.stream !== undefined ? eventsOf(recording.response.stream) : [bytes];
  const frames: Frame[] = payloads.map((payload, index) => ({
    payload,
    tokens: index === payloads.length - 1 ? (counts.completionTokens ?? 0) : 0,
    carriesUsage: usage !== null && index === payloads.length - 1,
  }));
  return {
    status: recording.response.status,
    headers: headersOf(recording),
    framing: isStreamed(recording) ? 'events' : 'whole',
    frames,
    counts,
    recordedUsage: usage,
    isPaced: false,
    fault: null,
  };
}

/** The text cut after each blank line, so that the pieces joined are the text. */
function eventsOf(stream: string): string[] {
  return stream.match(/[\s\S]*?(?:\r\n\r\n|\n\n|\r\r)|[\s\S]+$/g) ?? [];
}

function headersOf({ response }: Recording): Record<string, string> {
  const kept = Object.entries(response.headers ?? {}).filter(([name]) => !connectionHeaders.has(name.toLowerCase()));
  const headers = Object.fromEntries(
    kept.map(([name, value]) => [name.toLowerCase(), Array.isArray(value) ? value.join(', ') : value]),
  );
  return { 'content-type': response.stream === undefined ? 'application/json' : 'text/event-stream', ...headers };
}

/** The counts of a usage object of OpenAI's chat or responses kind; null fields where it says nothing. */
function countsOf(usage: unknown): Counts {
  return {
    promptTokens: numberAt(usage, 'prompt_tokens') ?? numberAt(usage, 'input_tokens'),
    cachedTokens:
      numberAt(fieldOf(usage, 'prompt_tokens_details'), 'cached_tokens') ??
      numberAt(fieldOf(usage, 'input_tokens_details'), 'cached_tokens'),
    completionTokens: numberAt(usage, 'completion_tokens') ?? numberAt(usage, 'output_tokens'),
    reasoningTokens:
      numberAt(fieldOf(usage, 'completion_tokens_details'), 'reasoning_tokens') ??
      numberAt(fieldOf(usage, 'output_tokens_details'), 'reasoning_tokens'),
  };
}

function fieldOf(value: unknown, name: string): unknown {
  return typeof value === 'object' && value !== null ? Reflect.get(value, name) : undefined;
}

function numberAt(value: unknown, name: string): number | null {
  const found = fieldOf(value, name);
  return typeof found === 'number' ? found : null;
}
