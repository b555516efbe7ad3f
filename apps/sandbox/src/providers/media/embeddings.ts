import { z } from 'zod';
import { invalidRequest, modelNotFound, type WireError, wireError } from '../openai/errors.js';
import { isUnknownModel } from '../openai/models.js';
import { countTokens } from '../openai/tokens.js';
import { countsOf, jsonReply, type MediaOperation, readBody } from './operation.js';
import { encodeVector, vectorOf } from './vector.js';

/* https://platform.openai.com/docs/api-reference/embeddings, and what providers that copied it do differently. */

const embeddingsRequest = z.object({
  model: z.string(),
  input: z.union([
    z.string(),
    z.array(z.string()).min(1),
    z.array(z.int()).min(1),
    z.array(z.array(z.int()).min(1)).min(1),
  ]),
  dimensions: z.int().min(1).nullish(),
  encoding_format: z.enum(['float', 'base64']).nullish(),
  user: z.string().nullish(),
});
/** Voyage and Mistral name the dimensions otherwise. */
const compatibleRequest = z.looseObject({ ...embeddingsRequest.shape, output_dimension: z.int().min(1).nullish() });

const mostInputs = 2_048;
const mostTokens = 8_192;
const usualDimensions = 1_024;
const openAiDimensions: Readonly<Record<string, number>> = {
  'text-embedding-3-small': 1_536,
  'text-embedding-3-large': 3_072,
  'text-embedding-ada-002': 1_536,
};

/** `POST /embeddings`. */
export const embeddings: MediaOperation = (request) => {
  const { incoming, changes } = request;
  const isOpenAi = incoming.provider === 'openai';
  const read = isOpenAi
    ? readBody(embeddingsRequest, incoming.json, true)
    : readBody(compatibleRequest, incoming.json, false);
  if (read.kind === 'error') return read;
  const { model, input, encoding_format, dimensions, ...rest } = read.request;
  if (isUnknownModel(model)) return modelNotFound(model);
  const inputs = inputsOf(input);
  const refused = (isOpenAi ? modelError(model, dimensions ?? null) : null) ?? inputError(inputs);
  if (refused !== null) return refused;
  const outputDimension = 'output_dimension' in rest ? Number(rest.output_dimension ?? 0) : 0;
  const length = dimensions ?? (outputDimension || (openAiDimensions[model] ?? usualDimensions));
  const promptTokens = inputs.reduce((total, each) => total + each.tokens, 0);
  const data = inputs.map((each, index) => ({
    object: 'embedding',
    index,
    embedding: encodeVector(vectorOf(model, each.text, length), encoding_format ?? 'float'),
  }));
  const body = { object: 'list', data: changes.empty === null ? data : [], model };
  return jsonReply(body, usageOf(incoming.provider, promptTokens), countsOf(promptTokens), request);
};

interface Input {
  readonly text: string;
  readonly tokens: number;
}

/** One input for a text or a row of token numbers, several for a list of either. */
function inputsOf(input: z.infer<typeof embeddingsRequest>['input']): Input[] {
  if (typeof input === 'string') return [{ text: input, tokens: countTokens(input) }];
  if (input.every((item) => typeof item === 'number')) return [tokenInput(input)];
  return input.flatMap((item) => {
    if (typeof item === 'string') return [{ text: item, tokens: countTokens(item) }];
    return typeof item === 'number' ? [] : [tokenInput(item)];
  });
}

function tokenInput(tokens: readonly number[]): Input {
  return { text: tokens.join(' '), tokens: tokens.length };
}

function modelError(model: string, dimensions: number | null): WireError | null {
  const most = openAiDimensions[model];
  if (most === undefined)
    return wireError(
      403,
      'You are not allowed to generate embeddings from this model',
      'invalid_request_error',
      null,
      null,
    );
  if (dimensions === null) return null;
  if (model === 'text-embedding-ada-002')
    return invalidRequest('This model does not support specifying dimensions.', null, null);
  return dimensions > most
    ? invalidRequest(
        `Invalid value for 'dimensions' = ${dimensions}. Must be less than or equal to ${most}.`,
        null,
        null,
      )
    : null;
}

function inputError(inputs: readonly Input[]): WireError | null {
  if (inputs.length > mostInputs)
    return invalidRequest(
      `Invalid 'input': array too long. Expected an array with maximum length ${mostInputs}, but got an array with length ${inputs.length} instead.`,
      'input',
      'array_above_max_length',
    );
  if (inputs.some((each) => each.text === ''))
    return invalidRequest("Invalid 'input': input cannot be an empty string.", 'input', 'invalid_input');
  const long = inputs.find((each) => each.tokens > mostTokens);
  return long === undefined
    ? null
    : invalidRequest(
        `This model's maximum context length is ${mostTokens} tokens, however you requested ${long.tokens} tokens (${long.tokens} in your prompt; ` +
          '0 for the completion). Please reduce your prompt; or completion length.',
        null,
        null,
      );
}

function usageOf(provider: string, promptTokens: number): Record<string, unknown> {
  if (provider === 'voyage' || provider === 'jina') return { total_tokens: promptTokens };
  const usage = { prompt_tokens: promptTokens, total_tokens: promptTokens };
  return provider === 'mistral' ? { ...usage, completion_tokens: 0, prompt_audio_seconds: null } : usage;
}
