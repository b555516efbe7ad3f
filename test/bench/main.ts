import { readRunFile } from '../harness/run-file.js';
import { bench, type Measured } from './bench.js';
import { codecFigures } from './codec-bench.js';
import { median } from './cpu-time.js';
import { postingBench, postingLine } from './posting-bench.js';
import { streamBench, streamLines } from './stream-bench.js';

/** `npm run bench [-- --quick] [--streams | --posting]`: prints CPU per request of gateway and bare proxy, and their ratio. Fails when requests were refused. */
export async function run(args: readonly string[]): Promise<number> {
  const isQuick = args.includes('--quick');
  if (args.includes('--streams')) return runStreams(isQuick);
  if (args.includes('--posting')) return runPosting(isQuick);
  const options = {
    rounds: isQuick ? 5 : 15,
    roundMs: isQuick ? 1500 : 4000,
    connections: 64,
    warmUpRequests: isQuick ? 8_000 : 20_000,
    onRound: (line: string) => console.log(line),
  };
  const result = await bench(readRunFile(), options);
  console.log(
    `\nnon-streaming, ${options.connections} connections, ${options.rounds} alternating rounds of ${options.roundMs} ms, ${result.isPinned ? 'pinned to one core each' : 'NOT pinned'}`,
  );
  console.log(line(result.bare));
  console.log(line(result.gateway));
  console.log(
    `ratio    median ${median(result.ratios).toFixed(2)} x bare (rounds ${result.ratios.map((ratio) => ratio.toFixed(2)).join(' ')})`,
  );
  console.log(`booked   ${result.booked} charged requests in the ledger's books`);
  const streams = await streamBench(readRunFile(), streamOptions(isQuick));
  for (const text of streamLines(streams)) console.log(text);
  for (const { client, provider, bytes, milliseconds } of codecFigures())
    console.log(`codec    ${client} to ${provider}: ${milliseconds.toFixed(2)} ms for ${Math.round(bytes / 1024)} KB`);
  const refused = result.bare.refused + result.gateway.refused + streams.refused;
  if (refused > 0) console.log(`${refused} requests were not answered with 200: the figures mean nothing`);
  return refused === 0 ? 0 : 1;
}

/** `--streams`: only what a paced stream costs, for people who change codecs. */
async function runStreams(isQuick: boolean): Promise<number> {
  const result = await streamBench(readRunFile(), streamOptions(isQuick));
  for (const text of streamLines(result)) console.log(text);
  return result.refused === 0 ? 0 : 1;
}

/** `--posting`: how fast settlements become money, in batches as the worker takes them. Fails when one was not posted. */
async function runPosting(isQuick: boolean): Promise<number> {
  const { databaseUrl } = readRunFile();
  let unposted = 0;
  for (const batch of POSTING_BATCHES) {
    const options = { databaseUrl, rounds: isQuick ? 3 : 7, eventsPerRound: 10_000, organizations: 50, batch };
    const figures = await postingBench(options);
    console.log(postingLine(figures, options));
    unposted += options.rounds * options.eventsPerRound - figures.posted;
  }
  return unposted === 0 ? 0 : 1;
}

/** The last one is what the worker takes at most. */
const POSTING_BATCHES = [200, 500, 1_000];

function streamOptions(isQuick: boolean) {
  return { rounds: isQuick ? 5 : 11, streams: 32, paceMs: 5, tokens: 200 };
}

function line({ name, microsecondsPerRequest, requestsPerSecond, answered, refused }: Measured): string {
  const cpu = `median ${median(microsecondsPerRequest).toFixed(1)} µs, least ${Math.min(...microsecondsPerRequest).toFixed(1)} µs CPU per request`;
  return `${name.padEnd(8)} ${cpu}, ${Math.round(median(requestsPerSecond))} requests/s, ${answered} answered, ${refused} refused`;
}
