import { streamEvent } from '../aws-event-stream.fixture.js';
import type { JsonObject, Part } from '../canonical/part.js';
import type { CanonicalReply } from '../canonical/reply.js';

/** An answer as Converse would give it: the decoder's counterpart, for the laws. Says the parts `sayable` lists and no others. */
export function converseBody(reply: CanonicalReply): JsonObject {
  const [choice] = reply.choices;
  return {
    metrics: { latencyMs: 1 },
    output: { message: { role: 'assistant', content: (choice?.parts ?? []).map(blockOf) } },
    stopReason: stopReasonOf(reply),
    ...(reply.usage === null ? {} : { usage: usageOf(reply) }),
  };
}

/** The same answer in pieces. */
export function converseStream(reply: CanonicalReply, pieceLength = 3): Buffer {
  const frames = [streamEvent('messageStart', { role: 'assistant', p: 'abc' })];
  for (const [index, part] of (reply.choices[0]?.parts ?? []).entries()) {
    if (part.kind === 'tool_call') {
      const start = { toolUse: { toolUseId: part.id, name: part.name } };
      frames.push(streamEvent('contentBlockStart', { contentBlockIndex: index, start, p: 'a' }));
    }
    for (const delta of deltasOf(part, pieceLength))
      frames.push(streamEvent('contentBlockDelta', { contentBlockIndex: index, delta, p: 'ab' }));
    frames.push(streamEvent('contentBlockStop', { contentBlockIndex: index, p: '' }));
  }
  frames.push(streamEvent('messageStop', { stopReason: stopReasonOf(reply), p: 'abcd' }));
  frames.push(streamEvent('metadata', { ...(reply.usage === null ? {} : { usage: usageOf(reply) }), metrics: {} }));
  return Buffer.concat(frames);
}

function blockOf(part: Part): JsonObject {
  switch (part.kind) {
    case 'text':
      if (part.citations === undefined) return { text: part.text };
      return {
        citationsContent: { content: [{ text: part.text }], citations: part.citations.map(({ raw }) => raw.value) },
      };
    case 'reasoning':
      return { reasoningContent: reasoningOf(part) };
    case 'tool_call':
      return { toolUse: { toolUseId: part.id, name: part.name, input: inputOf(part.arguments, part.variant) } };
    default:
      throw new Error(`Converse's models do not answer with ${part.kind}`);
  }
}

function inputOf(written: string, variant: 'function' | 'custom'): unknown {
  return variant === 'custom' ? { input: written } : JSON.parse(written);
}

function reasoningOf(part: Extract<Part, { kind: 'reasoning' }>): JsonObject {
  if (part.seal?.form === 'redacted') return { redactedContent: Buffer.from(part.seal.value).toString('base64') };
  return { reasoningText: { text: part.text, ...(part.seal === null ? {} : { signature: part.seal.value }) } };
}

function deltasOf(part: Part, length: number): readonly JsonObject[] {
  switch (part.kind) {
    case 'text':
      return [
        ...piecesOf(part.text, length).map((text) => ({ text })),
        ...(part.citations ?? []).map(({ raw }) => ({ citation: raw.value })),
      ];
    case 'reasoning': {
      if (part.seal?.form === 'redacted') return [{ reasoningContent: reasoningOf(part) }];
      const texts = piecesOf(part.text, length).map((text) => ({ reasoningContent: { text } }));
      return part.seal === null ? texts : [...texts, { reasoningContent: { signature: part.seal.value } }];
    }
    case 'tool_call': {
      const written = part.variant === 'custom' ? JSON.stringify({ input: part.arguments }) : part.arguments;
      return ['', ...piecesOf(written, length)].map((input) => ({ toolUse: { input } }));
    }
    default:
      throw new Error(`Converse's models do not answer with ${part.kind}`);
  }
}

/** Never through the middle of a character: JSON text cannot hold half of a surrogate pair. */
function piecesOf(text: string, length: number): readonly string[] {
  const characters = [...text];
  const pieces: string[] = [];
  for (let from = 0; from < characters.length; from += length)
    pieces.push(characters.slice(from, from + length).join(''));
  return pieces;
}

function stopReasonOf({ choices }: CanonicalReply): string {
  switch (choices[0]?.finish?.kind) {
    case 'tool_calls':
      return 'tool_use';
    case 'length':
      return 'max_tokens';
    default:
      return 'end_turn';
  }
}

function usageOf({ usage }: CanonicalReply): JsonObject {
  const input = usage?.input ?? 0;
  const output = usage?.output ?? 0;
  const read = usage?.cache_read ?? 0;
  const written = usage?.cache_write_5m ?? 0;
  return {
    inputTokens: input,
    outputTokens: output,
    totalTokens: input + output + read + written,
    cacheReadInputTokens: read,
    cacheReadInputTokenCount: read,
    cacheWriteInputTokens: written,
    cacheWriteInputTokenCount: written,
  };
}

/** The reply as it comes back: words of Converse for the finish, its own raw objects in citations. */
export function asConverseSays(reply: CanonicalReply): CanonicalReply {
  return {
    ...reply,
    usage: reply.usage === null ? null : withoutZeros(reply.usage),
    choices: reply.choices.map((choice) => ({ ...choice, finishRaw: stopReasonOf(reply) })),
  };
}

function withoutZeros(usage: NonNullable<CanonicalReply['usage']>): NonNullable<CanonicalReply['usage']> {
  const { input = 0, output = 0, ...others } = usage;
  return { input, ...Object.fromEntries(Object.entries(others).filter(([, count]) => count > 0)), output };
}
