import type { Answer, Choice } from './answer.js';
import { asLogprob } from './logprobs.js';
import type { StreamStyle } from './stream.js';
import { encodeUsage, type TokenCounts } from './wire.js';

/** What tells one reply from another. */
export interface ReplyIdentity {
  readonly id: string;
  readonly createdSeconds: number;
  readonly model: string;
  readonly fingerprint: string;
  callId(choiceIndex: number, callIndex: number): string;
}

/** The body of a reply that is not streamed. Without counts there is no `usage`. */
export function replyBody(
  answer: Answer,
  identity: ReplyIdentity,
  counts: TokenCounts | null,
  style: StreamStyle,
): Record<string, unknown> {
  return {
    id: identity.id,
    object: 'chat.completion',
    created: identity.createdSeconds,
    model: identity.model,
    choices: answer.choices.map((choice, index) => encodeChoice(choice, index, identity, style)),
    ...(counts === null ? {} : { usage: encodeUsage(counts) }),
    service_tier: 'default',
    system_fingerprint: identity.fingerprint,
  };
}

function encodeChoice(
  choice: Choice,
  index: number,
  identity: ReplyIdentity,
  style: StreamStyle,
): Record<string, unknown> {
  const finish = style.finishOverride === null ? choice.finish : style.finishOverride.finish;
  return {
    index,
    message: encodeMessage(choice, index, identity),
    ...logprobsOf(choice, style),
    finish_reason: finish,
  };
}

function encodeMessage(choice: Choice, index: number, identity: ReplyIdentity): Record<string, unknown> {
  switch (choice.kind) {
    case 'text':
      return { role: 'assistant', content: joined(choice.pieces), refusal: null, annotations: [] };
    case 'tools': {
      const calls = choice.calls.map((call, callIndex) => ({
        id: identity.callId(index, callIndex),
        type: 'function',
        function: { name: call.name, arguments: joined(call.pieces) },
      }));
      return { role: 'assistant', content: null, tool_calls: calls, refusal: null, annotations: [] };
    }
  }
}

function logprobsOf(choice: Choice, style: StreamStyle): Record<string, unknown> {
  if (!style.logprobs) return style.writesNullLogprobs ? { logprobs: null } : {};
  if (choice.kind === 'tools') return { logprobs: null };
  return {
    logprobs: { content: choice.pieces.map((piece) => asLogprob(piece.text, style.topLogprobs)), refusal: null },
  };
}

function joined(pieces: readonly { readonly text: string }[]): string {
  return pieces.map((piece) => piece.text).join('');
}
