import { isObject, parseObject } from './json-read.js';
import type { Tool } from './request.js';
import { argumentsText } from './tool-arguments.js';

/** A tool of free text where a wire has only functions: the text is the one argument. */
export const CUSTOM_PARAMETERS = {
  type: 'object',
  properties: { input: { type: 'string' } },
  required: ['input'],
} as const;

/** Which tools' calls are to be unwrapped. */
export function customToolNames(tools: readonly Tool[]): ReadonlySet<string> {
  return new Set(tools.flatMap((tool) => (tool.kind === 'custom' ? [tool.name] : [])));
}

/** The free text of a call whose arguments came as an object; a model that wrote something else is taken at its word. */
export function customText(input: unknown): string {
  const said = isObject(input) ? input['input'] : undefined;
  return typeof said === 'string' ? said : argumentsText(input);
}

/** The same for arguments that came as JSON text, which is kept as it is where it is no such object. */
export function customTextOf(written: string): string {
  const said = parseObject(written)?.['input'];
  return typeof said === 'string' ? said : written;
}
