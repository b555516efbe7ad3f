import type { Decoded, ProviderHeaders, ReadWhole } from '../canonical/codec.js';
import { count, isObject, object, parseObject, text } from '../canonical/json-read.js';
import type { Lane, LaneTarget } from '../lane.js';
import { decodeInlineFailure } from '../openai-chat/provider-failure.js';
import { countTextTokens } from '../token-count.js';
import type { Usage } from '../usage.js';
import { secondsOf } from './audio-seconds.js';
import { Fields } from './fields.js';
import type { JsonBody } from './json-body.js';
import { OperationRequest, operationEnvelope, operationLane, operationReply } from './operation-request.js';
import { type EventFacts, OperationStream, type StreamRule } from './operation-stream.js';
import { spliceJson, usualEdits } from './splice-json.js';

/** The content type of each format a caller can ask for. */
const SOUND_TYPES: Readonly<Record<string, string>> = {
  mp3: 'audio/mpeg',
  opus: 'audio/opus',
  aac: 'audio/aac',
  flac: 'audio/flac',
  wav: 'audio/wav',
  pcm: 'audio/pcm',
};
/** PCM has no header: 24 kHz, 16 bits, mono. */
const PCM_BYTES_PER_SECOND = 48_000;
/** What OpenAI's speech models make of a second. */
const TOKENS_PER_SECOND = 21;
/** Nobody speaks slower: a character takes at most so much of a second at the slowest speed. */
const SECONDS_PER_CHARACTER_MAX = 0.5;
const SECONDS_PER_CHARACTER = 0.065;
/** OpenAI takes 4,096 characters; nobody takes a book. */
const CHARACTERS_MAX = 1_000_000;

/** Models whose usage is told only in the stream of events: their sound is asked for that way, and given to the caller as he wants it. */
const TELLS_ONLY_IN_EVENTS = /^gpt-4o(?:-mini)?-tts/;

interface Spoken {
  readonly words: string;
  readonly instructions: string;
  readonly characters: number;
  readonly format: string;
}

/** OpenAI's `/audio/speech`: sound as bytes, or as events of base64. */
export function openSpeech(json: JsonBody): Decoded<OperationRequest> {
  const fields = new Fields(json.request);
  const model = fields.model();
  const words = fields.filled('input');
  if (words.length > CHARACTERS_MAX) fields.wrong('input', `input must have at most ${CHARACTERS_MAX} characters.`);
  readVoice(json.request['voice'], fields);
  const instructions = fields.text('instructions') ?? '';
  const format = fields.oneOf('response_format', Object.keys(SOUND_TYPES)) ?? 'mp3';
  const isStream = fields.oneOf('stream_format', ['sse', 'audio']) === 'sse';
  const user = fields.user();
  const metadata = fields.metadata();
  if (fields.failure !== null) return { ok: false, failure: fields.failure };
  const spoken: Spoken = { words, instructions, characters: [...words].length, format };
  const envelope = operationEnvelope({
    request: json.request,
    operation: 'speech',
    model,
    isStream,
    inputTokensBound: Buffer.byteLength(words) + Buffer.byteLength(instructions) + MARK_TOKENS,
    outputMax: Math.ceil((1 + spoken.characters * SECONDS_PER_CHARACTER_MAX) * TOKENS_PER_SECOND),
    units: { character: spoken.characters },
    characters: words.length,
    user,
    metadata,
  });
  return {
    ok: true,
    value: new OperationRequest({
      envelope,
      counted: () => countSpoken(spoken, 0),
      lane: (target) => speechLane(json, spoken, isStream, target),
    }),
  };
}

const MARK_TOKENS = 16;

function readVoice(voice: unknown, fields: Fields): void {
  if (voice === undefined || voice === null || (typeof voice === 'string' && voice !== '')) return;
  if (!isObject(voice) || typeof voice['id'] !== 'string')
    fields.wrong('voice', 'voice must be a string or an object with an id.');
}

function countSpoken({ words, instructions, characters }: Spoken, seconds: number): Usage {
  const input = countTextTokens(words) + (instructions === '' ? 0 : countTextTokens(instructions));
  return { input, output_audio: Math.ceil(seconds * TOKENS_PER_SECOND), character: characters };
}

function speechLane(json: JsonBody, spoken: Spoken, isStream: boolean, target: LaneTarget): Decoded<Lane> {
  const { edits, losses } = usualEdits(json, target);
  const isTold = isStream || TELLS_ONLY_IN_EVENTS.test(target.model);
  const set = isTold ? { ...edits.set, stream_format: '"sse"' } : edits.set;
  return {
    ok: true,
    value: operationLane({
      path: '/audio/speech',
      body: spliceJson(json, { ...edits, set }),
      losses,
      accept: '*/*',
      readWhole: (answer, headers) => readSound(answer, headers, spoken),
      openStream: () => new OperationStream(streamRule(spoken)),
    }),
  };
}

