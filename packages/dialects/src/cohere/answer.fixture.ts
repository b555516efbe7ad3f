import type { JsonObject, Part } from '../canonical/part.js';
import type { CanonicalReply } from '../canonical/reply.js';

/** An answer as Cohere v2 would give it: the decoder's counterpart, for the laws. */
export function cohereBody(reply: CanonicalReply): JsonObject {
  const parts = reply.choices[0]?.parts ?? [];
  const calls = parts.flatMap((part) => (part.kind === 'tool_call' ? [callOf(part)] : []));
  const plan = calls.length === 0 ? '' : parts.map((part) => (part.kind === 'text' ? part.text : '')).join('');
  const content = parts.flatMap((part) => itemOf(part, calls.length > 0));
  return {
    id: 'a-b',
    finish_reason: finishOf(reply),
    message: {
      role: 'assistant',
      ...(content.length === 0 ? {} : { content }),
      ...(plan === '' ? {} : { tool_plan: plan }),
      ...(calls.length === 0 ? {} : { tool_calls: calls }),
    },
    ...(reply.usage === null ? {} : { usage: usageOf(reply) }),
  };
}

/** The same answer in pieces. */
export function cohereStream(reply: CanonicalReply, lineEnd = '\n'): Buffer {
  const parts = reply.choices[0]?.parts ?? [];
  const hasCalls = parts.some(({ kind }) => kind === 'tool_call');
  const events: JsonObject[] = [
    { id: 'a-b', type: 'message-start', delta: { message: { role: 'assistant', content: [] } } },
  ];
  for (const [index, part] of parts.entries()) events.push(...eventsOf(part, index, hasCalls));
  const delta = { finish_reason: finishOf(reply), ...(reply.usage === null ? {} : { usage: usageOf(reply) }) };
  events.push({ type: 'message-end', delta });
  const lines = events.map(
    (event) => `event: ${event['type']}${lineEnd}data: ${JSON.stringify(event)}${lineEnd}${lineEnd}`,
  );
  return Buffer.from(`${lines.join('')}data: [DONE]${lineEnd}${lineEnd}`);
}

function itemOf(part: Part, hasCalls: boolean): readonly JsonObject[] {
  if (part.kind === 'reasoning') return [{ type: 'thinking', thinking: part.text }];
  return part.kind === 'text' && !hasCalls ? [{ type: 'text', text: part.text }] : [];
}

function callOf(part: Extract<Part, { kind: 'tool_call' }>): JsonObject {
  const written = part.variant === 'custom' ? JSON.stringify({ input: part.arguments }) : part.arguments;
  return { id: part.id, type: 'function', function: { name: part.name, arguments: written } };
}

function eventsOf(part: Part, index: number, hasCalls: boolean): readonly JsonObject[] {
  const event = (type: string, message: JsonObject): JsonObject => ({ type, index, delta: { message } });
  if (part.kind === 'tool_call') {
    const { function: spec, ...call } = callOf(part) as { function: { name: string; arguments: string } };
    return [
      event('tool-call-start', { tool_calls: { ...call, function: { name: spec.name, arguments: '' } } }),
      ...piecesOf(spec.arguments).map((piece) =>
        event('tool-call-delta', { tool_calls: { function: { arguments: piece } } }),
      ),
      { type: 'tool-call-end', index },
    ];
  }
  if (part.kind === 'text' && hasCalls)
    return piecesOf(part.text).map((piece) => ({ type: 'tool-plan-delta', delta: { message: { tool_plan: piece } } }));
  if (part.kind !== 'text' && part.kind !== 'reasoning') throw new Error(`Cohere does not answer with ${part.kind}`);
  const type = part.kind === 'text' ? 'text' : 'thinking';
  return [
    event('content-start', { content: { type, [type]: '' } }),
    ...piecesOf(part.text).map((piece) => event('content-delta', { content: { [type]: piece } })),
    { type: 'content-end', index },
  ];
}

/** Never through the middle of a character. */
function piecesOf(text: string): readonly string[] {
  const characters = [...text];
  const pieces: string[] = [];
  for (let from = 0; from < characters.length; from += 3) pieces.push(characters.slice(from, from + 3).join(''));
  return pieces;
}

export function finishOf({ choices }: CanonicalReply): string {
  const kind = choices[0]?.finish?.kind;
  return kind === 'tool_calls' ? 'TOOL_CALL' : kind === 'length' ? 'MAX_TOKENS' : 'COMPLETE';
}

function usageOf({ usage }: CanonicalReply): JsonObject {
  const reasoning = usage?.reasoning ?? 0;
  const input = usage?.input ?? 0;
  const output = (usage?.output ?? 0) + reasoning;
  return {
    billed_units: { input_tokens: input, output_tokens: output },
    tokens: { input_tokens: input + 500, output_tokens: output + 3, reasoning_tokens: reasoning },
    cached_tokens: 448,
  };
}
