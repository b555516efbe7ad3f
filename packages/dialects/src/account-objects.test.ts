import { describe, expect, it } from 'vitest';
import { isAccountAddress } from './account-objects.js';
import type { ClientDialectId } from './canonical/index.js';
import { openRequest } from './client-request.js';

type Json = Readonly<Record<string, unknown>>;

function open(dialect: ClientDialectId, body: Json) {
  return openRequest(dialect, Buffer.from(JSON.stringify(body)), {
    model: dialect === 'gemini' ? 'm' : null,
    isStream: null,
  });
}

const messages = (...content: readonly Json[]): Json => ({
  model: 'm',
  max_tokens: 10,
  messages: [{ role: 'user', content }],
});
const input = (...items: readonly Json[]): Json => ({ model: 'm', input: items });
const said = (...content: readonly Json[]): Json => input({ role: 'user', content });
const parts = (...all: readonly Json[]): Json => ({ contents: [{ role: 'user', parts: all }] });
const result = (content: unknown): Json => ({ type: 'tool_result', tool_use_id: 'a', content });

const FILE: Json = { type: 'file', file_id: 'file-1' };
const BUCKET = 'gs://bucket/secret.pdf';
const UPLOADED = 'https://generativelanguage.googleapis.com/v1beta/files/abc';

