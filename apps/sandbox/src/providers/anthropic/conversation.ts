import { opensSeal } from '../seal.js';
import { type AnthropicError, invalidRequest } from './errors.js';
import { traitsOf } from './models.js';
import { blocksOf, type ContentBlock, type CountRequest, type Message } from './wire.js';

/** The issuer of thinking signatures: one for all platforms, as the vendor's signatures are. */
export const thinkingIssuer = 'anthropic thinking';
export const redactedIssuer = 'anthropic redacted';

/** Checks what the messages say after one another. Turns of one role may follow each other: they count as one. */
export function conversationError(
  request: CountRequest,
  door: { readonly checksSignatures: boolean },
): AnthropicError | null {
  const { messages } = request;
  const [first] = messages;
  if (first === undefined) return invalidRequest('messages: at least one message is required');
  if (first.role === 'assistant') return invalidRequest('messages: first message must use the "user" role');
  return (
    systemError(request.system) ??
    contentError(messages) ??
    (door.checksSignatures ? signatureError(messages) : null) ??
    toolPairingError(messages) ??
    endingError(request)
  );
}

function systemError(system: CountRequest['system']): AnthropicError | null {
  if (system === undefined || typeof system === 'string') return null;
  return system.some((block) => block.text === '')
    ? invalidRequest('system: text content blocks must be non-empty')
    : null;
}

function contentError(messages: readonly Message[]): AnthropicError | null {
  for (const [index, message] of messages.entries()) {
    const blocks = blocksOf(message.content);
    const isOptional = index === messages.length - 1 && message.role === 'assistant';
    const isEmpty = blocks.length === 0 || message.content === '';
    if (isEmpty && !isOptional)
      return invalidRequest(
        `messages.${index}: all messages must have non-empty content except for the optional final assistant message`,
      );
    for (const [at, block] of blocks.entries()) {
      const error = isEmpty ? null : blockError(block, message.role, `messages.${index}`, at);
      if (error !== null) return error;
    }
  }
  return null;
}

const assistantOnly = new Set(['tool_use', 'thinking', 'redacted_thinking', 'server_tool_use', 'mcp_tool_use']);
const userOnly = new Set(['tool_result', 'image', 'search_result']);

function blockError(block: ContentBlock, role: Message['role'], place: string, at: number): AnthropicError | null {
  if (role === 'user' && assistantOnly.has(block.type))
    return invalidRequest(`${place}: \`${block.type}\` blocks can only be in \`assistant\` messages`);
  if (role === 'assistant' && userOnly.has(block.type))
    return invalidRequest(`${place}: \`${block.type}\` blocks can only be in \`user\` messages`);
  const texts =
    block.type === 'text'
      ? [block.text]
      : block.type === 'tool_result' && Array.isArray(block.content)
        ? block.content.flatMap((part) => (part.type === 'text' ? [part.text] : []))
        : [];
  if (texts.includes('')) return invalidRequest('messages: text content blocks must be non-empty');
  if (texts.some((text) => text.trim() === ''))
    return invalidRequest('messages: text content blocks must contain non-whitespace text');
  if (block.type === 'tool_result' && block.is_error === true && !hasOnlyText(block))
    return invalidRequest(
      `${place}.content.${at}.tool_result: all content must be type "text" if \`is_error\` is true`,
    );
  return null;
}

function hasOnlyText(block: Extract<ContentBlock, { type: 'tool_result' }>): boolean {
  return !Array.isArray(block.content) || block.content.every((part) => part.type === 'text');
}

function signatureError(messages: readonly Message[]): AnthropicError | null {
  for (const [index, message] of messages.entries()) {
    for (const [at, block] of blocksOf(message.content).entries()) {
      if (block.type === 'thinking' && !opensSeal(thinkingIssuer, block.thinking, block.signature))
        return invalidRequest(`messages.${index}.content.${at}: Invalid \`signature\` in \`thinking\` block`);
      if (block.type === 'redacted_thinking' && !opensSeal(redactedIssuer, '', block.data))
        return invalidRequest(`messages.${index}.content.${at}: Invalid \`data\` in \`redacted_thinking\` block`);
    }
  }
  return null;
}

/** One turn: what messages of the same role in a row come to, and the index of the first of them. */
interface Turn {
  readonly role: Message['role'];
  readonly index: number;
  readonly blocks: readonly ContentBlock[];
}

function turnsOf(messages: readonly Message[]): Turn[] {
  const turns: Turn[] = [];
  for (const [index, message] of messages.entries()) {
    const blocks = blocksOf(message.content);
    const last = turns.at(-1);
    if (last?.role === message.role) turns[turns.length - 1] = { ...last, blocks: [...last.blocks, ...blocks] };
    else turns.push({ role: message.role, index, blocks });
  }
  return turns;
}

