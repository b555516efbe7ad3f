import { type GenerateContentResponse, GoogleGenAI } from '@google/genai';
import type { Judge, Understood } from './judge.js';
import { withPlayedFetch } from './played-fetch.js';

const ASKED = { model: 'gemini-2.5-flash', contents: 'x' };

/** It asks for server-sent events, never for an array. */
export const google: Judge = {
  name: '@google/genai',
  reads: ({ isStream, framing }) => !isStream || framing === 'sse',
  read: (written) =>
    withPlayedFetch(written, async () => {
      const { models } = new GoogleGenAI({ apiKey: 'k', httpOptions: { baseUrl: 'http://gateway.invalid' } });
      if (!written.isStream) return contentOf([await models.generateContent(ASKED)]);
      const chunks: GenerateContentResponse[] = [];
      for await (const chunk of await models.generateContentStream(ASKED)) chunks.push(chunk);
      return contentOf(chunks);
    }),
};

/** The SDK's own getters warn about every part that is no text. */
function contentOf(chunks: readonly GenerateContentResponse[]): Understood {
  const candidates = chunks.flatMap((chunk) => (chunk.candidates ?? []).filter(({ index }) => (index ?? 0) === 0));
  const parts = candidates.flatMap(({ content }) => content?.parts ?? []);
  return {
    text: parts.map(({ text, thought }) => (thought === true ? '' : (text ?? ''))).join(''),
    calls: parts.flatMap(({ functionCall }) =>
      functionCall?.name === undefined ? [] : [{ name: functionCall.name, input: functionCall.args ?? {} }],
    ),
  };
}
