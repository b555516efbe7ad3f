import type { Incoming } from '../../attempt/incoming.js';
import { bodyPlan, type Frame, type ReplyPlan } from '../../attempt/reply-plan.js';
import type { Answer } from './answer.js';
import { vendorHeaders } from './chat-completions.js';
import { type ReplyIdentity, replyBody } from './reply.js';
import { type StreamStyle, streamFrames } from './stream.js';
import { piecesOf } from './tokens.js';

/** What the fixed answer says, in every dialect. */
export const fixedText =
  'Benchmarks need an answer that costs nothing to make. This one is prepared before the first request arrives and is the same every time, so ' +
  'that what is measured is the gateway and not the provider behind it. It has the length of an ordinary short reply: a few sentences, a handful ' +
  'of words each, and the usage a real provider would report at the end. Nothing in it depends on what was asked, and nothing in it will change ' +
  'between two runs of the same measurement. If you can read this in an answer of your own application, a rule or a model name ending in -fixed ' +
  'is in force in the sandbox, and removing it brings the ordinary answers back.';

const promptTokens = 24;
const pieces = piecesOf(fixedText);
const tokens = pieces.reduce((total, piece) => total + piece.tokens, 0);
const answer: Answer = {
  choices: [{ kind: 'text', pieces, tokens, finish: 'stop' }],
  promptTokens,
  cacheablePrefixes: [],
  reasoningTokens: 0,
  completionTokens: tokens,
};
const counts = { promptTokens, cachedTokens: 0, completionTokens: tokens, reasoningTokens: 0 };
const prepared = new Map<string, ReplyPlan>();

/** Whether a model name asks for the fixed answer by itself. */
export function isFixedModel(model: string | null): boolean {
  return model?.endsWith('-fixed') === true;
}

/** The fixed answer (about 1.3 KB, or its stream), the same bytes each time: built once for a model and kind of request. */
export function fixedPlan(incoming: Incoming): ReplyPlan {
  const options =
    typeof incoming.json === 'object' && incoming.json !== null
      ? Reflect.get(incoming.json, 'stream_options')
      : undefined;
  const includeUsage =
    typeof options === 'object' && options !== null && Reflect.get(options, 'include_usage') === true;
  const key = `${incoming.model} ${incoming.isStream} ${includeUsage}`;
  const known = prepared.get(key);
  if (known !== undefined) return known;
  const plan = build(incoming.model ?? 'fixed', incoming.isStream, includeUsage);
  if (prepared.size < 1_000) prepared.set(key, plan);
  return plan;
}

/** A constant body a rule brought along: JSON for an object, server-sent events for text that starts like some. */
export function fixedBodyPlan(body: unknown): ReplyPlan {
  const isText = typeof body === 'string';
  const contentType = isText && /^(data|event|:)/.test(body) ? 'text/event-stream; charset=utf-8' : 'application/json';
  return bodyPlan(200, { 'content-type': contentType }, isText ? body : JSON.stringify(body), null);
}

function build(model: string, isStream: boolean, includeUsage: boolean): ReplyPlan {
  const identity: ReplyIdentity = {
    id: 'chatcmpl-SandboxFixedAnswer00000000000',
    createdSeconds: 1_790_000_000,
    model,
    fingerprint: 'fp_sandbox',
    callId: () => 'call_fixed',
  };
  const style: StreamStyle = {
    includeUsage,
    includeObfuscation: true,
    logprobs: false,
    topLogprobs: 0,
    writesNullLogprobs: true,
    finishOverride: null,
  };
  const contentType = isStream ? 'text/event-stream; charset=utf-8' : 'application/json';
  const frames: Frame[] = isStream
    ? streamFrames(answer, identity, counts, style)
    : [{ payload: JSON.stringify(replyBody(answer, identity, counts, style)), tokens, carriesUsage: true }];
  return {
    status: 200,
    headers: { ...vendorHeaders('req_sandboxfixed', promptTokens), 'content-type': contentType },
    framing: isStream ? 'events' : 'whole',
    frames: asOne(frames),
    counts,
    recordedUsage: null,
    isPaced: false,
    fault: null,
  };
}

/** The frames joined into one: text, because Node sends a head and a text body in a single write. */
function asOne(frames: readonly Frame[]): Frame[] {
  return [
    {
      payload: frames.map((frame) => frame.payload).join(''),
      tokens,
      carriesUsage: frames.some((frame) => frame.carriesUsage),
    },
  ];
}
