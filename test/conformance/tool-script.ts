/** A JSON Schema of an object, writable as the SDKs' types want it. */
export interface ObjectSchema {
  readonly [member: string]: unknown;
  type: 'object';
  properties: Record<string, { type: string; description: string }>;
  required: string[];
  additionalProperties: false;
}

export interface ScriptedTool {
  readonly name: string;
  readonly description: string;
  readonly parameters: ObjectSchema;
  readonly result: Readonly<Record<string, unknown>>;
}

const object = (properties: ObjectSchema['properties']): ObjectSchema => ({
  type: 'object',
  properties,
  required: Object.keys(properties),
  additionalProperties: false,
});

/** Two that the prompt speaks of, and one that it does not: that one is called because the second turn forces it, without any argument. */
export const scriptedTools: readonly ScriptedTool[] = [
  {
    name: 'get_weather',
    description: 'Tells the weather of a city.',
    parameters: object({ city: { type: 'string', description: 'The name of the city.' } }),
    result: { condition: 'drizzle', celsius: 7 },
  },
  {
    name: 'read_clock',
    description: 'Reads the clock of a city.',
    parameters: object({ city: { type: 'string', description: 'The name of the city.' } }),
    result: { hour: 15, minute: 4 },
  },
  {
    name: 'save_note',
    description: 'Keeps the latest remark for later.',
    parameters: object({}),
    result: { note: 'note-7731' },
  },
];

/** Turn 1 calls two tools at once; turn 2, forced, calls the third; turn 3 answers from its result. */
export const toolPrompt = 'What is the weather in Oslo, and what does the clock say in Lima?';
export const forcedTool = 'save_note';
export const turnsInAll = 3;

/** What a tool answers, as text: the SDKs differ in whether they take objects. */
export function toolResult(name: string): string {
  const tool = scriptedTools.find((candidate) => candidate.name === name);
  if (tool === undefined) throw new Error(`the model called ${name}, which it was not given`);
  return JSON.stringify(tool.result);
}

export interface Turn<Message> {
  readonly calls: readonly { readonly name: string; readonly args: unknown }[];
  readonly text: string;
  /** What to add to the conversation: the answer, and the results of its calls. */
  readonly added: readonly Message[];
}

/** The loop that programs write around an SDK: ask, run what was called, send the results, ask again. */
export async function runScript<Message>(
  first: readonly Message[],
  turn: (messages: Message[], forced: string | undefined) => Promise<Turn<Message>>,
): Promise<{ turns: Turn<Message>['calls'][]; text: string }> {
  let messages = [...first];
  let text = '';
  const turns: Turn<Message>['calls'][] = [];
  for (let index = 0; index < turnsInAll; index++) {
    const { calls, added, ...answer } = await turn(messages, index === 1 ? forcedTool : undefined);
    if (calls.length > 0) turns.push(calls);
    messages = [...messages, ...added];
    text = answer.text;
  }
  return { turns, text };
}
