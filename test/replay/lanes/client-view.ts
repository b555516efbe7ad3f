import type { ClientDialectId } from '@tollgate/dialects';
import { readMessage, readMessageStream } from '../observe/anthropic-answer.js';
import { readChat, readChatStream } from '../observe/chat-answer.js';
import { readGemini, readGeminiStream } from '../observe/gemini-answer.js';
import { type Json, json, jsons, type ObservedAnswer, sseEvents } from '../observe/observed-answer.js';
import { readResponse, readResponseStream } from '../observe/responses-answer.js';

export interface ClientView {
  readonly answer: ObservedAnswer;
  readonly problems: readonly string[];
}

/** What a client of the dialect sees in what the gateway wrote, and what is wrong with it whatever it says. */
export function clientView(client: ClientDialectId, written: string, isStream: boolean, wantsUsage = true): ClientView {
  const answer = readAs(client, written, isStream);
  const problems = isStream
    ? streamProblems(client, written, wantsUsage)
    : bodyProblems(client, JSON.parse(written) as Json);
  return { answer, problems };
}

/** An answer as a client of the dialect reads it. */
export function readAs(client: ClientDialectId, written: string, isStream: boolean): ObservedAnswer {
  switch (client) {
    case 'openai-chat':
      return isStream ? readChatStream(written) : readChat(JSON.parse(written) as Json);
    case 'openai-responses':
      return isStream ? readResponseStream(written) : readResponse(JSON.parse(written) as Json);
    case 'anthropic-messages':
      return isStream ? readMessageStream(written) : readMessage(JSON.parse(written) as Json);
    case 'gemini':
      return isStream ? readGeminiStream(written) : readGemini(JSON.parse(written) as Json);
  }
}

/** Ids are ours and the price stands where it belongs. */
function bodyProblems(client: ClientDialectId, body: Json): string[] {
  const problems: string[] = [];
  const expectId = (id: unknown, prefix: string): void => {
    if (typeof id !== 'string' || !id.startsWith(prefix)) problems.push(`the id is ${String(id)}`);
  };
  if (client === 'openai-chat') expectId(body['id'], 'gen-');
  if (client === 'openai-responses') expectId(body['id'], 'resp_');
  if (client === 'anthropic-messages') expectId(body['id'], 'msg_');
  const model = client === 'gemini' ? body['modelVersion'] : body['model'];
  if (model !== 'test/model') problems.push(`the model is ${String(model)}`);
  const usage = json(client === 'gemini' ? body['usageMetadata'] : body['usage']);
  if (Object.keys(usage).length > 0 && usage['cost'] !== 0.000123456)
    problems.push(`usage.cost is ${String(usage['cost'])}`);
  return problems;
}

function streamProblems(client: ClientDialectId, written: string, wantsUsage: boolean): string[] {
  switch (client) {
    case 'openai-chat':
      return chatStreamProblems(written, wantsUsage);
    case 'openai-responses':
      return eventOrderProblems(written, 'response.created', /^response\.(completed|incomplete)$/);
    case 'anthropic-messages':
      return [...eventOrderProblems(written, 'message_start', /^message_stop$/), ...blockProblems(written)];
    case 'gemini':
      return geminiStreamProblems(written);
  }
}

function chatStreamProblems(written: string, wantsUsage: boolean): string[] {
  const events = sseEvents(written);
  const problems = events.at(-1)?.data === '[DONE]' ? [] : ['the stream does not end with [DONE]'];
  const usages = events.filter(({ data }) => data !== '[DONE]' && Boolean((JSON.parse(data) as Json)['usage']));
  if (!wantsUsage && usages.length > 0) problems.push('P08: usage was shown to a client that did not ask');
  if (wantsUsage && usages.length > 1) problems.push(`usage was shown ${usages.length} times`);
  return problems;
}

function eventOrderProblems(written: string, first: string, last: RegExp): string[] {
  const types = sseEvents(written).flatMap(({ data }) => {
    const type = (JSON.parse(data) as Json)['type'];
    return type === 'ping' || type === 'keepalive' ? [] : [String(type)];
  });
  const problems: string[] = [];
  if (types[0] !== first) problems.push(`the first event is ${types[0]}`);
  if (!last.test(types.at(-1) ?? '')) problems.push(`the last event is ${types.at(-1)}`);
  if (types.filter((type) => type === first).length !== 1) problems.push(`S08: ${first} more than once`);
  if (types.filter((type) => last.test(type)).length !== 1) problems.push('more than one terminal event');
  return problems;
}

/** Blocks are contiguous from 0, one is open at a time, every one closes, and each delta belongs into its block (S08, S11). */
function blockProblems(written: string): string[] {
  const allowed: Readonly<Record<string, RegExp>> = {
    text: /^(text_delta|citations_delta)$/,
    thinking: /^(thinking_delta|signature_delta)$/,
    tool_use: /^input_json_delta$/,
  };
  let open: { index: number; type: string } | null = null;
  let due = 0;
  for (const { data } of sseEvents(written)) {
    const event = JSON.parse(data) as Json;
    if (event['type'] === 'content_block_start') {
      if (open !== null) return ['a block opens inside of another'];
      if (event['index'] !== due) return [`block ${String(event['index'])} where ${due} was due`];
      open = { index: due, type: String(json(event['content_block'])['type']) };
      due += 1;
    } else if (event['type'] === 'content_block_delta') {
      if (open === null || event['index'] !== open.index) return ['S11: a delta for a block that is not open'];
      const kind = String(json(event['delta'])['type']);
      if (allowed[open.type]?.test(kind) === false) return [`S08: ${kind} in a ${open.type} block`];
    } else if (event['type'] === 'content_block_stop') open = null;
    else if (event['type'] === 'message_delta' && open !== null) return ['message_delta inside of a block'];
  }
  return open === null ? [] : ['a block never closes'];
}

function geminiStreamProblems(written: string): string[] {
  const chunks = written.trimStart().startsWith('[')
    ? jsons(JSON.parse(written))
    : sseEvents(written).map(({ data }) => JSON.parse(data) as Json);
  const finishes = chunks.map((chunk) => jsons(chunk['candidates']).filter((one) => one['finishReason']).length);
  const problems: string[] = [];
  if (finishes.slice(0, -1).some((count) => count > 0)) problems.push('a finishReason before the last chunk');
  if (chunks.length > 0 && json(chunks.at(-1)?.['usageMetadata']) === undefined) problems.push('no usage at the end');
  return problems;
}
