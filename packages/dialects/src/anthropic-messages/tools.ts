import { boolean, isObject, list, number, object, otherMembers, text } from '../canonical/json-read.js';
import type { Losses } from '../canonical/loss.js';
import type { DialectId, JsonObject } from '../canonical/part.js';
import type { CanonicalRequest, Tool, ToolChoice, WebSearchOptions } from '../canonical/request.js';
import { callersWord } from '../canonical/request-words.js';
import type { ToolNames } from '../canonical/tool-names.js';
import { serverToolKind } from './block-reader.js';
import { encodeCache, readCache } from './cache-control.js';
import { fitSchema } from './output-format.js';
import { refuseField } from './refused.js';
import { fitToolSchema } from './tool-schema.js';
import { type ClaudeHost, hasOwnBodies, isBlank, ME, saidMembers } from './wire.js';

// --- reading --------------------------------------------------------------------------------------------------------------

const FUNCTION_MEMBERS = new Set(['type', 'name', 'description', 'input_schema', 'strict', 'cache_control']);

/** A tool without type (or `custom`) is the caller's own; every other type is the vendor's, also those that the caller runs (bash, computer). */
export function decodeTool(tool: JsonObject, at: string): Tool {
  const type = tool['type'] ?? 'custom';
  if (typeof type !== 'string') return refuseField(`${at}.type`, 'Input should be a valid string');
  if (type !== 'custom') return serverTool(tool, type);
  const name = text(tool['name']);
  if (name === null) return refuseField(`${at}.name`, 'Field required');
  const schema = tool['input_schema'];
  if (schema !== undefined && !isObject(schema))
    return refuseField(`${at}.input_schema`, 'Input should be a valid dictionary');
  const cache = readCache(tool['cache_control']);
  const odd = cache.kind === 'unknown' ? { cache_control: cache.value } : {};
  const fields = { ...otherMembers(tool, FUNCTION_MEMBERS), ...odd };
  return {
    kind: 'function',
    name,
    description: text(tool['description']),
    parameters: schema ?? null,
    strict: boolean(tool['strict']),
    ...(cache.kind === 'mark' ? { cache: cache.mark } : {}),
    ...(Object.keys(fields).length === 0 ? {} : { extras: { dialect: ME, fields } }),
  };
}

function serverTool(value: JsonObject, type: string): Tool {
  const tool = serverToolKind(type);
  return { kind: 'server', tool, search: tool === 'web_search' ? searchOptions(value) : null, dialect: ME, value };
}

function searchOptions(value: JsonObject): WebSearchOptions {
  const domains = (name: string): readonly string[] => list(value[name]).filter((one) => typeof one === 'string');
  return {
    allowedDomains: domains('allowed_domains'),
    blockedDomains: domains('blocked_domains'),
    maxUses: number(value['max_uses']),
    contextSize: null,
    userLocation: object(value['user_location']),
  };
}

export interface ReadChoice {
  readonly choice: ToolChoice | null;
  readonly parallel: boolean | null;
}

/** `disable_parallel_tool_use` is said inside of the choice here, and is a parameter of its own elsewhere. */
export function decodeToolChoice(value: unknown): ReadChoice {
  if (value === undefined || value === null) return { choice: null, parallel: null };
  if (!isObject(value)) return refuseField('tool_choice', 'Input should be a valid dictionary');
  const disabled = boolean(value['disable_parallel_tool_use']);
  const parallel = disabled === null ? null : !disabled;
  switch (value['type']) {
    case 'auto':
      return { choice: { kind: 'auto' }, parallel };
    case 'any':
      return { choice: { kind: 'required' }, parallel };
    case 'none':
      return { choice: { kind: 'none' }, parallel };
    case 'tool': {
      const name = text(value['name']);
      if (name === null) return refuseField('tool_choice.name', 'Field required');
      return { choice: { kind: 'tool', name, variant: 'function' }, parallel };
    }
    default:
      return { choice: { kind: 'opaque', dialect: ME, value }, parallel: null };
  }
}

// --- writing --------------------------------------------------------------------------------------------------------------

export interface ToolWriting {
  readonly request: CanonicalRequest;
  readonly names: ToolNames;
  readonly losses: Losses;
  readonly host: ClaudeHost;
  /** the model enforces schemas */
  readonly hasJsonSchema: boolean;
}

/** The tools for the provider. Where only some are allowed, only those are sent: this vendor has no other way of saying it (T28). */
export function encodeTools(writing: ToolWriting): readonly JsonObject[] {
  const { request, losses } = writing;
  const choice = request.toolChoice;
  const allowed = choice?.kind === 'allowed' ? new Set(choice.names) : null;
  if (allowed !== null) losses.approximated(callersWord(request.dialect, 'toolChoice'));
  return request.tools.flatMap((tool, index) => {
    if (allowed !== null && tool.kind !== 'server' && !allowed.has(tool.name)) return [];
    const encoded = encodeTool(tool, `tools[${index}]`, writing);
    return encoded === null ? [] : [encoded];
  });
}

function encodeTool(tool: Tool, at: string, writing: ToolWriting): JsonObject | null {
  const { losses } = writing;
  if (tool.kind === 'server') return encodeServerTool(tool, at, writing);
  if (isBlank(tool.name)) {
    losses.dropped(at);
    return null;
  }
  losses.extras(tool.extras, ME, at);
  const own = tool.extras?.dialect === ME ? tool.extras.fields : {};
  return {
    name: writing.names.wireOf(tool.name),
    ...descriptionOf(tool.description),
    ...(tool.kind === 'custom' ? { input_schema: customSchema(tool, at, losses) } : functionMembers(tool, at, writing)),
    ...own,
    ...(tool.cache === undefined ? {} : { cache_control: encodeCache(tool.cache) }),
  };
}

