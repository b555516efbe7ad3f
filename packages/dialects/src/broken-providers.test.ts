import { describe, expect, it } from 'vitest';
import { allPairs, checkFailure, type Pair, playBroken, readBroken } from './broken-stream.fixture.js';
import { bombsOf, createRandom, variantsOf } from './broken-values.fixture.js';
import { framesOf, type ProviderSample, SAMPLES } from './provider-samples.fixture.js';

/**
 * Whatever a provider sends, of any dialect, to whatever client: nothing is thrown, nothing hangs, nothing broken passes for an answer, and every
 * stream ends as its client's dialect wants it, with a typed failure where it broke. What is checked of each stream stands in `playBroken`.
 */
const seed = Number(process.env['TOLLGATE_SEED'] ?? Date.now() % 2 ** 31);
const PAIRS = allPairs();

/** Every pair; what fails says which, and with what. */
function forEveryPair(check: (pair: Pair, sample: ProviderSample) => void): void {
  for (const pair of PAIRS) check(pair, SAMPLES[pair.provider]);
}

function play(pair: Pair, what: string, packets: Iterable<Buffer>): ReturnType<typeof playBroken> {
  try {
    return playBroken(pair, packets);
  } catch (error) {
    throw new Error(`${pair.provider} to ${pair.client}, ${what}`, { cause: error });
  }
}

function read(pair: Pair, what: string, body: Buffer): ReturnType<typeof readBroken> {
  try {
    return readBroken(pair, body);
  } catch (error) {
    throw new Error(`${pair.provider} to ${pair.client}, ${what}`, { cause: error });
  }
}

function mustFail(pair: Pair, what: string, packets: Iterable<Buffer>): void {
  const { end } = play(pair, what, packets);
  expect(end.kind, `${pair.provider} to ${pair.client}, ${what}`).not.toBe('finished');
}

/** With one frame replaced, or (null) left out. */
function withFrame(frames: readonly Buffer[], index: number, frame: Buffer | null): readonly Buffer[] {
  return [...frames.slice(0, index), ...(frame === null ? [] : [frame]), ...frames.slice(index + 1)];
}

const NO_ANSWERS: readonly (readonly [string, string | Buffer])[] = [
  ['nothing', ''],
  ['a page', '<!DOCTYPE html><html><body>502 Bad Gateway</body></html>'],
  ['a text', 'upstream connect error\n'],
  ['zeros', Buffer.alloc(100)],
  ['a mark of byte order', '\ufeff'],
  ['null', 'null'],
  ['a number', '7'],
  ['a string', '"x"'],
  ['a list', '[]'],
  ['an object', '{}'],
  ['an object in a line', '{}\n'],
  ['an event without an object', 'data: null\n\ndata: 7\n\ndata: "x"\n\ndata: []\n\ndata: {}\n\n'],
  ['half a character', Buffer.from('data: {"a":"\xc3', 'latin1')],
  ['ten thousand levels', `data: ${'['.repeat(10_000)}${']'.repeat(10_000)}\n\n`],
  ['ten thousand levels in a line', `${'{"a":'.repeat(10_000)}1${'}'.repeat(10_000)}\n`],
];

describe('the samples', () => {
  it('are answers: without this nothing below proves anything', () => {
    forEveryPair((pair, sample) => {
      const played = play(pair, 'as it is', framesOf(sample));
      expect(played).toMatchObject({ end: { kind: 'finished' }, sawOutput: true });
      expect(played.usage).not.toBeNull();
      expect(played.text).toContain('look_up');
      expect(read(pair, 'whole', Buffer.from(JSON.stringify(sample.whole)))).toBe('reply');
    });
  });
});

