import type { z } from 'zod';
import { conversationError } from './conversation.js';
import { type AnthropicError, invalidRequest } from './errors.js';
import { fieldMessage } from './field-errors.js';
import { traitsOf } from './models.js';
import { closedSchemaError } from './output-schema.js';
import {
  betaFields,
  type CountRequest,
  countRequest,
  customTool,
  type MessagesRequest,
  messagesRequest,
  serverTool,
} from './wire.js';

/** A request as Anthropic accepts it, or the error it answers. */
export type Validated<Request> = { readonly kind: 'valid'; readonly request: Request } | AnthropicError;

/** What the surroundings of a body say about it. */
export interface Door {
  /** The request has an `anthropic-beta` header, so fields of betas are known. */
  readonly isBeta: boolean;
  /** Whether signatures of thinking are looked at; off for conversations that were recorded elsewhere. */
  readonly checksSignatures: boolean;
}

/** Checks the body of `messages`: fields first, then what they mean together, as the vendor does. */
export function validateMessages(body: unknown, door: Door): Validated<MessagesRequest> {
  const request = fieldsOf(messagesRequest, body, door);
  if (request.kind === 'error') return request;
  return (
    countedError(request.request, door) ?? samplingError(request.request) ?? thinkingError(request.request) ?? request
  );
}

/** Checks the body of `messages/count_tokens`. */
export function validateCount(body: unknown, door: Door): Validated<CountRequest> {
  const request = fieldsOf(countRequest, body, door);
  return request.kind === 'error' ? request : (countedError(request.request, door) ?? request);
}

function fieldsOf<Request extends object>(schema: z.ZodType<Request>, body: unknown, door: Door): Validated<Request> {
  if (typeof body !== 'object' || body === null || Array.isArray(body))
    return invalidRequest('The request body is not valid JSON: it should be an object');
  const betaField = Object.keys(body).find((key) => betaFields.has(key));
  if (betaField !== undefined && !door.isBeta) return invalidRequest(`${betaField}: Extra inputs are not permitted`);
  const strange = door.isBeta ? null : systemMessageError(body);
  if (strange !== null) return strange;
  const parsed = schema.safeParse(body);
  if (parsed.success) return { kind: 'valid', request: parsed.data };
  const [issue] = parsed.error.issues;
  return invalidRequest(issue === undefined ? 'Invalid request' : fieldMessage(issue, body));
}

function systemMessageError(body: object): AnthropicError | null {
  const messages: unknown = Reflect.get(body, 'messages');
  const hasSystem =
    Array.isArray(messages) &&
    messages.some(
      (message: unknown) =>
        typeof message === 'object' && message !== null && Reflect.get(message, 'role') === 'system',
    );
  return hasSystem
    ? invalidRequest(
        'messages: Unexpected role "system". The Messages API accepts a top-level `system` parameter, not "system" as an input message role.',
      )
    : null;
}

function countedError(request: CountRequest, door: Door): AnthropicError | null {
  return toolsError(request) ?? outputError(request) ?? cacheError(request) ?? conversationError(request, door);
}

function toolsError(request: CountRequest): AnthropicError | null {
  const names = new Set<unknown>();
  for (const [index, tool] of (request.tools ?? []).entries()) {
    const isCustom = tool.type == null || tool.type === 'custom';
    const parsed = (isCustom ? customTool : serverTool).safeParse(tool);
    const issue = parsed.error?.issues[0];
    if (issue !== undefined)
      return isCustom
        ? invalidRequest(fieldMessage(issue, tool, ['tools', index, 'custom']))
        : invalidRequest(
            `tools.${index}: Input tag '${String(tool.type)}' found using 'type' does not match any of the expected tags: 'bash_20250124', 'custom', 'text_editor_20250728', 'web_search_20250305'`,
          );
    if (names.has(tool['name'])) return invalidRequest('tools: Tool names must be unique.');
    names.add(tool['name']);
    if (isCustom && tool['strict'] === true) {
      const message = closedSchemaError(tool['input_schema']);
      if (message !== null) return invalidRequest(`tools.${index}.custom: ${message}`);
    }
  }
  const choice = request.tool_choice;
  if (choice === undefined) return null;
  if (choice.type !== 'none' && names.size === 0 && (request.mcp_servers ?? []).length === 0)
    return invalidRequest('tool_choice: tool_choice may only be specified while providing tools.');
  if (choice.type === 'tool' && !names.has(choice.name))
    return invalidRequest(`Tool '${choice.name}' not found in provided tools`);
  return null;
}

function outputError(request: CountRequest): AnthropicError | null {
  const format = request.output_config?.format ?? request.output_format;
  const message = format == null ? null : closedSchemaError(format.schema);
  const place = request.output_config?.format == null ? 'output_format' : 'output_config.format';
  if (message !== null) return invalidRequest(`${place}.schema: ${message}`);
  const effort = request.output_config?.effort;
  if (effort === 'xhigh' && !traitsOf(request.model).takesXhighEffort)
    return invalidRequest(
      "This model does not support effort level 'xhigh'. Supported levels: high, low, max, medium.",
    );
  return null;
}

const mostBreakpoints = 4;

