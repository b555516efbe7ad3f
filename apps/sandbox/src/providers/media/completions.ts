import { z } from 'zod';
import type { Frame, ReplyPlan } from '../../attempt/reply-plan.js';
import { invalidRequest, modelNotFound, wireError } from '../openai/errors.js';
import { isUnknownModel } from '../openai/models.js';
import { countTokens } from '../openai/tokens.js';
import { joinedText, type SpokenAnswer, speak } from '../spoken-answer.js';
import { countsOf, eventsPlan, jsonReply, type MediaOperation, type MediaRequest, readBody } from './operation.js';

/* https://platform.openai.com/docs/api-reference/completions: the endpoint before chat. */

const completionRequest = z.object({
  model: z.string(),
  prompt: z
    .union([z.string(), z.array(z.string()).min(1), z.array(z.int()).min(1), z.array(z.array(z.int())).min(1)])
    .nullish(),
  best_of: z.int().min(0).max(20).nullish(),
  echo: z.boolean().nullish(),
  frequency_penalty: z.number().min(-2).max(2).nullish(),
  logit_bias: z.looseObject({}).nullish(),
  logprobs: z.int().min(0).max(5).nullish(),
  max_tokens: z.int().min(0).nullish(),
  n: z.int().min(1).max(128).nullish(),
  presence_penalty: z.number().min(-2).max(2).nullish(),
  seed: z.int().nullish(),
  stop: z.union([z.string(), z.array(z.string()).max(4)]).nullish(),
  stream: z.boolean().nullish(),
  stream_options: z.looseObject({ include_usage: z.boolean().nullish() }).nullish(),
  suffix: z.string().nullish(),
  temperature: z.number().min(0).max(2).nullish(),
  top_p: z.number().min(0).max(1).nullish(),
  user: z.string().nullish(),
});
type CompletionRequest = z.infer<typeof completionRequest>;
const compatibleRequest = z.looseObject(completionRequest.shape);

/** OpenAI's limit when none is given. */
const usualMostTokens = 16;
const chatModels = /^(gpt-[345](?!.*instruct)|chatgpt|o\d)/;

/** `POST /completions`, whole and streamed. */
export const completions: MediaOperation = (request) => {
  const { incoming } = request;
  const isOpenAi = incoming.provider === 'openai';
  const read = isOpenAi
    ? readBody(completionRequest, incoming.json, true)
    : readBody(compatibleRequest, incoming.json, false);
  if (read.kind === 'error') return read;
  const wanted: CompletionRequest = read.request;
  if (isUnknownModel(wanted.model)) return modelNotFound(wanted.model);
  if (isOpenAi && chatModels.test(wanted.model))
    return wireError(
      404,
      'This is a chat model and not supported in the v1/completions endpoint. Did you mean to use v1/chat/completions?',
      'invalid_request_error',
      'model',
      null,
    );
  if (wanted.stream_options != null && wanted.stream !== true)
    return invalidRequest(
      "The 'stream_options' parameter is only allowed when 'stream' is enabled.",
      'stream_options',
      null,
    );
  if ((wanted.best_of ?? 1) < (wanted.n ?? 1))
    if (wanted.best_of != null) return invalidRequest('best_of must be greater than or equal to n', null, null);
  return complete(wanted, request);
};

function complete(wanted: CompletionRequest, request: MediaRequest): ReplyPlan {
  const texts = promptsOf(wanted.prompt ?? '<|endoftext|>');
  const answers = texts.flatMap((text) =>
    Array.from({ length: wanted.n ?? 1 }, (_, turn) => ({ text, answer: answerOf(text, turn, wanted, request) })),
  );
  const promptTokens = texts.reduce((total, text) => total + countTokens(text), 0);
  const completionTokens = answers.reduce((total, { answer }) => total + answer.completionTokens, 0);
  const counts = countsOf(promptTokens, completionTokens);
  const usage = {
    prompt_tokens: promptTokens,
    completion_tokens: completionTokens,
    total_tokens: promptTokens + completionTokens,
  };
  const identity = {
    id: `cmpl-${request.world.newName(29)}`,
    object: 'text_completion',
    created: Math.floor(request.incoming.atMs / 1_000),
  };
  if (wanted.stream === true) {
    const frames = chunksOf(answers, { ...identity, model: wanted.model }, wanted, request);
    const asked = wanted.stream_options?.include_usage === true && !request.changes.omitUsage;
    const last = { ...identity, choices: [], model: wanted.model, usage };
    const end = [
      ...(asked ? [frameOf(last, 0, true)] : []),
      { payload: 'data: [DONE]\n\n', tokens: 0, carriesUsage: false },
    ];
    return eventsPlan([...frames, ...end], counts, request);
  }
  const choices = answers.map(({ text, answer }, index) => ({
    text: `${wanted.echo === true ? text : ''}${joinedText(answer.text)}`,
    index,
    logprobs: null,
    finish_reason: finishOf(answer, request),
  }));
  return jsonReply({ ...identity, model: wanted.model, choices }, usage, counts, request);
}

function promptsOf(prompt: NonNullable<CompletionRequest['prompt']>): string[] {
  if (typeof prompt === 'string') return [prompt];
  if (prompt.every((item) => typeof item === 'number')) return [prompt.join(' ')];
  return prompt.map((item) => (Array.isArray(item) ? item.join(' ') : String(item)));
}

function answerOf(text: string, turn: number, wanted: CompletionRequest, { changes }: MediaRequest): SpokenAnswer {
  const stop = typeof wanted.stop === 'string' ? [wanted.stop] : (wanted.stop ?? []);
  const messages = [{ role: 'user' as const, content: text }];
  const request = { model: wanted.model, messages, seed: (wanted.seed ?? 0) + turn };
  return speak({ request, maxTokens: wanted.max_tokens ?? usualMostTokens, stop, thinkingBudget: null }, changes);
}

function finishOf(answer: SpokenAnswer, { changes }: MediaRequest): string | null {
  if (changes.empty !== null) return changes.empty.finish;
  return answer.finish === 'length' ? 'length' : 'stop';
}

function frameOf(body: unknown, tokens: number, carriesUsage = false): Frame {
  return { payload: `data: ${JSON.stringify(body)}\n\n`, tokens, carriesUsage };
}

/** The chunks of a stream: the finish reason rides on an empty one, choices come one after the other. */
function chunksOf(
  answers: readonly { readonly text: string; readonly answer: SpokenAnswer }[],
  {
    model,
    ...identity
  }: { readonly id: string; readonly object: string; readonly created: number; readonly model: string },
  wanted: CompletionRequest,
  request: MediaRequest,
): Frame[] {
  const withUsage = wanted.stream_options?.include_usage === true ? { usage: null } : {};
  const chunk = (index: number, text: string, tokens: number, finish: string | null = null): Frame => {
    const choices = [{ text, index, logprobs: null, finish_reason: finish }];
    return frameOf({ ...identity, choices, model, ...withUsage }, tokens);
  };
  return answers.flatMap(({ text, answer }, index) => [
    ...(wanted.echo === true ? [chunk(index, text, 0)] : []),
    ...answer.text.map((piece) => chunk(index, piece.text, piece.tokens)),
    chunk(index, '', 0, finishOf(answer, request)),
  ]);
}