describe('a stream', () => {
  it.each(NO_ANSWERS)('of %s is a failure', (what, bytes) => {
    forEveryPair((pair) => mustFail(pair, what, [Buffer.from(bytes as string)]));
  });

  it(`cut before its finish has come is a failure, and nothing is thrown wherever it is cut (seed ${seed})`, () => {
    const random = createRandom(seed);
    forEveryPair((pair, sample) => {
      const frames = framesOf(sample);
      const bytes = Buffer.concat(frames);
      const finishFrom = Buffer.concat(frames.slice(0, sample.finishAt)).length;
      for (let cut = random.below(11); cut < bytes.length; cut += 11) {
        const packets = [bytes.subarray(0, cut)];
        if (cut <= finishFrom) mustFail(pair, `cut at ${cut}`, packets);
        else play(pair, `cut at ${cut}`, packets);
      }
    });
  });

  it('that ends in the middle of a character is a failure', () => {
    forEveryPair((pair, sample) => {
      const begun = framesOf(sample).slice(0, sample.finishAt);
      mustFail(pair, 'half a character', [...begun, Buffer.from([0xe2, 0x82])]);
    });
  });

  it('with an error at any place before its finish is a failure', () => {
    forEveryPair((pair, sample) => {
      const frames = framesOf(sample);
      const error = sample.frame(JSON.stringify(sample.errorEvent));
      for (let at = 0; at <= frames.length; at += 1) {
        const packets = [...frames.slice(0, at), error, ...frames.slice(at)];
        if (at <= sample.finishAt) mustFail(pair, `an error at ${at}`, packets);
        else play(pair, `an error at ${at}`, packets);
      }
    });
  });

  it('that is an error in place of a stream is a failure', () => {
    forEveryPair((pair, { wholeError }) => mustFail(pair, 'an error', [Buffer.from(JSON.stringify(wholeError))]));
  });

  it('that lacks, repeats, exchanges or breaks events ends in a way streams end', () => {
    forEveryPair((pair, sample) => {
      const frames = framesOf(sample);
      for (const [at, frame] of frames.entries()) {
        play(pair, `without ${at}`, withFrame(frames, at, null));
        play(pair, `twice ${at}`, [...frames.slice(0, at + 1), ...frames.slice(at)]);
        play(pair, `broken ${at}`, withFrame(frames, at, frame.subarray(0, frame.length - 9)));
        play(pair, `no JSON at ${at}`, [...frames.slice(0, at), Buffer.from('data: {"a":\n\n'), ...frames.slice(at)]);
        for (const [other, earlier] of frames.slice(0, at).entries())
          play(pair, `${other} and ${at}`, withFrame(withFrame(frames, at, earlier), other, frame));
      }
      play(pair, 'backwards', [...frames].reverse());
      play(pair, 'with a mark of byte order', [Buffer.from('\ufeff'), ...frames]);
    });
  });

  it('with a key that is no JSON ends in a way streams end', () => {
    forEveryPair((pair, sample) => {
      const frames = framesOf(sample);
      for (const [at, event] of sample.events.entries()) {
        const json = JSON.stringify(event).replace('{', '{"\\q":1,');
        play(pair, `a broken key in ${at}`, withFrame(frames, at, sample.frame(json)));
      }
    });
  });

  it('with a bomb in any place of an event ends, and nothing recurses into it', () => {
    forEveryPair((pair, sample) => {
      const frames = framesOf(sample);
      for (const [at, event] of sample.events.entries()) {
        const bombs = [...bombsOf(event)];
        // every event once, at another place for every pair
        const bomb = bombs[(PAIRS.indexOf(pair) * 7 + at) % bombs.length] ?? '';
        play(pair, `a bomb in ${at}: ${bomb.slice(0, 200)}`, withFrame(frames, at, sample.frame(bomb)));
      }
    });
  });

  it(`with any value wrong ends in a way streams end (seed ${seed})`, () => {
    const random = createRandom(seed);
    forEveryPair((pair, sample) => {
      const frames = framesOf(sample);
      for (const [at, event] of sample.events.entries())
        for (const variant of variantsOf(event)) {
          if (random.below(5) > 0) continue;
          const json = JSON.stringify(variant);
          play(pair, `event ${at} is ${json}`, withFrame(frames, at, sample.frame(json)));
        }
    });
  });
});

