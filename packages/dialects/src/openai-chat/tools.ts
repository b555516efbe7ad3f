import { filledText, isObject, objects, otherMembers, text } from '../canonical/json-read.js';
import type { Extras, JsonObject, ServerToolKind } from '../canonical/part.js';
import type { Tool, ToolChoice, WebSearchOptions } from '../canonical/request.js';
import { cacheOf, extrasOf } from './content-decoder.js';
import { cacheMember, type WireWriter } from './content-encoder.js';
import type { RequestReader } from './request-reader.js';

const TOOL_MEMBERS = new Set(['type', 'function', 'custom', 'cache_control']);
const FUNCTION_MEMBERS = new Set(['name', 'description', 'parameters', 'strict']);

/** The mark of a tool that came in `functions`: its caller is answered with `function_call`. Nothing stands in it, so it is never a loss. */
const LEGACY: Extras = { dialect: 'openai-chat', fields: {} };

export function isLegacyTool(tool: Tool): boolean {
  return tool.kind === 'function' && tool.extras !== undefined && Object.keys(tool.extras.fields).length === 0;
}

/** `tools`, `functions`, `web_search_options` and OpenRouter's web plugin. */
export function decodeTools(reader: RequestReader, body: JsonObject): Tool[] {
  const tools = reader.objects(body, 'tools').map((tool, index) => decodeTool(reader, tool, `tools[${index}]`));
  const functions = reader.objects(body, 'functions').map((one, index): Tool => {
    const tool = decodeFunction(reader, one, `functions[${index}]`);
    return { ...tool, extras: LEGACY };
  });
  return [...tools, ...functions, ...searchOf(reader, body), ...webPlugins(body)];
}

function decodeTool(reader: RequestReader, tool: JsonObject, path: string): Tool {
  const type = tool['type'];
  if (type === 'custom') return decodeCustom(reader, tool, path);
  const described = tool['function'];
  if (type !== undefined && type !== null && type !== 'function') return decodeServerTool(tool, type);
  if (!isObject(described)) reader.wrong(`${path}.function`, 'an object');
  const decoded = decodeFunction(reader, isObject(described) ? described : {}, `${path}.function`);
  return { ...decoded, ...cacheOf(tool), ...mergedExtras(decoded.extras, tool) };
}

function mergedExtras(inner: Extras | undefined, tool: JsonObject): { extras?: Extras } {
  const { extras } = extrasOf(tool, TOOL_MEMBERS);
  if (inner === undefined && extras === undefined) return {};
  return { extras: { dialect: 'openai-chat', fields: { ...inner?.fields, ...extras?.fields } } };
}

function decodeFunction(
  reader: RequestReader,
  described: JsonObject,
  path: string,
): Extract<Tool, { kind: 'function' }> {
  const name = reader.text(described, 'name', path) ?? '';
  if (name === '') reader.wrong(`${path}.name`, 'a string');
  return {
    kind: 'function',
    name,
    description: filledText(reader.text(described, 'description', path)),
    parameters: reader.object(described, 'parameters', path),
    strict: reader.boolean(described, 'strict', path),
    ...functionExtras(described),
  };
}

/** Members inside of `function` keep their place by their name: `function.name`. */
function functionExtras(described: JsonObject): { extras?: Extras } {
  const others = otherMembers(described, FUNCTION_MEMBERS);
  if (others === null) return {};
  const fields = Object.fromEntries(Object.entries(others).map(([name, value]) => [`function.${name}`, value]));
  return { extras: { dialect: 'openai-chat', fields } };
}

function decodeCustom(reader: RequestReader, tool: JsonObject, path: string): Tool {
  const custom = reader.object(tool, 'custom', path) ?? {};
  const name = reader.text(custom, 'name', `${path}.custom`) ?? '';
  if (name === '') reader.wrong(`${path}.custom.name`, 'a string');
  return {
    kind: 'custom',
    name,
    description: filledText(custom['description']),
    format: isObject(custom['format']) ? flatFormat(custom['format']) : null,
    ...cacheOf(tool),
    ...extrasOf(tool, TOOL_MEMBERS),
  };
}

