import OpenAI from 'openai';
import type { ChatCompletion, ChatCompletionMessageToolCall } from 'openai/resources/chat/completions';
import type { Response as ModelResponse, ResponseStreamEvent } from 'openai/resources/responses/responses';
import type { Judge, Understood, WrittenAnswer } from './judge.js';
import { parsedInput, playedFetch } from './played-fetch.js';

const clientOf = (written: WrittenAnswer): OpenAI =>
  new OpenAI({ apiKey: 'k', baseURL: 'http://gateway.invalid/v1', maxRetries: 0, fetch: playedFetch(written) });

const CHAT = { model: 'm', messages: [{ role: 'user' as const, content: 'x' }] };

export const openaiChat: Judge = {
  name: 'openai chat.completions',
  async read(written) {
    const { completions } = clientOf(written).chat;
    return completionOf(
      written.isStream ? await completions.stream(CHAT).finalChatCompletion() : await completions.create(CHAT),
    );
  },
};

function completionOf({ choices }: ChatCompletion): Understood {
  const message = choices[0]?.message;
  if (message === undefined) return { text: '', calls: [] };
  return {
    text: (message.content ?? '') + (message.refusal ?? ''),
    calls: (message.tool_calls ?? []).map(callOf),
  };
}

function callOf(call: ChatCompletionMessageToolCall): { name: string; input: unknown } {
  return call.type === 'custom'
    ? { name: call.custom.name, input: parsedInput(call.custom.input) }
    : { name: call.function.name, input: parsedInput(call.function.arguments) };
}

/** The helper gathers the answer from its events; what it would overlook is in the events themselves. */
export const openaiResponses: Judge = {
  name: 'openai responses',
  async read(written) {
    const { responses } = clientOf(written);
    if (!written.isStream) return responseOf(await responses.create({ model: 'm', input: 'x' }));
    const stream = responses.stream({ model: 'm', input: 'x' });
    return responseOf(await stream.finalResponse());
  },
};

/** Every event is typed; a user who shows text as it comes sees the deltas. */
export const openaiResponsesEvents: Judge = {
  name: 'openai responses, event by event',
  reads: ({ isStream }) => isStream,
  async read(written) {
    const events = await clientOf(written).responses.create({ model: 'm', input: 'x', stream: true });
    let text = '';
    const calls: Understood['calls'][number][] = [];
    for await (const event of events) {
      text += deltaOf(event);
      if (event.type === 'response.output_item.done' && event.item.type === 'function_call')
        calls.push({ name: event.item.name, input: parsedInput(event.item.arguments) });
      if (event.type === 'response.output_item.done' && event.item.type === 'custom_tool_call')
        calls.push({ name: event.item.name, input: parsedInput(event.item.input) });
    }
    return { text, calls };
  },
};

function deltaOf(event: ResponseStreamEvent): string {
  return event.type === 'response.output_text.delta' || event.type === 'response.refusal.delta' ? event.delta : '';
}

function responseOf({ output }: ModelResponse): Understood {
  let text = '';
  const calls: Understood['calls'][number][] = [];
  for (const item of output) {
    if (item.type === 'message')
      for (const part of item.content) text += part.type === 'output_text' ? part.text : part.refusal;
    if (item.type === 'function_call') calls.push({ name: item.name, input: parsedInput(item.arguments) });
    if (item.type === 'custom_tool_call') calls.push({ name: item.name, input: parsedInput(item.input) });
  }
  return { text, calls };
}
