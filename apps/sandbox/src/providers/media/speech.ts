import { z } from 'zod';
import { invalidRequest, modelNotFound } from '../openai/errors.js';
import { isUnknownModel } from '../openai/models.js';
import { countTokens } from '../openai/tokens.js';
import { countsOf, eventsPlan, invalidValue, type MediaOperation, readBody, wholePlan } from './operation.js';
import { silence, soundTypes } from './sound.js';

/* https://platform.openai.com/docs/api-reference/audio/createSpeech */

const speechRequest = z.object({
  model: z.string(),
  input: z.string().min(1).max(4_096),
  voice: z.union([z.string(), z.looseObject({ id: z.string() })]),
  instructions: z.string().nullish(),
  response_format: z.enum(['mp3', 'opus', 'aac', 'flac', 'wav', 'pcm']).nullish(),
  speed: z.number().min(0.25).max(4).nullish(),
  stream_format: z.enum(['sse', 'audio']).nullish(),
});
const compatibleRequest = z.looseObject(speechRequest.shape);

const voices = [
  'alloy',
  'ash',
  'ballad',
  'coral',
  'echo',
  'fable',
  'onyx',
  'nova',
  'sage',
  'shimmer',
  'verse',
  'marin',
  'cedar',
];
/** Twenty tokens are a second of speech; a word is about a third of one. */
const tokensPerSecond = 20;
const secondsPerCharacter = 0.06;
const mostSeconds = 3;

/** `POST /audio/speech`: sound as bytes, or as server-sent events of base64 with the usage at the end. */
export const speech: MediaOperation = (request) => {
  const { incoming, changes } = request;
  const isOpenAi = incoming.provider === 'openai';
  const read = readBody(isOpenAi ? speechRequest : compatibleRequest, incoming.json, isOpenAi);
  if (read.kind === 'error') return read;
  const wanted = read.request;
  if (isUnknownModel(wanted.model)) return modelNotFound(wanted.model);
  if (isOpenAi && typeof wanted.voice === 'string' && !voices.includes(wanted.voice))
    return invalidValue('voice', wanted.voice, voices);
  const isOld = /^tts-1/.test(wanted.model);
  if (isOpenAi && isOld && wanted.stream_format === 'sse')
    return invalidRequest(
      `The 'sse' stream format is not supported for model '${wanted.model}'.`,
      'stream_format',
      'unsupported_value',
    );
  const seconds = changes.empty === null ? Math.min(mostSeconds, wanted.input.length * secondsPerCharacter) : 0;
  const format = wanted.response_format ?? 'mp3';
  const sound = seconds === 0 ? Buffer.alloc(0) : silence(format, seconds);
  const counts = countsOf(
    countTokens(`${wanted.instructions ?? ''}${wanted.input}`),
    Math.ceil(seconds * tokensPerSecond),
  );
  if (wanted.stream_format !== 'sse')
    return wholePlan({ contentType: soundTypes[format], payload: sound, counts, carriesUsage: false }, request);
  const usage = {
    input_tokens: counts.promptTokens,
    output_tokens: counts.completionTokens,
    total_tokens: (counts.promptTokens ?? 0) + (counts.completionTokens ?? 0),
  };
  const data = (body: unknown): string => `data: ${JSON.stringify(body)}\n\n`;
  const delta = data({ type: 'speech.audio.delta', audio: sound.toString('base64') });
  const done = data({ type: 'speech.audio.done', ...(changes.omitUsage ? {} : { usage }) });
  return eventsPlan(
    [
      { payload: delta, tokens: counts.completionTokens ?? 0, carriesUsage: false },
      { payload: done, tokens: 0, carriesUsage: !changes.omitUsage },
    ],
    counts,
    request,
  );
};