/** Chat writes `{type: 'grammar', grammar: {syntax, definition}}`; the canonical form is that of Responses, without the box. */
function flatFormat(format: JsonObject): JsonObject {
  const { grammar, ...rest } = format;
  return isObject(grammar) ? { ...rest, ...grammar } : format;
}

function nestedFormat(format: JsonObject): JsonObject {
  const { type, ...grammar } = format;
  return type === 'grammar' ? { type, grammar } : format;
}

// --- tools that run at the provider -----------------------------------------------------------------------------------

const SERVER_KINDS: readonly [RegExp, ServerToolKind][] = [
  [/web_?search|browser_search|live_search/, 'web_search'],
  [/fetch|visit_website/, 'web_fetch'],
  [/code_(interpreter|execution)/, 'code_execution'],
  [/file_search/, 'file_search'],
  [/image_generation/, 'image_generation'],
  [/computer/, 'computer'],
  [/mcp/, 'mcp'],
];

const NO_SEARCH: WebSearchOptions = {
  allowedDomains: [],
  blockedDomains: [],
  maxUses: null,
  contextSize: null,
  userLocation: null,
};

function decodeServerTool(tool: JsonObject, type: unknown): Tool {
  const word = String(type);
  const kind = SERVER_KINDS.find(([pattern]) => pattern.test(word))?.[1] ?? 'other';
  const parameters = isObject(tool['parameters']) ? tool['parameters'] : tool;
  const search = kind === 'web_search' ? searchOptions(parameters) : null;
  return { kind: 'server', tool: kind, search, dialect: 'openai-chat', value: tool };
}

function searchOptions(from: JsonObject): WebSearchOptions {
  const size = from['search_context_size'];
  const location = from['user_location'];
  return {
    ...NO_SEARCH,
    allowedDomains: texts(from['allowed_domains'] ?? from['include_domains']),
    blockedDomains: texts(from['excluded_domains'] ?? from['exclude_domains']),
    contextSize: size === 'low' || size === 'medium' || size === 'high' ? size : null,
    // OpenAI's chat wraps it: {type: 'approximate', approximate: {city, …}}
    userLocation: isObject(location) ? (isObject(location['approximate']) ? location['approximate'] : location) : null,
  };
}

function texts(value: unknown): readonly string[] {
  return Array.isArray(value) ? value.filter((one): one is string => typeof one === 'string') : [];
}

const SEARCH_OPTIONS = 'web_search_options';
const WEB_PLUGIN = 'plugin:web';

function searchOf(reader: RequestReader, body: JsonObject): Tool[] {
  const options = reader.object(body, SEARCH_OPTIONS);
  if (options === null) return [];
  const value = { type: SEARCH_OPTIONS, [SEARCH_OPTIONS]: options };
  return [{ kind: 'server', tool: 'web_search', search: searchOptions(options), dialect: 'openai-chat', value }];
}

function webPlugins(body: JsonObject): Tool[] {
  return objects(body['plugins']).flatMap((plugin): Tool[] => {
    if (!isWebPlugin(plugin)) return [];
    const value = { type: WEB_PLUGIN, plugin };
    return [{ kind: 'server', tool: 'web_search', search: searchOptions(plugin), dialect: 'openai-chat', value }];
  });
}

export function isWebPlugin(plugin: unknown): boolean {
  return isObject(plugin) && plugin['id'] === 'web';
}

// --- which tool ---------------------------------------------------------------------------------------------------------

/** `tool_choice` and the legacy `function_call`; null where nothing was said. */
export function decodeToolChoice(reader: RequestReader, body: JsonObject): ToolChoice | null {
  const choice = body['tool_choice'] ?? body['function_call'];
  if (choice === undefined || choice === null) return null;
  const name = body['tool_choice'] == null ? 'function_call' : 'tool_choice';
  if (typeof choice === 'string') {
    const word = CHOICE_WORDS[choice];
    if (word !== undefined) return { kind: word };
    reader.wrong(name, 'none, auto, required or an object');
    return null;
  }
  if (isObject(choice)) return decodeNamedChoice(choice);
  reader.wrong(name, 'a string or an object');
  return null;
}

