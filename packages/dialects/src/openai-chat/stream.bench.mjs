/**
 * CPU of the stream codec, beside doing nothing and beside parsing every chunk. No test: run it by hand after a build,
 * `node packages/dialects/src/openai-chat/stream.bench.mjs`. Variants alternate; the median of the rounds is printed.
 */
import { openaiChat } from '../../dist/index.js';

const EVENTS = 100;
const STREAMS = 300;
const ROUNDS = 15;

function eventsOf(makeChunk) {
  return Array.from({ length: EVENTS }, (_, index) => Buffer.from(`data: ${JSON.stringify(makeChunk(index))}\n\n`));
}

const openai = (index) => ({
  id: 'chatcmpl-DuLdWOILVCVVrpY7aRAWaTdcPyWSy',
  object: 'chat.completion.chunk',
  created: 1782321910,
  model: 'gpt-4o-mini-2024-07-18',
  service_tier: 'default',
  system_fingerprint: 'fp_59e007eafa',
  choices: [{ index: 0, delta: { content: ` word${index}` }, logprobs: null, finish_reason: null }],
  usage: null,
  obfuscation: 'CYlcrzab',
});

const paced = eventsOf(openai);
const packed = Array.from({ length: EVENTS / 10 }, (_, index) =>
  Buffer.concat(paced.slice(index * 10, index * 10 + 10)),
);

function codec(packets, includeUsage) {
  const stream = openaiChat.createStream({ id: 'gen-0193b2a4', model: 'openai/gpt-4o-mini', includeUsage });
  let bytes = 0;
  const write = (out) => {
    bytes += out.length;
  };
  for (const packet of packets) stream.push(packet, write);
  return bytes;
}

function parsing(packets) {
  let bytes = 0;
  for (const packet of packets) {
    for (const line of packet.toString('utf8').split('\n')) {
      if (!line.startsWith('data: ')) continue;
      const chunk = JSON.parse(line.slice(6));
      chunk.id = 'gen-0193b2a4';
      chunk.model = 'openai/gpt-4o-mini';
      delete chunk.usage;
      bytes += Buffer.byteLength(`data: ${JSON.stringify(chunk)}\n\n`);
    }
  }
  return bytes;
}

const variants = {
  'codec, one event per packet': () => codec(paced, true),
  'codec, one event per packet, usage removed': () => codec(paced, false),
  'codec, ten events per packet': () => codec(packed, true),
  'codec, ten events per packet, usage removed': () => codec(packed, false),
  'JSON.parse and stringify, one event per packet': () => parsing(paced),
  'indexOf for usage only, one event per packet': () =>
    paced.reduce((found, packet) => found + packet.indexOf('"usage":{'), 0),
};

const times = Object.fromEntries(Object.keys(variants).map((name) => [name, []]));
for (let round = 0; round < ROUNDS; round += 1) {
  for (const [name, run] of Object.entries(variants)) {
    const before = process.cpuUsage();
    for (let stream = 0; stream < STREAMS; stream += 1) run();
    const { user, system } = process.cpuUsage(before);
    times[name].push((user + system) / (STREAMS * EVENTS));
  }
}
for (const [name, all] of Object.entries(times)) {
  all.sort((a, b) => a - b);
  console.log(`${all[ROUNDS >> 1].toFixed(3)} µs per event (least ${all[0].toFixed(3)})  ${name}`);
}
