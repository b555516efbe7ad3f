import Anthropic from '@anthropic-ai/sdk';
import AnthropicZero from 'anthropic-sdk-0';
import type { Judge, Understood } from './judge.js';
import { playedFetch } from './played-fetch.js';

const ASKED = { model: 'm', max_tokens: 16, messages: [{ role: 'user' as const, content: 'x' }] };
const CONNECTION = { apiKey: 'k', baseURL: 'http://gateway.invalid', maxRetries: 0 };

export const anthropic: Judge = {
  name: '@anthropic-ai/sdk 1',
  async read(written) {
    const { messages } = new Anthropic({ ...CONNECTION, fetch: playedFetch(written) });
    const told = written.isStream ? await messages.stream(ASKED).finalMessage() : await messages.create(ASKED);
    return messageOf(told.content);
  },
};

export const anthropicZero: Judge = {
  name: '@anthropic-ai/sdk 0',
  async read(written) {
    const { messages } = new AnthropicZero({ ...CONNECTION, fetch: playedFetch(written) });
    const told = written.isStream ? await messages.stream(ASKED).finalMessage() : await messages.create(ASKED);
    return messageOf(told.content);
  },
};

type Block = Anthropic.ContentBlock | AnthropicZero.ContentBlock;

function messageOf(content: readonly Block[]): Understood {
  return {
    text: content.map((block) => (block.type === 'text' ? block.text : '')).join(''),
    calls: content.flatMap((block) => (block.type === 'tool_use' ? [{ name: block.name, input: block.input }] : [])),
  };
}