describe('a whole answer', () => {
  it.each(NO_ANSWERS)('of %s is none', (what, bytes) => {
    forEveryPair((pair) => expect(read(pair, what, Buffer.from(bytes as string))).not.toBe('reply'));
  });

  it('cut anywhere, or with something behind it, is none', () => {
    forEveryPair((pair, { whole }) => {
      const body = Buffer.from(JSON.stringify(whole));
      for (let cut = 0; cut < body.length; cut += 1)
        expect(read(pair, `cut at ${cut}`, body.subarray(0, cut))).not.toBe('reply');
      expect(read(pair, 'twice', Buffer.concat([body, body]))).not.toBe('reply');
    });
  });

  it('with a word in it that is no JSON is none', () => {
    forEveryPair((pair, { whole }) => {
      const json = JSON.stringify(whole);
      for (const { index, 0: word } of json.matchAll(/"[a-zü_-]+"/gi)) {
        const body = Buffer.from(`${json.slice(0, index)}tru${json.slice(index + word.length)}`);
        expect(read(pair, body.toString('utf8'), body)).not.toBe('reply');
      }
    });
  });

  it('that is an error under status 200 is a failure', () => {
    forEveryPair((pair, { wholeError }) =>
      expect(read(pair, 'an error', Buffer.from(JSON.stringify(wholeError)))).not.toBe('reply'),
    );
  });

  it(`with any value wrong is an answer, a failure or unreadable (seed ${seed})`, () => {
    const random = createRandom(seed);
    forEveryPair((pair, { whole, wholeError }) => {
      for (const value of [whole, wholeError])
        for (const variant of variantsOf(value)) {
          if (random.below(3) > 0) continue;
          const json = JSON.stringify(variant);
          read(pair, json, Buffer.from(json));
        }
      const bombs = [...bombsOf(whole)];
      for (let count = 0; count < 4; count += 1) {
        const bomb = random.pick(bombs);
        read(pair, bomb.slice(0, 200), Buffer.from(bomb));
      }
    });
  });
});

describe('a failure', () => {
  it('says what it is, whatever its body', () => {
    forEveryPair(({ lane }, { wholeError }) => {
      const bodies = [
        ...NO_ANSWERS.map(([, bytes]) => Buffer.from(bytes as string)),
        ...[...variantsOf(wholeError)].map((variant) => Buffer.from(JSON.stringify(variant))),
        ...[...bombsOf(wholeError)].map((bomb) => Buffer.from(bomb)),
        Buffer.alloc(1_000_000, '<'),
        Buffer.from(`<html><head><title>${' '.repeat(1_000_000)}`),
      ];
      for (const body of bodies)
        for (const status of [400, 401, 429, 500, 503, 529]) checkFailure(lane.decodeFailure(status, body, {}));
    });
  });
});

describe('an endless provider', () => {
  function* endless(sample: ProviderSample, packet: Buffer, bytes: number): Generator<Buffer> {
    yield* framesOf(sample).slice(0, sample.finishAt);
    for (let sent = 0; sent < bytes; sent += packet.length) yield packet;
  }

  it('whose event never ends is cut off, and none of it is kept', () => {
    const packet = Buffer.alloc(1_048_576, 'x');
    forEveryPair((pair, sample) => {
      if (pair.client === 'openai-chat' || pair.lane.kind === 'passed')
        mustFail(pair, '40 MB without an end', endless(sample, packet, 40 * 1_048_576));
    });
  });

  it('whose event of a megabyte trickles in costs no more than reading it', () => {
    forEveryPair((pair, sample) => {
      if (pair.client !== 'anthropic-messages') return;
      const { events, frame, finishAt } = sample;
      const big = frame(JSON.stringify({ ...events[finishAt], more: 'x'.repeat(300_000) }));
      const packets = withFrame(framesOf(sample), finishAt, null).slice(0, finishAt);
      const pieces = Array.from({ length: Math.ceil(big.length / 7) }, (_, at) => big.subarray(at * 7, at * 7 + 7));
      const began = performance.now();
      play(pair, 'a trickle', [...packets, ...pieces]);
      expect(performance.now() - began, pair.provider).toBeLessThan(2_000);
    });
  });
});
