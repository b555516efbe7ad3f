import type { Losses } from '../canonical/loss.js';
import type { Extras, JsonObject, ServerToolKind } from '../canonical/part.js';
import type { FailureCode, RequestFailure } from '../failure.js';

export const DIALECT = 'openai-responses';

/** What OpenAI takes as a call_id. */
export const CALL_ID_RULE = { pattern: /^[\x21-\x7e]+$/, maxLength: 64 } as const;

export const SEALS_WANTED = 'reasoning.encrypted_content';
export const LOGPROBS_WANTED = 'message.output_text.logprobs';

/** OpenAI takes no smaller output maximum than this. */
export const OUTPUT_MIN = 16;

export interface ServerItem {
  readonly tool: ServerToolKind;
  readonly role: 'call' | 'result' | 'both';
}

/** Items of tools that are not the caller's functions (wire-behaviours 13), by type. Every other unknown type is opaque. */
export const SERVER_ITEMS: ReadonlyMap<string, ServerItem> = new Map<string, ServerItem>([
  ['web_search_call', { tool: 'web_search', role: 'both' }],
  ['x_search_call', { tool: 'web_search', role: 'both' }],
  ['file_search_call', { tool: 'file_search', role: 'both' }],
  ['code_interpreter_call', { tool: 'code_execution', role: 'both' }],
  ['image_generation_call', { tool: 'image_generation', role: 'both' }],
  ['computer_call', { tool: 'computer', role: 'call' }],
  ['computer_call_output', { tool: 'computer', role: 'result' }],
  ['mcp_list_tools', { tool: 'mcp', role: 'result' }],
  ['mcp_call', { tool: 'mcp', role: 'both' }],
  ['mcp_approval_request', { tool: 'mcp', role: 'call' }],
  ['mcp_approval_response', { tool: 'mcp', role: 'result' }],
  ['local_shell_call', { tool: 'other', role: 'call' }],
  ['local_shell_call_output', { tool: 'other', role: 'result' }],
  ['shell_call', { tool: 'other', role: 'call' }],
  ['shell_call_output', { tool: 'other', role: 'result' }],
  ['apply_patch_call', { tool: 'other', role: 'call' }],
  ['apply_patch_call_output', { tool: 'other', role: 'result' }],
  ['tool_search_call', { tool: 'other', role: 'call' }],
  ['tool_search_output', { tool: 'other', role: 'result' }],
]);

/** Tools that run at the provider, by the beginning of their type: dated names (`web_search_2025_08_26`) are the same tool. */
const SERVER_TOOLS: readonly (readonly [string, ServerToolKind])[] = [
  ['web_search', 'web_search'],
  ['x_search', 'web_search'],
  ['file_search', 'file_search'],
  ['code_interpreter', 'code_execution'],
  ['image_generation', 'image_generation'],
  ['computer', 'computer'],
  ['mcp', 'mcp'],
];

export function serverToolKind(type: string): ServerToolKind {
  return SERVER_TOOLS.find(([beginning]) => type.startsWith(beginning))?.[1] ?? 'other';
}

/** Thrown inside of a decoder and caught at its edge: the one way out of deeply nested reading. */
export class RequestProblem extends Error {
  readonly failure: RequestFailure;

  constructor(failure: RequestFailure) {
    super(failure.message);
    this.failure = failure;
  }
}

export function refuse(code: FailureCode, param: string | null, message: string): never {
  throw new RequestProblem({ code, message, param });
}

/** The members of extras that were made by this dialect; those of others are named as losses. */
export function ownFields(extras: Extras | undefined, losses: Losses, path: string): JsonObject {
  if (extras === undefined) return {};
  losses.extras(extras, DIALECT, path);
  return extras.dialect === DIALECT ? extras.fields : {};
}

export function extrasOf(fields: JsonObject | null): { readonly extras?: Extras } {
  return fields === null || Object.keys(fields).length === 0 ? {} : { extras: { dialect: DIALECT, fields } };
}
