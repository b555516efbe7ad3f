/**
 * CPU of the stream codecs, beside parsing every chunk. No test: run it by hand after a build,
 * `node packages/dialects/src/gemini/stream.bench.mjs`. Variants alternate; the median of the rounds is printed.
 */
import { client, provider } from '../../dist/gemini/index.js';

const EVENTS = 100;
const STREAMS = 200;
const ROUNDS = 9;

const chunk = (index) => ({
  candidates: [{ content: { parts: [{ text: ` word${index} and some more text` }], role: 'model' }, index: 0 }],
  usageMetadata: {
    promptTokenCount: 25,
    candidatesTokenCount: 26,
    totalTokenCount: 51,
    promptTokensDetails: [{ modality: 'TEXT', tokenCount: 25 }],
  },
  modelVersion: 'gemini-2.5-flash',
  responseId: 'VDVYaY2XOYqM_uMPi8-j8AY',
});
const paced = Array.from({ length: EVENTS }, (_, index) =>
  Buffer.from(`data: ${JSON.stringify(chunk(index))}\r\n\r\n`),
);
const packed = Array.from({ length: EVENTS / 10 }, (_, index) =>
  Buffer.concat(paced.slice(index * 10, index * 10 + 10)),
);
const request = { tools: [], choices: 1, reasoning: null };
const options = {
  requestId: 'gen-0193b2a4',
  model: 'google/gemini-2.5-flash',
  provider: 'Google',
  created: 1,
  request,
};

function pass(packets) {
  const stream = client.pass.createStream({ ...options, source: 'gemini', quirks: {} });
  let bytes = 0;
  for (const packet of packets) {
    stream.push(packet, (out) => {
      bytes += out.length;
    });
  }
  return bytes;
}

function translate(packets) {
  const decoder = provider.createDecoder({ requestId: 'r', request, quirks: {}, headers: {} });
  const encoder = client.createEncoder({ ...options, source: 'gemini' });
  let characters = 0;
  for (const packet of packets) {
    decoder.push(packet, (event) => {
      characters += encoder.write(event).length;
    });
  }
  return characters;
}

function parsing(packets) {
  let bytes = 0;
  for (const packet of packets) {
    for (const line of packet.toString('utf8').split('\r\n')) {
      if (!line.startsWith('data: ')) continue;
      const parsed = JSON.parse(line.slice(6));
      parsed.responseId = 'gen-0193b2a4';
      parsed.modelVersion = 'google/gemini-2.5-flash';
      bytes += Buffer.byteLength(`data: ${JSON.stringify(parsed)}\r\n\r\n`);
    }
  }
  return bytes;
}

const variants = {
  'pass, one event per packet': () => pass(paced),
  'pass, ten events per packet': () => pass(packed),
  'decode and encode, one event per packet': () => translate(paced),
  'parse and stringify': () => parsing(paced),
};
const times = Object.fromEntries(Object.keys(variants).map((name) => [name, []]));
for (let round = 0; round < ROUNDS; round += 1) {
  for (const [name, run] of Object.entries(variants)) {
    const started = performance.now();
    for (let stream = 0; stream < STREAMS; stream += 1) run();
    times[name].push(((performance.now() - started) * 1_000) / STREAMS / EVENTS);
  }
}
for (const [name, rounds] of Object.entries(times)) {
  const sorted = rounds.toSorted((a, b) => a - b);
  console.log(`${name.padEnd(42)} ${sorted[ROUNDS >> 1].toFixed(2)} µs per event`);
}
