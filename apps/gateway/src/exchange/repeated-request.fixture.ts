import { chunk, type FakeProvider, JSON_BODY, modelFor, STREAM, wholeReply } from './exchange.fixture.js';

export const CHAT = { model: 'test/m', messages: [{ role: 'user', content: 'Hi' }] };
export function answerWhole({ handler }: FakeProvider): void {
  handler.onHead(200, JSON_BODY);
  handler.onData(wholeReply());
  handler.onEnd();
}

export function answerStream({ handler }: FakeProvider): void {
  handler.onHead(200, STREAM);
  handler.onData(chunk({ role: 'assistant', content: '' }));
  handler.onData(chunk({ content: 'Hello' }));
  handler.onData(chunk({}, 'stop'));
  handler.onData(Buffer.from('data: [DONE]\n\n'));
  handler.onEnd();
}

export function refuseAll({ handler }: FakeProvider): void {
  handler.onHead(400, JSON_BODY);
  handler.onData(Buffer.from('{"error":{"message":"no","code":"no"}}'));
  handler.onEnd();
}

export const STREAMED = { ...CHAT, stream: true };
export const SPEECH = modelFor('speech', 'audio', { character: 1_000_000_000n });
export const DOORS: readonly [string, string, unknown, (provider: FakeProvider) => void][] = [
  ['chat', '/v1/chat/completions', CHAT, answerWhole],
  ['chat, streaming', '/v1/chat/completions', STREAMED, answerStream],
  ['Responses', '/v1/responses', { model: 'test/m', input: 'Hi' }, answerWhole],
  ['Responses, streaming', '/v1/responses', { model: 'test/m', input: 'Hi', stream: true }, answerStream],
  ['Messages', '/v1/messages', { ...CHAT, max_tokens: 9 }, answerWhole],
  ['Messages, streaming', '/v1/messages', { ...STREAMED, max_tokens: 9 }, answerStream],
  [
    'Gemini',
    '/v1beta/models/test%2Fm:generateContent',
    { contents: [{ role: 'user', parts: [{ text: 'Hi' }] }] },
    answerWhole,
  ],
  [
    'Gemini, streaming',
    '/v1beta/models/test%2Fm:streamGenerateContent',
    { contents: [{ role: 'user', parts: [{ text: 'Hi' }] }] },
    answerStream,
  ],
  [
    'speech, whose answer is no text',
    '/v1/audio/speech',
    { model: 'test/speech', input: 'Hi', voice: 'alloy' },
    ({ handler }) => {
      handler.onHead(200, { 'content-type': 'audio/mpeg' });
      handler.onData(Buffer.from([0xff, 0xfb, 0x90, 0xc4, 0, 0xc3, 0x28]));
      handler.onEnd();
    },
  ],
];
