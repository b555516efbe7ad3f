import type { Incoming } from '../../attempt/incoming.js';
import type { Frame, ReplyPlan } from '../../attempt/reply-plan.js';
import type { DialectChanges, DialectWorld } from '../dialect.js';
import { isUnknownModel } from '../openai/models.js';
import { countTokens } from '../openai/tokens.js';
import type { ChatMessage, ChatRequest } from '../openai/wire.js';
import { joinedText, type Spoken, type SpokenAnswer, speak } from '../spoken-answer.js';
import { isReasoning, validateChat } from './chat-rules.js';
import type { CohereChat, CohereMessage } from './chat-wire.js';
import { type CohereError, modelNotFound } from './errors.js';
import { newUuid, vendorHeaders } from './reply-headers.js';

/** Answers `POST /v2/chat`. */
export function planChat(incoming: Incoming, changes: DialectChanges, world: DialectWorld): ReplyPlan | CohereError {
  const validated = validateChat(incoming.json);
  if (validated.kind === 'error') return validated;
  const { request } = validated;
  if (isUnknownModel(request.model)) return modelNotFound(request.model);
  const answer = speak(spokenOf(request), changes);
  const reply: Reply = { answer, plan: planOf(answer, request.model), changes, world, id: newUuid(world) };
  const completionTokens = answer.completionTokens + reply.plan.tokens;
  const base = {
    status: 200,
    counts: {
      promptTokens: answer.promptTokens,
      cachedTokens: 0,
      completionTokens,
      reasoningTokens: answer.reasoningTokens,
    },
    recordedUsage: null,
    isPaced: true,
    fault: changes.empty !== null ? 'empty' : changes.omitUsage ? 'omit_usage' : null,
  };
  if (request.stream === true) {
    const headers = { ...vendorHeaders(), 'content-type': 'text/event-stream' };
    return { ...base, headers, framing: 'events', frames: streamFrames(reply) };
  }
  const frame = {
    payload: JSON.stringify(replyBody(reply)),
    tokens: completionTokens - answer.reasoningTokens,
    carriesUsage: !changes.omitUsage,
  };
  return {
    ...base,
    headers: { ...vendorHeaders(), 'content-type': 'application/json' },
    framing: 'whole',
    frames: [frame],
  };
}

interface Reply {
  readonly id: string;
  readonly answer: SpokenAnswer;
  readonly plan: ToolPlan;
  readonly changes: DialectChanges;
  readonly world: DialectWorld;
}

/** What a model that does not think aloud says before it calls tools. */
interface ToolPlan {
  readonly words: readonly string[];
  readonly tokens: number;
}

function planOf(answer: SpokenAnswer, model: string): ToolPlan {
  if (answer.calls.length === 0 || isReasoning(model)) return { words: [], tokens: 0 };
  const names = answer.calls.map((call) => call.name).join(' and ');
  const words = `I will use ${names}.`.split(/(?= )/);
  return { words, tokens: words.reduce((total, word) => total + countTokens(word), 0) };
}

const defaultThinkingBudget = 1_024;

function spokenOf(request: CohereChat): Spoken {
  const thinks = isReasoning(request.model) && request.thinking?.type !== 'disabled';
  return {
    request: {
      model: request.model,
      messages: [...documentsOf(request), ...request.messages.map(messageOf)],
      ...(request.seed == null ? {} : { seed: request.seed }),
      ...toolsOf(request),
      ...formatOf(request),
    },
    maxTokens: request.max_tokens ?? null,
    stop: request.stop_sequences ?? [],
    thinkingBudget: thinks ? (request.thinking?.token_budget ?? defaultThinkingBudget) : null,
  };
}

function documentsOf({ documents }: CohereChat): ChatMessage[] {
  return documents == null || documents.length === 0 ? [] : [{ role: 'system', content: JSON.stringify(documents) }];
}

type Part = Exclude<ChatMessage['content'], string | null | undefined>[number];

function messageOf(message: CohereMessage): ChatMessage {
  const content = typeof message.content === 'string' ? message.content : (message.content ?? []).map(partOf);
  switch (message.role) {
    case 'tool':
      return { role: 'tool', tool_call_id: message.tool_call_id, content };
    case 'assistant':
      return { role: 'assistant', content, ...(message.tool_calls == null ? {} : { tool_calls: message.tool_calls }) };
    case 'system':
    case 'user':
      return { role: message.role, content };
  }
}

function partOf(part: Exclude<CohereMessage['content'], string | null | undefined>[number]): Part {
  switch (part.type) {
    case 'text':
      return part;
    case 'thinking':
      return { type: 'text', text: part.thinking };
    case 'image_url':
      return part;
    case 'document': {
      const { data } = part.document;
      return { type: 'text', text: typeof data === 'string' ? data : JSON.stringify(data) };
    }
  }
}

function toolsOf({ tools, tool_choice }: CohereChat): Pick<ChatRequest, 'tools' | 'tool_choice'> {
  if (tools == null || tools.length === 0) return {};
  return { tools, tool_choice: tool_choice === 'REQUIRED' ? 'required' : tool_choice === 'NONE' ? 'none' : 'auto' };
}

function formatOf({ response_format }: CohereChat): Pick<ChatRequest, 'response_format'> {
  if (response_format?.type !== 'json_object') return {};
  const schema = response_format.json_schema;
  if (schema == null) return { response_format: { type: 'json_object' } };
  return { response_format: { type: 'json_schema', json_schema: { name: 'answer', schema } } };
}

