import { type CohereChat, type CohereMessage, chatRequest } from './chat-wire.js';
import { type CohereError, invalidRequest } from './errors.js';
import { readBody } from './read.js';

/** A request as Cohere accepts it, or the error Cohere answers. */
export function validateChat(body: unknown): { readonly kind: 'valid'; readonly request: CohereChat } | CohereError {
  const read = readBody(chatRequest, body, 'chat');
  if (read.kind === 'error') return read;
  const { request } = read;
  return messageErrors(request.messages) ?? combinationErrors(request) ?? read;
}

function messageErrors(messages: readonly CohereMessage[]): CohereError | null {
  if (messages.length === 0) return invalidRequest('messages must not be empty.');
  if (!messages.some((message) => message.role === 'user' || message.role === 'tool'))
    return invalidRequest('at least one message with role user or tool is required.');
  let awaited: readonly string[] = [];
  for (const [index, message] of messages.entries()) {
    if (message.role === 'tool') {
      if (!awaited.includes(message.tool_call_id))
        return invalidRequest(
          `tool call id ${message.tool_call_id} not found in previous tool calls. messages[${index}]`,
        );
      awaited = awaited.filter((id) => id !== message.tool_call_id);
      continue;
    }
    if (awaited.length > 0) return unanswered(awaited);
    if (isBlank(message))
      return invalidRequest(
        `message must be at least 1 token long or tool results must be specified. messages[${index}]`,
      );
    awaited = message.role === 'assistant' ? (message.tool_calls ?? []).map((call) => call.id) : [];
  }
  return awaited.length > 0 ? unanswered(awaited) : null;
}

function unanswered(ids: readonly string[]): CohereError {
  return invalidRequest(
    `an assistant message with tool_calls must be followed by a tool message for each tool call id. Missing: ${ids.join(', ')}`,
  );
}

/** A turn without a word; an assistant that calls tools needs none. */
function isBlank(message: Exclude<CohereMessage, { role: 'tool' }>): boolean {
  if (message.role === 'assistant' && (message.tool_calls?.length ?? 0) > 0) return false;
  const { content } = message;
  if (typeof content === 'string') return content === '';
  return (content ?? []).every((part) => part.type === 'text' && part.text === '');
}

function combinationErrors(request: CohereChat): CohereError | null {
  const hasTools = (request.tools?.length ?? 0) > 0;
  if (request.tool_choice != null && !hasTools)
    return invalidRequest('tool_choice can only be specified when tools is specified.');
  if (request.strict_tools != null && !hasTools)
    return invalidRequest('strict_tools can only be specified when tools is specified.');
  if (request.response_format?.type === 'json_object' && (hasTools || (request.documents?.length ?? 0) > 0))
    return invalidRequest('response_format is not supported with documents or tools.');
  const bad = request.tools?.find(({ function: { name } }) => !/^[a-zA-Z_][\w-]*$/.test(name));
  if (bad !== undefined)
    return invalidRequest(
      `tool name ${bad.function.name} is invalid: it can only contain letters, numbers, underscores and dashes.`,
    );
  if (request.thinking != null && !isReasoning(request.model))
    return invalidRequest(`thinking is not supported by the model ${request.model}.`);
  return null;
}

/** Models that think before they answer. */
export function isReasoning(model: string): boolean {
  return /reasoning|command-a-plus/.test(model);
}
