import { createAnthropic } from '@ai-sdk/anthropic';
import { createGoogleGenerativeAI } from '@ai-sdk/google';
import { createOpenAI } from '@ai-sdk/openai';
import { createOpenAICompatible } from '@ai-sdk/openai-compatible';
import { createOpenRouter } from '@openrouter/ai-sdk-provider';
import type { Judge, Understood } from './judge.js';
import { parsedInput, playedFetch } from './played-fetch.js';

const BASE = 'http://gateway.invalid/v1';
type Connect = (fetch: typeof globalThis.fetch) => Model;
type Model = ReturnType<ReturnType<typeof createAnthropic>>;
type Content = Awaited<ReturnType<Model['doGenerate']>>['content'][number];

/** Its models check every answer and every event against schemas of their own: stricter than what providers send of their own dialect. */
function judgeOf(name: string, connect: Connect): Judge {
  return {
    name,
    reads: ({ isPassed, isStream, framing, choices }) =>
      !isPassed && (!isStream || (framing === 'sse' && choices === 1)),
    async read(written) {
      const model = connect(playedFetch(written));
      const prompt = [{ role: 'user' as const, content: [{ type: 'text' as const, text: 'x' }] }];
      if (!written.isStream) return contentOf((await model.doGenerate({ prompt })).content);
      return streamed((await model.doStream({ prompt })).stream);
    },
  };
}

type Parts = Awaited<ReturnType<Model['doStream']>>['stream'];

async function streamed(stream: Parts): Promise<Understood> {
  const pieces: string[] = [];
  const calls: Content[] = [];
  for await (const part of stream) {
    if (part.type === 'error') throw part.error instanceof Error ? part.error : new Error(JSON.stringify(part.error));
    if (part.type === 'text-delta') pieces.push(part.delta);
    if (part.type === 'tool-call') calls.push(part);
  }
  return { text: pieces.join(''), calls: contentOf(calls).calls };
}

function contentOf(content: readonly Content[]): Understood {
  return {
    text: content.map((part) => (part.type === 'text' ? part.text : '')).join(''),
    calls: content.flatMap((part) =>
      part.type === 'tool-call' && part.providerExecuted !== true
        ? [{ name: part.toolName, input: parsedInput(part.input) }]
        : [],
    ),
  };
}

export const aiSdkChat = judgeOf('@ai-sdk/openai chat', (fetch) =>
  createOpenAI({ apiKey: 'k', baseURL: BASE, fetch }).chat('m'),
);
export const aiSdkCompatible = judgeOf('@ai-sdk/openai-compatible', (fetch) =>
  createOpenAICompatible({ name: 'gateway', apiKey: 'k', baseURL: BASE, fetch }).chatModel('m'),
);
export const aiSdkOpenRouter = judgeOf('@openrouter/ai-sdk-provider', (fetch) =>
  createOpenRouter({ apiKey: 'k', baseURL: BASE, fetch }).chat('m'),
);
export const aiSdkResponses = judgeOf('@ai-sdk/openai responses', (fetch) =>
  createOpenAI({ apiKey: 'k', baseURL: BASE, fetch }).responses('m'),
);
export const aiSdkAnthropic = judgeOf('@ai-sdk/anthropic', (fetch) =>
  createAnthropic({ apiKey: 'k', baseURL: BASE, fetch })('m'),
);
export const aiSdkGoogle = judgeOf('@ai-sdk/google', (fetch) =>
  createGoogleGenerativeAI({ apiKey: 'k', baseURL: BASE, fetch })('gemini-2.5-flash'),
);