function finishOf({ answer, changes }: Reply): string | null {
  if (changes.empty !== null) return changes.empty.finish;
  switch (answer.finish) {
    case 'stop':
      return 'COMPLETE';
    case 'stop_sequence':
      return 'STOP_SEQUENCE';
    case 'length':
      return 'MAX_TOKENS';
    case 'tool_calls':
      return 'TOOL_CALL';
  }
}

/** Cohere wraps each prompt in a text of its own, which is counted under `tokens` and not billed, and mostly comes from a cache. */
const templateTokens = 495;
const cachedTemplateTokens = 448;
const controlTokens = 3;

function usageOf({ answer, plan }: Reply): Record<string, unknown> {
  const output = answer.completionTokens + plan.tokens;
  return {
    billed_units: { input_tokens: answer.promptTokens, output_tokens: output },
    tokens: {
      input_tokens: answer.promptTokens + templateTokens,
      output_tokens: output + controlTokens,
      ...(answer.reasoningTokens > 0 ? { reasoning_tokens: answer.reasoningTokens } : {}),
    },
    cached_tokens: cachedTemplateTokens,
  };
}

function callId(name: string, world: DialectWorld): string {
  return `${name}_${world.newName(12).toLowerCase()}`;
}

/** With tool calls there is no `content`, unless the model thought aloud. */
function replyBody(reply: Reply): Record<string, unknown> {
  const { answer, plan, changes, world, id } = reply;
  const thinking = joinedText(answer.thinking);
  const content = [
    ...(thinking === '' ? [] : [{ type: 'thinking', thinking }]),
    ...(answer.calls.length > 0 ? [] : [{ type: 'text', text: joinedText(answer.text) }]),
  ];
  const tool_calls = answer.calls.map((call) => ({
    id: callId(call.name, world),
    type: 'function',
    function: { name: call.name, arguments: joinedText(call.pieces) },
  }));
  return {
    id,
    message: {
      role: 'assistant',
      ...(content.length > 0 ? { content } : {}),
      ...(plan.words.length > 0 ? { tool_plan: plan.words.join('') } : {}),
      ...(tool_calls.length > 0 ? { tool_calls } : {}),
    },
    finish_reason: finishOf(reply),
    ...(changes.omitUsage ? {} : { usage: usageOf(reply) }),
  };
}

interface CohereEvent {
  readonly type: string;
  readonly [field: string]: unknown;
}

function frameOf(event: CohereEvent, tokens = 0): Frame {
  return { payload: `event: ${event.type}\ndata: ${JSON.stringify(event)}\n\n`, tokens, carriesUsage: false };
}

/** The events of a stream. Content blocks and tool calls are numbered apart; a call without arguments has no deltas. */
function streamFrames(reply: Reply): Frame[] {
  const { answer, plan, changes, id } = reply;
  const opening = { role: 'assistant', content: [], tool_plan: '', tool_calls: [], citations: [] };
  const delta = { finish_reason: finishOf(reply), ...(changes.omitUsage ? {} : { usage: usageOf(reply) }) };
  return [
    frameOf({ id, type: 'message-start', delta: { message: opening } }),
    ...contentFrames(answer),
    ...plan.words.map((word) =>
      frameOf({ type: 'tool-plan-delta', delta: { message: { tool_plan: word } } }, countTokens(word)),
    ),
    ...callFrames(reply),
    { ...frameOf({ type: 'message-end', delta }), carriesUsage: !changes.omitUsage },
    { payload: 'data: [DONE]\n\n', tokens: 0, carriesUsage: false },
  ];
}

function contentFrames(answer: SpokenAnswer): Frame[] {
  const frames: Frame[] = [];
  if (answer.thinking.length > 0) {
    frames.push(contentEvent('content-start', 0, { type: 'thinking', thinking: '' }));
    for (const { text, tokens } of answer.thinking)
      frames.push({ ...contentEvent('content-delta', 0, { thinking: text }), thinkingTokens: tokens });
    frames.push(frameOf({ type: 'content-end', index: 0 }));
  }
  if (answer.calls.length > 0) return frames;
  const index = frames.length === 0 ? 0 : 1;
  return [
    ...frames,
    contentEvent('content-start', index, { type: 'text', text: '' }),
    ...answer.text.map(({ text, tokens }) => contentEvent('content-delta', index, { text }, tokens)),
    frameOf({ type: 'content-end', index }),
  ];
}

function contentEvent(type: string, index: number, content: Record<string, unknown>, tokens = 0): Frame {
  return frameOf({ type, index, delta: { message: { content } } }, tokens);
}

function callFrames({ answer, world }: Reply): Frame[] {
  return answer.calls.flatMap((call, index) => {
    const start = { id: callId(call.name, world), type: 'function', function: { name: call.name, arguments: '' } };
    const isBare = joinedText(call.pieces) === '{}';
    const bareTokens = isBare ? call.pieces.reduce((total, piece) => total + piece.tokens, 0) : 0;
    return [
      frameOf(
        { type: 'tool-call-start', index, delta: { message: { tool_calls: start } } },
        call.nameTokens + bareTokens,
      ),
      ...(isBare ? [] : call.pieces).map((piece) =>
        frameOf(
          {
            type: 'tool-call-delta',
            index,
            delta: { message: { tool_calls: { function: { arguments: piece.text } } } },
          },
          piece.tokens,
        ),
      ),
      frameOf({ type: 'tool-call-end', index }),
    ];
  });
}
