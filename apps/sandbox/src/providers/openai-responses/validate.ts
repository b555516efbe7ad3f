import { invalidRequest, unparsableBody, type WireError } from '../openai/errors.js';
import { errorOfIssue } from '../openai/field-errors.js';
import { isReasoningModel, thinksUnasked } from '../openai/models.js';
import { type Door, itemsError } from './items.js';
import { strictSchemaError } from './strict-schema.js';
import { itemsOf, type ResponsesRequest, responsesRequest } from './wire.js';

/** A request as OpenAI accepts it, or the error it answers. */
export type Validated = { readonly kind: 'valid'; readonly request: ResponsesRequest } | WireError;

/** Where fields of Chat Completions went. */
const movedFields: Readonly<Record<string, string>> = {
  messages: 'input',
  max_tokens: 'max_output_tokens',
  max_completion_tokens: 'max_output_tokens',
  response_format: 'text.format',
  reasoning_effort: 'reasoning.effort',
  verbosity: 'text.verbosity',
  functions: 'tools',
  function_call: 'tool_choice',
};

/** Checks the body of a Responses request: fields first, then what they mean together. */
export function validateResponses(body: unknown, door: Door): Validated {
  if (typeof body !== 'object' || body === null || Array.isArray(body)) return unparsableBody();
  const moved = Object.keys(body).find((key) => Object.hasOwn(movedFields, key));
  if (moved !== undefined)
    return invalidRequest(
      `Unsupported parameter: '${moved}'. In the Responses API, this parameter has moved to '${movedFields[moved]}'. Try again with the new parameter. See the API documentation for more information: https://platform.openai.com/docs/api-reference/responses/create.`,
      moved,
      'unsupported_parameter',
    );
  const parsed = responsesRequest.safeParse(withItemTypes(body));
  if (!parsed.success) return errorOfIssue(parsed.error.issues[0], body);
  const request = parsed.data;
  return (
    sourceError(request) ??
    toolsError(request) ??
    formatError(request) ??
    modelError(request) ??
    itemsError(itemsOf(request.input), door) ?? { kind: 'valid', request }
  );
}

/** A message may leave its type out; a union needs it. */
function withItemTypes(body: object): unknown {
  const input: unknown = Reflect.get(body, 'input');
  if (!Array.isArray(input)) return body;
  const typed = input.map((item: unknown) =>
    typeof item === 'object' && item !== null && !('type' in item) && 'role' in item
      ? { type: 'message', ...item }
      : item,
  );
  return { ...body, input: typed };
}

function sourceError(request: ResponsesRequest): WireError | null {
  const sources = [request.input, request.previous_response_id, request.prompt, request.conversation];
  if (sources.every((source) => source == null))
    return invalidRequest(
      'One of "input" or "previous_response_id" or \'prompt\' or \'conversation_id\' must be provided.',
      null,
      'missing_required_parameter',
    );
  if (request.previous_response_id != null && request.conversation != null)
    return invalidRequest(
      "Mutually exclusive parameters: ['previous_response_id', 'conversation'] cannot be used together.",
      null,
      'mutually_exclusive_parameters',
    );
  return request.stream_options != null && request.stream !== true
    ? invalidRequest("The 'stream_options' parameter is only allowed when 'stream' is enabled.", 'stream_options', null)
    : null;
}

function toolsError(request: ResponsesRequest): WireError | null {
  for (const [index, tool] of (request.tools ?? []).entries()) {
    if (tool.type !== 'function' || tool.strict !== true) continue;
    const reason = strictSchemaError(tool.parameters ?? {});
    if (reason !== null)
      return invalidRequest(
        `Invalid schema for function '${tool.name}': ${reason}`,
        `tools[${index}].parameters`,
        'invalid_function_parameters',
      );
  }
  const choice = request.tool_choice;
  if (typeof choice !== 'object' || choice === null || choice.type !== 'function') return null;
  const isThere = (request.tools ?? []).some((tool) => tool.type === 'function' && tool.name === choice.name);
  return isThere ? null : invalidRequest(`Tool choice 'function' not found in 'tools' parameter.`, 'tool_choice', null);
}

function formatError(request: ResponsesRequest): WireError | null {
  const format = request.text?.format;
  if (format?.type === 'json_object' && !/json/i.test(JSON.stringify(request.input ?? '')))
    return invalidRequest(
      "Response input messages must contain the word 'json' in some form to use 'text.format' of type 'json_object'.",
      'input',
      null,
    );
  if (format?.type !== 'json_schema' || format.strict !== true) return null;
  const reason = strictSchemaError(format.schema);
  return reason === null
    ? null
    : invalidRequest(
        `Invalid schema for response_format '${format.name}': ${reason}`,
        'text.format.schema',
        'invalid_json_schema',
      );
}

/** Whether a request makes its model think: reasoning models do, the newer ones only when asked. */
export function thinks(request: ResponsesRequest): boolean {
  if (!isReasoningModel(request.model)) return false;
  const effort = request.reasoning?.effort ?? (thinksUnasked(request.model) ? 'medium' : 'none');
  return effort !== 'none' && effort !== 'minimal';
}

function modelError(request: ResponsesRequest): WireError | null {
  if (!isReasoningModel(request.model)) {
    return request.reasoning?.effort == null
      ? null
      : invalidRequest(
          "Unsupported parameter: 'reasoning.effort' is not supported with this model.",
          'reasoning.effort',
          'unsupported_parameter',
        );
  }
  const refused = thinks(request)
    ? (['temperature', 'top_p'] as const).find((name) => request[name] != null)
    : undefined;
  return refused === undefined
    ? null
    : invalidRequest(`Unsupported parameter: '${refused}' is not supported with this model.`, refused, null);
}
