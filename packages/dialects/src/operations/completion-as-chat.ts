import type { Decoded, ReadWhole, ReplyStream } from '../canonical/codec.js';
import { isObject, list, number, object, objects, parseObject, text } from '../canonical/json-read.js';
import { type Loss, Losses } from '../canonical/loss.js';
import { openRequest } from '../client-request.js';
import type { RequestFailure } from '../failure.js';
import { findMember, listMembers, type Member, skipWhitespace } from '../json-layout.js';
import type { Lane, LaneTarget } from '../lane.js';
import type { JsonObject } from '../openai-chat/wire.js';
import { RewrittenStream } from './rewritten-stream.js';

/** What a chat has no way to do: refused by name, never left out. */
const UNSAYABLE: readonly (readonly [name: string, isAsked: (value: unknown) => boolean, why: string])[] = [
  ['echo', (value) => value === true, 'a chat model does not repeat the prompt'],
  ['suffix', (value) => typeof value === 'string' && value !== '', 'a chat model cannot be given the end of the text'],
  ['best_of', (value) => typeof value === 'number' && value > 1, 'a chat model does not choose among its answers'],
];
/** Members that a chat request does not have, or has in another form. */
const REWRITTEN = new Set(['prompt', 'echo', 'suffix', 'best_of', 'logprobs', 'max_tokens', 'stream_options']);

interface Streaming {
  readonly isStream: boolean;
  readonly includeUsage: boolean;
}

/**
 * A legacy completion asked of a chat model: the prompt is a message of the user, and the answer comes back as `text_completion`. The way to the
 * provider is the chat request's own, whatever dialect that is.
 */
export function completionAsChat(request: JsonObject, streaming: Streaming, target: LaneTarget): Decoded<Lane> {
  const prompt = onlyPrompt(request['prompt']);
  if (prompt === null)
    return refused('prompt', 'prompt: a chat model is asked with one text; send one string for each request.');
  const unsayable = UNSAYABLE.find(([name, isAsked]) => isAsked(request[name]));
  if (unsayable !== undefined) return refused(unsayable[0], `${unsayable[0]}: ${unsayable[2]}.`);
  const chat = Buffer.from(JSON.stringify(chatRequest(request, prompt, streaming, target)));
  const opened = openRequest('openai-chat', chat, { model: null, isStream: null });
  if (!opened.ok) return opened;
  const lane = opened.value.lane(target);
  return lane.ok ? { ok: true, value: asCompletion(lane.value) } : lane;
}

function refused(param: string, message: string): { readonly ok: false; readonly failure: RequestFailure } {
  return { ok: false, failure: { code: 'unsupported_content', message, param } };
}

function onlyPrompt(prompt: unknown): string | null {
  if (typeof prompt === 'string') return prompt;
  const [only, ...more] = list(prompt);
  return typeof only === 'string' && more.length === 0 ? only : null;
}

function chatRequest(request: JsonObject, prompt: string, streaming: Streaming, target: LaneTarget): JsonObject {
  const kept = Object.entries(request).filter(([name, value]) => !REWRITTEN.has(name) && value !== null);
  const { logprobs, max_tokens: outputMax } = request as { readonly logprobs?: unknown; readonly max_tokens?: unknown };
  return {
    ...Object.fromEntries(kept),
    messages: [{ role: 'user', content: prompt }],
    ...(typeof outputMax === 'number' && outputMax > 0
      ? { [target.quirks.outputMaxField ?? 'max_tokens']: outputMax }
      : {}),
    ...(typeof logprobs === 'number' ? { logprobs: true, ...(logprobs > 0 ? { top_logprobs: logprobs } : {}) } : {}),
    ...(streaming.isStream && streaming.includeUsage ? { stream_options: { include_usage: true } } : {}),
  };
}

function asCompletion(lane: Lane): Lane {
  return {
    ...lane,
    kind: 'translated',
    decodeFailure: (status, body, headers) => lane.decodeFailure(status, body, headers),
    readWhole: (body, headers) => rewriteWhole(lane.readWhole(body, headers)),
    openStream: (headers) => rewriteStream(lane.openStream(headers)),
  };
}

