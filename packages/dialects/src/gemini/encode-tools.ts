import { CUSTOM_PARAMETERS } from '../canonical/custom-tool.js';
import { isObject } from '../canonical/json-read.js';
import type { Losses } from '../canonical/loss.js';
import type { DialectId, JsonObject, ServerToolKind } from '../canonical/part.js';
import type { CanonicalRequest, JsonSchema, Tool, ToolChoice } from '../canonical/request.js';
import { callersWord } from '../canonical/request-words.js';
import type { ModelFacts } from './model-facts.js';
import { objectSchema } from './request-tools.js';
import { toGoogleSchema } from './schema.js';

/** Google's tool for a tool of another vendor's; what is not listed has none. */
const EQUIVALENTS: Readonly<Partial<Record<ServerToolKind, string>>> = {
  web_search: 'googleSearch',
  web_fetch: 'urlContext',
  code_execution: 'codeExecution',
};

/** Writes `tools`: all functions in one tool, each of Google's own tools in its own. */
export function encodeTools(request: CanonicalRequest, facts: ModelFacts, losses: Losses): readonly JsonObject[] {
  const functions = request.tools.flatMap((tool, index) =>
    tool.kind === 'server' ? [] : [encodeFunction(tool, facts, `tools[${index}]`, losses)],
  );
  const servers = request.tools.flatMap((tool, index) => {
    if (tool.kind !== 'server') return [];
    const isAlone = functions.length === 0 || facts.combinesTools || tool.dialect === 'gemini';
    const encoded = isAlone ? encodeServerTool(tool, facts, `tools[${index}]`, losses) : null;
    if (encoded === null) losses.dropped(`tools[${index}]`);
    return encoded === null ? [] : [encoded];
  });
  return [...(functions.length === 0 ? [] : [{ functionDeclarations: functions }]), ...servers];
}

function encodeFunction(
  tool: Exclude<Tool, { kind: 'server' }>,
  facts: ModelFacts,
  path: string,
  losses: Losses,
): JsonObject {
  if (tool.cache !== undefined) losses.dropped('cache_control');
  if (tool.kind === 'custom') losses.approximated(path);
  else if (tool.strict !== null) losses.dropped(`${path}.strict`);
  losses.extras(tool.extras, 'gemini', path);
  const parameters = tool.kind === 'custom' ? CUSTOM_PARAMETERS : tool.parameters;
  return {
    name: tool.name,
    ...(tool.description === null || tool.description === '' ? {} : { description: tool.description }),
    ...(parameters === null ? {} : encodeParameters(parameters, facts, path, losses)),
    ...(tool.extras?.dialect === 'gemini' ? tool.extras.fields : {}),
  };
}

function encodeParameters(schema: JsonSchema, facts: ModelFacts, path: string, losses: Losses): JsonObject {
  if (facts.takesJsonSchema) return { parametersJsonSchema: objectSchema(schema) };
  const { schema: converted, dropped } = toGoogleSchema(objectSchema(schema));
  for (const keyword of dropped) losses.dropped(`${path}.parameters.${keyword}`);
  const { properties } = converted;
  const isEmpty = !isObject(properties) || Object.keys(properties).length === 0;
  return isEmpty ? {} : { parameters: converted };
}

function encodeServerTool(
  tool: Extract<Tool, { kind: 'server' }>,
  facts: ModelFacts,
  path: string,
  losses: Losses,
): JsonObject | null {
  if (tool.dialect === 'gemini') return tool.value;
  const name = EQUIVALENTS[tool.tool];
  if (name === undefined) return null;
  const isNarrowed = tool.search !== null && hasOptions(tool.search);
  if (isNarrowed) losses.approximated(path);
  return { [name === 'googleSearch' && facts.generation < 2 ? 'googleSearchRetrieval' : name]: {} };
}

function hasOptions(search: NonNullable<Extract<Tool, { kind: 'server' }>['search']>): boolean {
  const { allowedDomains, blockedDomains, maxUses, contextSize, userLocation } = search;
  const isLimited = allowedDomains.length + blockedDomains.length > 0 || maxUses !== null;
  return isLimited || contextSize !== null || userLocation !== null;
}

/** Writes `toolConfig`, without what only its own dialect has. */
export function encodeToolConfig(
  request: CanonicalRequest,
  tools: readonly JsonObject[],
  facts: ModelFacts,
  isVertex: boolean,
  losses: Losses,
): JsonObject {
  if (request.parallelToolCalls === false) losses.dropped(callersWord(request.dialect, 'parallelToolCalls'));
  const hasFunctions = tools.some((tool) => tool['functionDeclarations'] !== undefined);
  const calling = request.toolChoice === null ? null : encodeChoice(request.toolChoice, request.dialect, losses);
  const isMixed = hasFunctions && tools.length > 1 && facts.combinesTools && !isVertex && request.dialect !== 'gemini';
  return {
    ...(calling === null || !hasFunctions ? {} : { functionCallingConfig: calling }),
    ...(isMixed ? { includeServerSideToolInvocations: true } : {}),
  };
}

function encodeChoice(choice: ToolChoice, dialect: DialectId, losses: Losses): JsonObject | null {
  switch (choice.kind) {
    case 'auto':
      return { mode: 'AUTO' };
    case 'none':
      return { mode: 'NONE' };
    case 'required':
      return { mode: 'ANY' };
    case 'tool':
      return { mode: 'ANY', allowedFunctionNames: [choice.name] };
    case 'allowed':
      // Names are only taken beside ANY and VALIDATED, which lets the model choose between words and these functions.
      return { mode: choice.mode === 'required' ? 'ANY' : 'VALIDATED', allowedFunctionNames: choice.names };
    case 'opaque':
      if (choice.dialect === 'gemini' && isObject(choice.value)) return choice.value;
      losses.dropped(callersWord(dialect, 'toolChoice'));
      return null;
  }
}
