import type { Incoming } from '../../attempt/incoming.js';
import type { Frame, ReplyPlan } from '../../attempt/reply-plan.js';
import type { DialectChanges, DialectWorld } from '../dialect.js';
import { isUnknownModel } from '../openai/models.js';
import type { ChatMessage, ChatRequest } from '../openai/wire.js';
import { joinedText, type Spoken, type SpokenAnswer, speak, tokensOfCall } from '../spoken-answer.js';
import { type OllamaError, ollamaError, readBody } from './read.js';
import { chatRequest, type OllamaChat, type OllamaMessage } from './wire.js';

/** Answers `POST /api/chat`; it streams unless told not to. */
export function planChat(incoming: Incoming, changes: DialectChanges, world: DialectWorld): ReplyPlan | OllamaError {
  const read = readBody(chatRequest, incoming.json, 'ChatRequest');
  if (read.kind === 'error') return read;
  const { request } = read;
  const model = request.model ?? '';
  const refused = chatError(model, request);
  if (refused !== null) return refused;
  const answer = (request.messages ?? []).length === 0 ? null : speak(spokenOf(model, request), changes);
  const reply: Reply = { model, answer, changes, world, atMs: incoming.atMs };
  const base = {
    status: 200,
    counts: {
      promptTokens: answer?.promptTokens ?? 0,
      cachedTokens: 0,
      completionTokens: answer?.completionTokens ?? 0,
      reasoningTokens: answer?.reasoningTokens ?? 0,
    },
    recordedUsage: null,
    isPaced: true,
    fault: changes.empty !== null ? 'empty' : changes.omitUsage ? 'omit_usage' : null,
  };
  if (request.stream !== false)
    return { ...base, headers: headersOf('application/x-ndjson'), framing: 'events', frames: streamFrames(reply) };
  const frame = {
    payload: JSON.stringify(wholeBody(reply)),
    tokens: base.counts.completionTokens - base.counts.reasoningTokens,
    carriesUsage: !changes.omitUsage,
  };
  return { ...base, headers: headersOf('application/json; charset=utf-8'), framing: 'whole', frames: [frame] };
}

function headersOf(contentType: string): Record<string, string> {
  return { 'content-type': contentType, 'x-sandbox': 'tollgate' };
}

interface Reply {
  readonly model: string;
  /** Null when there was no message: the model is only loaded. */
  readonly answer: SpokenAnswer | null;
  readonly changes: DialectChanges;
  readonly world: DialectWorld;
  readonly atMs: number;
}

const thinkers = /qwen3|deepseek-r1|deepseek-v3|gpt-oss|magistral|kimi/;
const withoutTools = /gemma|phi|llava|llama2|embed/;

function chatError(model: string, request: OllamaChat): OllamaError | null {
  if (model === '') return ollamaError(400, 'model is required');
  if (isUnknownModel(model)) return ollamaError(404, `model '${model}' not found`);
  const wrongImage = (request.messages ?? []).flatMap((message) => message.images ?? []).find(isNotBase64);
  if (wrongImage !== undefined)
    return ollamaError(400, `illegal base64 data at input byte ${wrongImage.search(/[^A-Za-z0-9+/=]/)}`);
  if (/embed/.test(model)) return ollamaError(400, `"${model}" does not support chat`);
  if ((request.tools?.length ?? 0) > 0 && withoutTools.test(model))
    return ollamaError(400, `registry.ollama.ai/library/${model} does not support tools`);
  if (request.think != null && request.think !== false && !thinkers.test(model))
    return ollamaError(400, `"${model}" does not support thinking`);
  if (typeof request.think === 'string' && !['high', 'medium', 'low'].includes(request.think))
    return ollamaError(
      400,
      `invalid think value: "${request.think}" (must be "high", "medium", "low", true, or false)`,
    );
  return formatError(request.format);
}

function isNotBase64(image: string): boolean {
  return /[^A-Za-z0-9+/=]/.test(image);
}

