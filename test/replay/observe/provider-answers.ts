import { readMessage } from './anthropic-answer.js';
import {
  Draft,
  type Json,
  json,
  jsons,
  number,
  type ObservedAnswer,
  type ObservedFinish,
  parsed,
  sseObjects,
  string,
} from './observed-answer.js';

/** Readers of the dialects that are only spoken to providers. */

const BEDROCK_FINISHES: Readonly<Record<string, ObservedFinish>> = {
  end_turn: 'stop',
  stop_sequence: 'stop',
  max_tokens: 'length',
  model_context_window_exceeded: 'length',
  tool_use: 'tools',
  guardrail_intervened: 'filter',
  content_filtered: 'filter',
};

export function readConverse(body: Json): ObservedAnswer {
  const draft = new Draft();
  const seals: string[] = [];
  const blocks = jsons(json(json(body['output'])['message'])['content']);
  for (const [index, block] of blocks.entries()) takeConverseBlock(draft, seals, String(index), block);
  draft.finish = BEDROCK_FINISHES[string(body['stopReason'])] ?? 'other';
  return { choices: [draft.done()], usage: converseUsage(json(body['usage'])), seals, hasError: false };
}

/** `events` as the recordings hold them beside the binary stream: one object per frame. */
export function readConverseEvents(events: readonly Json[]): ObservedAnswer {
  const draft = new Draft();
  const seals: string[] = [];
  let usage: Json = {};
  let hasError = false;
  for (const frame of events) {
    const { type, payload } = frameOf(frame);
    const key = String(payload['contentBlockIndex']);
    if (/Exception$/i.test(type)) hasError = true;
    if (type === 'contentBlockStart') takeConverseBlock(draft, seals, key, json(payload['start']), true);
    if (type === 'contentBlockDelta') takeConverseDelta(draft, seals, key, json(payload['delta']));
    if (type === 'messageStop') draft.finish = BEDROCK_FINISHES[string(payload['stopReason'])] ?? 'other';
    if (type === 'metadata') usage = json(payload['usage']);
  }
  return { choices: [draft.done()], usage: converseUsage(usage), seals, hasError };
}

function frameOf(frame: Json): { type: string; payload: Json } {
  const headers = json(frame['headers']);
  const type = string(headers[':event-type'] ?? headers[':exception-type'] ?? frame['event_type'] ?? frame['type']);
  const body = frame['payload'] ?? frame['body'] ?? frame['data'];
  const payload = typeof body === 'string' ? parsed(body) : body;
  if (type !== '' && payload !== undefined) return { type, payload: json(payload) };
  const [name = ''] = Object.keys(frame);
  return { type: name, payload: json(frame[name]) };
}

function takeConverseBlock(draft: Draft, seals: string[], key: string, block: Json, isOpening = false): void {
  if (typeof block['text'] === 'string') draft.text += block['text'];
  const reasoning = json(block['reasoningContent']);
  const thought = json(reasoning['reasoningText']);
  draft.reasoning += string(thought['text']);
  if (string(thought['signature']) !== '') seals.push(string(thought['signature']));
  takeRedacted(seals, reasoning);
  for (const piece of jsons(json(block['citationsContent'])['content'])) draft.text += string(piece['text']);
  // Tools that run at Amazon are no calls of the caller's.
  if (!block['toolUse'] || json(block['toolUse'])['type'] === 'server_tool_use') return;
  const used = json(block['toolUse']);
  const call = draft.call(key);
  call.name = string(used['name']);
  if (!isOpening) call.input = used['input'] ?? {};
}

function takeConverseDelta(draft: Draft, seals: string[], key: string, delta: Json): void {
  draft.text += string(delta['text']);
  const reasoning = json(delta['reasoningContent']);
  draft.reasoning += string(reasoning['text']);
  if (string(reasoning['signature']) !== '') seals.push(string(reasoning['signature']));
  takeRedacted(seals, reasoning);
  if (delta['toolUse'] && draft.calls.has(key)) draft.call(key).text += string(json(delta['toolUse'])['input']);
}

/** Bytes on this wire are base64; inside is the text that Anthropic itself sends. */
function takeRedacted(seals: string[], reasoning: Json): void {
  const redacted = string(reasoning['redactedContent']);
  if (redacted !== '') seals.push(Buffer.from(redacted, 'base64').toString('utf8'));
}

