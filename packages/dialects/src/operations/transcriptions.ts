import type { Decoded, ProviderHeaders, ReadWhole } from '../canonical/codec.js';
import { count, number, object, text } from '../canonical/json-read.js';
import type { Lane, LaneTarget } from '../lane.js';
import { countTextTokens } from '../token-count.js';
import type { Usage } from '../usage.js';
import { secondsBound } from './audio-seconds.js';
import { formEdits } from './form-edits.js';
import { formFields } from './form-fields.js';
import { heardSeconds } from './heard-seconds.js';
import { type Form, spliceForm } from './multipart.js';
import { OperationRequest, operationEnvelope, operationLane, operationReply } from './operation-request.js';
import { type EventFacts, OperationStream, type StreamRule } from './operation-stream.js';
import { readReplyBody, spliceReplyBody } from './reply-body.js';

const TEXT_FORMATS = ['text', 'srt', 'vtt'];
const FORMATS = ['json', 'verbose_json', 'diarized_json', ...TEXT_FORMATS];
/** What OpenAI's models hear in a second. */
const AUDIO_TOKENS_PER_SECOND = 10;
/** Words, speakers and times of a second at most; and of a whole answer. */
const OUTPUT_TOKENS_PER_SECOND = 50;
const OUTPUT_TOKENS_MAX = 65_536;
const MARK_TOKENS = 64;

/** OpenAI: `stream` is not supported for whisper and will be ignored. */
const IGNORES_STREAM = /whisper/i;

interface Recording {
  readonly file: Buffer;
  readonly prompt: string;
  readonly format: string;
}

/** OpenAI's `/audio/transcriptions` and `/audio/translations`. The file goes on byte for byte. */
export function openTranscription(
  path: '/audio/transcriptions' | '/audio/translations',
  form: Form,
  contentType: string,
): Decoded<OperationRequest> {
  const fields = formFields(form, {
    texts: ['model', 'prompt', 'response_format', 'language', 'user'],
    booleans: ['stream'],
  });
  const model = fields.model();
  const format = fields.oneOf('response_format', FORMATS) ?? 'json';
  const isStream = fields.boolean('stream') === true && !IGNORES_STREAM.test(model);
  const prompt = fields.text('prompt') ?? '';
  const user = fields.user();
  const files = form.parts.filter((part) => part.name === 'file');
  const [part] = files;
  if (part === undefined || part.fileName === null) fields.wrong('file', 'file is missing.');
  else if (files.length > 1) fields.wrong('file', 'file must stand once.');
  else if (part.valueFrom === part.valueTo) fields.wrong('file', 'file is empty.');
  if (fields.failure !== null) return { ok: false, failure: fields.failure };
  const file = form.body.subarray(part?.valueFrom, part?.valueTo);
  const recording: Recording = { file, prompt, format };
  const seconds = secondsBound(file);
  const envelope = operationEnvelope({
    operation: 'transcription',
    model,
    isStream,
    inputTokensBound: Buffer.byteLength(prompt) + seconds * AUDIO_TOKENS_PER_SECOND + MARK_TOKENS,
    outputMax: Math.min(OUTPUT_TOKENS_MAX, MARK_TOKENS + seconds * OUTPUT_TOKENS_PER_SECOND),
    units: { audio_second: seconds },
    characters: prompt.length,
    user,
  });
  const lane = (target: LaneTarget): Decoded<Lane> => {
    const { set, removed, losses } = formEdits(form, target);
    return {
      ok: true,
      value: operationLane({
        path,
        body: spliceForm(form, set, removed),
        contentType,
        losses,
        accept: '*/*',
        readWhole: (answer, headers) => readTranscript(answer, headers, recording, target),
        openStream: () => new OperationStream(streamRule(recording)),
      }),
    };
  };
  return { ok: true, value: new OperationRequest({ envelope, counted: () => countHeard(recording, ''), lane }) };
}

