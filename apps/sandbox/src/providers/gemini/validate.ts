import { conversationError, type Door } from './conversation.js';
import { type GoogleError, invalidArgument } from './errors.js';
import { isThirdGeneration, thinkingTraitsOf } from './models.js';
import { type FieldViolation, type ProtoType, readProto } from './proto-json.js';
import { schemaComplaints } from './schema-rules.js';
import {
  countTokensRequest,
  declarationsOf,
  type GenerateRequest,
  generateContentRequest,
  vertexGenerateContentRequest,
} from './wire.js';

/** A request as Google accepts it, or the error it answers. */
export type Validated = { readonly kind: 'valid'; readonly request: GenerateRequest } | GoogleError;

/** Checks the body of generateContent: names and types first, all complaints at once, then what the fields mean. */
export function validateGenerate(body: unknown, door: Door): Validated {
  const read = readRequest(door.isVertex ? vertexGenerateContentRequest : generateContentRequest, body);
  if (read.kind === 'error') return read;
  const { request } = read;
  return toolsError(request) ?? configError(request, door) ?? conversationError(request, door) ?? read;
}

/** Checks the body of countTokens and answers the request that is to be counted. */
export function validateCount(body: unknown, door: Door): Validated {
  const read = readRequest(countTokensRequest, body);
  if (read.kind === 'error') return read;
  const nested: unknown = Reflect.get(read.request, 'generateContentRequest');
  const request: GenerateRequest = typeof nested === 'object' && nested !== null ? nested : read.request;
  return conversationError(request, { ...door, checksSignatures: false }) ?? { kind: 'valid', request };
}

function readRequest(type: ProtoType, body: unknown): Validated {
  if (typeof body !== 'object' || body === null || Array.isArray(body))
    return invalidArgument('Invalid JSON payload received. Expected an object.');
  const violations: FieldViolation[] = [];
  const request = readProto(type, body, '', violations);
  if (violations.length === 0) return { kind: 'valid', request: Object(request) };
  return invalidArgument(violations.map((violation) => violation.description).join('\n'), [
    { '@type': 'type.googleapis.com/google.rpc.BadRequest', fieldViolations: violations },
  ]);
}

const functionName = /^[a-zA-Z_][\w.:-]{0,63}$/;

function toolsError(request: GenerateRequest): GoogleError | null {
  const complaints: string[] = [];
  for (const [at, tool] of (request.tools ?? []).entries()) {
    for (const [index, declaration] of (tool.functionDeclarations ?? []).entries()) {
      const place = `GenerateContentRequest.tools[${at}].function_declarations[${index}]`;
      if (!functionName.test(declaration.name ?? ''))
        complaints.push(
          `${place}.name: [FIELD_INVALID] Invalid function name. Must start with a letter or an underscore. Must be alphanumeric (a-z, A-Z, 0-9), underscores (_), dots (.), colons (:), or dashes (-), with a maximum length of 64.`,
        );
      if (declaration.parameters !== undefined && declaration.parametersJsonSchema !== undefined)
        complaints.push(`${place}: parameters and parameters_json_schema are mutually exclusive`);
      if (declaration.parameters !== undefined)
        complaints.push(...schemaComplaints(declaration.parameters, `${place}.parameters`));
    }
  }
  if (complaints.length > 0) return listedError(complaints);
  const names = declarationsOf(request).map((declaration) => declaration.name);
  const twice = names.find((name, index) => names.indexOf(name) !== index);
  if (twice !== undefined) return invalidArgument(`Duplicate function declaration found: ${twice}`);
  return callingConfigError(request, names);
}

function callingConfigError(request: GenerateRequest, names: readonly (string | undefined)[]): GoogleError | null {
  const config = request.toolConfig?.functionCallingConfig;
  const place = 'GenerateContentRequest.tool_config.function_calling_config.allowed_function_names';
  if (config?.mode === 'ANY' && names.length === 0)
    return invalidArgument('Function calling config is set without function_declarations.');
  const allowed = config?.allowedFunctionNames ?? [];
  if (allowed.length > 0 && config?.mode !== 'ANY' && config?.mode !== 'VALIDATED')
    return listedError([`${place}: can only be set when the function calling mode is ANY.`]);
  const stranger = allowed.find((name) => !names.includes(name));
  return stranger === undefined ? null : listedError([`${place}: '${stranger}' is not a declared function.`]);
}

