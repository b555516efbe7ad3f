import { boolean, isObject, object, objects, otherMembers, text } from '../canonical/json-read.js';
import type { Losses } from '../canonical/loss.js';
import type { JsonObject } from '../canonical/part.js';
import type { JsonSchema, Tool, ToolChoice, WebSearchOptions } from '../canonical/request.js';
import { cacheMark } from './content.js';
import { DIALECT, extrasOf, ownFields, refuse, serverToolKind } from './wire.js';

const FUNCTION = new Set(['type', 'name', 'description', 'parameters', 'strict', 'cache_control']);
const CUSTOM = new Set(['type', 'name', 'description', 'format', 'cache_control']);

export function decodeTools(value: unknown): Tool[] {
  if (value === undefined || value === null) return [];
  if (!Array.isArray(value)) refuse('invalid_request', 'tools', 'tools must be an array.');
  return value.map((tool: unknown, index) => decodeTool(tool, `tools[${index}]`));
}

function decodeTool(tool: unknown, path: string): Tool {
  if (!isObject(tool)) refuse('invalid_request', path, `${path} must be an object.`);
  const type = tool['type'];
  if (typeof type !== 'string') refuse('invalid_request', `${path}.type`, `${path}.type must be a string.`);
  if (type !== 'function' && type !== 'custom') return decodeServerTool(tool, type);
  const name = tool['name'];
  if (typeof name !== 'string' || name === '')
    refuse('invalid_request', `${path}.name`, `${path}.name must be a string with something in it.`);
  const cache = cacheMark(tool['cache_control']);
  const common = { name, description: text(tool['description']), ...(cache === null ? {} : { cache }) };
  if (type === 'custom')
    return { kind: 'custom', ...common, format: object(tool['format']), ...extrasOf(otherMembers(tool, CUSTOM)) };
  const { parameters } = tool;
  if (parameters !== undefined && parameters !== null && !isObject(parameters))
    refuse('invalid_request', `${path}.parameters`, `${path}.parameters must be a JSON schema.`);
  return {
    kind: 'function',
    ...common,
    parameters: parameters ?? null,
    strict: boolean(tool['strict']),
    ...extrasOf(otherMembers(tool, FUNCTION)),
  };
}

function decodeServerTool(tool: JsonObject, type: string): Tool {
  const kind = serverToolKind(type);
  const search = kind === 'web_search' ? searchOptions(tool) : null;
  return { kind: 'server', tool: kind, search, dialect: DIALECT, value: tool };
}

function searchOptions(tool: JsonObject): WebSearchOptions {
  const filters = object(tool['filters']) ?? {};
  const size = tool['search_context_size'];
  const domains = (value: unknown): string[] =>
    Array.isArray(value) ? value.filter((domain) => typeof domain === 'string') : [];
  return {
    allowedDomains: domains(filters['allowed_domains']),
    blockedDomains: domains(filters['blocked_domains'] ?? filters['excluded_domains']),
    maxUses: null,
    contextSize: size === 'low' || size === 'medium' || size === 'high' ? size : null,
    userLocation: userLocation(tool['user_location']),
  };
}

function userLocation(value: unknown): JsonObject | null {
  if (!isObject(value)) return null;
  const { type: _type, ...place } = value;
  return place;
}

// --- choice ---------------------------------------------------------------------------------------------------------------

export function decodeToolChoice(value: unknown): ToolChoice | null {
  if (value === undefined || value === null) return null;
  if (value === 'auto' || value === 'none' || value === 'required') return { kind: value };
  if (!isObject(value))
    refuse('invalid_request', 'tool_choice', 'tool_choice must be auto, none, required or an object.');
  const { type } = value;
  const name = text(value['name']);
  if ((type === 'function' || type === 'custom') && name !== null) return { kind: 'tool', name, variant: type };
  return (type === 'allowed_tools' ? allowedTools(value) : null) ?? { kind: 'opaque', dialect: DIALECT, value };
}

/** Null where the list holds more than the caller's own tools: then it stays as it was written. */
function allowedTools(value: JsonObject): ToolChoice | null {
  const tools = objects(value['tools']);
  const names = tools.map((tool) =>
    tool['type'] === 'function' || tool['type'] === 'custom' ? text(tool['name']) : null,
  );
  if (names.length === 0 || !names.every((name) => name !== null)) return null;
  return { kind: 'allowed', mode: value['mode'] === 'required' ? 'required' : 'auto', names };
}

