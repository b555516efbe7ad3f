import {
  type ClientDialectId,
  clientCodec,
  type DialectId,
  NO_QUIRKS,
  openRequest,
  providerCodec,
} from '@tollgate/dialects';
import { median } from './cpu-time.js';

export interface CodecFigure {
  readonly client: ClientDialectId;
  readonly provider: DialectId;
  readonly bytes: number;
  /** reading the request in one dialect and writing it in the other, milliseconds */
  readonly milliseconds: number;
}

const PROVIDERS: readonly DialectId[] = [
  'openai-chat',
  'openai-responses',
  'anthropic-messages',
  'gemini',
  'bedrock-converse',
];
const CLIENTS: readonly ClientDialectId[] = ['openai-chat', 'openai-responses', 'anthropic-messages', 'gemini'];
const WARM_UP = 60;
const RUNS = 41;

/** What it costs to bring a request of 100 KB (a long conversation with tools) from each client's dialect into each provider's. */
export function codecFigures(): readonly CodecFigure[] {
  return CLIENTS.flatMap((client) => {
    const body = requestOf(client);
    return PROVIDERS.map((provider) => ({
      client,
      provider,
      bytes: body.length,
      milliseconds: timed(client, provider, body),
    }));
  });
}

function timed(client: ClientDialectId, provider: DialectId, body: Buffer): number {
  const times: number[] = [];
  for (let run = 0; run < WARM_UP + RUNS; run += 1) {
    const startedAt = performance.now();
    translate(client, provider, body);
    if (run >= WARM_UP) times.push(performance.now() - startedAt);
  }
  return median(times);
}

function translate(client: ClientDialectId, provider: DialectId, body: Buffer): void {
  const opened = openRequest(client, body, { model: 'm', isStream: false });
  if (!opened.ok) throw new Error(`the request was refused: ${opened.failure.message}`);
  const lane = opened.value.lane({
    dialect: provider,
    host: 'direct',
    model: 'm',
    publicModel: 'a/m',
    providerName: 'Provider',
    quirks: NO_QUIRKS,
    outputMax: null,
    safetyIdentifier: null,
    requestId: 'bench',
    created: 1,
  });
  if (!lane.ok) throw new Error(`no lane: ${lane.failure.message}`);
}

/** The same conversation in each client's dialect, about 100 KB. */
function requestOf(client: ClientDialectId): Buffer {
  const chat = Buffer.from(JSON.stringify(conversation()));
  if (client === 'openai-chat') return chat;
  const decoded = clientCodec('openai-chat').decodeRequest(chat, { model: null, isStream: null });
  if (!decoded.ok) throw new Error(decoded.failure.message);
  const target = { model: 'm', quirks: NO_QUIRKS, outputMax: null, safetyIdentifier: null };
  const encoded = providerCodec(client, 'direct').encodeRequest(decoded.value, target);
  if (!encoded.ok) throw new Error(encoded.failure.message);
  return Buffer.from(JSON.stringify({ ...encoded.value.body }));
}

function conversation(): unknown {
  const paragraph =
    'A toll gate lets everybody pass who has paid, "exactly", and nobody else; it keeps a receipt. '.repeat(6);
  const turns = Array.from({ length: 44 }, (_, turn) => [
    { role: 'user', content: `${turn}: ${paragraph}` },
    {
      role: 'assistant',
      content: paragraph,
      tool_calls: [
        { id: `call_${turn}`, type: 'function', function: { name: 'look_up', arguments: `{"turn":${turn}}` } },
      ],
    },
    {
      role: 'tool',
      tool_call_id: `call_${turn}`,
      content: `{"found":true,"turn":${turn},"text":"${'x'.repeat(900)}"}`,
    },
    { role: 'assistant', content: 'Found.' },
  ]).flat();
  const tools = Array.from({ length: 12 }, (_, index) => ({
    type: 'function',
    function: {
      name: index === 0 ? 'look_up' : `tool_${index}`,
      description: 'Looks something up.',
      parameters: {
        type: 'object',
        properties: { turn: { type: 'integer' }, text: { type: 'string' } },
        required: ['turn'],
      },
    },
  }));
  return { model: 'm', max_tokens: 100, messages: [...turns, { role: 'user', content: 'And now?' }], tools };
}
