import type { DialectId, JsonObject } from '../canonical/part.js';
import type { CallIdRule } from '../canonical/tool-call-id.js';

/** The name of this dialect in seals, extras and losses. */
export const ME = 'anthropic-messages';

/**
 * Whether objects of that dialect are objects of this one. A family of seals is larger: Converse's signatures are Claude's, but its blocks and
 * tools are its own.
 */
export function hasOwnBodies(dialect: DialectId): boolean {
  return dialect === ME || dialect === 'bedrock-invoke';
}

/** `anthropic-version`, a header at Anthropic itself; at Vertex and Bedrock a member of the body that also says which host it is. */
export const API_VERSION = '2023-06-01';
export const HOST_VERSIONS = { vertex: 'vertex-2023-10-16', bedrock: 'bedrock-2023-05-31' } as const;

/** Where Claude is hosted: the same messages, other paths, versions and betas. */
export type ClaudeHost = 'direct' | 'vertex' | 'bedrock';

/** What `tool_use` ids may look like; Kimi's `functions.add:0` may not. */
export const CALL_ID_RULE: CallIdRule = { pattern: /^[a-zA-Z0-9_-]+$/, maxLength: 64 };

export const TOOL_NAME_CHARACTERS_MAX = 128;

/** Any tool name as one that is legal here: Gemini's may have dots and colons. */
export function legalToolName(name: string, ending: string): string {
  const legal = name.replace(/[^a-zA-Z0-9_-]/g, '_').slice(0, TOOL_NAME_CHARACTERS_MAX);
  return ending === '' ? legal : `${legal.slice(0, 120)}${ending}`;
}

/** A name with nothing in it cannot be sent at all (T19). */
export function isBlank(text: string): boolean {
  return text.trim() === '';
}

/** Types of the blocks a provider's own tool writes: its call, and (`…_tool_result`) what came back. */
const SERVER_CALLS: ReadonlySet<unknown> = new Set(['server_tool_use', 'mcp_tool_use']);

export function isServerCall(type: unknown): boolean {
  return SERVER_CALLS.has(type);
}

export function isServerResult(type: unknown): boolean {
  return typeof type === 'string' && type.endsWith('_tool_result');
}

/** The named members that were said: neither undefined nor null. */
export function saidMembers(members: JsonObject): JsonObject {
  const said: Record<string, unknown> = {};
  for (const key in members) if (members[key] !== undefined && members[key] !== null) said[key] = members[key];
  return said;
}
