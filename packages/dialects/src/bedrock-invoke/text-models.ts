import { count, filledText, isObject, objects, text } from '../canonical/json-read.js';
import type { JsonObject } from '../canonical/part.js';
import type { Finish } from '../finish.js';
import type { Usage } from '../usage.js';
import { METRICS } from './wire.js';

/** What an answer, or one event of it, of a model says that writes nothing but text. */
export interface TextAnswer {
  readonly text: string;
  /** the model's own word for the end; null in the middle of a stream */
  readonly finishRaw: string | null;
  readonly stopSequence: string | null;
  readonly usage: Usage | null;
}

type TextReader = (body: JsonObject) => TextAnswer | null;

/**
 * Models older than messages, each with its own body. Whole answers and events of a stream look alike, but for Titan's `results`. The first reader
 * that knows the body reads it.
 */
const READERS: readonly TextReader[] = [readTitan, readTitanEvent, readLlama, readCompletion, readOpenText];

export function readTextAnswer(body: JsonObject): TextAnswer | null {
  for (const read of READERS) {
    const answer = read(body);
    if (answer !== null) return { ...answer, usage: answer.usage ?? metricsUsage(body) };
  }
  return null;
}

/** What Bedrock counted itself: on the last event of every stream. */
function metricsUsage(body: JsonObject): Usage | null {
  const metrics = body[METRICS];
  return isObject(metrics) ? usageOf(metrics['inputTokenCount'], metrics['outputTokenCount']) : null;
}

function usageOf(input: unknown, output: unknown): Usage | null {
  const inputTokens = count(input);
  const outputTokens = count(output);
  if (inputTokens === null && outputTokens === null) return null;
  return { input: inputTokens ?? 0, output: outputTokens ?? 0 };
}

/** Amazon Titan: `{inputTextTokenCount, results: [{tokenCount, outputText, completionReason}]}` */
function readTitan(body: JsonObject): TextAnswer | null {
  const results = objects(body['results']);
  const [first] = results;
  if (first === undefined || typeof first['outputText'] !== 'string') return null;
  return {
    text: first['outputText'],
    finishRaw: filledText(first['completionReason']),
    stopSequence: null,
    usage: usageOf(body['inputTextTokenCount'], first['tokenCount']),
  };
}

/** An event of Titan; counts and the reason stand on the last one. */
function readTitanEvent(body: JsonObject): TextAnswer | null {
  if (typeof body['outputText'] !== 'string') return null;
  const output = body['totalOutputTextTokenCount'];
  return {
    text: body['outputText'],
    finishRaw: filledText(body['completionReason']),
    stopSequence: null,
    usage: output === undefined || output === null ? null : usageOf(body['inputTextTokenCount'], output),
  };
}

/** Meta Llama: `{generation, prompt_token_count, generation_token_count, stop_reason}` */
function readLlama(body: JsonObject): TextAnswer | null {
  if (typeof body['generation'] !== 'string') return null;
  const finishRaw = filledText(body['stop_reason']);
  const usage = usageOf(body['prompt_token_count'], body['generation_token_count']);
  return { text: body['generation'], finishRaw, stopSequence: null, usage };
}

/** Claude before messages: `{type: "completion", completion, stop_reason, stop}` */
function readCompletion(body: JsonObject): TextAnswer | null {
  if (typeof body['completion'] !== 'string') return null;
  return {
    text: body['completion'],
    finishRaw: filledText(body['stop_reason']),
    stopSequence: text(body['stop']),
    usage: null,
  };
}

/** Imported models behind an OpenAI-like server: `{choices: [{text, finish_reason}], usage}` */
function readOpenText(body: JsonObject): TextAnswer | null {
  const [choice] = objects(body['choices']);
  if (choice === undefined || typeof choice['text'] !== 'string') return null;
  const usage = isObject(body['usage']) ? body['usage'] : {};
  return {
    text: choice['text'],
    finishRaw: filledText(choice['finish_reason']),
    stopSequence: null,
    usage: usageOf(usage['prompt_tokens'], usage['completion_tokens']),
  };
}

const FINISHES: Readonly<Record<string, Finish['kind'] & ('stop' | 'length' | 'content_filter')>> = {
  FINISH: 'stop',
  FINISHED: 'stop',
  STOP_CRITERIA_MET: 'stop',
  stop: 'stop',
  stop_sequence: 'stop',
  end_turn: 'stop',
  LENGTH: 'length',
  length: 'length',
  max_tokens: 'length',
  CONTENT_FILTERED: 'content_filter',
  RAG_QUERY_WHEN_RAG_DISABLED: 'content_filter',
};

export function textFinish(raw: string | null): Finish | null {
  if (raw === null) return null;
  const kind = Object.hasOwn(FINISHES, raw) ? FINISHES[raw] : undefined;
  return kind === undefined ? { kind: 'other', raw } : { kind };
}
