import type { Frame } from '../../attempt/reply-plan.js';
import type { Piece } from '../openai/tokens.js';

/** A part of a candidate before it is on the wire, with the tokens it is of what was said or thought. */
export interface ReplyPart {
  readonly json: Readonly<Record<string, unknown>>;
  readonly tokens: number;
  readonly thinkingTokens: number;
}

/** Token counts as Google reports them: the cache is inside the prompt, thoughts beside the candidates. */
export interface ReportedUsage {
  readonly promptTokens: number;
  readonly cachedTokens: number;
  readonly candidatesTokens: number;
  readonly thoughtsTokens: number;
}

/** Everything of a reply. Without `usage` it is left out. */
export interface Reply {
  readonly model: string;
  readonly responseId: string;
  readonly createTime: string;
  readonly parts: readonly ReplyPart[];
  readonly finishReason: string | null;
  readonly usage: ReportedUsage | null;
  readonly isVertex: boolean;
  /** The prompt was refused: an answer without candidates. */
  readonly isBlocked: boolean;
}

/** The body of a reply that is not streamed. Texts in a row are one part. */
export function replyBody(reply: Reply): Record<string, unknown> {
  return chunkOf(reply, merged(reply.parts), reply.finishReason, reply.usage, false);
}

/** How the answers of a stream are put in a row. */
export type StreamForm = 'sse' | 'array';

/**
 * The chunks of a streamed reply. With `alt=sse` server-sent events with CRLF, otherwise one JSON array that grows. Usage stands on every
 * chunk and grows with it; Vertex says only the kind of traffic before the last.
 */
export function replyFrames(reply: Reply, form: StreamForm): Frame[] {
  const parts = reply.parts.length === 0 ? [null] : reply.parts;
  let candidatesTokens = 0;
  let thoughtsTokens = reply.parts.some((part) => part.thinkingTokens > 0) ? 0 : (reply.usage?.thoughtsTokens ?? 0);
  return parts.map((part, index) => {
    const isLast = index === parts.length - 1;
    candidatesTokens += part?.tokens ?? 0;
    thoughtsTokens += part?.thinkingTokens ?? 0;
    const usage = reply.usage === null || isLast ? reply.usage : { ...reply.usage, candidatesTokens, thoughtsTokens };
    const chunk = chunkOf(reply, part === null ? [] : [part.json], isLast ? reply.finishReason : null, usage, !isLast);
    return {
      payload: framed(escaped(JSON.stringify(chunk)), form, index === 0, isLast),
      tokens: part?.tokens ?? 0,
      ...(part !== null && part.thinkingTokens > 0 ? { thinkingTokens: part.thinkingTokens } : {}),
      carriesUsage: isLast && usage !== null,
    };
  });
}

/** Google escapes what ends a line in some readers, and what is markup in others. */
function escaped(json: string): string {
  return json.replace(/[\u2028\u2029<>&]/g, (one) => `\\u${one.charCodeAt(0).toString(16).padStart(4, '0')}`);
}

function framed(json: string, form: StreamForm, isFirst: boolean, isLast: boolean): string {
  if (form === 'sse') return `data: ${json}\r\n\r\n`;
  return `${isFirst ? '[' : ',\r\n'}${json}${isLast ? '\n]' : ''}`;
}

function chunkOf(
  reply: Reply,
  parts: readonly unknown[],
  finishReason: string | null,
  usage: ReportedUsage | null,
  isMore: boolean,
): Record<string, unknown> {
  const content = { ...(parts.length === 0 ? {} : { parts }), role: 'model' };
  const calls = parts.some((part) => typeof part === 'object' && part !== null && 'functionCall' in part);
  const candidate = {
    content,
    ...(finishReason === null ? {} : { finishReason }),
    ...(reply.isVertex ? {} : { index: 0 }),
    ...(calls && finishReason === 'STOP' && !reply.isVertex
      ? { finishMessage: 'Model generated function call(s).' }
      : {}),
  };
  return {
    ...(reply.isBlocked ? { promptFeedback: { blockReason: 'PROHIBITED_CONTENT' } } : { candidates: [candidate] }),
    ...(usage === null ? {} : { usageMetadata: usageMetadata(usage, reply, isMore) }),
    modelVersion: reply.model,
    ...(reply.isVertex ? { createTime: reply.createTime } : {}),
    responseId: reply.responseId,
  };
}

function usageMetadata(usage: ReportedUsage, reply: Reply, isMore: boolean): Record<string, unknown> {
  if (reply.isVertex && isMore) return { trafficType: 'ON_DEMAND' };
  const { promptTokens, cachedTokens, candidatesTokens, thoughtsTokens } = usage;
  const text = (tokenCount: number) => [{ modality: 'TEXT', tokenCount }];
  return {
    promptTokenCount: promptTokens,
    ...(cachedTokens > 0 ? { cachedContentTokenCount: cachedTokens } : {}),
    ...(candidatesTokens > 0 ? { candidatesTokenCount: candidatesTokens } : {}),
    totalTokenCount: promptTokens + candidatesTokens + thoughtsTokens,
    ...(reply.isVertex ? { trafficType: 'ON_DEMAND' } : {}),
    promptTokensDetails: text(promptTokens),
    ...(cachedTokens > 0 ? { cacheTokensDetails: text(cachedTokens) } : {}),
    ...(reply.isVertex && candidatesTokens > 0 ? { candidatesTokensDetails: text(candidatesTokens) } : {}),
    ...(thoughtsTokens > 0 ? { thoughtsTokenCount: thoughtsTokens } : {}),
    ...(reply.isVertex ? {} : { serviceTier: 'standard' }),
  };
}

/** Texts of a kind joined into one part; a signature on the empty text behind them moves onto it. */
function merged(parts: readonly ReplyPart[]): Record<string, unknown>[] {
  const joined: Record<string, unknown>[] = [];
  for (const { json } of parts) {
    const last = joined.at(-1);
    const isSameText =
      typeof json['text'] === 'string' && typeof last?.['text'] === 'string' && json['thought'] === last['thought'];
    if (isSameText) joined[joined.length - 1] = { ...last, ...json, text: `${last['text']}${json['text']}` };
    else joined.push({ ...json });
  }
  return joined;
}

/** Google sends several tokens in a chunk. */
const piecesPerChunk = 4;

/** Text parts of a few tokens each. */
export function textParts(pieces: readonly Piece[], isThought: boolean): ReplyPart[] {
  const parts: ReplyPart[] = [];
  for (let from = 0; from < pieces.length; from += piecesPerChunk) {
    const some = pieces.slice(from, from + piecesPerChunk);
    const text = some.map((piece) => piece.text).join('');
    const tokens = some.reduce((sum, piece) => sum + piece.tokens, 0);
    parts.push({
      json: isThought ? { text, thought: true } : { text },
      tokens: isThought ? 0 : tokens,
      thinkingTokens: isThought ? tokens : 0,
    });
  }
  return parts;
}
