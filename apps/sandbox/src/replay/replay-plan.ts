import type { Counts, Frame, ReplyPlan } from '../attempt/reply-plan.js';
import { messagesIn } from '../providers/bedrock/event-stream.js';
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
  const payloads = payloadsOf(recording, bytes);
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

/** The events of a stream apart, or the whole body. */
function payloadsOf({ response }: Recording, bytes: Buffer): (string | Buffer)[] {
  if (response.stream !== undefined)
    return /^\s*\{/.test(response.stream) ? linesOf(response.stream) : eventsOf(response.stream);
  return response.stream_base64 !== undefined ? messagesIn(bytes) : [bytes];
}

/** Text of lines of JSON, cut after each line. */
function linesOf(stream: string): string[] {
  return stream.match(/[^\n]*\n|[^\n]+$/g) ?? [];
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

/**
 * The counts of a usage object of any vendor whose replays the sandbox serves; null fields where it says nothing. Vendors that report their
 * cache beside the input, or thoughts beside the answer, are added up: the truth has the whole prompt and all that was made.
 */
function countsOf(usage: unknown): Counts {
  const billed = fieldOf(usage, 'billed_units');
  const readBeside = firstNumber(usage, ['cacheReadInputTokens', 'cache_read_input_tokens']);
  const written = firstNumber(usage, ['cacheWriteInputTokens', 'cache_creation_input_tokens']);
  const thoughtsBeside = firstNumber(usage, ['thoughtsTokenCount']);
  const prompt =
    firstNumber(usage, ['prompt_tokens', 'input_tokens', 'inputTokens', 'promptTokenCount', 'prompt_eval_count']) ??
    firstNumber(billed, ['input_tokens']);
  const said =
    firstNumber(usage, ['completion_tokens', 'output_tokens', 'outputTokens', 'candidatesTokenCount', 'eval_count']) ??
    firstNumber(billed, ['output_tokens']);
  return {
    promptTokens: prompt === null ? null : prompt + (readBeside ?? 0) + (written ?? 0),
    cachedTokens:
      numberAt(fieldOf(usage, 'prompt_tokens_details'), 'cached_tokens') ??
      numberAt(fieldOf(usage, 'input_tokens_details'), 'cached_tokens') ??
      readBeside ??
      firstNumber(usage, ['cachedContentTokenCount']),
    cacheWriteTokens: written,
    completionTokens: said === null && thoughtsBeside === null ? null : (said ?? 0) + (thoughtsBeside ?? 0),
    reasoningTokens:
      numberAt(fieldOf(usage, 'completion_tokens_details'), 'reasoning_tokens') ??
      numberAt(fieldOf(usage, 'output_tokens_details'), 'reasoning_tokens') ??
      numberAt(fieldOf(usage, 'output_tokens_details'), 'thinking_tokens') ??
      thoughtsBeside,
  };
}

function firstNumber(value: unknown, names: readonly string[]): number | null {
  return names.map((name) => numberAt(value, name)).find((found) => found !== null) ?? null;
}

function fieldOf(value: unknown, name: string): unknown {
  return typeof value === 'object' && value !== null ? Reflect.get(value, name) : undefined;
}

function numberAt(value: unknown, name: string): number | null {
  const found = fieldOf(value, name);
  return typeof found === 'number' ? found : null;
}
