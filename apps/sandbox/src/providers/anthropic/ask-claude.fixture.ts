import type { RunningSandbox, Seen } from '../../testing/running-sandbox.js';

export const model = 'claude-sonnet-4-5';
export const user = (content: unknown) => ({ role: 'user', content });
export const headers = {
  'x-api-key': 'sk-ant-test',
  'anthropic-version': '2023-06-01',
  'content-type': 'application/json',
  'x-sandbox-ttft-ms': '0',
  'x-sandbox-pace-ms': '0',
};

/** Asks the sandbox's Anthropic as an SDK would, without waiting for its pace. */
export function askClaude(sandbox: () => RunningSandbox) {
  const post = (path: string, body: unknown, more: Record<string, string> = {}): Promise<Seen> =>
    sandbox().send('POST', `/providers/${path}`, { body, headers: { ...headers, ...more } });
  const send = (body: Record<string, unknown>, more: Record<string, string> = {}): Promise<Seen> =>
    post('anthropic/v1/messages', { model, max_tokens: 1_000, ...body }, more);
  const ask = (content: unknown, more: Record<string, unknown> = {}): Promise<Seen> =>
    send({ messages: [user(content)], ...more });
  return { post, send, ask };
}
