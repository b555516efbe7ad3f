import fc from 'fast-check';
import { expect, it } from 'vitest';
import { createEventCheck } from './check-events.js';
import { createFold, eventsOf } from './fold.js';
import { ENTROPY, generateReply, generateRequest } from './generate.fixture.js';
import type { Part } from './part.js';

const seed = Number(process.env['TOLLGATE_SEED'] ?? Date.now() % 2 ** 31);
const options = { dialect: 'openai-chat' } as const;

it('no bytes at all are the simplest request, and it is one', () => {
  const request = generateRequest(new Uint8Array(), options);
  expect(request.messages).toEqual([{ role: 'user', parts: [{ kind: 'text', text: 'a' }] }]);
  expect(request.tools).toEqual([]);
});

it(`every kind of part is generated, and none that was left out (seed ${seed})`, () => {
  const kinds = new Set<Part['kind']>();
  fc.assert(
    fc.property(fc.uint8Array(ENTROPY), (bytes) => {
      for (const { parts } of generateRequest(bytes, options).messages) for (const part of parts) kinds.add(part.kind);
      const narrow = generateRequest(bytes, {
        ...options,
        without: ['image', 'rich_tool_result', 'assistant_image', 'cache'],
      });
      expect(JSON.stringify(narrow.messages)).not.toMatch(/"kind":"image"|"cache":/);
    }),
    { seed },
  );
  const all = ['text', 'image', 'audio', 'video', 'document', 'tool_call', 'tool_result', 'reasoning'] as const;
  for (const kind of all) expect(kinds).toContain(kind);
});

it(`every call has its result next, and ids are never used twice (seed ${seed})`, () => {
  fc.assert(
    fc.property(fc.uint8Array(ENTROPY), (bytes) => {
      const { messages } = generateRequest(bytes, options);
      const calls = messages.flatMap(({ parts }) =>
        parts.flatMap((part) => (part.kind === 'tool_call' ? [part.id] : [])),
      );
      const results = messages.flatMap(({ parts }) =>
        parts.flatMap((part) => (part.kind === 'tool_result' ? [part.callId] : [])),
      );
      expect(results).toEqual(calls);
      expect(new Set(calls).size).toBe(calls.length);
    }),
    { seed },
  );
});

it(`a reply unfolds into events of the grammar, which fold into it again (seed ${seed})`, () => {
  fc.assert(
    fc.property(fc.uint8Array(ENTROPY), (bytes) => {
      const reply = generateReply(bytes, options);
      const check = createEventCheck();
      const fold = createFold();
      for (const event of eventsOf(reply)) {
        check.add(event);
        fold.add(event);
      }
      check.end();
      expect(fold.reply(reply)).toEqual(reply);
    }),
    { seed },
  );
});
