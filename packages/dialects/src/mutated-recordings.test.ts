import { describe, it } from 'vitest';
import { laneOf, type Pair, playBroken, readBroken, SPOKEN } from './broken-stream.fixture.js';
import { createRandom, type Random } from './broken-values.fixture.js';
import { CLIENT_DIALECTS, type DialectId } from './canonical/part.js';
import { bodyBytes, loadRecordings, type Recording, streamBytes } from './recordings.fixture.js';

/**
 * Real answers with a few bytes changed, lost or added, or their events in another order, for every client: whatever comes of it, the promises of
 * `playBroken` and `readBroken` hold, the grammar of the client's events among them.
 */
/** The same mutations everywhere unless another seed is given: what a new one finds becomes a test of its own. */
const seed = Number(process.env['TOLLGATE_SEED'] ?? 1);
const RECORDINGS_EACH = 25;
const MUTATIONS = 4;
const BYTES_MAX = 30_000;

function recordingsOf(dialect: DialectId): readonly Recording[] {
  return loadRecordings(dialect === 'ollama' ? 'ollama-chat' : dialect);
}

function some<Value>(values: readonly Value[], count: number, random: Random): readonly Value[] {
  const left = [...values];
  return Array.from({ length: Math.min(count, left.length) }, () => left.splice(random.below(left.length), 1)).flat();
}

const NOISE = [0, 10, 13, 34, 44, 58, 91, 92, 93, 123, 125, 0xc3, 0xff];

/** One to three changes of single bytes or short runs. */
function mutated(bytes: Buffer, random: Random): Buffer {
  let changed = Buffer.from(bytes);
  for (let count = 1 + random.below(3); count > 0; count -= 1) {
    const at = random.below(changed.length);
    const noise = Buffer.from([random.pick(NOISE)]);
    const pieces: readonly (readonly Buffer[])[] = [
      [changed.subarray(0, at), noise, changed.subarray(at + 1)],
      [changed.subarray(0, at), noise, changed.subarray(at)],
      [changed.subarray(0, at), changed.subarray(at + 1 + random.below(20))],
      [changed.subarray(0, at), changed.subarray(Math.max(0, at - random.below(200)))],
    ];
    changed = Buffer.concat(random.pick(pieces));
  }
  return changed;
}

/** Two events in each other's place, or one of them twice, or not at all. Binary streams have no lines and are only mutated. */
function reordered(bytes: Buffer, random: Random): Buffer {
  const events = bytes.toString('latin1').split(/(?<=\n\r?\n)/);
  const [one, other] = [random.below(events.length), random.below(events.length)];
  const kept = events[one] ?? '';
  const way = random.below(3);
  if (way === 0) events[one] = events[other] ?? '';
  if (way < 2) events[other] = way === 0 ? kept : kept + (events[other] ?? '');
  if (way === 2) events.splice(one, 1);
  return Buffer.from(events.join(''), 'latin1');
}

function inPackets(bytes: Buffer, random: Random): readonly Buffer[] {
  const packets: Buffer[] = [];
  for (let from = 0; from < bytes.length; ) {
    const to = from + 1 + random.below(3_000);
    packets.push(bytes.subarray(from, to));
    from = to;
  }
  return packets;
}

function guarded<Value>(what: string, run: () => Value): Value {
  try {
    return run();
  } catch (error) {
    throw new Error(what, { cause: error });
  }
}

describe.each(SPOKEN)('recorded answers of %s, mutated', (provider) => {
  const recordings = recordingsOf(provider).filter(({ response }) => response.status === 200);
  const pairs = CLIENT_DIALECTS.map((client): Pair => ({ client, provider, lane: laneOf(client, provider) }));

  it.skipIf(recordings.length === 0)(`streams keep to the rules of every client (seed ${seed})`, () => {
    const random = createRandom(seed);
    const streams = recordings.filter((one) => (streamBytes(one)?.length ?? BYTES_MAX) < BYTES_MAX);
    for (const recording of some(streams, RECORDINGS_EACH, random)) {
      const bytes = streamBytes(recording) ?? Buffer.alloc(0);
      for (let round = 0; round < MUTATIONS; round += 1) {
        const changed = random.below(2) === 0 ? mutated(bytes, random) : reordered(bytes, random);
        const packets = inPackets(changed, random);
        for (const pair of pairs)
          guarded(`${recording.name}, round ${round}, to ${pair.client}`, () => playBroken(pair, packets));
      }
    }
  });

  it.skipIf(recordings.length === 0)(`whole answers are answers, failures or unreadable (seed ${seed})`, () => {
    const random = createRandom(seed);
    const answers = recordings.filter((one) => streamBytes(one) === null && bodyBytes(one).length < BYTES_MAX);
    for (const recording of some(answers, RECORDINGS_EACH, random)) {
      for (let round = 0; round < MUTATIONS; round += 1) {
        const changed = mutated(bodyBytes(recording), random);
        for (const pair of pairs)
          guarded(`${recording.name}, round ${round}, to ${pair.client}`, () => readBroken(pair, changed));
      }
    }
  });
});
