import type { Frame } from '../../attempt/reply-plan.js';
import type { Answer, Choice, PiecedCall } from './answer.js';
import { asLogprob } from './logprobs.js';
import type { ReplyIdentity } from './reply.js';
import type { Piece } from './tokens.js';
import { encodeUsage, type TokenCounts } from './wire.js';

/** How a stream is to be written. */
export interface StreamStyle {
  /** The request asked for usage: every chunk has `"usage":null`, a chunk of its own carries it at the end. */
  readonly includeUsage: boolean;
  readonly includeObfuscation: boolean;
  readonly logprobs: boolean;
  readonly topLogprobs: number;
  /** Classic models write `"logprobs":null` where none were asked for; reasoning models leave the key out. */
  readonly writesNullLogprobs: boolean;
  readonly finishOverride: { readonly finish: string | null } | null;
}

/** The events of a streamed reply, each with the tokens it carries; choices take turns, as on OpenAI's wire. */
export function streamFrames(
  answer: Answer,
  identity: ReplyIdentity,
  counts: TokenCounts | null,
  style: StreamStyle,
): Frame[] {
  const chunk = chunkWriter(identity, style);
  const queues = answer.choices.map((choice, index) => choiceFrames(choice, index, identity, chunk, style));
  const frames: Frame[] = [];
  for (let turn = 0; queues.some((queue) => turn < queue.length); turn += 1) {
    for (const queue of queues) {
      const frame = queue[turn];
      if (frame !== undefined) frames.push(frame);
    }
  }
  if (style.includeUsage && counts !== null)
    frames.push({ payload: chunk('[]', JSON.stringify(encodeUsage(counts))), tokens: 0, carriesUsage: true });
  frames.push({ payload: 'data: [DONE]\n\n', tokens: 0, carriesUsage: false });
  return frames;
}

type ChunkWriter = (choices: string, usage: string) => string;

function chunkWriter(identity: ReplyIdentity, style: StreamStyle): ChunkWriter {
  const opening =
    `data: {"id":${JSON.stringify(identity.id)},"object":"chat.completion.chunk","created":${identity.createdSeconds},"model":${JSON.stringify(identity.model)},` +
    `"service_tier":"default","system_fingerprint":${JSON.stringify(identity.fingerprint)},"choices":`;
  let turn = 0;
  return (choices, usage) => {
    const usageField = style.includeUsage ? `,"usage":${usage}` : '';
    const padding = style.includeObfuscation ? `,"obfuscation":"${obfuscation((turn += 1))}"` : '';
    return `${opening}${choices}${usageField}${padding}}\n\n`;
  };
}

const paddingCharacters =
  'oX2o0noG65DIujmWlFzsLqOb9VTixV5tkGPUu2QSSWCzvlqg2B2Pa4hkHfiFEN7ooMp1bQOhIof2bLncH54cldmdQxLtNfepH';

/** Padding of a length that has nothing to do with the text beside it. */
function obfuscation(turn: number): string {
  const from = (turn * 37) % 80;
  return paddingCharacters.slice(from, from + ((turn * 11) % 16));
}

function choiceFrames(
  choice: Choice,
  index: number,
  identity: ReplyIdentity,
  chunk: ChunkWriter,
  style: StreamStyle,
): Frame[] {
  const frame = (
    delta: string,
    tokens: number,
    finish: string | null = null,
    logprobs: string | null = null,
  ): Frame => {
    const logprobsField =
      logprobs !== null
        ? `"logprobs":${logprobs},`
        : style.writesNullLogprobs || style.logprobs
          ? '"logprobs":null,'
          : '';
    const choices = `[{"index":${index},"delta":${delta},${logprobsField}"finish_reason":${JSON.stringify(finish)}}]`;
    return { payload: chunk(choices, 'null'), tokens, carriesUsage: false };
  };
  const finish = style.finishOverride === null ? choice.finish : style.finishOverride.finish;
  switch (choice.kind) {
    case 'text':
      return [
        frame(
          '{"role":"assistant","content":"","refusal":null}',
          0,
          null,
          style.logprobs ? '{"content":[],"refusal":null}' : null,
        ),
        ...choice.pieces.map((piece) =>
          frame(`{"content":${JSON.stringify(piece.text)}}`, piece.tokens, null, pieceLogprobs(piece, style)),
        ),
        frame('{}', 0, finish),
      ];
    case 'tools':
      return [
        frame('{"role":"assistant","content":null}', 0),
        ...choice.calls.flatMap((call, callIndex) =>
          callFrames(call, callIndex, identity.callId(index, callIndex), frame),
        ),
        frame('{}', 0, finish),
      ];
  }
}

function pieceLogprobs(piece: Piece, style: StreamStyle): string | null {
  return style.logprobs ? JSON.stringify({ content: [asLogprob(piece.text, style.topLogprobs)], refusal: null }) : null;
}

function callFrames(
  call: PiecedCall,
  callIndex: number,
  id: string,
  frame: (delta: string, tokens: number) => Frame,
): Frame[] {
  const head = {
    tool_calls: [{ index: callIndex, id, type: 'function', function: { name: call.name, arguments: '' } }],
  };
  return [
    frame(JSON.stringify(head), call.nameTokens),
    ...call.pieces.map((piece) =>
      frame(
        `{"tool_calls":[{"index":${callIndex},"function":{"arguments":${JSON.stringify(piece.text)}}}]}`,
        piece.tokens,
      ),
    ),
  ];
}
