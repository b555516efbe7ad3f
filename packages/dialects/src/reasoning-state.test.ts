import { describe, expect, it } from 'vitest';
import type { CanonicalRequest, Part, ReplyEvent } from './canonical/index.js';
import { callsWithoutReasoning, ReasoningCollector, withoutSeals, withReasoning } from './reasoning-state.js';

const thought: Part = {
  kind: 'reasoning',
  text: 'Add them.',
  summary: [],
  id: null,
  seal: { dialect: 'anthropic-messages', form: 'signature', value: 'sig' },
};
const call: Part = { kind: 'tool_call', id: 'c1', name: 'add', arguments: '{"a":1}', variant: 'function' };

const streamed: readonly ReplyEvent[] = [
  { kind: 'start' },
  { kind: 'part_start', choice: 0, part: 0, value: { kind: 'reasoning', text: '', summary: [], id: null, seal: null } },
  { kind: 'part_delta', choice: 0, part: 0, delta: { kind: 'text', text: 'Add ' } },
  { kind: 'part_delta', choice: 0, part: 0, delta: { kind: 'text', text: 'them.' } },
  {
    kind: 'part_delta',
    choice: 0,
    part: 0,
    delta: { kind: 'seal', seal: { dialect: 'anthropic-messages', form: 'signature', value: 'sig' } },
  },
  { kind: 'part_end', choice: 0, part: 0 },
  {
    kind: 'part_start',
    choice: 0,
    part: 1,
    value: { kind: 'tool_call', id: 'c1', name: 'add', arguments: '', variant: 'function' },
  },
  { kind: 'part_delta', choice: 0, part: 1, delta: { kind: 'arguments', text: '{"a"' } },
  { kind: 'part_delta', choice: 0, part: 1, delta: { kind: 'arguments', text: ':1}' } },
  { kind: 'part_end', choice: 0, part: 1 },
];

function history(...parts: readonly Part[]): CanonicalRequest {
  return {
    messages: [
      { role: 'user', parts: [] },
      { role: 'assistant', parts },
    ],
  } as unknown as CanonicalRequest;
}

describe('reasoning that a client dropped', () => {
  it('is collected from a stream and put back before the call it led to', () => {
    const collector = new ReasoningCollector();
    for (const event of streamed) collector.add(event);
    const [entry] = collector.entries();
    expect(entry?.call).toEqual({ id: 'c1', name: 'add', arguments: '{"a":1}' });
    const dropped = history({ kind: 'text', text: 'Let me see.' }, call);
    expect(callsWithoutReasoning(dropped)).toEqual([entry?.call]);
    const restored = withReasoning(dropped, () => entry?.state ?? null);
    expect(restored.messages[1]?.parts).toEqual([thought, { kind: 'text', text: 'Let me see.' }, call]);
  });

  it('is left alone where the client brings its own', () => {
    expect(callsWithoutReasoning(history(thought, call))).toEqual([]);
    const seal = { dialect: 'gemini', form: 'signature', value: 'x' } as const;
    expect(callsWithoutReasoning(history({ ...call, seal }))).toEqual([]);
  });

  it('is not asked for where nothing was called', () => {
    expect(callsWithoutReasoning(history({ kind: 'text', text: 'Hello' }))).toEqual([]);
  });

  it('of another choice is no history', () => {
    const collector = new ReasoningCollector();
    for (const event of streamed) collector.add(event.kind === 'start' ? event : { ...event, choice: 1 });
    expect(collector.entries()).toEqual([]);
  });
});

describe('T02, T23: seals that another deployment cannot open', () => {
  it('go, with the thoughts under them; words and calls stay', () => {
    const seal = { dialect: 'gemini', form: 'signature', value: 'x' } as const;
    const sealed = history(thought, { kind: 'text', text: 'So', seal }, { ...call, seal });
    const { request, hadSeals } = withoutSeals(sealed);
    expect(hadSeals).toBe(true);
    expect(request.messages[1]?.parts).toEqual([{ kind: 'text', text: 'So' }, call]);
  });

  it('are not looked for where there are none: the very same request comes back', () => {
    const plain = history({ kind: 'text', text: 'Hello' }, call);
    expect(withoutSeals(plain)).toEqual({ request: plain, hadSeals: false });
    expect(withoutSeals(plain).request).toBe(plain);
  });
});