describe('objects at a vendor belong to our account there: naming one is refused before anything is held or sent', () => {
  it.each<[ClientDialectId, string, Json]>([
    ['openai-chat', 'a file', messages({ type: 'file', file: { file_id: 'file-1' } })],
    ['openai-chat', 'a file of another part', messages({ type: 'input_file', file_id: 'file-1' })],
    ['openai-chat', 'a picture that is a file', messages({ type: 'image_file', image_file: { file_id: 'file-1' } })],
    ['openai-chat', 'a picture in a bucket', messages({ type: 'image_url', image_url: { url: BUCKET } })],
    ['openai-chat', 'a picture in a bucket, as a text', messages({ type: 'image_url', image_url: 's3://b/x.png' })],
    ['openai-chat', 'a film in a bucket', messages({ type: 'video_url', video_url: { url: BUCKET } })],
    ['openai-chat', 'an uploaded picture', messages({ type: 'image_url', image_url: { url: UPLOADED } })],
    ['openai-chat', 'a file at Moonshot', messages({ type: 'image_url', image_url: { url: 'ms://file-1' } })],
    ['openai-chat', 'an answer', { ...messages({ type: 'text', text: 'x' }), previous_response_id: 'resp_1' }],
    ['openai-chat', 'a conversation', { ...messages({ type: 'text', text: 'x' }), conversation: 'conv_1' }],
    ['anthropic-messages', 'a file', messages({ type: 'document', source: FILE })],
    ['anthropic-messages', 'a file in a result', messages(result([{ type: 'image', source: FILE }]))],
    ['anthropic-messages', 'an upload in a result', messages(result([{ type: 'container_upload', file_id: 'f' }]))],
    [
      'anthropic-messages',
      'a file among the blocks of a document',
      messages({ type: 'document', source: { type: 'content', content: [{ type: 'image', source: FILE }] } }),
    ],
    [
      'anthropic-messages',
      'a file in a search result',
      messages({ type: 'search_result', source: 'a', title: 'b', content: [{ type: 'image', source: FILE }] }),
    ],
    [
      'anthropic-messages',
      'a file in what a server tool gave',
      messages({ type: 'mcp_tool_result', tool_use_id: 'a', content: [{ type: 'document', source: FILE }] }),
    ],
    [
      'anthropic-messages',
      'a file that code made',
      messages({
        type: 'code_execution_tool_result',
        tool_use_id: 'a',
        content: { type: 'code_execution_result', content: [{ type: 'code_execution_output', file_id: 'f' }] },
      }),
    ],
    ['anthropic-messages', 'a bucket', messages({ type: 'document', source: { type: 'url', url: BUCKET } })],
    ['anthropic-messages', 'an uploaded file', messages({ type: 'image', source: { type: 'url', url: UPLOADED } })],
    [
      'anthropic-messages',
      'a file in the system text',
      { ...messages({ type: 'text', text: 'x' }), system: [{ type: 'document', source: FILE }] },
    ],
    ['openai-responses', 'a file', said({ type: 'input_file', file_id: 'file-1' })],
    [
      'openai-responses',
      'a file beside a sound',
      said({ type: 'input_audio', input_audio: { data: 'x' }, file_id: 'f' }),
    ],
    ['openai-responses', 'a file of a new part', said({ type: 'computer_screenshot', file_id: 'file-1' })],
    ['openai-responses', 'a bucket', said({ type: 'input_file', file_url: BUCKET })],
    ['openai-responses', 'a picture in a bucket', said({ type: 'input_image', image_url: BUCKET })],
    [
      'openai-responses',
      'a screenshot that is a file',
      input({ type: 'computer_call_output', call_id: 'c', output: { type: 'computer_screenshot', file_id: 'file-1' } }),
    ],
    [
      'openai-responses',
      'a file in the output of a function',
      input({ type: 'function_call_output', call_id: 'c', output: [{ type: 'input_file', file_id: 'file-1' }] }),
    ],
    ['openai-responses', 'a picture by its item', input({ type: 'image_generation_call', id: 'ig_1' })],
    [
      'openai-responses',
      'a container',
      input({ type: 'code_interpreter_call', id: 'ci', container_id: 'cntr', code: '' }),
    ],
    [
      'openai-responses',
      'a connector',
      { model: 'm', input: 'x', tools: [{ type: 'mcp', connector_id: 'connector_x' }] },
    ],
    [
      'openai-responses',
      'a store inside of a namespace',
      {
        model: 'm',
        input: 'x',
        tools: [{ type: 'namespace', tools: [{ type: 'file_search', vector_store_ids: ['vs'] }] }],
      },
    ],
    ['openai-responses', 'a container at the top', { model: 'm', input: 'x', container: 'cntr_1' }],
    ['openai-responses', 'a prompt', { model: 'm', input: 'x', prompt: { id: 'pmpt_1' } }],
    ['openai-responses', 'a conversation', { model: 'm', input: 'x', conversation: { id: 'conv_1' } }],
    ['gemini', 'a bucket', parts({ fileData: { fileUri: BUCKET } })],
    ['gemini', 'a bucket beside a text', parts({ text: 'x', fileData: { fileUri: BUCKET } })],
    ['gemini', 'a bucket beside a text, in snakes', parts({ text: 'x', file_data: { file_uri: BUCKET } })],
    ['gemini', 'a bucket behind a call', parts({ functionCall: { name: 'f' }, fileData: { fileUri: BUCKET } })],
    [
      'gemini',
      'a bucket in the second spelling',
      parts({ fileData: { fileUri: 'https://a.com/b.pdf', file_uri: BUCKET } }),
    ],
    [
      'gemini',
      'a part in two spellings',
      parts({ fileData: { fileUri: 'https://a.com/b.pdf' }, file_data: { file_uri: BUCKET } }),
    ],
    ['gemini', 'an uploaded file', parts({ fileData: { fileUri: UPLOADED } })],
    [
      'gemini',
      'a bucket in a result',
      parts({ functionResponse: { name: 'f', response: {}, parts: [{ file_data: { file_uri: BUCKET } }] } }),
    ],
    ['gemini', 'a cache', { ...parts({ text: 'x' }), cached_content: 'cachedContents/1' }],
    ['gemini', 'a store', { ...parts({ text: 'x' }), tools: [{ file_search: { file_search_store_names: ['s'] } }] }],
  ])('%s: %s', (dialect, _what, body) => {
    const opened = open(dialect, body);
    expect(opened.ok ? 'opened' : opened.failure.code).toMatch(/^(not_supported|duplicate_field)$/);
  });

  it.each<[ClientDialectId, string, Json]>([
    [
      'anthropic-messages',
      'arguments of a call',
      messages({ type: 'tool_use', id: 'a', name: 'f', input: { file_id: 'x' } }),
    ],
    [
      'anthropic-messages',
      'arguments of a server tool',
      messages({ type: 'mcp_tool_use', id: 'a', name: 'f', server_name: 's', input: { file_id: 'x' } }),
    ],
    [
      'anthropic-messages',
      'examples of a tool',
      {
        ...messages({ type: 'text', text: 'x' }),
        tools: [{ name: 'f', input_schema: {}, input_examples: [{ file_id: 'x' }] }],
      },
    ],
    ['gemini', 'arguments of a call', parts({ functionCall: { name: 'f', args: { file_id: 'x', fileUri: BUCKET } } })],
    ['gemini', 'what a function gave', parts({ functionResponse: { name: 'f', response: { file_id: 'x' } } })],
    ['gemini', 'a page of the web', parts({ fileData: { fileUri: 'https://www.youtube.com/watch?v=1' } })],
    ['openai-responses', 'a made picture', input({ type: 'image_generation_call', id: 'ig_1', result: 'iVBO' })],
    [
      'openai-chat',
      'bytes',
      messages({ type: 'file', file: { filename: 'a.pdf', file_data: 'data:application/pdf;base64,JVBE' } }),
    ],
    [
      'openai-chat',
      'a text that speaks of one',
      messages({ type: 'text', text: 'what is gs://bucket/x with file_id 1?' }),
    ],
  ])('%s: what is the caller’s own stays: %s', (dialect, _what, body) => {
    expect(open(dialect, body)).toMatchObject({ ok: true });
  });

  it('an address is judged as a URL reads it', () => {
    for (const host of [
      'generativelanguage.googleapis.com:443',
      'x@generativelanguage.googleapis.com',
      'GenerativeLanguage.googleapis.com.',
    ])
      expect(isAccountAddress(`https://${host}/v1beta/%66iles/abc`), host).toBe(true);
    for (const url of ['gs://b/x', ' GS://b/x', 's3://b/x', 'file:///etc/passwd', 'ms://file', 'azureml://x'])
      expect(isAccountAddress(url), url).toBe(true);
    for (const url of ['https://a.com/files/x', 'http://a.com', 'data:image/png;base64,AAAA', 'iVBORw0KGgo=', ''])
      expect(isAccountAddress(url), url).toBe(false);
  });
});