interface Sound {
  readonly bytes: Buffer;
  readonly usage: Usage | null;
}

function readSound(answer: Buffer, headers: ProviderHeaders, spoken: Spoken): ReadWhole {
  const type = String(headers['content-type'] ?? '');
  const read = /event-stream/i.test(type)
    ? soundOfEvents(answer, spoken)
    : /json/i.test(type)
      ? soundOfJson(answer)
      : { bytes: answer, usage: null };
  if ('kind' in read) return read;
  const { bytes, usage } = read;
  if (bytes.length === 0) return { kind: 'unreadable', reason: 'the answer holds no sound' };
  const contentType = /^audio\//i.test(type) ? type : (SOUND_TYPES[spoken.format] ?? 'application/octet-stream');
  return operationReply({
    usage: usage === null ? null : { ...usage, character: spoken.characters },
    isEmpty: false,
    counted: () => countSpoken(spoken, secondsOfSound(bytes, spoken)),
    render: () => ({ body: bytes, contentType, losses: [] }),
  });
}

type NotSound = Exclude<ReadWhole, { kind: 'reply' }>;

function soundOfEvents(answer: Buffer, spoken: Spoken): Sound | NotSound {
  const pieces: Buffer[] = [];
  const rule = streamRule(spoken);
  const stream = new OperationStream({
    ...rule,
    read: (event, name) => {
      if (event['type'] === 'speech.audio.delta') pieces.push(Buffer.from(text(event['audio']) ?? '', 'base64'));
      return rule.read(event, name);
    },
  });
  stream.push(answer, () => undefined);
  const end = stream.end(() => undefined);
  if (end.kind === 'failed') return { kind: 'failed', error: end.error };
  if (end.kind === 'died') return { kind: 'unreadable', reason: 'the sound breaks off' };
  return { bytes: Buffer.concat(pieces), usage: stream.usage };
}

/** An error, or Mistral's sound in base64. */
function soundOfJson(answer: Buffer): Sound | NotSound {
  const body = parseObject(answer.toString('utf8'));
  if (body === null) return { kind: 'unreadable', reason: 'the answer is neither sound nor a JSON object' };
  if (typeof body['audio_data'] === 'string')
    return { bytes: Buffer.from(body['audio_data'], 'base64'), usage: decodeUsage(body['usage']) };
  if (body['error'] !== undefined || body['message'] !== undefined || body['detail'] !== undefined)
    return { kind: 'failed', error: decodeInlineFailure(body) };
  return { kind: 'unreadable', reason: 'the answer holds no sound' };
}

/** Read from the sound itself; where its container does not say, by how long such a text takes. */
function secondsOfSound(bytes: Buffer, { format, characters }: Spoken): number {
  if (format === 'pcm') return bytes.length / PCM_BYTES_PER_SECOND;
  return secondsOf(bytes) ?? characters * SECONDS_PER_CHARACTER;
}

function decodeUsage(raw: unknown): Usage | null {
  const usage = object(raw);
  if (usage === null) return null;
  const input = count(usage['input_tokens']) ?? count(usage['prompt_tokens']);
  const output = count(usage['output_tokens']) ?? count(usage['completion_tokens']);
  return input === null && output === null ? null : { input: input ?? 0, output_audio: output ?? 0 };
}

function streamRule(spoken: Spoken): StreamRule {
  let base64 = 0;
  return {
    read: (event): EventFacts => {
      const audio = text(event['audio']) ?? '';
      base64 += audio.length;
      const isLast = event['type'] === 'speech.audio.done';
      const reported = isLast ? decodeUsage(event['usage']) : null;
      const usage = reported === null ? null : { ...reported, character: spoken.characters };
      return { hasOutput: audio !== '', text: '', usage, finish: isLast ? 'stop' : null, isLast };
    },
    encodeUsage: (usage) => {
      const input = usage.input ?? 0;
      const output = usage.output_audio ?? 0;
      return { input_tokens: input, output_tokens: output, total_tokens: input + output };
    },
    cut: () => ({ events: [], last: { type: 'speech.audio.done' } }),
    counted: () => countSpoken(spoken, base64 === 0 ? 0 : streamedSeconds(base64, spoken)),
  };
}

/** A stream is not kept: PCM and WAV are counted by their size, what is compressed by how long such a text takes. */
function streamedSeconds(base64: number, { format, characters }: Spoken): number {
  const isPlain = format === 'pcm' || format === 'wav';
  return isPlain ? (base64 * 0.75) / PCM_BYTES_PER_SECOND : characters * SECONDS_PER_CHARACTER;
}
