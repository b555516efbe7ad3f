import { invalidRequest, unparsableBody, type WireError } from './errors.js';
import { errorOfIssue, tooSmall } from './field-errors.js';
import { isReasoningModel } from './models.js';
import { type ChatMessage, type ChatRequest, chatRequest, otherKnownFields } from './wire.js';

/** A request as OpenAI accepts it, or the error OpenAI answers. */
export type Validated = { readonly kind: 'valid'; readonly request: ChatRequest } | WireError;

/**
 * Checks a parsed body the way OpenAI's API does: same statuses, codes and (as far as known) words. `strictFields` refuses fields
 * OpenAI does not document; most compatible providers ignore them.
 */
export function validateChatRequest(body: unknown, strictFields: boolean): Validated {
  if (typeof body !== 'object' || body === null || Array.isArray(body)) return unparsableBody();
  if (!('model' in body) || body.model === '' || body.model === null)
    return invalidRequest('you must provide a model parameter', null, null);
  if (!('messages' in body))
    return invalidRequest("Missing required parameter: 'messages'.", 'messages', 'missing_required_parameter');
  const parsed = chatRequest.safeParse(body);
  if (!parsed.success) return errorOfIssue(parsed.error.issues[0], body);
  const request = parsed.data;
  return (
    (strictFields ? (unknownField(body) ?? mistralWord(request.tool_choice)) : null) ??
    conflicts(request) ??
    messageErrors(request.messages) ??
    modelLimits(request, strictFields) ?? { kind: 'valid', request }
  );
}

function unknownField(body: object): WireError | null {
  const unknown = Object.keys(body).find((key) => !(key in chatRequest.shape) && !otherKnownFields.has(key));
  return unknown === undefined
    ? null
    : invalidRequest(`Unknown parameter: '${unknown}'.`, unknown, 'unknown_parameter');
}

function conflicts(request: ChatRequest): WireError | null {
  if (request.stream_options != null && request.stream !== true) {
    return invalidRequest(
      "The 'stream_options' parameter is only allowed when 'stream' is enabled.",
      'stream_options',
      null,
    );
  }
  const hasTools = (request.tools?.length ?? 0) > 0;
  if (request.tools != null && !hasTools) return tooSmall('tools', 'array', 1, request.tools);
  if (request.tool_choice != null && !hasTools)
    return invalidRequest(
      "Invalid value for 'tool_choice': 'tool_choice' is only allowed when 'tools' are specified.",
      'tool_choice',
      null,
    );
  if (request.parallel_tool_calls != null && !hasTools) {
    return invalidRequest(
      "Invalid value for 'parallel_tool_calls': 'parallel_tool_calls' is only allowed when 'tools' are specified.",
      'parallel_tool_calls',
      null,
    );
  }
  if (request.max_tokens != null && request.max_completion_tokens != null) {
    return invalidRequest(
      "Setting 'max_tokens' and 'max_completion_tokens' at the same time is not supported.",
      'max_tokens',
      'invalid_parameter_combination',
    );
  }
  if (request.response_format?.type === 'json_object' && !/json/i.test(JSON.stringify(request.messages))) {
    return invalidRequest(
      "'messages' must contain the word 'json' in some form, to use 'response_format' of type 'json_object'.",
      'messages',
      null,
    );
  }
  if ((request.top_logprobs ?? 0) > 0 && request.logprobs !== true) {
    return invalidRequest(
      "Invalid value for 'top_logprobs': it is only allowed when 'logprobs' is enabled.",
      'top_logprobs',
      null,
    );
  }
  return null;
}

function messageErrors(messages: readonly ChatMessage[]): WireError | null {
  let awaited = new Set<string>();
  for (const [index, message] of messages.entries()) {
    if (message.role === 'tool') {
      if (message.tool_call_id == null)
        return invalidRequest(
          `Missing required parameter: 'messages[${index}].tool_call_id'.`,
          `messages[${index}].tool_call_id`,
          'missing_required_parameter',
        );
      if (!awaited.delete(message.tool_call_id)) {
        return invalidRequest(
          "Invalid parameter: messages with role 'tool' must be a response to a preceeding message with 'tool_calls'.",
          `messages.[${index}].role`,
          null,
        );
      }
      continue;
    }
    if (awaited.size > 0) return unansweredCalls(awaited, index);
    if (message.role === 'assistant') awaited = new Set((message.tool_calls ?? []).map((call) => call.id));
    else if (message.content == null)
      return invalidRequest(
        "Invalid value for 'content': expected a string, got null.",
        `messages.[${index}].content`,
        null,
      );
  }
  return awaited.size > 0 ? unansweredCalls(awaited, messages.length) : null;
}

function unansweredCalls(awaited: ReadonlySet<string>, index: number): WireError {
  return invalidRequest(
    "An assistant message with 'tool_calls' must be followed by tool messages responding to each 'tool_call_id'. The following " +
      `tool_call_ids did not have response messages: ${[...awaited].join(', ')}`,
    `messages.[${index}].role`,
    null,
  );
}

/** Reasoning models of OpenAI refuse what classic ones take; compatible providers do not. */
function modelLimits(request: ChatRequest, isOpenAi: boolean): WireError | null {
  if (!isOpenAi || !isReasoningModel(request.model)) return null;
  if (request.max_tokens != null) {
    return invalidRequest(
      "Unsupported parameter: 'max_tokens' is not supported with this model. Use 'max_completion_tokens' instead.",
      'max_tokens',
      'unsupported_parameter',
    );
  }
  if (request.temperature != null && request.temperature !== 1) {
    return invalidRequest(
      `Unsupported value: 'temperature' does not support ${request.temperature} with this model. Only the default (1) value is supported.`,
      'temperature',
      'unsupported_value',
    );
  }
  return null;
}

/** `any` is `required` at Mistral, and nothing at OpenAI. */
function mistralWord(choice: unknown): Validated | null {
  if (choice !== 'any') return null;
  const message = "Invalid value: 'any'. Supported values are: 'none', 'auto', and 'required'.";
  return invalidRequest(message, 'tool_choice', 'invalid_value');
}
