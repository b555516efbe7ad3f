import { fitToolSchema } from '../anthropic-messages/tool-schema.js';
import { CUSTOM_PARAMETERS } from '../canonical/custom-tool.js';
import { isObject, objects, otherMembers, text } from '../canonical/json-read.js';
import type { JsonObject } from '../canonical/part.js';
import type { CanonicalRequest, Tool, ToolChoice } from '../canonical/request.js';
import { callersWord } from '../canonical/request-words.js';
import { readCachePoint } from './block-reader.js';
import { cachePoint, isBlank, type Writing } from './block-writer.js';
import { ME } from './wire.js';

/**
 * `toolConfig`, or null where the model is to have no tools. There is no way to say `none`: the tools are left out then, which is what it means,
 * and what the history holds of them becomes words (T16).
 */
export function encodeTools(request: CanonicalRequest, writing: Writing): JsonObject | null {
  const { toolChoice: choice } = request;
  const field = callersWord(request.dialect, 'toolChoice');
  const tools = request.tools.flatMap((tool, index) =>
    isOffered(tool, choice) ? encodeTool(tool, `${callersWord(request.dialect, 'tools')}[${index}]`, writing) : [],
  );
  if (tools.length === 0) {
    if (choice !== null && choice.kind !== 'auto' && choice.kind !== 'none') writing.losses.dropped(field);
    return null;
  }
  if (choice?.kind === 'none') {
    writing.losses.approximated(field);
    return null;
  }
  const encoded = choice === null ? null : encodeChoice(choice, field, writing);
  return { tools, ...(encoded === null ? {} : { toolChoice: encoded }) };
}

function isOffered(tool: Tool, choice: ToolChoice | null): boolean {
  return choice?.kind !== 'allowed' || tool.kind === 'server' || choice.names.includes(tool.name);
}

function encodeTool(tool: Tool, at: string, writing: Writing): readonly JsonObject[] {
  const { losses, traits, names } = writing;
  if (tool.kind === 'server') {
    if (tool.dialect === ME) return [tool.value];
    losses.dropped(at);
    return [];
  }
  losses.extras(tool.extras, ME, at);
  if (tool.kind === 'custom') losses.approximated(at);
  const strict = tool.kind === 'function' ? tool.strict : null;
  if (strict === true && !traits.hasStrictTools) losses.dropped(`${at}.strict`);
  const toolSpec = {
    name: names.wireOf(tool.name),
    ...(tool.description === null || isBlank(tool.description) ? {} : { description: tool.description }),
    inputSchema: { json: tool.kind === 'custom' ? CUSTOM_PARAMETERS : schemaOf(tool.parameters, at, writing) },
    ...(strict !== null && traits.hasStrictTools ? { strict } : {}),
    ...(tool.extras?.dialect === ME ? tool.extras.fields : {}),
  };
  if (tool.cache === undefined) return [{ toolSpec }];
  if (traits.hasToolCachePoints) return [{ toolSpec }, cachePoint(tool.cache, `${at}.cache_control`, traits, losses)];
  losses.dropped(`${at}.cache_control`);
  return [{ toolSpec }];
}

/** The schema of arguments is always one of an object, and must say so (T07). */
function schemaOf(parameters: JsonObject | null, at: string, { losses }: Writing): JsonObject {
  const { schema, isChanged } = fitToolSchema(parameters);
  if (isChanged) losses.approximated(`${at}.parameters`);
  return schema;
}

function encodeChoice(choice: ToolChoice, field: string, writing: Writing): JsonObject | null {
  const { traits, losses } = writing;
  const auto = traits.toolChoices.length > 0 ? { auto: {} } : null;
  switch (choice.kind) {
    case 'none':
    case 'auto':
      return auto;
    case 'allowed':
      losses.approximated(field);
      return choice.mode === 'required' ? encodeChoice({ kind: 'required' }, field, writing) : auto;
    case 'required':
      if (traits.toolChoices.includes('any')) return { any: {} };
      losses.dropped(field);
      return auto;
    case 'tool':
      if (traits.toolChoices.includes('tool')) return { tool: { name: writing.names.wireOf(choice.name) } };
      losses.approximated(field);
      return traits.toolChoices.includes('any') ? { any: {} } : auto;
    case 'opaque':
      if (choice.dialect === ME && isObject(choice.value)) return choice.value;
      losses.dropped(field);
      return auto;
  }
}

/** Whether the model must call something: Claude does not think then. */
export function forcesTool(toolConfig: JsonObject | null): boolean {
  const choice = toolConfig?.['toolChoice'];
  return isObject(choice) && (choice['any'] !== undefined || choice['tool'] !== undefined);
}

// --- reading (recorded requests) ------------------------------------------------------------------------------------------

const SPEC_MEMBERS = new Set(['name', 'description', 'inputSchema', 'strict']);

export function decodeTools(toolConfig: unknown): readonly Tool[] {
  const tools: Tool[] = [];
  for (const entry of objects(isObject(toolConfig) ? toolConfig['tools'] : null)) {
    const mark = readCachePoint(entry);
    const last = tools.at(-1);
    if (mark !== null && last !== undefined && last.kind !== 'server')
      tools[tools.length - 1] = { ...last, cache: mark };
    else tools.push(decodeTool(entry));
  }
  return tools;
}

function decodeTool(entry: JsonObject): Tool {
  const spec = entry['toolSpec'];
  if (!isObject(spec)) return { kind: 'server', tool: 'other', search: null, dialect: ME, value: entry };
  const schema = spec['inputSchema'];
  const extras = otherMembers(spec, SPEC_MEMBERS);
  return {
    kind: 'function',
    name: text(spec['name']) ?? '',
    description: text(spec['description']),
    parameters: isObject(schema) && isObject(schema['json']) ? schema['json'] : null,
    strict: typeof spec['strict'] === 'boolean' ? spec['strict'] : null,
    ...(extras === null ? {} : { extras: { dialect: ME, fields: extras } }),
  };
}

export function decodeChoice(toolConfig: unknown): ToolChoice | null {
  const choice = isObject(toolConfig) ? toolConfig['toolChoice'] : null;
  if (!isObject(choice)) return null;
  if (isObject(choice['auto'])) return { kind: 'auto' };
  if (isObject(choice['any'])) return { kind: 'required' };
  const tool = choice['tool'];
  if (isObject(tool)) return { kind: 'tool', name: text(tool['name']) ?? '', variant: 'function' };
  return { kind: 'opaque', dialect: ME, value: choice };
}
