import { describe, expect, it } from 'vitest';
import type { ClientDialectId } from './canonical/index.js';
import { openRequest } from './client-request.js';
import type { Lane } from './lane.js';
import { quirksOf } from './provider-quirks.js';

const PATCH = '*** Begin Patch\n"quoted" \\ back\n*** End Patch';
const GRAMMAR = 'start: "*** Begin Patch" LINE+';

const CODEX = {
  model: 'm',
  input: [
    { role: 'user', content: 'Change it.' },
    { type: 'custom_tool_call', call_id: 'call_1', name: 'apply_patch', input: PATCH },
    { type: 'custom_tool_call_output', call_id: 'call_1', output: 'done' },
  ],
  tools: [
    {
      type: 'custom',
      name: 'apply_patch',
      description: 'Edits files.',
      format: { type: 'grammar', syntax: 'lark', definition: GRAMMAR },
    },
    { type: 'function', name: 'look', parameters: { type: 'object', properties: {} } },
  ],
  tool_choice: { type: 'custom', name: 'apply_patch' },
};

function laneOf(dialect: ClientDialectId, body: object, provider: string): Lane {
  const opened = openRequest(dialect, Buffer.from(JSON.stringify(body)), { model: null, isStream: null });
  if (!opened.ok) throw new Error(opened.failure.message);
  const lane = opened.value.lane({
    model: 'theirs',
    quirks: quirksOf(provider),
    outputMax: null,
    safetyIdentifier: null,
    dialect: provider === 'mistral' ? 'mistral-chat' : 'openai-chat',
    host: 'direct',
    publicModel: 'a/m',
    providerName: provider,
    requestId: 'r1',
    created: 1,
  });
  if (!lane.ok) throw new Error(lane.failure.message);
  return lane.value;
}

interface Wire {
  readonly messages: readonly {
    readonly tool_calls?: readonly { readonly function: { readonly arguments: string } }[];
  }[];
  readonly tools: readonly { readonly type: string; readonly function: { readonly description: string } }[];
  readonly tool_choice: unknown;
}

const wireOf = ({ body }: Lane): Wire => JSON.parse(body.toString()) as Wire;
const call = (text: string) => ({
  id: 'call_2',
  type: 'function',
  function: { name: 'apply_patch', arguments: text },
});
const whole = (text: string): Buffer =>
  Buffer.from(
    JSON.stringify({
      id: 'x',
      object: 'chat.completion',
      created: 1,
      model: 'theirs',
      choices: [
        {
          index: 0,
          message: { role: 'assistant', content: null, tool_calls: [call(text)] },
          finish_reason: 'tool_calls',
        },
      ],
      usage: { prompt_tokens: 1, completion_tokens: 1, total_tokens: 2 },
    }),
  );

describe('a tool of free text at a provider that has only functions', () => {
  it.each(['groq', 'mistral', 'deepseek', 'azure-ai', 'openrouter', 'vllm'])(
    'goes to %s as a function, and says so',
    (provider) => {
      const lane = laneOf('openai-responses', CODEX, provider);
      const { messages, tools, tool_choice } = wireOf(lane);
      expect(tools.map(({ type }) => type)).toEqual(['function', 'function']);
      expect(tools[0]?.function).toMatchObject({
        description: expect.stringContaining(GRAMMAR),
        parameters: { required: ['input'] },
      });
      expect(tool_choice).toEqual({ type: 'function', function: { name: 'apply_patch' } });
      const earlier = messages.flatMap((message) => message.tool_calls ?? []);
      expect(earlier.map((one) => JSON.parse(one.function.arguments) as unknown)).toEqual([{ input: PATCH }]);
      expect(lane.losses).toContainEqual({ field: 'tools[0]', reason: 'approximated' });
    },
  );

  it('stays what it is where the provider knows it', () => {
    expect(wireOf(laneOf('openai-responses', CODEX, 'openai')).tools[0]?.type).toBe('custom');
  });

  it.each([
    ['wrapped as asked', JSON.stringify({ input: PATCH })],
    ['as bare text', PATCH],
  ])('is called with its text, %s', (_how, written) => {
    const read = laneOf('openai-responses', CODEX, 'groq').readWhole(whole(written), {});
    if (read.kind !== 'reply') throw new Error(read.kind);
    const { body } = read.reply.render({ usage: null, cost: null });
    const { output } = JSON.parse(body.toString()) as { output: readonly object[] };
    expect(output).toEqual([
      expect.objectContaining({ type: 'custom_tool_call', call_id: 'call_2', name: 'apply_patch', input: PATCH }),
    ]);
  });

  it.each([1, 3, 1_000])('is called with its text in a stream of pieces of %i characters', (size) => {
    const stream = laneOf('openai-responses', { ...CODEX, stream: true }, 'groq').openStream({});
    const chunk = (delta: object, finish: string | null = null): Buffer =>
      Buffer.from(`data: ${JSON.stringify({ id: 'x', choices: [{ index: 0, delta, finish_reason: finish }] })}\n\n`);
    const written = JSON.stringify({ input: PATCH });
    const out: Buffer[] = [];
    const write = (bytes: Buffer): void => void out.push(Buffer.from(bytes));
    stream.push(chunk({ tool_calls: [{ index: 0, ...call('') }] }), write);
    for (let at = 0; at < written.length; at += size)
      stream.push(chunk({ tool_calls: [{ index: 0, function: { arguments: written.slice(at, at + size) } }] }), write);
    stream.push(chunk({}, 'tool_calls'), write);
    stream.push(Buffer.from('data: [DONE]\n\n'), write);
    stream.end(write);
    out.push(stream.terminal({ usage: null, cost: null }));
    const events = Buffer.concat(out)
      .toString()
      .split('\n')
      .flatMap((line) =>
        line.startsWith('data: {') ? [JSON.parse(line.slice(6)) as Readonly<Record<string, unknown>>] : [],
      );
    const ofType = (type: string) => events.filter((event) => event['type'] === type);
    expect(ofType('response.function_call_arguments.delta')).toEqual([]);
    expect(
      ofType('response.custom_tool_call_input.delta')
        .map((event) => event['delta'])
        .join(''),
    ).toBe(PATCH);
    expect(ofType('response.custom_tool_call_input.done')).toEqual([expect.objectContaining({ input: PATCH })]);
  });
});