function toolPairingError(messages: readonly Message[]): AnthropicError | null {
  const turns = turnsOf(messages);
  for (const [at, turn] of turns.entries()) {
    const uses = usesOf(turn);
    if (new Set(uses).size < uses.length)
      return invalidRequest(`messages.${turn.index}: \`tool_use\` ids must be unique`);
    const next = turns[at + 1];
    const answered = new Set(next === undefined ? [] : leadingResultsOf(next));
    const open = uses.filter((id) => !answered.has(id));
    if (next !== undefined && open.length > 0)
      return invalidRequest(
        `messages.${turn.index}: \`tool_use\` ids were found without \`tool_result\` blocks immediately after: ${open.join(', ')}. Each \`tool_use\` block must have a corresponding \`tool_result\` block in the next message.`,
      );
    const stray = strayResultOf(turn, new Set(at === 0 ? [] : usesOf(turns[at - 1])));
    if (stray !== null) return stray;
  }
  return null;
}

function usesOf(turn: Turn | undefined): string[] {
  return (turn?.blocks ?? []).flatMap((block) => (block.type === 'tool_use' ? [block.id] : []));
}

/** Results must stand before anything else of the turn. */
function leadingResultsOf(turn: Turn): string[] {
  const end = turn.blocks.findIndex((block) => block.type !== 'tool_result');
  return (end < 0 ? turn.blocks : turn.blocks.slice(0, end)).flatMap((block) =>
    block.type === 'tool_result' ? [block.tool_use_id] : [],
  );
}

function strayResultOf(turn: Turn, uses: ReadonlySet<string>): AnthropicError | null {
  const answered = new Set<string>();
  for (const [at, block] of turn.blocks.entries()) {
    if (block.type !== 'tool_result') continue;
    const id = block.tool_use_id;
    if (!uses.has(id))
      return invalidRequest(
        `messages.${turn.index}.content.${at}: unexpected \`tool_use_id\` found in \`tool_result\` blocks: ${id}. Each \`tool_result\` block must have a corresponding \`tool_use\` block in the previous message.`,
      );
    if (answered.has(id))
      return invalidRequest(
        `messages.${turn.index}.content.${at}: each tool_use must have a single result. Found multiple \`tool_result\` blocks with id: ${id}`,
      );
    answered.add(id);
  }
  return null;
}

/** What the end of the conversation may look like: a prefill, and thinking that must lead a turn of tools. */
function endingError(request: CountRequest): AnthropicError | null {
  const turns = turnsOf(request.messages);
  const last = turns.at(-1);
  if (last?.role === 'assistant') return prefillError(request, last);
  const previous = turns.at(-2);
  const first = previous?.blocks[0];
  const isToolTurn = last?.blocks[0]?.type === 'tool_result';
  if (request.thinking?.type !== 'enabled' || !isToolTurn || previous === undefined || first === undefined) return null;
  if (first.type === 'thinking' || first.type === 'redacted_thinking') return null;
  return invalidRequest(
    `messages.${previous.index}.content.0.type: Expected \`thinking\` or \`redacted_thinking\`, but found \`${first.type}\`. When \`thinking\` is enabled, a final \`assistant\` message must start with a thinking block (preceeding the lastmost set of \`tool_use\` and \`tool_result\` blocks). We recommend you include thinking blocks from previous turns. To avoid this requirement, disable \`thinking\`. Please consult our documentation at https://docs.claude.com/en/docs/build-with-claude/extended-thinking`,
  );
}

function prefillError(request: CountRequest, turn: Turn): AnthropicError | null {
  const lastBlock = turn.blocks.at(-1);
  const isPaused =
    lastBlock !== undefined && /^(?:server_tool_use|.*_tool_result|mcp_tool_use|compaction)$/.test(lastBlock.type);
  if (isPaused) return null;
  const openUses = usesOf(turn);
  if (openUses.length > 0)
    return invalidRequest(
      `messages.${turn.index}: \`tool_use\` ids were found without \`tool_result\` blocks immediately after: ${openUses.join(', ')}. Each \`tool_use\` block must have a corresponding \`tool_result\` block in the next message.`,
    );
  if (!traitsOf(request.model).takesPrefill)
    return invalidRequest(
      'This model does not support assistant message prefill. The conversation must end with a user message.',
    );
  if (request.thinking?.type === 'enabled')
    return invalidRequest(
      `messages.${turn.index}.content.0.type: Expected \`thinking\` or \`redacted_thinking\`, but found \`${turn.blocks[0]?.type ?? 'text'}\`. When \`thinking\` is enabled, a final \`assistant\` message must start with a thinking block. To avoid this requirement, disable \`thinking\`. Please consult our documentation at https://docs.claude.com/en/docs/build-with-claude/extended-thinking`,
    );
  return lastBlock?.type === 'text' && lastBlock.text !== lastBlock.text.trimEnd()
    ? invalidRequest('messages: final assistant content cannot end with trailing whitespace')
    : null;
}
