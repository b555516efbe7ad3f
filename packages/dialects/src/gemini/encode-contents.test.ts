import { describe, expect, it } from 'vitest';
import type { JsonObject, Part } from '../canonical/part.js';
import {
  assistant,
  call,
  contentsOf,
  encode,
  foreign,
  GEMINI_3,
  result,
  seal,
  text,
  thought,
  user,
} from './encode.fixture.js';
import { SKIPPED_SIGNATURE } from './encode-contents.js';
import { vertexProvider } from './provider.js';

describe('turns', () => {
  it('system text stands apart, also what came in between, which has moved', () => {
    const encoded = encode({
      messages: [
        { role: 'system', parts: [text('A')] },
        user(text('Hi')),
        { role: 'developer', parts: [text('B')] },
        user(text('there')),
      ],
    });
    expect(encoded.body).toEqual({
      systemInstruction: { parts: [{ text: 'A' }, { text: 'B' }] },
      contents: [{ role: 'user', parts: [{ text: 'Hi' }, { text: 'there' }] }],
    });
    expect(encoded.losses).toEqual([{ field: 'messages[2]', reason: 'moved' }]);
  });

  it('T11, T14: parallel calls are one turn, and each has one response, in order, named by its call', () => {
    const encoded = encode({
      messages: [
        user(text('go')),
        assistant(call('c1', 'add', { seal })),
        assistant(call('c2', 'mul')),
        user(result('c2', '6')),
        user(result('c1', '5'), text('and?')),
      ],
    });
    expect(contentsOf(encoded)).toEqual([
      { role: 'user', parts: [{ text: 'go' }] },
      {
        role: 'model',
        parts: [
          { functionCall: { id: 'c1', name: 'add', args: { a: 1 } }, thoughtSignature: 'c2ln' },
          { functionCall: { id: 'c2', name: 'mul', args: { a: 1 } } },
        ],
      },
      {
        role: 'user',
        parts: [
          { functionResponse: { id: 'c1', name: 'add', response: { output: '5' } } },
          { functionResponse: { id: 'c2', name: 'mul', response: { output: '6' } } },
          { text: 'and?' },
        ],
      },
    ]);
  });

  it('T04, T14: a second result of a call, a missing one and one without a call do not change their number', () => {
    const encoded = encode({
      messages: [
        user(text('go')),
        assistant(call('c1'), call('c2')),
        user(result('c1', 'old'), result('c1', 'new'), result('c9', 'stray')),
      ],
    });
    const parts = contentsOf(encoded)[2]?.['parts'];
    expect(parts).toEqual([
      { functionResponse: { id: 'c1', name: 'c1', response: { output: 'new' } } },
      { functionResponse: { id: 'c2', name: 'c2', response: { error: 'There is no result of this call.' } } },
      { text: 'Result of a tool: stray' },
    ]);
    expect(encoded.losses.map(({ reason }) => reason).sort()).toEqual(['approximated', 'approximated', 'dropped']);
  });

  it('W26: ids of our own making and all ids at Vertex are left out', () => {
    const messages = [user(text('go')), assistant(call('call_req1_0s', 'f')), user(result('call_req1_0s'))];
    expect(JSON.stringify(encode({ messages }).body)).not.toContain('"id"');
    const others = [user(text('go')), assistant(call('toolu_1', 'f')), user(result('toolu_1'))];
    expect(JSON.stringify(encode({ messages: others }).body)).toContain('"id":"toolu_1"');
    expect(JSON.stringify(encode({ messages: others }, undefined, vertexProvider).body)).not.toContain('"id"');
  });

  it('T05, T09: no arguments are {}, and broken ones stay what they are', () => {
    const messages = [
      user(text('go')),
      assistant(call('c1', 'f', { arguments: '' }), call('c2', 'g', { arguments: '{"a' })),
      user(result('c1'), result('c2')),
    ];
    const encoded = encode({ messages });
    expect(contentsOf(encoded)[1]?.['parts']).toMatchObject([
      { functionCall: { args: {} } },
      { functionCall: { args: { _raw: '{"a' } } },
    ]);
    expect(encoded.losses).toEqual([{ field: 'messages[1].content[1].arguments', reason: 'approximated' }]);
  });

  it('a result that is an object goes as one, a number of many digits and an error stay text', () => {
    const answer = (words: string, isError: boolean | null = null): unknown => {
      const part = { ...result('c1', words), isError } as Part;
      const parts = contentsOf(encode({ messages: [user(text('go')), assistant(call('c1')), user(part)] }))[2]?.[
        'parts'
      ] as JsonObject[];
      const [first] = parts as { functionResponse?: JsonObject }[];
      return first?.functionResponse?.['response'];
    };
    expect(answer('{"temp":20}')).toEqual({ temp: 20 });
    expect(answer('{"id":12345678901234567890}')).toEqual({ output: '{"id":12345678901234567890}' });
    expect(answer('[1]')).toEqual({ output: '[1]' });
    expect(answer('boom', true)).toEqual({ error: 'boom' });
  });

  it('pictures stand inside of a response at Gemini 3 and beside it before', () => {
    const picture: Part = {
      kind: 'tool_result',
      callId: 'c1',
      name: 'f',
      content: [{ kind: 'image', source: { kind: 'base64', mediaType: 'image/png', data: 'AAAA' } }],
      isError: null,
      variant: 'function',
    };
    const messages = [user(text('go')), assistant(call('c1', 'f', { seal })), user(picture)];
    const inline = { inlineData: { mimeType: 'image/png', data: 'AAAA' } };
    const inside = encode({ messages }, GEMINI_3);
    expect(contentsOf(inside)[2]?.['parts']).toEqual([
      { functionResponse: { id: 'c1', name: 'f', response: {}, parts: [inline] } },
    ]);
    expect(inside.losses).toEqual([]);
    const beside = encode({ messages });
    expect(contentsOf(beside)[2]?.['parts']).toEqual([
      { functionResponse: { id: 'c1', name: 'f', response: {} } },
      inline,
    ]);
    expect(beside.losses).toEqual([{ field: 'messages[2].content[0]', reason: 'moved' }]);
  });
});

