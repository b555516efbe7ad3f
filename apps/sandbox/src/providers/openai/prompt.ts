import { createHash } from 'node:crypto';
import type { TextQuestion } from '../../answers/text-answer.js';
import { tokensOf } from './tokens.js';
import type { ChatMessage, ChatRequest } from './wire.js';

/** Stands in the token row for the overhead OpenAI documents; no vocabulary has this number. */
const overheadToken = 4_000_000_000;
const overheadPerMessage = 3;
const overheadPerReply = 3;
const overheadPerName = 1;
const imageTokensLow = 85;
/** A 1024×1024 picture at high detail: 85 + 4 tiles of 170. The picture itself is not looked at. */
const imageTokensHigh = 765;
const audioTokensPerKilobyte = 4;
const fileTokensPerKilobyte = 60;

/**
 * The prompt as a row of tokens; its length is `prompt_tokens`. Tools come first, as in the vendor's cache order, then 3 tokens for each
 * message, its role, content and name (+1), and 3 to prime the reply: the count OpenAI's cookbook documents.
 */
export function promptTokensOf(request: ChatRequest): number[] {
  const row: number[] = [];
  if (request.tools != null) appendTokens(row, tokensOf(JSON.stringify(request.tools)));
  if (request.response_format?.type === 'json_schema')
    appendTokens(row, tokensOf(JSON.stringify(request.response_format.json_schema)));
  for (const message of request.messages) appendMessage(row, message);
  appendOverhead(row, overheadPerReply);
  return row;
}

function appendMessage(row: number[], message: ChatMessage): void {
  appendOverhead(row, overheadPerMessage);
  appendTokens(row, tokensOf(message.role));
  if (typeof message.content === 'string') appendTokens(row, tokensOf(message.content));
  else for (const part of message.content ?? []) appendPart(row, part);
  if (message.name != null) {
    appendTokens(row, tokensOf(message.name));
    appendOverhead(row, overheadPerName);
  }
  for (const call of message.tool_calls ?? [])
    appendTokens(row, tokensOf(`${call.function?.name ?? ''}${call.function?.arguments ?? ''}`));
}

type ContentPart = Exclude<ChatMessage['content'], string | null | undefined>[number];

function appendPart(row: number[], part: ContentPart): void {
  const { content, count } = weighed(part);
  if (count === null) appendTokens(row, tokensOf(content));
  else appendOpaque(row, content, count);
}

/** What a part is counted by: its text (count null), or content that only has a size. */
function weighed(part: ContentPart): { readonly content: string; readonly count: number | null } {
  switch (part.type) {
    case 'text':
      return { content: part.text, count: null };
    case 'refusal':
      return { content: part.refusal, count: null };
    case 'image_url':
      return { content: part.image_url.url, count: part.image_url.detail === 'low' ? imageTokensLow : imageTokensHigh };
    case 'input_audio': {
      const { data } = part.input_audio;
      return { content: data, count: kilobytes((data.length * 3) / 4) * audioTokensPerKilobyte };
    }
    case 'file': {
      const content = JSON.stringify(part.file);
      return { content, count: kilobytes(content.length) * fileTokensPerKilobyte };
    }
  }
}

function kilobytes(bytes: number): number {
  return Math.ceil(bytes / 1_024);
}

function appendTokens(row: number[], tokens: readonly number[]): void {
  for (const token of tokens) row.push(token);
}

function appendOverhead(row: number[], count: number): void {
  for (let added = 0; added < count; added += 1) row.push(overheadToken);
}

/** Something that is not text takes its count of one number made from its content, so that the same content is the same prefix. */
function appendOpaque(row: number[], content: string, count: number): void {
  const token = createHash('sha256').update(content).digest().readUInt32LE(0);
  for (let added = 0; added < count; added += 1) row.push(token);
}

/** The text of a message, without its pictures and sounds. */
export function textOf(message: ChatMessage): string {
  if (typeof message.content === 'string') return message.content;
  return (message.content ?? [])
    .map((part) => (part.type === 'text' ? part.text : part.type === 'refusal' ? part.refusal : ''))
    .join('');
}

/** What the conversation asks: the last words of the user, the instructions, and tool results that came after. */
export function questionOf(messages: readonly ChatMessage[]): TextQuestion {
  const prompt = messages.findLast((message) => message.role === 'user');
  const instructions = messages
    .filter((message) => message.role === 'system' || message.role === 'developer')
    .map(textOf);
  return {
    prompt: prompt === undefined ? '' : textOf(prompt),
    instructions: instructions.join('\n'),
    toolResults: toolResultsOf(messages),
  };
}

function toolResultsOf(messages: readonly ChatMessage[]): TextQuestion['toolResults'] {
  const names = new Map(
    messages.flatMap((message) =>
      (message.tool_calls ?? []).map((call) => [call.id, call.function?.name ?? 'tool'] as const),
    ),
  );
  const firstResult = messages.findLastIndex((message) => message.role !== 'tool') + 1;
  return messages
    .slice(firstResult)
    .map((message) => ({ name: names.get(message.tool_call_id ?? '') ?? 'tool', content: textOf(message) }));
}