const CHOICE_WORDS: Readonly<Record<string, 'auto' | 'none' | 'required'>> = {
  auto: 'auto',
  none: 'none',
  required: 'required',
  // Mistral's word, which some clients send everywhere
  any: 'required',
};

function decodeNamedChoice(choice: JsonObject): ToolChoice {
  const allowed = choice['allowed_tools'];
  if (choice['type'] === 'allowed_tools' && isObject(allowed)) {
    const names = objects(allowed['tools']).flatMap((tool) => filledText(nameIn(tool)) ?? []);
    return { kind: 'allowed', mode: allowed['mode'] === 'required' ? 'required' : 'auto', names };
  }
  const name = filledText(nameIn(choice));
  const isTool = choice['type'] === undefined || choice['type'] === 'function' || choice['type'] === 'custom';
  if (name === null || !isTool) return { kind: 'opaque', dialect: 'openai-chat', value: choice };
  return { kind: 'tool', name, variant: choice['type'] === 'custom' ? 'custom' : 'function' };
}

function nameIn(choice: JsonObject): string | null {
  const inner = isObject(choice['function'])
    ? choice['function']
    : isObject(choice['custom'])
      ? choice['custom']
      : choice;
  return text(inner['name']);
}

// --- encoding -----------------------------------------------------------------------------------------------------------

/** Everything of tools as top-level members: `tools`, `tool_choice`, `web_search_options`, `plugins`. */
export function encodeTools(writer: WireWriter, tools: readonly Tool[], choice: ToolChoice | null): JsonObject {
  const offered = restricted(writer, tools, choice);
  const listed = offered.flatMap((tool, index) => encodeTool(writer, tool, `tools[${index}]`));
  const search = offered.find((tool) => isSearchOption(tool, writer));
  const plugins = offered.flatMap((tool) =>
    tool.kind === 'server' && tool.value['type'] === WEB_PLUGIN ? [tool.value['plugin']] : [],
  );
  const chosen = choice === null || listed.length === 0 ? null : encodeChoice(writer, choice);
  return {
    ...(listed.length === 0 ? {} : { tools: listed }),
    ...(chosen === null ? {} : { tool_choice: chosen }),
    ...(search === undefined ? {} : { [SEARCH_OPTIONS]: searchMember(search) }),
    ...(plugins.length === 0 ? {} : { plugins }),
  };
}

type ServerTool = Extract<Tool, { kind: 'server' }>;

/** A search that is told in `web_search_options`: what came so, and every other vendor's. */
function isSearchOption(tool: Tool, writer: WireWriter): tool is ServerTool {
  if (tool.kind !== 'server' || tool.tool !== 'web_search') return false;
  if (tool.dialect === 'openai-chat') return tool.value['type'] === SEARCH_OPTIONS;
  return !writer.rejects(SEARCH_OPTIONS) && SEARCHING_MODELS.test(writer.model);
}

/** The only models of this interface that take a search: OpenAI's `…-search-preview` and `…-search-api`, and Perplexity's. Others answer 400 to it. */
const SEARCHING_MODELS = /search|sonar/;

function searchMember(tool: ServerTool): unknown {
  if (tool.dialect === 'openai-chat') return tool.value[SEARCH_OPTIONS];
  const { contextSize, userLocation } = tool.search ?? NO_SEARCH;
  return {
    ...(contextSize === null ? {} : { search_context_size: contextSize }),
    ...(userLocation === null
      ? {}
      : { user_location: { type: 'approximate', approximate: withoutType(userLocation) } }),
  };
}

function withoutType({ type: _type, ...location }: JsonObject): JsonObject {
  return location;
}

/** T28: a choice among some tools; where the provider cannot be told, the others are not offered. */
function restricted(writer: WireWriter, tools: readonly Tool[], choice: ToolChoice | null): readonly Tool[] {
  if (choice?.kind !== 'allowed' || !writer.rejects('tool_choice.allowed_tools')) return tools;
  const names = new Set(choice.names);
  writer.losses.approximated('tool_choice.allowed_tools');
  return tools.filter((tool) => tool.kind === 'server' || names.has(tool.name));
}

