import { isDeepStrictEqual } from 'node:util';
import { type Lane, type LaneTarget, type OperationDoor, openCount, openOperation, quirksOf } from '@tollgate/dialects';
import { type Json, json, jsons } from '../observe/observed-answer.js';
import type { Recording } from '../recordings.js';

export type OperationResult =
  | { readonly kind: 'passed' }
  | { readonly kind: 'failed'; readonly problems: readonly string[] }
  | { readonly kind: 'skipped'; readonly reason: string };

/** The door a recorded interface goes through; those of several say it by the end of their path. */
const DOORS: Readonly<Record<string, OperationDoor>> = {
  'openai-embeddings': 'embeddings',
  'openai-moderations': 'moderations',
  'openai-completions': 'completions',
  'openai-images': 'images/generations',
  rerank: 'rerank',
  'cohere-rerank': 'rerank',
};

const COUNTS: Readonly<Record<string, 'anthropic-messages' | 'gemini'>> = {
  'anthropic-count-tokens': 'anthropic-messages',
  'gemini-count-tokens': 'gemini',
};

export function isOperation({ api }: Recording): boolean {
  return Object.hasOwn(DOORS, api) || Object.hasOwn(COUNTS, api);
}

/** A recorded call that is no conversation: the same bytes leave but for the model, and what came back comes back but for what is ours. */
export function replayOperation(recording: Recording): OperationResult {
  const counted = COUNTS[recording.api];
  if (counted !== undefined) return replayCount(recording, counted);
  const { request, response } = recording;
  const body = json(request?.body);
  if (typeof body['model'] !== 'string')
    return { kind: 'skipped', reason: `${recording.api}: its request is a form or was not recorded` };
  const door = doorOf(recording);
  const sent = Buffer.from(JSON.stringify(body));
  const opened = openOperation(door, sent, 'application/json');
  if (!opened.ok) return failed(`the recorded request was refused: ${JSON.stringify(opened.failure)}`);
  const lane = opened.value.lane(targetOf(recording, DIALECTS[door] ?? door));
  if (!lane.ok && lane.failure.code === 'unsupported_content')
    return { kind: 'skipped', reason: `${recording.api}: ${lane.failure.message}` };
  if (!lane.ok) return failed(`no lane: ${JSON.stringify(lane.failure)}`);
  const problems = [
    ...requestProblems(body, lane.value),
    ...(response.status === 200 ? answerProblems(recording, lane.value) : refusalProblems(recording, lane.value)),
  ];
  return problems.length === 0 ? { kind: 'passed' } : { kind: 'failed', problems };
}

const DIALECTS: Readonly<Partial<Record<OperationDoor, string>>> = { 'images/generations': 'images' };

function failed(...problems: readonly string[]): OperationResult {
  return { kind: 'failed', problems };
}

function doorOf({ api, request }: Recording): OperationDoor {
  if (request?.path.split('?')[0]?.endsWith('/images/edits')) return 'images/edits';
  return DOORS[api] ?? 'embeddings';
}

function targetOf({ provider }: Recording, dialect: string): LaneTarget {
  return {
    dialect,
    host: 'direct',
    provider,
    model: 'vendor-model',
    publicModel: 'test/model',
    providerName: provider,
    quirks: quirksOf(provider),
    outputMax: null,
    safetyIdentifier: null,
    requestId: '019a0000-0000-7000-8000-00000000cafe',
    created: 1_790_000_000,
  };
}

/** What was asked is what is asked: nothing added but what a stream needs, nothing empty sent (T25). */
function requestProblems(asked: Json, lane: Lane): readonly string[] {
  const sent = json(JSON.parse(lane.body.toString('utf8')));
  const expected = Object.fromEntries(Object.entries(asked).filter(([, value]) => value !== null));
  const lost = lane.losses.map(({ field }) => field);
  const missing = Object.keys(expected).filter(
    (name) => name !== 'model' && !lost.includes(name) && !isDeepStrictEqual(sent[name], expected[name]),
  );
  const empty = Object.entries(sent).filter(([, value]) => value === null);
  return [
    ...missing.map((name) => `${name} changed on its way`),
    ...empty.map(([name]) => `T25: ${name} is sent as null`),
  ];
}

function refusalProblems({ response }: Recording, lane: Lane): readonly string[] {
  const failure = lane.decodeFailure(response.status, bytesOf(response), {});
  return failure.message === '' ? ['the refusal lost its message'] : [];
}

function bytesOf(response: Recording['response']): Buffer {
  return Buffer.from(response.body_text ?? JSON.stringify(response.body ?? null));
}

const OURS = new Set(['id', 'model', 'usage', 'object', 'provider', 'created']);

function answerProblems({ response, provider, api }: Recording, lane: Lane): readonly string[] {
  if (response.stream !== undefined || response.body === undefined) return [];
  // The body of OpenAI's usage reports, and of interfaces of other vendors on the same path.
  const recorded = json(response.body);
  if (recorded['object'] === 'page') return [];
  const read = lane.readWhole(bytesOf(response), {});
  if (read.kind !== 'reply')
    return [`${api} of ${provider} was not read: ${read.kind === 'failed' ? read.error.message : read.reason}`];
  const { body } = read.reply.render({ usage: read.reply.usage, cost: '0.25' });
  const given = json(JSON.parse(body.toString('utf8')));
  if (api.endsWith('rerank')) return rankProblems(recorded, given);
  const names = Object.keys(recorded).filter(
    (name) => !OURS.has(name) && !(name === 'meta' && given['usage'] !== undefined),
  );
  return names
    .filter((name) => !isDeepStrictEqual(given[name], recorded[name]))
    .map((name) => `${name} of the answer changed`);
}

/** Rankings of every vendor arrive in one shape: who stands where, and how well. */
function rankProblems(recorded: Json, given: Json): readonly string[] {
  const ranks = (body: Json) =>
    jsons(body['results'] ?? body['data']).map((one) => [one['index'], one['relevance_score']]);
  return isDeepStrictEqual(ranks(recorded), ranks(given)) ? [] : ['the ranking changed'];
}

function replayCount({ request, response, api }: Recording, dialect: 'anthropic-messages' | 'gemini'): OperationResult {
  if (request === null || response.status !== 200)
    return { kind: 'skipped', reason: `${api}: refused, or without a request` };
  const model = /models\/([^:/?]+)/.exec(request.path)?.[1] ?? 'test-model';
  const opened = openCount(dialect, Buffer.from(JSON.stringify(request.body)), { model, isStream: false });
  if (!opened.ok)
    return opened.failure.code === 'not_supported'
      ? { kind: 'skipped', reason: `${api}: names an object at the provider` }
      : failed(JSON.stringify(opened.failure));
  const question = opened.value.question(dialect, model);
  if (question === null) return failed('the provider cannot be asked');
  const recorded = json(response.body);
  const total = recorded[dialect === 'gemini' ? 'totalTokens' : 'input_tokens'];
  const counted = question.decode(bytesOf(response));
  const given = json(JSON.parse(opened.value.encode(counted ?? -1).toString('utf8')));
  const told = given[dialect === 'gemini' ? 'totalTokens' : 'input_tokens'];
  return told === total ? { kind: 'passed' } : failed(`${String(total)} tokens became ${String(told)}`);
}