/** `""` and null mean no format, `"json"` any JSON, an object a schema. */
function formatError(format: unknown): OllamaError | null {
  if (format === undefined || format === null || format === '' || format === 'json' || isObject(format)) return null;
  return ollamaError(400, `invalid format: ${JSON.stringify(format)}; expected "json" or a valid JSON Schema object`);
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

const thinkingBudget = 1_024;

function spokenOf(model: string, request: OllamaChat): Spoken {
  const { num_predict, stop, seed } = request.options ?? {};
  const thinks = thinkers.test(model) && request.think !== false;
  return {
    request: {
      model,
      messages: messagesOf(request.messages ?? []),
      ...(seed == null ? {} : { seed }),
      ...toolsOf(request),
      ...formatOf(request.format),
    },
    maxTokens: num_predict != null && num_predict > 0 ? num_predict : null,
    stop: stop ?? [],
    thinkingBudget: thinks ? thinkingBudget : null,
  };
}

/** Calls have no ids to rely on: a result belongs to the call of its name, or to the next that has none. */
function messagesOf(messages: readonly OllamaMessage[]): ChatMessage[] {
  let waiting: { readonly id: string; readonly name: string }[] = [];
  return messages.map((message, index): ChatMessage => {
    const content = message.content ?? '';
    if (message.role === 'tool') {
      const match =
        waiting.find((call) => call.id === message.tool_call_id || call.name === message.tool_name) ?? waiting[0];
      waiting = waiting.filter((call) => call !== match);
      return { role: 'tool', tool_call_id: match?.id ?? 'unknown', content };
    }
    if (message.role === 'assistant') {
      const calls = (message.tool_calls ?? []).map((call, at) => ({
        id: call.id ?? `${index}.${at}`,
        function: { name: call.function.name, arguments: JSON.stringify(call.function.arguments ?? {}) },
      }));
      waiting = calls.map((call) => ({ id: call.id, name: call.function.name }));
      return { role: 'assistant', content, tool_calls: calls };
    }
    const images = (message.images ?? []).map((url) => ({
      type: 'image_url' as const,
      image_url: { url, detail: 'high' },
    }));
    const role = message.role === 'system' ? 'system' : 'user';
    return { role, content: images.length === 0 ? content : [{ type: 'text', text: content }, ...images] };
  });
}

function toolsOf({ tools }: OllamaChat): Pick<ChatRequest, 'tools'> {
  if (tools == null || tools.length === 0) return {};
  return { tools: tools.map((tool) => ({ type: 'function', function: tool.function })) };
}

function formatOf(format: unknown): Pick<ChatRequest, 'response_format'> {
  if (format === 'json') return { response_format: { type: 'json_object' } };
  if (!isObject(format)) return {};
  return { response_format: { type: 'json_schema', json_schema: { name: 'answer', schema: format } } };
}

function createdAt(atMs: number): string {
  return new Date(atMs).toISOString();
}

const nanosecondsPerToken = 5_000_000;
const loadNanoseconds = 40_000_000;

/** The fields of the last line: why it ended, what was counted, and how long it took. */
function ending({ answer, changes }: Reply): Record<string, unknown> {
  if (answer === null) return { done_reason: 'load', done: true };
  const finish = changes.empty !== null ? changes.empty.finish : answer.finish === 'length' ? 'length' : 'stop';
  const promptNanoseconds = answer.promptTokens * 1_000_000;
  const evalNanoseconds = answer.completionTokens * nanosecondsPerToken;
  const counted = changes.omitUsage
    ? {}
    : {
        prompt_eval_count: answer.promptTokens,
        prompt_eval_duration: promptNanoseconds,
        eval_count: answer.completionTokens,
        eval_duration: evalNanoseconds,
      };
  return {
    done_reason: finish,
    done: true,
    total_duration: loadNanoseconds + promptNanoseconds + evalNanoseconds,
    load_duration: loadNanoseconds,
    ...counted,
  };
}

/** Arguments are an object here, never text. Cut off by the token limit they are lost. */
function callsOf({ answer, world }: Reply) {
  return (answer?.calls ?? []).map((call, index) => ({
    call,
    shown: {
      id: `call_${world.newName(8).toLowerCase()}`,
      function: { index, name: call.name, arguments: argumentsOf(joinedText(call.pieces)) },
    },
  }));
}

function argumentsOf(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return {};
  }
}

function wholeBody(reply: Reply): Record<string, unknown> {
  const thinking = joinedText(reply.answer?.thinking ?? []);
  const calls = callsOf(reply).map(({ shown }) => shown);
  const message = {
    role: 'assistant',
    content: joinedText(reply.answer?.text ?? []),
    ...(thinking === '' ? {} : { thinking }),
    ...(calls.length === 0 ? {} : { tool_calls: calls }),
  };
  return { model: reply.model, created_at: createdAt(reply.atMs), message, ...ending(reply) };
}

/** One JSON object a line: thoughts, words, whole tool calls, and a last line that says why and how much. */
function streamFrames(reply: Reply): Frame[] {
  const line = (message: Record<string, unknown>, rest: Record<string, unknown>, tokens = 0): Frame => {
    const body = {
      model: reply.model,
      created_at: createdAt(reply.atMs),
      message: { role: 'assistant', ...message },
      ...rest,
    };
    return { payload: `${JSON.stringify(body)}\n`, tokens, carriesUsage: false };
  };
  const going = { done: false };
  return [
    ...(reply.answer?.thinking ?? []).map(({ text, tokens }) => ({
      ...line({ content: '', thinking: text }, going),
      thinkingTokens: tokens,
    })),
    ...(reply.answer?.text ?? []).map(({ text, tokens }) => line({ content: text }, going, tokens)),
    ...callsOf(reply).map(({ call, shown }) => line({ content: '', tool_calls: [shown] }, going, tokensOfCall(call))),
    { ...line({ content: '' }, ending(reply)), carriesUsage: !reply.changes.omitUsage && reply.answer !== null },
  ];
}