/** Null: the choice is another vendor's own, and lost. */
export function encodeToolChoice(choice: ToolChoice, tools: readonly Tool[], losses: Losses): unknown {
  switch (choice.kind) {
    case 'auto':
    case 'none':
    case 'required':
      return choice.kind;
    case 'tool':
      return { type: choice.variant, name: choice.name };
    case 'allowed':
      return {
        type: 'allowed_tools',
        mode: choice.mode,
        tools: choice.names.map((name) => ({ type: kindOf(name, tools), name })),
      };
    case 'opaque':
      if (choice.dialect === DIALECT) return choice.value;
      losses.dropped('tool_choice');
      return null;
  }
}

function kindOf(name: string, tools: readonly Tool[]): 'function' | 'custom' {
  return tools.some((tool) => tool.kind === 'custom' && tool.name === name) ? 'custom' : 'function';
}

// --- towards the provider -------------------------------------------------------------------------------------------------

/** `isOwn`: the request was written in this dialect, where a function without `strict` means something else than elsewhere. */
export function encodeTools(tools: readonly Tool[], isOwn: boolean, losses: Losses): JsonObject[] {
  return tools.flatMap((tool, index) => {
    const encoded = encodeTool(tool, isOwn, losses, `tools[${index}]`);
    return encoded === null ? [] : [encoded];
  });
}

function encodeTool(tool: Tool, isOwn: boolean, losses: Losses, path: string): JsonObject | null {
  if (tool.kind === 'server') return encodeServerTool(tool, losses, path);
  if (tool.cache !== undefined) losses.dropped(`${path}.cache_control`);
  const own = ownFields(tool.extras, losses, path);
  const described = tool.description === null ? {} : { description: tool.description };
  if (tool.kind === 'custom') {
    const format = tool.format === null ? {} : { format: tool.format };
    return { type: 'custom', name: tool.name, ...described, ...format, ...own };
  }
  return {
    type: 'function',
    name: tool.name,
    ...described,
    parameters: tool.parameters === null ? null : objectSchema(tool.parameters),
    ...strictness(tool.strict, isOwn),
    ...own,
  };
}

/** In this dialect a function without `strict` is made strict by the provider; everywhere else it is not. */
function strictness(strict: boolean | null, isOwn: boolean): JsonObject {
  if (strict !== null) return { strict };
  return isOwn ? {} : { strict: false };
}

/** T07: a schema of an object that does not say so is refused by OpenAI. Nothing else of it is touched. */
function objectSchema(schema: JsonSchema): JsonSchema {
  const saysWhat = ['type', 'anyOf', 'oneOf', 'allOf', '$ref', 'enum', 'const'].some((word) => word in schema);
  return saysWhat ? schema : { type: 'object', ...schema };
}

type ServerTool = Extract<Tool, { kind: 'server' }>;

/** Another vendor's tool becomes the one of the same kind here where its settings can be said; else it is a loss. */
function encodeServerTool(tool: ServerTool, losses: Losses, path: string): JsonObject | null {
  if (tool.dialect === DIALECT) return tool.value;
  switch (tool.tool) {
    case 'web_search':
      return encodeSearch(tool.search, losses, path);
    case 'code_execution':
      losses.approximated(path);
      return { type: 'code_interpreter', container: { type: 'auto' } };
    case 'image_generation':
      losses.approximated(path);
      return { type: 'image_generation' };
    case 'web_fetch':
    case 'file_search':
    case 'computer':
    case 'mcp':
    case 'other':
      losses.dropped(path);
      return null;
  }
}

function encodeSearch(search: WebSearchOptions | null, losses: Losses, path: string): JsonObject {
  if (search === null) return { type: 'web_search' };
  if (search.maxUses !== null) losses.dropped(`${path}.max_uses`);
  if (search.blockedDomains.length > 0) losses.dropped(`${path}.blocked_domains`);
  return {
    type: 'web_search',
    ...(search.allowedDomains.length === 0 ? {} : { filters: { allowed_domains: search.allowedDomains } }),
    ...(search.userLocation === null ? {} : { user_location: { type: 'approximate', ...search.userLocation } }),
    ...(search.contextSize === null ? {} : { search_context_size: search.contextSize }),
  };
}
