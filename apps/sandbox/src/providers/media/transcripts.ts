import { headerOf } from '../../attempt/incoming.js';
import type { ReplyPlan } from '../../attempt/reply-plan.js';
import { invalidRequest, modelNotFound, type WireError } from '../openai/errors.js';
import { isUnknownModel } from '../openai/models.js';
import { countTokens, piecesOf } from '../openai/tokens.js';
import { notAForm } from './images.js';
import { type FormPart, formOf, textField } from './multipart.js';
import {
  countsOf,
  eventsPlan,
  invalidValue,
  jsonReply,
  type MediaOperation,
  type MediaRequest,
  wholePlan,
} from './operation.js';
import { secondsOf } from './sound.js';

/* https://platform.openai.com/docs/api-reference/audio/createTranscription and …/createTranslation */

const fileEndings = ['flac', 'm4a', 'mp3', 'mp4', 'mpeg', 'mpga', 'oga', 'ogg', 'wav', 'webm'];
const whisperFormats = ['json', 'text', 'srt', 'verbose_json', 'vtt'];
const audioTokensPerSecond = 10;

/** `POST /audio/transcriptions`. */
export const transcriptions: MediaOperation = (request) => planTranscript(request, 'transcribe');
/** `POST /audio/translations`: what whisper-1 makes of foreign speech in English. */
export const translations: MediaOperation = (request) => planTranscript(request, 'translate');

interface Heard {
  readonly task: 'transcribe' | 'translate';
  readonly model: string;
  readonly format: string;
  readonly text: string;
  readonly seconds: number;
  readonly promptTokens: number;
  readonly language: string | null;
  readonly withWords: boolean;
}

function planTranscript(request: MediaRequest, task: Heard['task']): ReplyPlan | WireError {
  const { incoming } = request;
  const contentType = headerOf(incoming.headers, 'content-type');
  const form = formOf(contentType, incoming.body);
  if (form === null) return notAForm(contentType);
  const model = textField(form, 'model');
  if (model === null || model === '') return invalidRequest('you must provide a model parameter', null, null);
  if (isUnknownModel(model)) return modelNotFound(model);
  const refused = formError(form, model, task);
  if (refused !== null) return refused;
  const heard = hear(form, model, task, request);
  if (textField(form, 'stream') === 'true' && !isWhisper(model)) return streamPlan(heard, request);
  switch (heard.format) {
    case 'text':
      return textReply(`${heard.text}\n`, heard, request);
    case 'srt':
      return textReply(subtitles(heard, ','), heard, request);
    case 'vtt':
      return textReply(`WEBVTT\n\n${subtitles(heard, '.')}`, heard, request);
    case 'verbose_json':
      return jsonReply(
        verboseBody(heard),
        { type: 'duration', seconds: Math.ceil(heard.seconds) },
        heardCounts(heard),
        request,
      );
    case 'diarized_json':
      return jsonReply(
        { task: 'transcribe', duration: heard.seconds, text: heard.text, segments: [diarized(heard)] },
        usageOf(heard),
        heardCounts(heard),
        request,
      );
    default:
      return jsonReply({ text: heard.text }, usageOf(heard), heardCounts(heard), request);
  }
}

function isWhisper(model: string): boolean {
  return /whisper/.test(model);
}

function formError(form: readonly FormPart[], model: string, task: Heard['task']): WireError | null {
  const file = form.find((part) => part.name === 'file');
  if (file === undefined || file.fileName === null)
    return invalidRequest("Missing required parameter: 'file'.", 'file', 'missing_required_parameter');
  const ending = /\.([a-z0-9]+)$/i.exec(file.fileName)?.[1]?.toLowerCase();
  if (ending === undefined || !fileEndings.includes(ending))
    return invalidRequest(
      `Invalid file format. Supported formats: [${fileEndings.map((each) => `'${each}'`).join(', ')}]`,
      null,
      null,
    );
  if (file.bytes.length === 0)
    return invalidRequest('Audio file is too short. Minimum audio length is 0.1 seconds.', 'file', 'audio_too_short');
  if (task === 'translate' && !isWhisper(model))
    return invalidRequest(`Invalid model '${model}'. The supported model is: 'whisper-1'.`, 'model', 'invalid_value');
  return formatError(form, model);
}

function formatError(form: readonly FormPart[], model: string): WireError | null {
  const format = textField(form, 'response_format');
  const granularities = form.some((part) => /^timestamp_granularities(\[\])?$/.test(part.name));
  if (granularities && format !== 'verbose_json')
    return invalidRequest(
      "The 'timestamp_granularities' parameter is only compatible with 'verbose_json' response format.",
      'timestamp_granularities',
      null,
    );
  if (format === null) return null;
  if (isWhisper(model))
    return whisperFormats.includes(format) ? null : invalidValue('response_format', format, whisperFormats);
  const known = /diarize/.test(model) ? ['json', 'text', 'diarized_json'] : ['json', 'text'];
  return known.includes(format)
    ? null
    : invalidRequest(
        `response_format '${format}' is not compatible with model '${model}'. Use 'json' or 'text' instead.`,
        'response_format',
        'unsupported_value',
      );
}

