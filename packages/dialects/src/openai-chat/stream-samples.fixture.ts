/** Streams written for the tests, each with one peculiarity that a real provider has. */
const event = (chunk: unknown): string => `data: ${JSON.stringify(chunk)}\n\n`;

interface ChunkFacts {
  readonly id?: string;
  readonly model?: string;
  readonly choices?: readonly unknown[];
  readonly [name: string]: unknown;
}

const chunk = ({
  id = 'chatcmpl-1',
  model = 'gpt-4o-mini-2024-07-18',
  choices = [],
  ...rest
}: ChunkFacts): unknown => ({
  id,
  object: 'chat.completion.chunk',
  created: 1_782_321_910,
  model,
  choices,
  ...rest,
});

const text = (content: string, finish: string | null = null): unknown => ({
  index: 0,
  delta: { content },
  finish_reason: finish,
});
const finished = (finish: string): unknown => ({ index: 0, delta: {}, finish_reason: finish });
const USAGE = {
  prompt_tokens: 20,
  completion_tokens: 7,
  total_tokens: 27,
  prompt_tokens_details: { cached_tokens: 4 },
};

const openai = [
  event(
    chunk({
      choices: [{ index: 0, delta: { role: 'assistant', content: '' }, finish_reason: null }],
      usage: null,
      obfuscation: 'x',
    }),
  ),
  event(
    chunk({ choices: [text('Grüße 👋 "usage": {"a":1} \\ data: [DONE]\n\n')], usage: null, obfuscation: 'CYlcrz' }),
  ),
  event(chunk({ choices: [text(' und 東京')], usage: null, obfuscation: '' })),
  event(chunk({ choices: [finished('stop')], usage: null })),
  event(chunk({ choices: [], usage: USAGE })),
  'data: [DONE]\n\n',
].join('');

const azure = [
  event({ choices: [], created: 0, id: '', model: '', object: '', prompt_filter_results: [{ prompt_index: 0 }] }),
  event({
    choices: [text('Hi')],
    created: 5,
    id: 'chatcmpl-9',
    model: 'o4-mini',
    object: 'chat.completion.chunk',
    usage: null,
  }),
  event({
    choices: [finished('stop')],
    created: 5,
    id: 'chatcmpl-9',
    model: 'o4-mini',
    object: 'chat.completion.chunk',
    usage: null,
  }),
  event({
    choices: [],
    created: 5,
    id: 'chatcmpl-9',
    latency_checkpoint: { a: 8 },
    model: 'o4-mini',
    object: 'c',
    usage: USAGE,
  }),
  'data: [DONE]\n\n',
].join('');

const groq = [
  event(chunk({ choices: [text('a')], x_groq: { id: 'req_1', seed: 3 } })),
  event(
    chunk({
      choices: [finished('stop')],
      x_groq: { id: 'req_1', usage: { prompt_tokens: 1, completion_tokens: 1 } },
      usage: { prompt_tokens: 2, completion_tokens: 2 },
    }),
  ),
  event(chunk({ choices: [], usage: USAGE, service_tier: 'on_demand' })),
  'data: [DONE]\n\n',
].join('');

const openrouter = [
  ': OPENROUTER PROCESSING\n\n',
  ': OPENROUTER PROCESSING\n\n',
  event(
    chunk({
      choices: [
        { index: 0, delta: { role: 'assistant', content: 'Hm' }, finish_reason: null, native_finish_reason: null },
      ],
      provider: 'OpenAI',
    }),
  ),
  event(chunk({ choices: [finished('tool_calls')], provider: 'OpenAI' })),
  event(
    chunk({
      choices: [finished('tool_calls')],
      provider: 'OpenAI',
      usage: { ...USAGE, cost: 0.0012816, is_byok: false },
    }),
  ),
  'data: [DONE]\n\n',
].join('');

const perplexity = [1, 2, 3]
  .map((count) =>
    event(
      chunk({
        choices: [{ ...(text('s', count === 3 ? 'stop' : null) as object), message: { content: 's'.repeat(count) } }],
        usage: { ...USAGE, completion_tokens: count },
        object: 'chat.completion.done',
      }),
    ),
  )
  .join('')
  .replaceAll('\n', '\r\n');

const moderated = [
  event(chunk({ choices: [text('ok')], usage: null })),
  event(chunk({ choices: [finished('stop')], usage: null })),
  event(chunk({ choices: [], usage: USAGE })),
  event(chunk({ choices: [], usage: null, moderation: { flagged: false } })),
  'data: [DONE]\n\n',
].join('');

const snowflake = [
  event({
    choices: [{ delta: { content: '4', refusal: '', tool_calls: null }, index: 0 }],
    created: 0,
    id: '',
    model: 'claude',
    usage: null,
  }),
  event({ choices: [], created: 0, id: '', model: 'claude', usage: USAGE }),
  'data: [DONE]\n\n',
].join('');

/** No id, no model, no blank line at the end, an event of two data lines, `data:` without a space, a byte order mark. */
const odd = `\uFEFF:hello\n\nid: 7\nretry: 10\n\ndata:{"choices":[${JSON.stringify(text('one'))}]}\n\ndata: {"choices":\ndata: [${JSON.stringify(text('two', 'stop'))}]}\n\n\n\ndata:\n\ndata: ping\n\ndata: [DONE]`;

const returns =
  'data: {"id":"a","model":"b","choices":[{"index":0,"delta":{"content":"x"},"finish_reason":"stop"}]}\r\rdata: [DONE]\r\r';

/** Usage before the choices, between id and model, in every chunk. */
const early = [1, 1, 3]
  .map(
    (count) =>
      `data: {"id":"a","usage":{"prompt_tokens":20,"completion_tokens":${count}},"model":"m","choices":[{"delta":{"content":"x"},"finish_reason":${count === 3 ? '"stop"' : 'null'}}]}\n\n`,
  )
  .join('')
  .repeat(2);

/** An escape at the end of a line does not hide the line's end. */
const escapedEnd = `${event(chunk({ choices: [text('a')] }))}data: {"choices":[{"delta":{"content":"b\\\nc"}}]}\n\n`;

const groqError = `${event(chunk({ choices: [text('a')] }))}event: error\ndata: {"error":{"message":"Tool call validation failed","type":"invalid_request_error","code":"tool_use_failed","status_code":400}}\n\n`;

const openrouterError = [
  event(chunk({ choices: [text('a')] })),
  event(chunk({ error: { code: 429, message: 'Rate limit exceeded' }, choices: [finished('error')], usage: USAGE })),
  'data: [DONE]\n\n',
].join('');

export const STREAM_SAMPLES = {
  openai,
  azure,
  groq,
  openrouter,
  perplexity,
  moderated,
  snowflake,
  odd,
  returns,
  early,
  escapedEnd,
  groqError,
  openrouterError,
};
export { chunk, event, finished, text, USAGE };
