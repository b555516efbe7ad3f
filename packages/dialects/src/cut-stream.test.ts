import { describe, expect, it } from 'vitest';
import { allPairs, laneOf, type Pair, REQUESTS, SPOKEN } from './broken-stream.fixture.js';
import { createRandom, type Random } from './broken-values.fixture.js';
import { isObject } from './canonical/json-read.js';
import { CLIENT_DIALECTS, type ClientDialectId, type DialectId, type JsonObject } from './canonical/part.js';
import { playCut, playUncut } from './cut-stream.fixture.js';
import { framesOf, SAMPLES } from './provider-samples.fixture.js';
import { loadRecordings, type Recording, streamBytes } from './recordings.fixture.js';

/** A stream that is cut short is a whole answer for its client, wherever it is cut. What is checked of each cut stands in `playCut`. */
const seed = Number(process.env['TOLLGATE_SEED'] ?? 1);
const CUTS_EACH = 2;
const BYTES_MAX = 200_000;

/** As REQUESTS, with thinking shown: it is cut too. */
const THINKING: Readonly<Record<ClientDialectId, JsonObject>> = {
  'openai-chat': { reasoning_effort: 'low' },
  'openai-responses': { reasoning: { effort: 'low', summary: 'auto' } },
  'anthropic-messages': { max_tokens: 9_000, thinking: { type: 'enabled', budget_tokens: 2_000 } },
  gemini: { generationConfig: { thinkingConfig: { includeThoughts: true } } },
};

function guarded<Value>(what: string, run: () => Value): Value {
  try {
    return run();
  } catch (error) {
    throw new Error(what, { cause: error });
  }
}

describe('a sample of every dialect to every client', () => {
  it('is whole for its client cut before and after each of its events, and inside of them', () => {
    let cuts = 0;
    for (const pair of allPairs()) {
      const frames = framesOf(SAMPLES[pair.provider]);
      const uncut = playUncut(pair, frames);
      if (uncut === null) throw new Error(`${pair.provider} to ${pair.client} is no answer`);
      for (let at = 0; at <= frames.length; at += 1) {
        const before = frames.slice(0, at);
        const rest = frames.slice(at);
        const what = `${pair.provider} to ${pair.client}, cut at ${at}`;
        const stream = guarded(what, () => playCut(pair, before, rest, uncut));
        if (stream.isCutShort) cuts += 1;
        const [half] = rest;
        if (half === undefined) continue;
        const middle = Math.floor(half.length / 2);
        const inside = [...before, half.subarray(0, middle)];
        guarded(`${what} and a half`, () => playCut(pair, inside, [half.subarray(middle), ...rest.slice(1)], uncut));
      }
    }
    expect(cuts).toBeGreaterThan(allPairs().length * 3);
  });
});

function recordingsOf(dialect: DialectId): readonly Recording[] {
  return loadRecordings(dialect === 'ollama' ? 'ollama-chat' : dialect);
}

function pairOf(client: ClientDialectId, provider: DialectId, { request }: Recording): Pair {
  const asked = isObject(request?.body) ? request.body['n'] : null;
  const choices = client === 'openai-chat' && typeof asked === 'number' ? { n: asked } : {};
  return { client, provider, lane: laneOf(client, provider, { ...REQUESTS[client], ...THINKING[client], ...choices }) };
}

function inPackets(bytes: Buffer, random: Random): readonly Buffer[] {
  const packets: Buffer[] = [];
  for (let from = 0; from < bytes.length; ) {
    const to = from + 1 + random.below(700);
    packets.push(bytes.subarray(from, to));
    from = to;
  }
  return packets;
}

describe.each(SPOKEN)('recorded streams of %s', (provider) => {
  const streams = recordingsOf(provider).filter(
    (one) => one.response.status === 200 && (streamBytes(one)?.length ?? BYTES_MAX) < BYTES_MAX,
  );

  it.skipIf(streams.length === 0).each(CLIENT_DIALECTS)(
    `are whole for %s wherever they are cut (seed ${seed})`,
    (client) => {
      const random = createRandom(seed);
      let cuts = 0;
      for (const recording of streams) {
        const packets = inPackets(streamBytes(recording) ?? Buffer.alloc(0), random);
        const pair = pairOf(client, provider, recording);
        const uncut = guarded(recording.name, () => playUncut(pair, packets));
        if (uncut === null) continue;
        for (let count = 0; count < CUTS_EACH; count += 1) {
          const at = random.below(packets.length);
          const what = `${recording.name} to ${client}, after ${at} of ${packets.length} packets`;
          const stream = guarded(what, () => playCut(pair, packets.slice(0, at), packets.slice(at), uncut));
          if (stream.isCutShort) cuts += 1;
        }
      }
      expect(cuts).toBeGreaterThan(0);
    },
  );
});