function hear(form: readonly FormPart[], model: string, task: Heard['task'], { changes }: MediaRequest): Heard {
  const file = form.find((part) => part.name === 'file');
  const seconds = Math.round(secondsOf(file?.bytes ?? Buffer.alloc(0)) * 100) / 100;
  const prompt = textField(form, 'prompt') ?? '';
  const rehearsal = `This is a rehearsal: nobody listened to the ${seconds} seconds of ${file?.fileName ?? 'the file'}.`;
  return {
    task,
    model,
    format: textField(form, 'response_format') ?? 'json',
    text: changes.empty !== null ? '' : (changes.says ?? (changes.echo ? prompt : rehearsal)),
    seconds,
    promptTokens: countTokens(prompt) + Math.ceil(seconds * audioTokensPerSecond),
    language: textField(form, 'language'),
    withWords: form.some((part) => part.name.startsWith('timestamp_granularities') && part.bytes.toString() === 'word'),
  };
}

function heardCounts({ promptTokens, text }: Heard) {
  return countsOf(promptTokens, countTokens(text));
}

/** whisper-1 is paid by the second, the newer models by tokens. */
function usageOf(heard: Heard): Record<string, unknown> {
  if (isWhisper(heard.model)) return { type: 'duration', seconds: Math.ceil(heard.seconds) };
  const audioTokens = Math.ceil(heard.seconds * audioTokensPerSecond);
  const outputTokens = countTokens(heard.text);
  return {
    type: 'tokens',
    total_tokens: heard.promptTokens + outputTokens,
    input_tokens: heard.promptTokens,
    input_token_details: { text_tokens: heard.promptTokens - audioTokens, audio_tokens: audioTokens },
    output_tokens: outputTokens,
  };
}

function textReply(payload: string, heard: Heard, request: MediaRequest): ReplyPlan {
  const made = { contentType: 'text/plain; charset=utf-8', payload, counts: heardCounts(heard), carriesUsage: false };
  return wholePlan(made, request);
}

function subtitles({ text, seconds }: Heard, separator: ',' | '.'): string {
  const number = separator === ',' ? '1\n' : '';
  return `${number}${clock(0, separator)} --> ${clock(seconds, separator)}\n${text}\n\n`;
}

/** `00:00:03,250` in SubRip; WebVTT has a point and leaves out hours. */
function clock(seconds: number, separator: ',' | '.'): string {
  const two = (value: number): string => String(Math.floor(value)).padStart(2, '0');
  const hours = separator === ',' ? `${two(seconds / 3_600)}:` : '';
  const milliseconds = String(Math.round((seconds % 1) * 1_000) % 1_000).padStart(3, '0');
  return `${hours}${two((seconds / 60) % 60)}:${two(seconds % 60)}${separator}${milliseconds}`;
}

function verboseBody(heard: Heard): Record<string, unknown> {
  const { task, text, seconds, language, withWords } = heard;
  const segment = {
    id: 0,
    seek: 0,
    start: 0,
    end: seconds,
    text: ` ${text}`,
    tokens: [50_364, 50_564],
    temperature: 0,
    avg_logprob: -0.25,
    compression_ratio: 1.2,
    no_speech_prob: 0.01,
  };
  const body = { task, language: language ?? 'english', duration: seconds, text };
  return withWords ? { ...body, words: wordsOf(text, seconds) } : { ...body, segments: [segment] };
}

function wordsOf(text: string, seconds: number) {
  const words = text.split(/\s+/).filter((word) => word !== '');
  const each = seconds / Math.max(1, words.length);
  const rounded = (value: number): number => Math.round(value * 100) / 100;
  return words.map((word, index) => ({ word, start: rounded(index * each), end: rounded((index + 1) * each) }));
}

function diarized({ text, seconds }: Heard) {
  return { type: 'transcript.text.segment', text: ` ${text}`, speaker: 'A', start: 0, end: seconds, id: 'seg_0' };
}

function streamPlan(heard: Heard, request: MediaRequest): ReplyPlan {
  const event = (body: unknown, tokens: number, carriesUsage = false) => ({
    payload: `data: ${JSON.stringify(body)}\n\n`,
    tokens,
    carriesUsage,
  });
  const pieces = piecesOf(heard.text);
  const said = pieces.reduce((total, piece) => total + piece.tokens, 0);
  const words =
    heard.format === 'diarized_json'
      ? [event(diarized(heard), said)]
      : pieces.map((piece) => event({ type: 'transcript.text.delta', delta: piece.text }, piece.tokens));
  const usage = request.changes.omitUsage ? {} : { usage: usageOf(heard) };
  const done = event({ type: 'transcript.text.done', text: heard.text, ...usage }, 0, !request.changes.omitUsage);
  const end = { payload: 'data: [DONE]\n\n', tokens: 0, carriesUsage: false };
  return eventsPlan([...words, done, end], heardCounts(heard), request);
}
