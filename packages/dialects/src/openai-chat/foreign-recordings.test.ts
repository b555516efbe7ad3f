import { describe, expect, test } from 'vitest';
import type { ProviderCodec } from '../canonical/codec.js';
import { eventsOf } from '../canonical/fold.js';
import { objects } from '../canonical/json-read.js';
import type { DialectId, JsonObject, Part } from '../canonical/part.js';
import type { CanonicalReply, ReplyEvent } from '../canonical/reply.js';
import { provider as mistral } from '../mistral-chat/provider.js';
import { quirksOf } from '../provider-quirks.js';
import { answerBytes, loadRecordings, type Recording } from '../recordings.fixture.js';
import { decodeProviderRequest, providerCodec } from '../registry.js';
import { client } from './client.js';
import { CONTEXT, PLAIN_REQUEST, playStream } from './play.fixture.js';
import { provider } from './provider.js';

/** What other vendors answered, told to clients of this dialect; what their clients asked, sent to its providers. */
const VENDORS = ['anthropic-messages', 'gemini', 'openai-responses', 'bedrock-converse'] as const satisfies DialectId[];
const FACTS = { usage: { input: 1, output: 2 }, cost: '1' };

interface Answer {
  readonly reply: CanonicalReply;
  readonly events: readonly ReplyEvent[];
}

/** Null for answers that are none: errors, other objects of the same API, events that are kept in binary frames elsewhere. */
function answerOf(codec: ProviderCodec, one: Recording): Answer | null {
  if (one.response.stream !== undefined) {
    const { reply, events, end } = playStream(codec, answerBytes(one));
    return end.kind === 'finished' ? { reply, events } : null;
  }
  if (one.response.body === undefined) return null;
  const decoded = codec.decodeReply(answerBytes(one), CONTEXT);
  return decoded.kind === 'reply' ? { reply: decoded.reply, events: eventsOf(decoded.reply) } : null;
}

/** What must not be lost: every word, thought, seal and call. */
function essence(reply: CanonicalReply): unknown {
  return reply.choices.map(({ parts }) => ({
    text: parts.map((part) => (part.kind === 'text' ? part.text : '')).join(''),
    thought: parts.map((part) => (part.kind === 'reasoning' ? part.text + part.summary.join('') : '')).join(''),
    seals: parts.flatMap(sealOf).sort(),
    calls: parts.flatMap((part) => (part.kind === 'tool_call' ? [[part.id, part.name, part.arguments || '{}']] : [])),
    images: parts.filter(({ kind }) => kind === 'image').length,
  }));
}

function sealOf(part: Part): string[] {
  const seal = part.kind === 'reasoning' || part.kind === 'tool_call' || part.kind === 'text' ? part.seal : null;
  return seal ? [`${part.kind === 'tool_call'} ${seal.value}`] : [];
}

describe.each(VENDORS)('%s: every recorded answer', (dialect) => {
  const codec = providerCodec(dialect, 'direct');
  const answers = loadRecordings(dialect).filter(({ response }) => response.status === 200);

  test.runIf(answers.length > 0)('reaches a client whole and streamed, with every word, thought, seal and call', () => {
    let compared = 0;
    for (const one of answers) {
      const answer = answerOf(codec, one);
      if (answer === null) continue;
      compared += 1;
      const options = {
        requestId: 'r',
        model: 'm',
        provider: 'P',
        created: 1,
        request: PLAIN_REQUEST,
        source: dialect,
      };
      const encoder = client.createEncoder(options);
      const chunks = answer.events.map((event) => encoder.write(event)).join('') + encoder.terminal(FACTS);
      expect(essence(playStream(provider, Buffer.from(chunks)).reply), one.name).toEqual(essence(answer.reply));
      const whole = provider.decodeReply(client.encodeReply(answer.reply, options, FACTS).body, CONTEXT);
      expect(whole.kind === 'reply' ? essence(whole.reply) : whole, one.name).toEqual(essence(answer.reply));
    }
    expect(compared).toBeGreaterThan(answers.length / 3);
  });
});

const CLIENTS = ['anthropic-messages', 'gemini', 'openai-responses'] as const;
const PROVIDERS = ['openai', 'deepseek', 'groq', 'openrouter', 'mistral'] as const;

describe.each(CLIENTS)('%s: every recorded request', (dialect) => {
  const asked = loadRecordings(dialect).filter(
    ({ request, response }) => response.status === 200 && request?.body !== undefined,
  );

  test.runIf(asked.length > 0).each(PROVIDERS)('becomes one that %s takes: each call is answered at once', (id) => {
    const codec = id === 'mistral' ? mistral : provider;
    const target = { model: 'm', quirks: quirksOf(id), outputMax: null, safetyIdentifier: null };
    for (const one of asked) {
      const body = Buffer.from(JSON.stringify(one.request?.body));
      const decoded = decodeProviderRequest(dialect, body, { model: 'm', isStream: false });
      const encoded = decoded.ok ? codec.encodeRequest(decoded.value, target) : null;
      if (encoded?.ok) expect(unanswered(objects(encoded.value.body['messages'])), one.name).toEqual([]);
    }
  });
});

/** Calls that no tool answers before anybody else speaks, and answers to no call. */
function unanswered(messages: readonly JsonObject[]): string[] {
  const open = new Set<string>();
  const wrong: string[] = [];
  for (const message of messages) {
    const answered = String(message['tool_call_id']);
    if (message['role'] !== 'tool') wrong.push(...open);
    else if (!open.delete(answered)) wrong.push(`stray ${answered}`);
    for (const call of objects(message['tool_calls'])) open.add(String(call['id']));
  }
  return wrong;
}
