import { describe, expect, it } from 'vitest';
import type { JsonObject } from '../canonical/part.js';
import { decodeRequest } from './request.js';
import { encodeStored, resume, storageWish, storedTurn } from './stored-state.js';

const bytes = (body: unknown): Buffer => Buffer.from(typeof body === 'string' ? body : JSON.stringify(body));
const parsed = (body: Buffer): JsonObject => JSON.parse(body.toString('utf8')) as JsonObject;
const HISTORY: readonly JsonObject[] = [
  { role: 'user', content: 'Hi' },
  {
    type: 'message',
    id: 'msg_1',
    role: 'assistant',
    status: 'completed',
    content: [{ type: 'output_text', text: 'Hello' }],
  },
];

describe('what a request wants of stored state', () => {
  it('stores unless told not to, and names what it goes on from', () => {
    expect(storageWish(bytes({ model: 'm', input: 'x' }))).toEqual({
      previousResponseId: null,
      itemIds: [],
      wantsStore: true,
      isBackground: false,
    });
    const input = [
      { type: 'item_reference', id: 'msg_1' },
      { role: 'user', content: 'x' },
    ];
    expect(storageWish(bytes({ previous_response_id: 'resp_1', store: false, background: true, input }))).toEqual({
      previousResponseId: 'resp_1',
      itemIds: ['msg_1'],
      wantsStore: false,
      isBackground: true,
    });
    expect(storageWish(bytes('no json'))).toMatchObject({ previousResponseId: null });
    expect(storageWish(bytes({ previous_response_id: null, store: null }))).toMatchObject({
      previousResponseId: null,
      wantsStore: true,
    });
  });
});

describe('a request that goes on from a stored turn', () => {
  it('has the history before its own input, and keeps its other bytes', () => {
    const text =
      '{"model": "m", "previous_response_id":"resp_1",  "input": [ {"role":"user","content":"1.0"} ], "temperature":1.0}';
    const resumed = resume(bytes(text), { history: HISTORY }).toString('utf8');
    expect(resumed).toBe(
      `{"model": "m", "input": [${HISTORY.map((item) => JSON.stringify(item)).join(',')}, {"role":"user","content":"1.0"} ], "temperature":1.0}`,
    );
  });

  it('a text becomes the message it is; nothing becomes the history alone', () => {
    expect(parsed(resume(bytes({ input: 'x', previous_response_id: 'r' }), { history: HISTORY }))).toEqual({
      input: [...HISTORY, { role: 'user', content: 'x' }],
    });
    expect(parsed(resume(bytes({ previous_response_id: 'r', input: [] }), { history: HISTORY }))).toEqual({
      input: HISTORY,
    });
    expect(parsed(resume(bytes({ previous_response_id: 'r' }), { history: HISTORY }))).toEqual({ input: HISTORY });
    expect(parsed(resume(bytes({ previous_response_id: 'r', input: 'x' }), { history: [] }))).toEqual({ input: 'x' });
  });

  it('references become what they refer to, once; unknown ones are left to be refused', () => {
    const reference = (id: string): JsonObject => ({ type: 'item_reference', id });
    const own = { role: 'user', content: 'x' };
    const inHistory = resume(bytes({ input: [reference('msg_1'), own], previous_response_id: 'r' }), {
      history: HISTORY,
    });
    expect(parsed(inHistory)['input']).toEqual([...HISTORY, own]);
    const only = resume(bytes({ input: [reference('msg_1')] }), { history: HISTORY });
    expect(parsed(only)['input']).toEqual(HISTORY);
    const call = { type: 'function_call', id: 'fc_1', call_id: 'c', name: 'a', arguments: '{}' };
    const found = resume(bytes({ model: 'm', input: [own, reference('fc_1'), reference('fc_2')] }), {
      history: [],
      referenced: new Map([['fc_1', call]]),
    });
    expect(parsed(found)['input']).toEqual([own, call, reference('fc_2')]);
    expect(decodeRequest(found, { model: null, isStream: null })).toMatchObject({
      ok: false,
      failure: { code: 'not_found', param: 'input[2]' },
    });
  });

  it('a body nobody can read stays as it is', () => {
    expect(resume(bytes('no json'), { history: HISTORY }).toString('utf8')).toBe('no json');
  });
});

describe('a turn that is stored', () => {
  it('holds the whole conversation, and the answer as it was given', () => {
    const answer = {
      body: { id: 'resp_1', output: [] },
      items: [{ type: 'reasoning', id: 'rs_1', summary: [], encrypted_content: 'gAAA' }],
    };
    const first = storedTurn(bytes({ model: 'm', input: 'Hi', instructions: 'Be.' }), answer);
    expect(first).toEqual({ items: [{ role: 'user', content: 'Hi' }, ...answer.items], body: answer.body });
    const resumed = resume(bytes({ previous_response_id: 'resp_1', input: 'More' }), { history: first.items });
    const second = storedTurn(resumed, { body: { id: 'resp_2' }, items: [] });
    expect(second.items).toEqual([...first.items, { role: 'user', content: 'More' }]);
    expect(JSON.parse(encodeStored(second).toString('utf8'))).toEqual({ id: 'resp_2' });
    expect(JSON.parse(JSON.stringify(second))).toEqual(second);
  });
});