const responseTypes = new Set(['text/plain', 'application/json', 'application/xml', 'application/yaml', 'text/x.enum']);
const mostStopSequences = 5;

function configError(request: GenerateRequest, door: Door): GoogleError | null {
  const config = request.generationConfig;
  if (config === undefined) return null;
  const place = 'GenerateContentRequest.generation_config';
  const complaints: string[] = [];
  if (isOutside(config.temperature, 0, 2))
    complaints.push(`${place}.temperature: temperature must be in the range [0.0, 2.0].`);
  if (isOutside(config.topP, 0, 1)) complaints.push(`${place}.top_p: top_p must be in the range [0.0, 1.0].`);
  if (isOutside(config.maxOutputTokens, 1, Number.POSITIVE_INFINITY))
    complaints.push(`${place}.max_output_tokens: max_output_tokens must be positive.`);
  if ((config.stopSequences ?? []).length > mostStopSequences)
    complaints.push(`${place}.stop_sequences: stop_sequences must have at most ${mostStopSequences} elements.`);
  if (config.responseMimeType !== undefined && !responseTypes.has(config.responseMimeType))
    complaints.push(
      `${place}.response_mime_type: allowed mimetypes are \`text/plain\`, \`application/json\`, \`application/xml\`, \`application/yaml\` and \`text/x.enum\`.`,
    );
  const hasSchema = config.responseSchema !== undefined || config.responseJsonSchema !== undefined;
  if (hasSchema && (config.responseMimeType ?? 'text/plain') === 'text/plain')
    complaints.push(
      `${place}.response_schema: only allowed when response_mime_type is \`application/json\` or \`text/x.enum\`.`,
    );
  if (config.responseSchema !== undefined && config.responseJsonSchema !== undefined)
    complaints.push(`${place}: response_schema and response_json_schema are mutually exclusive`);
  if (config.responseSchema !== undefined)
    complaints.push(...schemaComplaints(config.responseSchema, `${place}.response_schema`));
  if (complaints.length > 0) return listedError(complaints);
  if ((config.candidateCount ?? 1) !== 1) return invalidArgument('Multiple candidates is not enabled for this model');
  if (
    config.responseMimeType === 'application/json' &&
    declarationsOf(request).length > 0 &&
    !isThirdGeneration(door.model)
  )
    return invalidArgument("Function calling with a response mime type: 'application/json' is unsupported");
  return thinkingError(config.thinkingConfig, door.model);
}

type ThinkingConfig = NonNullable<GenerateRequest['generationConfig']>['thinkingConfig'];

function thinkingError(config: ThinkingConfig, model: string): GoogleError | null {
  if (config === undefined) return null;
  const traits = thinkingTraitsOf(model);
  const { thinkingBudget: budget, thinkingLevel: level } = config;
  if (budget !== undefined && level !== undefined)
    return invalidArgument('You can only set only one of thinking budget and thinking level.');
  if (traits.kind === 'none') return invalidArgument(`Thinking is not supported by this model: models/${model}`);
  if (level !== undefined && traits.kind !== 'level')
    return invalidArgument('Thinking level is not supported for this model.');
  if (budget === 0 && !traits.canStop)
    return invalidArgument('Budget 0 is invalid. This model only works in thinking mode.');
  if (budget !== undefined && budget > 0 && (budget < traits.leastBudget || budget > traits.mostBudget))
    return invalidArgument(
      `The thinking budget ${budget} is invalid. Please choose a value between ${traits.leastBudget} and ${traits.mostBudget}.`,
    );
  if (budget === 0 && config.includeThoughts === true)
    return invalidArgument('Thinking_config.include_thoughts is only enabled when thinking is enabled.');
  return null;
}

function isOutside(value: number | undefined, least: number, most: number): boolean {
  return value !== undefined && (value < least || value > most);
}

/** Complaints as Google lists them: one line each, with a star before and a line end behind. */
function listedError(complaints: readonly string[]): GoogleError {
  return invalidArgument(complaints.map((complaint) => `* ${complaint}\n`).join(''));
}
