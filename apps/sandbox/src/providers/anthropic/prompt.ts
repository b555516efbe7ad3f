import { createHash } from 'node:crypto';
import { tokensOf } from '../openai/tokens.js';
import type { ChatMessage, ChatRequest } from '../openai/wire.js';
import { blocksOf, type ContentBlock, type CountRequest, customToolsOf, type Message } from './wire.js';

/** The prompt as a row of tokens and the ends of its blocks, in the order the vendor caches them: tools, system, messages. */
export interface PromptRow {
  readonly tokens: readonly number[];
  readonly blocks: readonly { readonly end: number; readonly mark: '5m' | '1h' | null }[];
}

/** Stands in the row for what frames a message; no vocabulary has this number. */
const overheadToken = 4_000_000_000;
const overheadPerMessage = 4;
const overheadPerReply = 3;
/** The vendor counts width × height / 750; a picture is not looked at and counts as one of a megapixel. */
const tokensPerImage = 1_334;
const tokensPerDocumentKilobyte = 60;

type Marked = { readonly cache_control?: { readonly ttl?: '5m' | '1h' | undefined } | null | undefined };

/** Counts a request: the row's length is what `count_tokens` answers. */
export function promptRowOf(request: CountRequest): PromptRow {
  const tokens: number[] = [];
  const blocks: { end: number; mark: '5m' | '1h' | null }[] = [];
  const end = (block: Marked): void => void blocks.push({ end: tokens.length, mark: markOf(block) });
  for (const tool of request.tools ?? []) {
    const { cache_control: _mark, ...said } = tool;
    append(tokens, tokensOf(JSON.stringify(said)));
    end(tool as Marked);
  }
  const format = request.output_config?.format ?? request.output_format;
  if (format != null) append(tokens, tokensOf(JSON.stringify(format.schema)));
  for (const block of systemBlocksOf(request.system)) {
    append(tokens, tokensOf(block.text));
    end(block);
  }
  for (const message of request.messages) {
    append(
      tokens,
      Array.from({ length: overheadPerMessage }, () => overheadToken),
    );
    for (const block of blocksOf(message.content)) {
      appendBlock(tokens, block);
      end(block as Marked);
    }
  }
  append(
    tokens,
    Array.from({ length: overheadPerReply }, () => overheadToken),
  );
  const last = blocks.at(-1);
  if (last !== undefined && last.mark === null && request.cache_control != null) last.mark = markOf(request);
  return { tokens, blocks };
}

function markOf(block: Marked): '5m' | '1h' | null {
  return block.cache_control == null ? null : (block.cache_control.ttl ?? '5m');
}

function systemBlocksOf(system: CountRequest['system']): readonly ({ readonly text: string } & Marked)[] {
  return typeof system === 'string' ? [{ text: system }] : (system ?? []);
}

function appendBlock(row: number[], block: ContentBlock): void {
  switch (block.type) {
    case 'text':
      return append(row, tokensOf(block.text));
    case 'image':
      return appendOpaque(row, JSON.stringify(block.source), tokensPerImage);
    case 'document': {
      const content = JSON.stringify(block.source);
      return appendOpaque(row, content, Math.ceil(content.length / 1_024) * tokensPerDocumentKilobyte);
    }
    case 'tool_use':
      return append(row, tokensOf(`${block.name}${JSON.stringify(block.input)}`));
    case 'tool_result':
      if (!Array.isArray(block.content)) return append(row, tokensOf(block.content ?? ''));
      for (const part of block.content) appendBlock(row, part as ContentBlock);
      return;
    case 'thinking':
      return append(row, tokensOf(block.thinking));
    case 'redacted_thinking':
      return;
    default: {
      const { cache_control: _mark, ...said } = block;
      return append(row, tokensOf(JSON.stringify(said)));
    }
  }
}

function append(row: number[], tokens: readonly number[]): void {
  for (const token of tokens) row.push(token);
}

function appendOpaque(row: number[], content: string, count: number): void {
  const token = createHash('sha256').update(content).digest().readUInt32LE(0);
  for (let added = 0; added < count; added += 1) row.push(token);
}

/** The request in the words of the sandbox's own answer machine: what is asked, with which tools, in which form. */
export function spokenRequestOf(request: CountRequest): ChatRequest {
  const tools = customToolsOf(request.tools).filter((tool) => tool.defer_loading !== true);
  const format = request.output_config?.format ?? request.output_format;
  return {
    model: request.model,
    messages: [
      ...systemBlocksOf(request.system).map((block): ChatMessage => ({ role: 'system', content: block.text })),
      ...request.messages.flatMap(chatMessagesOf),
    ],
    ...(tools.length === 0
      ? {}
      : {
          tools: tools.map((tool) => ({
            type: 'function',
            function: { name: tool.name, description: tool.description, parameters: tool.input_schema },
          })),
          tool_choice: toolChoiceOf(request.tool_choice),
          parallel_tool_calls: !(
            request.tool_choice !== undefined &&
            'disable_parallel_tool_use' in request.tool_choice &&
            request.tool_choice.disable_parallel_tool_use === true
          ),
        }),
    ...(format == null
      ? {}
      : { response_format: { type: 'json_schema', json_schema: { name: 'output', schema: format.schema } } }),
  };
}

function toolChoiceOf(choice: CountRequest['tool_choice']): NonNullable<ChatRequest['tool_choice']> {
  switch (choice?.type) {
    case 'any':
      return 'required';
    case 'none':
      return 'none';
    case 'tool':
      return { type: 'function', function: { name: choice.name } };
    default:
      return 'auto';
  }
}

function chatMessagesOf(message: Message): ChatMessage[] {
  const blocks = blocksOf(message.content);
  const text = blocks.map((block) => (block.type === 'text' ? block.text : '')).join('');
  if (message.role === 'system') return [{ role: 'system', content: text }];
  if (message.role === 'assistant') {
    const calls = blocks.flatMap((block) =>
      block.type === 'tool_use'
        ? [{ id: block.id, function: { name: block.name, arguments: JSON.stringify(block.input) } }]
        : [],
    );
    return [{ role: 'assistant', content: text, ...(calls.length === 0 ? {} : { tool_calls: calls }) }];
  }
  const results = blocks.flatMap((block): ChatMessage[] =>
    block.type === 'tool_result'
      ? [{ role: 'tool', tool_call_id: block.tool_use_id, content: resultTextOf(block) }]
      : [],
  );
  return text === '' && results.length > 0 ? results : [...results, { role: 'user', content: text }];
}

function resultTextOf({ content }: Extract<ContentBlock, { type: 'tool_result' }>): string {
  if (!Array.isArray(content)) return content ?? '';
  return content.map((part) => (part.type === 'text' ? part.text : '')).join('');
}
