import { isObject, list, objects } from '../canonical/json-read.js';
import type { Losses } from '../canonical/loss.js';
import type { JsonObject } from '../canonical/part.js';
import type { ClaudeHost } from './wire.js';

interface BetaRow {
  readonly beta: string;
  /** whether the cloud hosts know the word; a host answers 400 to one it does not know */
  readonly isAtClouds: boolean;
  readonly needs: (body: JsonObject) => boolean;
}

const hasMember = (name: string) => (body: JsonObject) => body[name] !== undefined && body[name] !== null;
const hasTool = (pattern: RegExp) => (body: JsonObject) =>
  objects(body['tools']).some(({ type }) => typeof type === 'string' && pattern.test(type));
const hasToolMember = (names: readonly string[]) => (body: JsonObject) =>
  objects(body['tools']).some((tool) => names.some((name) => tool[name] !== undefined && tool[name] !== null));
const hasEdit = (pattern: RegExp) => (body: JsonObject) =>
  isObject(body['context_management']) &&
  objects(body['context_management']['edits']).some(({ type }) => typeof type === 'string' && pattern.test(type));
const hasOutputConfig = (name: string) => (body: JsonObject) =>
  isObject(body['output_config']) && body['output_config'][name] !== undefined;
const hasBlock = (pattern: RegExp) => (body: JsonObject) =>
  objects(body['messages']).some(({ content }) =>
    objects(content).some(({ type }) => typeof type === 'string' && pattern.test(type)),
  );

const hasSystemInBetween = (body: JsonObject): boolean =>
  objects(body['messages']).some(({ role }) => role === 'system');

/** What of a body must be announced in `anthropic-beta`. Features that left beta are not listed. */
const BETAS: readonly BetaRow[] = [
  { beta: 'mcp-client-2025-11-20', isAtClouds: false, needs: hasTool(/^mcp_toolset$/) },
  {
    beta: 'mcp-client-2025-04-04',
    isAtClouds: false,
    needs: (body) => hasMember('mcp_servers')(body) && !hasTool(/^mcp_toolset$/)(body),
  },
  { beta: 'context-management-2025-06-27', isAtClouds: true, needs: hasEdit(/^clear_/) },
  { beta: 'context-management-2025-06-27', isAtClouds: true, needs: hasTool(/^memory_/) },
  { beta: 'compact-2026-01-12', isAtClouds: true, needs: hasEdit(/^compact_/) },
  {
    beta: 'skills-2025-10-02',
    isAtClouds: false,
    needs: ({ container }) => isObject(container) && container['skills'] !== undefined,
  },
  { beta: 'code-execution-2025-05-22', isAtClouds: false, needs: hasTool(/^code_execution_20250522$/) },
  { beta: 'code-execution-2025-08-25', isAtClouds: false, needs: hasTool(/^code_execution_20250825$/) },
  { beta: 'web-fetch-2025-09-10', isAtClouds: false, needs: hasTool(/^web_fetch_20250910$/) },
  { beta: 'code-execution-web-tools-2026-02-09', isAtClouds: false, needs: hasTool(/^web_(search|fetch)_20260209$/) },
  {
    beta: 'computer-use-2024-10-22',
    isAtClouds: true,
    needs: hasTool(/^(computer|bash|text_editor)_20241022$/),
  },
  {
    beta: 'computer-use-2025-01-24',
    isAtClouds: true,
    needs: hasTool(/^computer_20250124$/),
  },
  { beta: 'computer-use-2025-11-24', isAtClouds: true, needs: hasTool(/^computer_20251124$/) },
  { beta: 'advanced-tool-use-2025-11-20', isAtClouds: false, needs: hasTool(/^tool_search_tool_/) },
  {
    beta: 'advanced-tool-use-2025-11-20',
    isAtClouds: false,
    needs: hasToolMember(['defer_loading', 'allowed_callers', 'input_examples']),
  },
  { beta: 'advisor-tool-2026-03-01', isAtClouds: false, needs: hasTool(/^advisor_/) },
  { beta: 'effort-2025-11-24', isAtClouds: false, needs: hasOutputConfig('effort') },
  { beta: 'task-budgets-2026-03-13', isAtClouds: false, needs: hasOutputConfig('task_budget') },
  { beta: 'fast-mode-2026-02-01', isAtClouds: false, needs: ({ speed }) => speed === 'fast' },
  { beta: 'mid-conversation-system-2026-04-07', isAtClouds: false, needs: hasSystemInBetween },
  {
    beta: 'mid-conversation-tool-changes-2026-07-01',
    isAtClouds: false,
    needs: hasBlock(/^tool_(addition|removal)$/),
  },
];

/**
 * Betas that change how a model answers and that no member of the body tells: only the client's own header does. None of them has a price of its
 * own or opens an account's objects; what does (files, longer context) is not in here.
 */
const FORWARDED: ReadonlyMap<string, { readonly isAtClouds: boolean }> = new Map([
  ['interleaved-thinking-2025-05-14', { isAtClouds: true }],
  ['fine-grained-tool-streaming-2025-05-14', { isAtClouds: true }],
  ['token-efficient-tools-2025-02-19', { isAtClouds: true }],
  ['output-128k-2025-02-19', { isAtClouds: true }],
  ['extended-cache-ttl-2025-04-11', { isAtClouds: false }],
  ['structured-outputs-2025-11-13', { isAtClouds: false }],
  ['claude-code-20250219', { isAtClouds: false }],
  ...BETAS.map(({ beta, isAtClouds }) => [beta, { isAtClouds }] as const),
]);

/** What a client announced, as far as it goes on to this host. */
export function forwardedBetas(announced: unknown, host: ClaudeHost, losses: Losses): readonly string[] {
  return list(announced).filter((beta): beta is string => {
    if (typeof beta !== 'string') return false;
    const known = FORWARDED.get(beta);
    const isForwarded = known !== undefined && (host === 'direct' || known.isAtClouds);
    if (!isForwarded && isBetaName(beta)) losses.dropped(`anthropic-beta.${beta}`);
    return isForwarded;
  });
}

/** A name, and no text of the caller's: it stands in losses. */
function isBetaName(beta: string): boolean {
  return /^[a-z0-9-]{1,60}$/.test(beta);
}

/** The betas a body needs, each once. */
export function betasOf(body: JsonObject, host: ClaudeHost): readonly string[] {
  const needed = BETAS.filter((row) => (host === 'direct' || row.isAtClouds) && row.needs(body));
  return [...new Set(needed.map(({ beta }) => beta))];
}
