import { describe, expect, it } from 'vitest';
import type { Target } from '../canonical/codec.js';
import { parseObject } from '../canonical/json-read.js';
import { quirksOf } from '../provider-quirks.js';
import { client } from './client.js';

const DOOR = { model: null, isStream: null };

function passed(id: string, body: string): { readonly text: string; readonly lost: readonly string[] } {
  const bytes = Buffer.from(body);
  const decoded = client.decodeRequest(bytes, DOOR);
  if (!decoded.ok) throw new Error(JSON.stringify(decoded.failure));
  const target: Target = { model: 'm', quirks: quirksOf(id), outputMax: null, safetyIdentifier: null };
  const spliced = client.pass.spliceRequest(bytes, decoded.value, target);
  if (!spliced.ok) throw new Error(JSON.stringify(spliced.failure));
  const { body: pieces, losses } = spliced.value;
  return { text: Buffer.concat([...pieces]).toString('utf8'), lost: losses.map(({ field }) => field) };
}

/** Odd spacing and an unknown member: what is kept is kept to the byte. */
const talk = (assistant: string): string =>
  `{ "model":"m" , "x": 1.0,"messages":[{"role":"user","content":"Hi"} , {"role":"assistant",${assistant}},{"role":"user","content":"So?"}] }`;

describe('bytes that pass', () => {
  it('stay as they are where a provider takes them', () => {
    const plain = talk('"content":"Hello"');
    for (const id of ['openai', 'groq', 'deepseek', 'openrouter'])
      expect(passed(id, plain)).toEqual({ text: plain, lost: [] });
    const thinking = talk('"content":"Hello","reasoning_content":"Hm"');
    expect(passed('deepseek', thinking)).toEqual({ text: thinking, lost: [] });
    const sealed = talk(
      '"content":"Hello","reasoning_details":[{"type":"reasoning.text","text":"Hm","signature":"s"}]',
    );
    expect(passed('openrouter', sealed)).toEqual({ text: sealed, lost: [] });
  });

  it.each([
    ['deepseek', '"reasoning_content":"Hm"'],
    ['groq', '"reasoning":"Hm"'],
  ])('T24: only the messages are written anew where thinking stands under another name (%s)', (id, member) => {
    const { text } = passed(id, talk('"content":"Hello","reasoning_details":[{"type":"reasoning.text","text":"Hm"}]'));
    expect(text).toBe(
      `{ "model":"m" , "x": 1.0,"messages":[{"role":"user","content":"Hi"},{"role":"assistant","content":"Hello",${member}},{"role":"user","content":"So?"}] }`,
    );
  });

  it('T24: OpenAI gets no thinking at all, and the caller is told', () => {
    const { text, lost } = passed('openai', talk('"content":"Hello","reasoning":"Hm","reasoning_content":"Hm"'));
    expect(text).not.toContain('Hm');
    expect(lost).toEqual(['messages[1].reasoning']);
  });

  it('T26: marks and rejected members go, and are told', () => {
    const body =
      '{"model":"m","top_k":3,"messages":[{"role":"user","content":[{"type":"text","text":"Hi","cache_control":{"type":"ephemeral"}}]}],"plugins":[{"id":"x"}]}';
    expect(passed('openai', body)).toEqual({
      text: '{"model":"m","messages":[{"role":"user","content":"Hi"}]}',
      lost: ['plugins', 'top_k', 'cache_control'],
    });
    expect(passed('openrouter', body).text).toContain('cache_control');
  });

  it('what the gateway does itself is removed without a word: routes, labels, usage', () => {
    const body =
      '{"model":"m","models":["a"],"provider":{},"metadata":{"a":"b"},"usage":{"include":true},"messages":[{"role":"user","content":"Hi"}]}';
    expect(passed('openai', body)).toEqual({
      text: '{"model":"m","messages":[{"role":"user","content":"Hi"}]}',
      lost: [],
    });
  });

  it('unknown parts survive a rewriting', () => {
    const odd =
      '"content":[{"type":"text","text":"Hello"},{"type":"odd","x":[1,{"y":null}]}],"reasoning":"Hm","weight":0';
    const messages = parseObject(passed('deepseek', talk(odd)).text)?.['messages'] as readonly object[];
    expect(messages[1]).toEqual({
      role: 'assistant',
      content: [
        { type: 'text', text: 'Hello' },
        { type: 'odd', x: [1, { y: null }] },
      ],
      reasoning_content: 'Hm',
      weight: 0,
    });
  });

  it('lists every edit, with what it does and why', () => {
    const { splices } = client.pass;
    expect(splices.map(({ side, name }) => `${side} ${name}`)).toContain('request messages');
    for (const { what, why } of splices) expect(what.length * why.length).toBeGreaterThan(0);
  });
});