function converseUsage(usage: Json): ObservedAnswer['usage'] {
  if (typeof usage['outputTokens'] !== 'number') return null;
  const read = usage['cacheReadInputTokens'] ?? usage['cacheReadInputTokenCount'];
  const written = usage['cacheWriteInputTokens'] ?? usage['cacheWriteInputTokenCount'];
  return { input: number(usage['inputTokens']) + number(read) + number(written), output: usage['outputTokens'] };
}

/** InvokeModel gives the model's own body: Claude's messages, or the completion of Claude 2. */
export function readInvoked(body: Json): ObservedAnswer {
  if (typeof body['completion'] !== 'string') return readMessage(body);
  const draft = new Draft();
  draft.text = body['completion'];
  draft.finish = body['stop_reason'] === 'max_tokens' ? 'length' : 'stop';
  return { choices: [draft.done()], usage: null, seals: [], hasError: false };
}

const COHERE_FINISHES: Readonly<Record<string, ObservedFinish>> = {
  COMPLETE: 'stop',
  STOP_SEQUENCE: 'stop',
  MAX_TOKENS: 'length',
  TOOL_CALL: 'tools',
};

export function readCohere(body: Json): ObservedAnswer {
  const draft = new Draft();
  const message = json(body['message']);
  // What it says before it calls, and all that it says then.
  draft.text = string(message['tool_plan']);
  for (const part of jsons(message['content'])) {
    draft.text += string(part['text']);
    draft.reasoning += string(part['thinking']);
  }
  for (const [index, call] of jsons(message['tool_calls']).entries()) takeCohereCall(draft, String(index), call);
  draft.finish = COHERE_FINISHES[string(body['finish_reason'])] ?? 'other';
  return { choices: [draft.done()], usage: cohereUsage(json(body['usage'])), seals: [], hasError: false };
}

export function readCohereStream(text: string): ObservedAnswer {
  const draft = new Draft();
  let usage: Json = {};
  for (const event of sseObjects(text)) {
    const message = json(json(event['delta'])['message']);
    const content = json(message['content']);
    if (event['type'] === 'content-delta' || event['type'] === 'content-start') {
      draft.text += string(content['text']);
      draft.reasoning += string(content['thinking']);
    }
    if (event['type'] === 'tool-plan-delta') draft.text += string(message['tool_plan']);
    if (event['type'] === 'tool-call-start' || event['type'] === 'tool-call-delta')
      takeCohereCall(draft, String(event['index']), json(message['tool_calls']));
    if (event['type'] !== 'message-end') continue;
    draft.finish = COHERE_FINISHES[string(json(event['delta'])['finish_reason'])] ?? 'other';
    usage = json(json(event['delta'])['usage']);
  }
  return { choices: [draft.done()], usage: cohereUsage(usage), seals: [], hasError: false };
}

function takeCohereCall(draft: Draft, key: string, call: Json): void {
  const called = json(call['function']);
  draft.call(key).name += string(called['name']);
  draft.call(key).text += string(called['arguments']);
}

/** Cohere bills `billed_units`; `tokens` also counts what it puts into the prompt itself. */
function cohereUsage(usage: Json): ObservedAnswer['usage'] {
  const units = usage['billed_units'] ? json(usage['billed_units']) : json(usage['tokens']);
  if (typeof units['output_tokens'] !== 'number') return null;
  return { input: number(units['input_tokens']), output: units['output_tokens'] };
}

export function readOllama(body: Json): ObservedAnswer {
  return readOllamaLines([body]);
}

export function readOllamaStream(text: string): ObservedAnswer {
  return readOllamaLines(text.split('\n').flatMap((line) => (line.trim() === '' ? [] : [json(parsed(line))])));
}

function readOllamaLines(lines: readonly Json[]): ObservedAnswer {
  const draft = new Draft();
  let last: Json = {};
  for (const line of lines) {
    const message = json(line['message']);
    draft.text += string(message['content']) + string(line['response']);
    draft.reasoning += string(message['thinking']) + string(line['thinking']);
    for (const called of jsons(message['tool_calls'])) {
      const call = draft.call(String(draft.calls.size));
      call.name = string(json(called['function'])['name']);
      call.input = json(called['function'])['arguments'];
    }
    last = line;
  }
  const reason = string(last['done_reason']);
  draft.finish = draft.calls.size > 0 ? 'tools' : reason === 'stop' ? 'stop' : reason === 'length' ? 'length' : 'none';
  const hasUsage = typeof last['eval_count'] === 'number';
  const usage = hasUsage ? { input: number(last['prompt_eval_count']), output: number(last['eval_count']) } : null;
  return { choices: [draft.done()], usage, seals: [], hasError: lines.some((line) => Boolean(line['error'])) };
}
