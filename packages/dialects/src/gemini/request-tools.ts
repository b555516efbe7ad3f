import { isObject, otherMembers } from '../canonical/json-read.js';
import type { JsonObject, ServerToolKind } from '../canonical/part.js';
import type { JsonSchema, Tool, ToolChoice, WebSearchOptions } from '../canonical/request.js';
import type { RequestReader } from './request-reader.js';
import { fromGoogleSchema } from './schema.js';
import { camelCase, known, member } from './wire.js';

/** Tools that run at Google, by the member of a tool that asks for them. */
export const SERVER_TOOLS: Readonly<Record<string, ServerToolKind>> = {
  googleSearch: 'web_search',
  googleSearchRetrieval: 'web_search',
  enterpriseWebSearch: 'web_search',
  urlContext: 'web_fetch',
  codeExecution: 'code_execution',
  googleMaps: 'other',
  fileSearch: 'file_search',
  retrieval: 'file_search',
  computerUse: 'computer',
  mcpServers: 'mcp',
};
/** They search in stores of an account, and the account is ours. */
const ACCOUNT_TOOLS = new Set(['fileSearch', 'retrieval']);

/** Reads `tools`: each declared function is a tool, and so is each other member of each tool. */
export function decodeTools(value: unknown, reader: RequestReader): Tool[] {
  return reader.objects(value, 'tools').flatMap((tool, index) => decodeTool(tool, reader, `tools[${index}]`));
}

function decodeTool(tool: JsonObject, reader: RequestReader, path: string): Tool[] {
  const declared = reader.objects(member(tool, 'functionDeclarations'), `${path}.functionDeclarations`);
  const functions = declared.map((one, index) => decodeFunction(one, reader, `${path}.functionDeclarations[${index}]`));
  const others = Object.keys(tool).filter((key) => camelCase(key) !== 'functionDeclarations' && tool[key] != null);
  return [...functions, ...others.map((key) => decodeServerTool(key, tool[key], reader, path))];
}

const FUNCTION_MEMBERS = known('name', 'description', 'parameters', 'parametersJsonSchema');

function decodeFunction(declared: JsonObject, reader: RequestReader, path: string): Tool {
  const name = reader.text(declared['name'], `${path}.name`) ?? '';
  if (name === '') reader.wrong(`${path}.name`, 'the name of a function');
  const subset = reader.object(member(declared, 'parameters'), `${path}.parameters`);
  const schema = reader.object(member(declared, 'parametersJsonSchema'), `${path}.parametersJsonSchema`);
  const fields = otherMembers(declared, FUNCTION_MEMBERS);
  return {
    kind: 'function',
    name,
    description: reader.text(declared['description'], `${path}.description`) || null,
    parameters: schema ?? (subset === null ? null : fromGoogleSchema(subset)),
    strict: null,
    ...(fields === null ? {} : { extras: { dialect: 'gemini', fields } }),
  };
}

function decodeServerTool(key: string, options: unknown, reader: RequestReader, path: string): Tool {
  const name = camelCase(key);
  if (ACCOUNT_TOOLS.has(name))
    reader.refuse('not_supported', `${path}.${key} searches in a store of Google's, which is not offered here.`, path);
  const tool = SERVER_TOOLS[name] ?? 'other';
  const search = tool === 'web_search' ? searchOptions(options) : null;
  return { kind: 'server', tool, search, dialect: 'gemini', value: { [name]: options } };
}

function searchOptions(options: unknown): WebSearchOptions {
  const excluded = isObject(options) ? member(options, 'excludeDomains') : undefined;
  const domains = Array.isArray(excluded) ? excluded.filter((one): one is string => typeof one === 'string') : [];
  return { allowedDomains: [], blockedDomains: domains, maxUses: null, contextSize: null, userLocation: null };
}

export interface DecodedToolConfig {
  readonly choice: ToolChoice | null;
  /** members nobody else has, by their path from the top of the request */
  readonly extras: JsonObject;
}

const CONFIG_MEMBERS = known('functionCallingConfig');
const CALLING_MEMBERS = known('mode', 'allowedFunctionNames');

export function decodeToolConfig(value: unknown, reader: RequestReader): DecodedToolConfig {
  const config = reader.object(value, 'toolConfig') ?? {};
  const path = 'toolConfig.functionCallingConfig';
  const calling = reader.object(member(config, 'functionCallingConfig'), path) ?? {};
  const mode = reader.text(calling['mode'], `${path}.mode`)?.toUpperCase() ?? '';
  const names = reader.texts(member(calling, 'allowedFunctionNames'), `${path}.allowedFunctionNames`);
  const extras = {
    ...prefixed('toolConfig', otherMembers(config, CONFIG_MEMBERS)),
    ...prefixed(path, otherMembers(calling, CALLING_MEMBERS)),
  };
  return { choice: choiceOf(mode, names), extras };
}

function choiceOf(mode: string, names: readonly string[]): ToolChoice | null {
  const [first] = names;
  switch (mode) {
    case 'AUTO':
      return { kind: 'auto' };
    case 'NONE':
      return { kind: 'none' };
    case 'ANY':
      if (first === undefined) return { kind: 'required' };
      if (names.length === 1) return { kind: 'tool', name: first, variant: 'function' };
      return { kind: 'allowed', mode: 'required', names };
    case 'VALIDATED':
      return first === undefined
        ? { kind: 'opaque', dialect: 'gemini', value: { mode } }
        : { kind: 'allowed', mode: 'auto', names };
    default:
      return null;
  }
}

/** Members of an object inside of the request, as extras at its top: `toolConfig.retrievalConfig`. */
export function prefixed(path: string, fields: JsonObject | null): JsonObject {
  const entries = Object.entries(fields ?? {}).map(([name, value]) => [`${path}.${camelCase(name)}`, value]);
  return Object.fromEntries(entries) as JsonObject;
}

/** A schema is of an object, and says so (T07). */
export function objectSchema(schema: JsonSchema): JsonSchema {
  return schema['type'] === undefined && schema['$ref'] === undefined ? { type: 'object', ...schema } : schema;
}