function encodeTool(writer: WireWriter, tool: Tool, path: string): JsonObject[] {
  switch (tool.kind) {
    case 'function':
      return [encodeFunction(writer, tool, path)];
    case 'custom': {
      const described = tool.description === null ? {} : { description: tool.description };
      const format = tool.format === null ? {} : { format: nestedFormat(tool.format) };
      return [{ type: 'custom', custom: { name: tool.name, ...described, ...format }, ...cacheMember(writer, tool) }];
    }
    case 'server':
      return encodeServerTool(writer, tool, path);
  }
}

function encodeFunction(writer: WireWriter, tool: Extract<Tool, { kind: 'function' }>, path: string): JsonObject {
  writer.losses.extras(tool.extras, 'openai-chat', path);
  const fields = Object.entries(tool.extras?.dialect === 'openai-chat' ? tool.extras.fields : {});
  const inner = fields.filter(([name]) => name.startsWith('function.')).map(([name, value]) => [name.slice(9), value]);
  const outer = fields.filter(([name]) => !name.startsWith('function.'));
  const described: JsonObject = {
    name: tool.name,
    ...(tool.description === null ? {} : { description: tool.description }),
    ...parametersOf(writer, tool.parameters),
    ...(tool.strict === null ? {} : { strict: tool.strict }),
    ...Object.fromEntries(inner),
  };
  return { type: 'function', function: described, ...Object.fromEntries(outer), ...cacheMember(writer, tool) };
}

/** OpenAI takes a function without parameters; Mistral demands a schema of none. */
function parametersOf({ dialect }: WireWriter, parameters: JsonObject | null): JsonObject {
  if (parameters !== null) return { parameters };
  return dialect === 'mistral-chat' ? { parameters: { type: 'object', properties: {} } } : {};
}

function encodeServerTool(writer: WireWriter, tool: ServerTool, path: string): JsonObject[] {
  const isMember = tool.value['type'] === SEARCH_OPTIONS || tool.value['type'] === WEB_PLUGIN;
  if (tool.dialect === 'openai-chat' && isMember) return [];
  if (tool.dialect === 'openai-chat' && isKnownTool(writer, tool)) return [tool.value];
  if (isSearchOption(tool, writer)) writer.losses.approximated(path);
  else writer.losses.dropped(path);
  return [];
}

/** Tools that run at Mistral. */
const MISTRAL_TOOLS: ReadonlySet<unknown> = new Set([
  'web_search',
  'web_search_premium',
  'code_interpreter',
  'image_generation',
  'document_library',
  'connector',
]);

/** Servers of this wire have tools of their own, and their callers name them; Mistral answers 422 to a type it does not know. */
function isKnownTool({ dialect }: WireWriter, tool: ServerTool): boolean {
  return dialect !== 'mistral-chat' || MISTRAL_TOOLS.has(tool.value['type']);
}

function encodeChoice(writer: WireWriter, choice: ToolChoice): unknown {
  switch (choice.kind) {
    case 'auto':
    case 'none':
      return choice.kind;
    case 'required':
      return writer.dialect === 'mistral-chat' ? 'any' : choice.kind;
    case 'tool':
      return choice.variant === 'custom'
        ? { type: 'custom', custom: { name: choice.name } }
        : { type: 'function', function: { name: choice.name } };
    case 'allowed':
      return encodeAllowed(writer, choice);
    case 'opaque':
      if (choice.dialect === 'openai-chat') return choice.value;
      writer.losses.dropped('tool_choice');
      return null;
  }
}

function encodeAllowed(writer: WireWriter, { mode, names }: Extract<ToolChoice, { kind: 'allowed' }>): unknown {
  if (writer.rejects('tool_choice.allowed_tools'))
    return encodeChoice(writer, mode === 'required' ? { kind: 'required' } : { kind: 'auto' });
  const tools = names.map((name) => ({ type: 'function', function: { name } }));
  return { type: 'allowed_tools', allowed_tools: { mode, tools } };
}
