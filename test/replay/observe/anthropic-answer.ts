import {
  Draft,
  type Json,
  json,
  jsons,
  number,
  type ObservedAnswer,
  type ObservedFinish,
  sseObjects,
  string,
} from './observed-answer.js';

const FINISHES: Readonly<Record<string, ObservedFinish>> = {
  end_turn: 'stop',
  stop_sequence: 'stop',
  pause_turn: 'other',
  max_tokens: 'length',
  model_context_window_exceeded: 'length',
  tool_use: 'tools',
  refusal: 'filter',
};

export function readMessage(body: Json): ObservedAnswer {
  const draft = new Draft();
  const seals: string[] = [];
  for (const [index, block] of jsons(body['content']).entries()) takeBlock(draft, seals, String(index), block);
  draft.finish = FINISHES[string(body['stop_reason'])] ?? (body['stop_reason'] ? 'other' : 'none');
  return { choices: [draft.done()], usage: usageOf(json(body['usage'])), seals, hasError: body['type'] === 'error' };
}

export function readMessageStream(text: string): ObservedAnswer {
  const draft = new Draft();
  const seals: string[] = [];
  let usage: Json = {};
  let hasError = false;
  for (const event of sseObjects(text)) {
    if (event['type'] === 'error') hasError = true;
    // Some recorders joined the answers of a whole loop: the first one is the exchange.
    if (event['type'] === 'message_stop') break;
    if (event['type'] === 'message_start') usage = { ...usage, ...present(json(json(event['message'])['usage'])) };
    if (event['type'] === 'content_block_start')
      takeBlock(draft, seals, String(event['index']), json(event['content_block']), true);
    if (event['type'] === 'content_block_delta') takeDelta(draft, seals, String(event['index']), json(event['delta']));
    if (event['type'] !== 'message_delta') continue;
    usage = { ...usage, ...present(json(event['usage'])) };
    const reason = json(event['delta'])['stop_reason'];
    if (reason) draft.finish = FINISHES[string(reason)] ?? 'other';
  }
  return { choices: [draft.done()], usage: usageOf(usage), seals, hasError };
}

function takeBlock(draft: Draft, seals: string[], key: string, block: Json, isOpening = false): void {
  switch (block['type']) {
    case 'text':
      draft.text += string(block['text']);
      return;
    case 'thinking':
      draft.reasoning += string(block['thinking']);
      if (string(block['signature']) !== '') seals.push(string(block['signature']));
      return;
    case 'redacted_thinking':
      seals.push(string(block['data']));
      return;
    case 'tool_use': {
      const call = draft.call(key);
      call.name = string(block['name']);
      if (!isOpening || Object.keys(json(block['input'])).length > 0) call.input = block['input'];
    }
  }
}

function takeDelta(draft: Draft, seals: string[], key: string, delta: Json): void {
  switch (delta['type']) {
    case 'text_delta':
      draft.text += string(delta['text']);
      return;
    case 'thinking_delta':
      draft.reasoning += string(delta['thinking']);
      return;
    case 'signature_delta':
      if (string(delta['signature']) !== '') seals.push(string(delta['signature']));
      return;
    case 'input_json_delta':
      // Server tools stream their input too; only blocks that were opened as calls are calls.
      if (draft.calls.has(key)) draft.call(key).text += string(delta['partial_json']);
  }
}

function present(usage: Json): Json {
  return Object.fromEntries(Object.entries(usage).filter(([, value]) => value !== null && value !== undefined));
}

/** Where one answer took several passes (compaction, an advisor), only their sum is what was billed: the totals are the last pass. */
function usageOf(usage: Json): ObservedAnswer['usage'] {
  if (typeof usage['output_tokens'] !== 'number') return null;
  const passes = jsons(usage['iterations']).flatMap((pass) => usageOf({ ...pass, iterations: [] }) ?? []);
  if (passes.length > 1)
    return {
      input: passes.reduce((sum, { input }) => sum + input, 0),
      output: passes.reduce((sum, { output }) => sum + output, 0),
    };
  const cached = number(usage['cache_read_input_tokens']) + number(usage['cache_creation_input_tokens']);
  return { input: number(usage['input_tokens']) + cached, output: number(usage['output_tokens']) };
}