function countHeard({ file, prompt, format }: Recording, said: string): Usage {
  const seconds = heardSeconds(file, said, format);
  return {
    input: prompt === '' ? 0 : countTextTokens(prompt),
    input_audio: seconds * AUDIO_TOKENS_PER_SECOND,
    output: said === '' ? 0 : countTextTokens(said),
    audio_second: seconds,
  };
}

function readTranscript(answer: Buffer, headers: ProviderHeaders, recording: Recording, target: LaneTarget): ReadWhole {
  const type = String(headers['content-type'] ?? '');
  if (TEXT_FORMATS.includes(recording.format) && !/json/i.test(type)) return readText(answer, type, recording);
  const read = readReplyBody(answer, 'text');
  if (read.kind !== 'body') return read;
  const { reply } = read;
  const said = text(reply.value('text')) ?? '';
  return operationReply({
    usage: decodeUsage(reply.value('usage'), number(reply.value('duration'))),
    isEmpty: false,
    counted: () => countHeard(recording, said),
    render: ({ usage, cost }) => {
      const made = usage === null ? null : encodeUsage(usage);
      return {
        body: spliceReplyBody(reply, { id: `gen-${target.requestId}`, model: target.publicModel, cost, usage: made }),
        losses: [],
      };
    },
  });
}

/** Words, SubRip or WebVTT: bytes that say nothing of usage. */
function readText(answer: Buffer, type: string, recording: Recording): ReadWhole {
  return operationReply({
    usage: null,
    isEmpty: false,
    counted: () => countHeard(recording, answer.toString('utf8')),
    render: () => ({ body: answer, contentType: type === '' ? 'text/plain; charset=utf-8' : type, losses: [] }),
  });
}

/**
 * whisper-1 reports seconds, the newer models tokens, Mistral both; `duration` of a verbose answer is the vendor's own word too. A part of a second is
 * a whole one.
 */
function decodeUsage(raw: unknown, duration: number | null): Usage | null {
  const usage = object(raw) ?? {};
  const seconds = number(usage['seconds']) ?? number(usage['prompt_audio_seconds']) ?? duration;
  const input = count(usage['input_tokens']) ?? count(usage['prompt_tokens']);
  const output = count(usage['output_tokens']) ?? count(usage['completion_tokens']);
  if (seconds === null && input === null && output === null) return null;
  const details = object(usage['input_token_details']) ?? object(usage['input_tokens_details']) ?? {};
  const audio = Math.min(count(details['audio_tokens']) ?? 0, input ?? 0);
  return {
    ...(input === null ? {} : { input: input - audio }),
    ...(audio > 0 ? { input_audio: audio } : {}),
    ...(output === null ? {} : { output }),
    ...(seconds === null || seconds < 0 ? {} : { audio_second: Math.min(Math.ceil(seconds), SECONDS_MAX) }),
  };
}

/** A year and more: no file is longer. */
const SECONDS_MAX = 100_000_000;

/** As OpenAI writes it, for an answer without: by what it was billed by. */
function encodeUsage(usage: Usage): Readonly<Record<string, unknown>> {
  if (usage.input === undefined && usage.input_audio === undefined)
    return { type: 'duration', seconds: usage.audio_second ?? 0 };
  const { input = 0, input_audio: audio = 0, output = 0 } = usage;
  return {
    type: 'tokens',
    total_tokens: input + audio + output,
    input_tokens: input + audio,
    input_token_details: { text_tokens: input, audio_tokens: audio },
    output_tokens: output,
  };
}

function streamRule(recording: Recording): StreamRule {
  return {
    read: (event): EventFacts => {
      const isLast = event['type'] === 'transcript.text.done';
      const words = isLast ? '' : (text(event['delta']) ?? text(event['text']) ?? '');
      const usage = isLast ? decodeUsage(event['usage'], null) : null;
      return { hasOutput: words !== '', text: words, usage, finish: isLast ? 'stop' : null, isLast };
    },
    encodeUsage,
    cut: (said) => ({ events: [], last: { type: 'transcript.text.done', text: said } }),
    counted: (said) => countHeard(recording, said),
  };
}