function cacheError(request: CountRequest): AnthropicError | null {
  const marks = [
    ...cacheMarksIn(request.tools ?? [], 'tools'),
    ...cacheMarksIn(request.system, 'system'),
    ...cacheMarksIn(request.messages, 'messages'),
  ];
  const automatic = request.cache_control == null ? 0 : 1;
  if (marks.length + automatic > mostBreakpoints)
    return invalidRequest(
      `A maximum of ${mostBreakpoints} blocks with cache_control may be provided. Found ${marks.length + automatic}.`,
    );
  const firstShort = marks.findIndex((mark) => mark.ttl === '5m');
  const lateLong = firstShort < 0 ? undefined : marks.slice(firstShort).find((mark) => mark.ttl === '1h');
  if (lateLong !== undefined)
    return invalidRequest(
      `${lateLong.place}.cache_control.ttl: a ttl='1h' cache_control block must not come after a ttl='5m' cache_control block. Note that blocks are processed in the following order: \`tools\`, \`system\`, \`messages\`.`,
    );
  const empty = marks.find((mark) => mark.isEmptyText);
  return empty === undefined
    ? null
    : invalidRequest(`${empty.place}: cache_control cannot be set for empty text blocks`);
}

interface CacheMark {
  readonly place: string;
  readonly ttl: '5m' | '1h';
  readonly isEmptyText: boolean;
}

/** Every `cache_control` below a value, in order. Schemas and arguments are not looked into: their keys are the caller's. */
function cacheMarksIn(value: unknown, place: string): CacheMark[] {
  if (typeof value !== 'object' || value === null) return [];
  const own: unknown = Reflect.get(value, 'cache_control');
  const marks: CacheMark[] =
    typeof own === 'object' && own !== null
      ? [{ place, ttl: Reflect.get(own, 'ttl') === '1h' ? '1h' : '5m', isEmptyText: Reflect.get(value, 'text') === '' }]
      : [];
  const inner = Object.entries(value).filter(([key]) => Array.isArray(value) || key === 'content');
  return [...inner.flatMap(([key, item]) => cacheMarksIn(item, `${place}.${key}`)), ...marks];
}

function samplingError(request: MessagesRequest): AnthropicError | null {
  const traits = traitsOf(request.model);
  if (request.max_tokens > traits.mostOutputTokens)
    return invalidRequest(
      `max_tokens: ${request.max_tokens} > ${traits.mostOutputTokens}, which is the maximum allowed number of output tokens for ${request.model}`,
    );
  if ((request.stop_sequences ?? []).some((sequence) => sequence.trim() === ''))
    return invalidRequest('stop_sequences: each stop sequence must contain non-whitespace');
  if (traits.isAdaptiveOnly) {
    const given = [
      request.temperature === 1 ? null : request.temperature,
      request.top_p === 1 ? null : request.top_p,
      request.top_k,
    ];
    const at = given.findIndex((value) => value != null);
    if (at >= 0) return invalidRequest(`\`${['temperature', 'top_p', 'top_k'][at]}\` is not supported for this model.`);
  }
  if (traits.takesOneSampling && request.temperature != null && request.top_p != null)
    return invalidRequest('`temperature` and `top_p` cannot both be specified for this model. Please use only one.');
  return null;
}

const thinkingDocs =
  'Please consult our documentation at https://docs.claude.com/en/docs/build-with-claude/extended-thinking';

function thinkingError(request: MessagesRequest): AnthropicError | null {
  const { thinking } = request;
  if (thinking === undefined || thinking.type === 'disabled') return null;
  const traits = traitsOf(request.model);
  if (thinking.type === 'enabled' && traits.isAdaptiveOnly)
    return invalidRequest(
      '"thinking.type.enabled" is not supported for this model. Use "thinking.type.adaptive" and "output_config.effort" to control thinking behavior.',
    );
  if (thinking.type === 'adaptive' && traits.takesPrefill)
    return invalidRequest('adaptive thinking is not supported on this model');
  if (thinking.type === 'enabled' && thinking.budget_tokens >= request.max_tokens)
    return invalidRequest(
      `\`max_tokens\` must be greater than \`thinking.budget_tokens\`. ${thinkingDocs}#max-tokens-and-context-window-size`,
    );
  if (request.temperature != null && request.temperature !== 1)
    return invalidRequest(
      `\`temperature\` may only be set to 1 when thinking is enabled. ${thinkingDocs}#important-considerations-when-using-extended-thinking`,
    );
  if (request.top_k != null)
    return invalidRequest(
      `\`top_k\` must be unset when thinking is enabled. ${thinkingDocs}#important-considerations-when-using-extended-thinking`,
    );
  if (request.top_p != null && request.top_p < 0.95)
    return invalidRequest(
      `\`top_p\` must be greater than or equal to 0.95 or unset when thinking is enabled. ${thinkingDocs}#important-considerations-when-using-extended-thinking`,
    );
  const choice = request.tool_choice?.type;
  if (thinking.type === 'enabled' && (choice === 'any' || choice === 'tool'))
    return invalidRequest('Thinking may not be enabled when tool_choice forces tool use.');
  return null;
}