/** An empty description is a 400 (T19). */
function descriptionOf(description: string | null): JsonObject {
  return description === null || description === '' ? {} : { description };
}

/** A strict tool must be closed and without limits, as a schema of the answer; models that enforce no schema know no strict tools. */
function functionMembers(tool: Extract<Tool, { kind: 'function' }>, at: string, writing: ToolWriting): JsonObject {
  const { losses, request, hasJsonSchema } = writing;
  const { schema, isChanged } = fitToolSchema(tool.parameters);
  const isStrict = tool.strict === true && hasJsonSchema;
  if (tool.strict === true && !isStrict) losses.dropped(`${at}.strict`);
  const fitted = isStrict && (request.dialect !== ME || tool.parameters === null) ? fitSchema(schema) : schema;
  if (isChanged || (fitted !== schema && tool.parameters !== null)) losses.approximated(`${at}.parameters`);
  const strict = isStrict ? true : tool.strict === false ? false : null;
  return { input_schema: fitted, ...(strict === null ? {} : { strict }) };
}

/** A custom tool takes text: a function with one text does the same. Its grammar cannot be enforced, so it is described. */
function customSchema(tool: Extract<Tool, { kind: 'custom' }>, at: string, losses: Losses): JsonObject {
  losses.approximated(at);
  const grammar = tool.format === null ? {} : { description: JSON.stringify(tool.format) };
  return { type: 'object', properties: { input: { type: 'string', ...grammar } }, required: ['input'] };
}

type ServerTool = Extract<Tool, { kind: 'server' }>;

/** Tools of other vendors that exist here as well, and the hosts that run them. All others are losses. */
const COUNTERPARTS: Partial<
  Record<
    ServerTool['tool'],
    { readonly hosts: readonly ClaudeHost[]; readonly write: (tool: ServerTool) => JsonObject }
  >
> = {
  web_search: { hosts: ['direct', 'vertex'], write: writeSearch },
  web_fetch: { hosts: ['direct'], write: () => ({ type: 'web_fetch_20250910', name: 'web_fetch' }) },
  code_execution: { hosts: ['direct'], write: () => ({ type: 'code_execution_20250825', name: 'code_execution' }) },
};

function encodeServerTool(tool: ServerTool, at: string, { losses, host }: ToolWriting): JsonObject | null {
  if (hasOwnBodies(tool.dialect)) return tool.value;
  const counterpart = COUNTERPARTS[tool.tool];
  if (counterpart === undefined || !counterpart.hosts.includes(host)) {
    losses.dropped(at);
    return null;
  }
  losses.approximated(at);
  return counterpart.write(tool);
}

function writeSearch({ search }: ServerTool): JsonObject {
  const domains = (names: readonly string[] | undefined): readonly string[] | null => (names?.length ? names : null);
  const allowed = domains(search?.allowedDomains);
  return saidMembers({
    type: 'web_search_20250305',
    name: 'web_search',
    max_uses: search?.maxUses,
    allowed_domains: allowed,
    // the vendor takes one list or the other
    blocked_domains: allowed === null ? domains(search?.blockedDomains) : null,
    user_location: locationOf(search?.userLocation ?? null),
  });
}

function locationOf(location: JsonObject | null): JsonObject | null {
  return location === null ? null : { type: 'approximate', ...location };
}

/** Null where nothing has to be said. Without tools a choice is a 400. */
export function encodeToolChoice(tools: readonly JsonObject[], writing: ToolWriting): JsonObject | null {
  const { request, losses } = writing;
  const { toolChoice: choice, parallelToolCalls: parallel, dialect } = request;
  if (choice === null && parallel === null) return null;
  if (tools.length === 0) {
    if (choice !== null && choice.kind !== 'none') losses.dropped(callersWord(dialect, 'toolChoice'));
    if (parallel !== null) losses.dropped(callersWord(dialect, 'parallelToolCalls'));
    return null;
  }
  const base = choiceBase(choice, writing);
  // `none` has no such member, and calls nothing anyway
  if (parallel === null || base?.['type'] === 'none') return base;
  // parallel calls are what an unsaid choice does
  if (choice === null && parallel) return null;
  return { ...(base ?? { type: 'auto' }), disable_parallel_tool_use: !parallel };
}

function choiceBase(choice: ToolChoice | null, { names, losses, request }: ToolWriting): JsonObject | null {
  switch (choice?.kind) {
    case undefined:
      return null;
    case 'auto':
      return { type: 'auto' };
    case 'none':
      return { type: 'none' };
    case 'required':
      return { type: 'any' };
    case 'tool':
      return { type: 'tool', name: names.wireOf(choice.name) };
    case 'allowed':
      return { type: choice.mode === 'required' ? 'any' : 'auto' };
    case 'opaque':
      return ownChoice(choice.dialect, choice.value) ?? lostChoice(losses, request.dialect);
  }
}

function ownChoice(dialect: DialectId, value: unknown): JsonObject | null {
  return hasOwnBodies(dialect) ? object(value) : null;
}

function lostChoice(losses: Losses, dialect: DialectId): null {
  losses.dropped(callersWord(dialect, 'toolChoice'));
  return null;
}
