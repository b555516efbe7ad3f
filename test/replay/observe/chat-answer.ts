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
  stop: 'stop',
  length: 'length',
  model_length: 'length',
  tool_calls: 'tools',
  function_call: 'tools',
  content_filter: 'filter',
};

export function readChat(body: Json): ObservedAnswer {
  const drafts = new Map<number, Draft>();
  for (const choice of jsons(body['choices']))
    take(at(drafts, number(choice['index'])), choice, json(choice['message']));
  return observed(drafts, body['usage'], [body], body['error'] !== undefined && body['error'] !== null);
}

export function readChatStream(text: string): ObservedAnswer {
  const drafts = new Map<number, Draft>();
  const events = sseObjects(text);
  let usage: unknown = null;
  for (const event of events) {
    if (event['usage']) usage = event['usage'];
    for (const choice of jsons(event['choices']))
      take(at(drafts, number(choice['index'])), choice, json(choice['delta']));
  }
  return observed(
    drafts,
    usage,
    events,
    events.some((event) => Boolean(event['error'])),
  );
}

function take(draft: Draft, choice: Json, message: Json): void {
  takeContent(draft, message['content']);
  draft.refusal += string(message['refusal']);
  draft.reasoning += string(message['reasoning_content']) || string(message['reasoning']) || detailed(message);
  for (const [position, call] of jsons(message['tool_calls']).entries()) takeCall(draft, call, position);
  // Snowflake fills every member it does not use with "".
  if (string(json(message['function_call'])['name']) !== '' || json(message['function_call'])['arguments'])
    takeFunction(draft, '0', json(message['function_call']));
  const finish = string(choice['finish_reason']);
  if (finish !== '') draft.finish = FINISHES[finish] ?? 'other';
}

/** OpenRouter's details repeat what `reasoning` says; some models have only them. */
function detailed(message: Json): string {
  return jsons(message['reasoning_details'])
    .map((detail) => string(detail['text']) || string(detail['summary']))
    .join('');
}

function takeContent(draft: Draft, content: unknown): void {
  if (typeof content === 'string') draft.text += content;
  // Cloudflare gives a structured answer as the object itself.
  else if (typeof content === 'object' && content !== null && !Array.isArray(content))
    draft.text += JSON.stringify(content);
  for (const part of jsons(content)) {
    if (part['type'] === 'text') draft.text += string(part['text']);
    if (part['type'] !== 'thinking') continue;
    for (const piece of jsons(part['thinking'])) draft.reasoning += string(piece['text']);
    draft.reasoning += string(part['thinking']);
  }
}

function takeCall(draft: Draft, call: Json, position: number): void {
  const key = String(typeof call['index'] === 'number' ? call['index'] : position);
  if (string(json(call['custom'])['name']) !== '' || json(call['custom'])['input']) {
    const target = draft.call(key);
    target.name += string(json(call['custom'])['name']);
    target.text += string(json(call['custom'])['input']);
  } else takeFunction(draft, key, json(call['function']));
}

function takeFunction(draft: Draft, key: string, called: Json): void {
  const target = draft.call(key);
  target.name += string(called['name']);
  if (typeof called['arguments'] === 'string') target.text += called['arguments'];
  else if (called['arguments'] !== undefined && called['arguments'] !== null) target.input = called['arguments'];
}

function at(drafts: Map<number, Draft>, index: number): Draft {
  const known = drafts.get(index) ?? new Draft();
  drafts.set(index, known);
  return known;
}

function observed(
  drafts: Map<number, Draft>,
  usage: unknown,
  from: readonly Json[],
  hasError: boolean,
): ObservedAnswer {
  return {
    choices: [...drafts.entries()].sort(([a], [b]) => a - b).map(([, draft]) => draft.done()),
    usage: chatUsage(usage),
    seals: from.flatMap((event) =>
      jsons(event['choices']).flatMap((choice) => sealsOf(json(choice['message'] ?? choice['delta']))),
    ),
    hasError,
  };
}

function sealsOf(message: Json): string[] {
  return jsons(message['reasoning_details']).flatMap((detail) =>
    [detail['signature'], detail['data']].filter((seal): seal is string => typeof seal === 'string' && seal !== ''),
  );
}

/** Where the total knows more than its parts, the rest is output (xAI, Google); audio of the input at Mistral is the exception its test knows. */
function chatUsage(raw: unknown): ObservedAnswer['usage'] {
  const usage = json(raw);
  if (typeof usage['prompt_tokens'] !== 'number' && typeof usage['completion_tokens'] !== 'number') return null;
  const input = number(usage['prompt_tokens']);
  const reasoning = number(json(usage['completion_tokens_details'])['reasoning_tokens']);
  const stated = number(usage['completion_tokens']);
  // Mistral leaves the sound it heard out of prompt_tokens, and in the total.
  if (usage['prompt_audio_seconds'] !== undefined)
    return { input: number(usage['total_tokens']) - stated, output: stated };
  const output = Math.max(stated, number(usage['total_tokens']) - input, reasoning > stated ? reasoning + stated : 0);
  return { input, output };
}
