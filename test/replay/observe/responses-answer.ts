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

const CLOSINGS = new Set(['response.completed', 'response.incomplete', 'response.failed']);

export function readResponse(body: Json): ObservedAnswer {
  const draft = new Draft();
  const seals: string[] = [];
  for (const [index, item] of jsons(body['output']).entries()) takeItem(draft, seals, String(index), item);
  draft.finish = finishOf(body, draft);
  const hasError = body['error'] !== undefined && body['error'] !== null;
  return { choices: [draft.done()], usage: usageOf(json(body['usage'])), seals, hasError };
}

/** Read from the deltas, not from the final object: a client that shows text as it comes must see all of it. */
export function readResponseStream(text: string): ObservedAnswer {
  const draft = new Draft();
  const seals: string[] = [];
  const streamed = new Map<string, string>();
  let closing: Json = {};
  let hasError = false;
  for (const event of sseObjects(text)) {
    const type = string(event['type']);
    if (type === 'error' || type === 'response.failed') hasError = true;
    if (CLOSINGS.has(type)) closing = json(event['response']);
    takeEvent(draft, seals, streamed, type, event);
    // Some recorders joined the answers of a whole loop: the first one is the exchange.
    if (CLOSINGS.has(type)) break;
  }
  draft.finish = finishOf(closing, draft);
  return { choices: [draft.done()], usage: usageOf(json(closing['usage'])), seals, hasError };
}

function takeEvent(draft: Draft, seals: string[], streamed: Map<string, string>, type: string, event: Json): void {
  const key = `${String(event['output_index'])}`;
  switch (type) {
    case 'response.output_text.delta':
      streamed.set(key, (streamed.get(key) ?? '') + string(event['delta']));
      draft.text += string(event['delta']);
      return;
    case 'response.output_text.done': {
      // Recordings that were shortened have the whole text only here.
      const said = streamed.get(key) ?? '';
      const whole = string(event['text']);
      if (whole.length > said.length) draft.text = draft.text.slice(0, draft.text.length - said.length) + whole;
      streamed.set(key, '');
      return;
    }
    case 'response.refusal.delta':
      draft.refusal += string(event['delta']);
      return;
    case 'response.reasoning_text.delta':
    case 'response.reasoning_summary_text.delta':
      draft.reasoning += string(event['delta']);
      return;
    case 'response.output_item.done': {
      const item = json(event['item']);
      if (item['type'] === 'function_call' || item['type'] === 'custom_tool_call') takeItem(draft, seals, key, item);
      if (item['type'] === 'reasoning' && string(item['encrypted_content']) !== '')
        seals.push(string(item['encrypted_content']));
    }
  }
}

function takeItem(draft: Draft, seals: string[], key: string, item: Json): void {
  switch (item['type']) {
    case 'message':
      for (const part of jsons(item['content'])) {
        if (part['type'] === 'output_text') draft.text += string(part['text']);
        if (part['type'] === 'refusal') draft.refusal += string(part['refusal']);
      }
      return;
    case 'reasoning':
      for (const part of [...jsons(item['summary']), ...jsons(item['content'])])
        draft.reasoning += string(part['text']);
      if (string(item['encrypted_content']) !== '') seals.push(string(item['encrypted_content']));
      return;
    case 'function_call':
    case 'custom_tool_call': {
      const call = draft.call(key);
      call.name = string(item['name']);
      call.text = string(item['arguments'] ?? item['input']);
    }
  }
}

function finishOf(body: Json, draft: Draft): ObservedFinish {
  const reason = string(json(body['incomplete_details'])['reason']);
  if (body['status'] === 'incomplete') return reason === 'content_filter' ? 'filter' : 'length';
  if (body['status'] === 'completed') return draft.calls.size > 0 ? 'tools' : 'stop';
  return body['status'] === undefined ? 'none' : 'other';
}

function usageOf(usage: Json): ObservedAnswer['usage'] {
  if (typeof usage['input_tokens'] !== 'number') return null;
  return { input: usage['input_tokens'], output: number(usage['output_tokens']) };
}