function rewriteWhole(read: ReadWhole): ReadWhole {
  if (read.kind !== 'reply') return read;
  const { reply } = read;
  return {
    kind: 'reply',
    reply: {
      usage: reply.usage,
      finish: reply.finish,
      finishRaw: reply.finishRaw,
      serviceTier: reply.serviceTier,
      isEmpty: reply.isEmpty,
      countOutput: () => reply.countOutput(),
      render: (facts) => {
        const rendered = reply.render(facts);
        const losses = new Losses();
        const body = rewriteObject(rendered.body.toString('utf8'), 'message', losses);
        return { body: Buffer.from(body), losses: [...rendered.losses, ...losses.list()] };
      },
    },
  };
}

function rewriteStream(stream: ReplyStream): ReplyStream {
  const losses = new Losses();
  const starts = new Map<number, number>();
  return new RewrittenStream(
    stream,
    (data) => rewriteObject(data, 'delta', losses, starts),
    (): readonly Loss[] => losses.list(),
  );
}

/** A chat completion, or a chunk of one, as a text completion. What is no such object (an error) stays as it is. */
function rewriteObject(
  chat: string,
  member: 'message' | 'delta',
  losses: Losses,
  starts: Map<number, number> = new Map(),
): string {
  const body = parseObject(chat);
  if (body === null || !Array.isArray(body['choices'])) return chat;
  const { choices: _choices, object: _object, usage, ...rest } = body;
  const choices = objects(body['choices']).map((choice) => rewriteChoice(choice, member, losses, starts));
  const head = { ...rest, object: 'text_completion', choices };
  return usage === undefined ? JSON.stringify(head) : withUsage(head, chat);
}

/** The usage goes over as it was written: the cost in it has more digits than a float keeps. */
function withUsage(head: JsonObject, chat: string): string {
  const bytes = Buffer.from(chat);
  const members: Member[] = [];
  listMembers(bytes, skipWhitespace(bytes, 0, bytes.length), bytes.length, members);
  const usage = findMember(bytes, members, 'usage');
  const raw = usage === undefined ? 'null' : bytes.toString('utf8', usage.valueFrom, usage.valueTo);
  return `${JSON.stringify(head).slice(0, -1)},"usage":${raw}}`;
}

function rewriteChoice(
  choice: JsonObject,
  member: 'message' | 'delta',
  losses: Losses,
  starts: Map<number, number>,
): JsonObject {
  const said = object(choice[member]) ?? {};
  for (const name in said)
    if (!CARRIED.has(name) && isSomething(said[name])) losses.dropped(`choices[].${member}.${name}`);
  const words = textOf(said['content']) + (text(said['refusal']) ?? '');
  const index = number(choice['index']) ?? 0;
  const start = starts.get(index) ?? 0;
  starts.set(index, start + words.length);
  return {
    text: words,
    index,
    logprobs: rewriteLogprobs(choice['logprobs'], start),
    finish_reason: choice['finish_reason'] ?? null,
  };
}

const CARRIED = new Set(['role', 'content', 'refusal']);

function isSomething(value: unknown): boolean {
  return value !== undefined && value !== null && value !== '' && !(Array.isArray(value) && value.length === 0);
}

function textOf(content: unknown): string {
  if (typeof content === 'string') return content;
  return objects(content)
    .map((part) => text(part['text']) ?? '')
    .join('');
}

/** Four lists beside each other, as they were before chat. */
function rewriteLogprobs(logprobs: unknown, start: number): JsonObject | null {
  const tokens = objects(isObject(logprobs) ? logprobs['content'] : null);
  if (tokens.length === 0) return null;
  let offset = start;
  const offsets = tokens.map((token) => {
    const at = offset;
    offset += (text(token['token']) ?? '').length;
    return at;
  });
  return {
    tokens: tokens.map((token) => token['token']),
    token_logprobs: tokens.map((token) => token['logprob']),
    top_logprobs: tokens.map((token) =>
      Object.fromEntries(objects(token['top_logprobs']).map((top) => [String(top['token']), top['logprob']])),
    ),
    text_offset: offsets,
  };
}