describe('signatures', () => {
  it('T10: a signature that another dialect brought in a reasoning part is back on the call it came from', () => {
    const encoded = encode(
      {
        messages: [
          user(text('go')),
          assistant(thought(seal, 'Hm'), text('I will'), call('c1'), call('c2')),
          user(result('c1'), result('c2')),
        ],
      },
      GEMINI_3,
    );
    expect(contentsOf(encoded)[1]?.['parts']).toEqual([
      { text: 'Hm', thought: true },
      { text: 'I will' },
      { functionCall: { id: 'c1', name: 'c1', args: { a: 1 } }, thoughtSignature: 'c2ln' },
      { functionCall: { id: 'c2', name: 'c2', args: { a: 1 } } },
    ]);
    expect(encoded.losses).toEqual([]);
  });

  it('W27: without a call it is back on the text, or on an empty one behind everything', () => {
    const signed = encode({ messages: [user(text('go')), assistant(thought(seal), text('Yes')), user(text('and?'))] });
    expect(contentsOf(signed)[1]?.['parts']).toEqual([{ text: 'Yes', thoughtSignature: 'c2ln' }]);
    const last = encode({ messages: [user(text('go')), assistant(text('Yes'), thought(seal)), user(text('and?'))] });
    expect(contentsOf(last)[1]?.['parts']).toEqual([{ text: 'Yes' }, { text: '', thoughtSignature: 'c2ln' }]);
  });

  it('T02: signatures of other vendors are left out by name', () => {
    const encoded = encode({
      messages: [
        user(text('go')),
        assistant(thought(foreign, 'Hm'), call('c1', 'f', { seal: foreign })),
        user(result('c1')),
      ],
    });
    expect(JSON.stringify(encoded.body)).not.toContain('abc');
    expect(encoded.losses).toEqual([
      { field: 'messages[1].content[0]', reason: 'dropped' },
      { field: 'messages[1].content[1].signature', reason: 'dropped' },
    ]);
  });

  it('T11: Gemini 3 gets the documented stand-in on the first unsigned call of each step of the current turn, and only there', () => {
    const messages = [
      user(text('before')),
      assistant(call('c0')),
      user(result('c0')),
      assistant(text('done')),
      user(text('now')),
      assistant(call('c1'), call('c2')),
      user(result('c1'), result('c2')),
      assistant(call('c3', 'c3', { seal })),
      user(result('c3')),
    ];
    const encoded = encode({ messages }, GEMINI_3);
    const signatures = contentsOf(encoded).flatMap(({ parts }) =>
      (parts as JsonObject[]).flatMap((part) => (part['functionCall'] === undefined ? [] : [part['thoughtSignature']])),
    );
    expect(signatures).toEqual([undefined, SKIPPED_SIGNATURE, undefined, 'c2ln']);
    expect(encoded.losses).toEqual([{ field: 'messages[5].content[0].signature', reason: 'approximated' }]);
    expect(encode({ messages }).losses).toEqual([]);
  });
});
