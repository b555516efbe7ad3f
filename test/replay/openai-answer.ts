/**
 * Reads OpenAI answers the way a client does, from the vendor's reference. It shares no code with the gateway: what two readers
 * agree on is what was sent.
 */
export interface ReadChoice {
  content: string;
  refusal: string;
  reasoning: string;
  audio: string;
  tools: { id: string; name: string; arguments: string }[];
  finish: string | null;
  annotations: unknown[];
  logprobs: unknown[];
}

export interface ReadAnswer {
  readonly choices: ReadonlyMap<number, ReadChoice>;
  readonly usage: Readonly<Record<string, unknown>> | null;
  readonly usageEvents: number;
  /** usage in a place of the provider's own, as Groq's x_groq */
  readonly hasHiddenUsage: boolean;
  readonly isDone: boolean;
  readonly error: unknown;
}

type Json = Record<string, unknown>;

export function readWhole(body: Json): ReadAnswer {
  const choices = new Map<number, ReadChoice>();
  for (const raw of list(body.choices)) {
    const choice = choiceAt(choices, raw);
    addMessage(choice, object(raw.message));
    if (typeof raw.finish_reason === 'string') choice.finish = raw.finish_reason;
    choice.logprobs.push(...list(object(raw.logprobs).content));
  }
  return {
    choices,
    usage: usageOf(body),
    usageEvents: body.usage ? 1 : 0,
    hasHiddenUsage: false,
    isDone: true,
    error: body.error ?? null,
  };
}

export function readStream(text: string): ReadAnswer {
  const choices = new Map<number, ReadChoice>();
  let usage: ReadAnswer['usage'] = null;
  let usageEvents = 0;
  let hasHiddenUsage = false;
  let isDone = false;
  let error: unknown = null;
  for (const data of eventData(text)) {
    if (data === '[DONE]') {
      isDone = true;
      continue;
    }
    const event = JSON.parse(data) as Json;
    if (event.error) error = event.error;
    if (object(event.x_groq).usage) hasHiddenUsage = true;
    if (event.usage) {
      usage = usageOf(event);
      usageEvents += 1;
    }
    for (const raw of list(event.choices)) addDelta(choiceAt(choices, raw), raw);
  }
  return { choices, usage, usageEvents, hasHiddenUsage, isDone, error };
}

function addDelta(choice: ReadChoice, raw: Json): void {
  const delta = object(raw.delta);
  addText(choice, delta);
  for (const call of list(delta.tool_calls)) {
    const index = typeof call.index === 'number' ? call.index : choice.tools.length;
    choice.tools[index] ??= { id: '', name: '', arguments: '' };
    addTool(choice.tools[index], call);
  }
  if (typeof raw.finish_reason === 'string') choice.finish = raw.finish_reason;
  choice.logprobs.push(...list(object(raw.logprobs).content));
}

function addMessage(choice: ReadChoice, message: Json): void {
  addText(choice, message);
  for (const call of list(message.tool_calls)) {
    const tool = { id: '', name: '', arguments: '' };
    addTool(tool, call);
    choice.tools.push(tool);
  }
}

function addText(choice: ReadChoice, from: Json): void {
  choice.content += typeof from.content === 'string' ? from.content : from.content ? JSON.stringify(from.content) : '';
  choice.refusal += typeof from.refusal === 'string' ? from.refusal : '';
  choice.reasoning += [from.reasoning_content, from.reasoning].filter((text) => typeof text === 'string').join('');
  choice.audio += from.audio ? JSON.stringify(from.audio) : '';
  choice.annotations.push(...list(from.annotations));
}

function addTool(tool: { id: string; name: string; arguments: string }, call: Json): void {
  const called = object(call.function);
  if (typeof call.id === 'string' && call.id) tool.id = call.id;
  if (typeof called.name === 'string') tool.name += called.name;
  if (typeof called.arguments === 'string') tool.arguments += called.arguments;
}

function choiceAt(choices: Map<number, ReadChoice>, raw: Json): ReadChoice {
  const index = typeof raw.index === 'number' ? raw.index : 0;
  const known = choices.get(index);
  if (known) return known;
  const choice: ReadChoice = {
    content: '',
    refusal: '',
    reasoning: '',
    audio: '',
    tools: [],
    finish: null,
    annotations: [],
    logprobs: [],
  };
  choices.set(index, choice);
  return choice;
}

/** The data of each event; CRLF, LF and CR end lines alike, several data lines of one event join with a newline. */
function eventData(text: string): readonly string[] {
  return text
    .replace(/\r\n?/g, '\n')
    .split('\n\n')
    .map((block) =>
      block
        .split('\n')
        .filter((line) => line.startsWith('data:'))
        .map((line) => line.slice(5).replace(/^ /, ''))
        .join('\n'),
    )
    .filter((data) => data !== '');
}

/** Usage without the one member that we add to it. */
function usageOf(from: Json): ReadAnswer['usage'] {
  if (typeof from.usage !== 'object' || from.usage === null) return null;
  const { cost: _cost, ...usage } = from.usage as Json;
  return usage;
}

function list(value: unknown): Json[] {
  return Array.isArray(value) ? value.filter((item): item is Json => typeof item === 'object' && item !== null) : [];
}

function object(value: unknown): Json {
  return typeof value === 'object' && value !== null ? (value as Json) : {};
}
