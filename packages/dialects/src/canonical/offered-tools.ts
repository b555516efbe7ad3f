import type { JsonObject } from './part.js';
import type { Tool, ToolChoice } from './request.js';

/** Whether a tool is offered to a provider that cannot be told which one to take: one that is named is offered alone. */
export function isOffered(tool: Tool, choice: ToolChoice | null): boolean {
  if (tool.kind === 'server') return true;
  if (choice?.kind === 'tool') return choice.name === tool.name;
  return choice?.kind !== 'allowed' || choice.names.includes(tool.name);
}

const NO_ARGUMENTS = { type: 'object', properties: {} } as const;

/** The schema of arguments is one of an object, and says so (T07). */
export function objectSchema(parameters: JsonObject | null): JsonObject {
  if (parameters === null) return NO_ARGUMENTS;
  return parameters['type'] === undefined ? { ...parameters, type: 'object' } : parameters;
}
