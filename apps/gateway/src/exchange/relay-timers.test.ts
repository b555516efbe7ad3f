import http from 'node:http';
import { Socket } from 'node:net';
import type { Lane, ReplyStream } from '@tollgate/dialects';
import { describe, expect, it } from 'vitest';
import type { UpstreamHandler } from '../upstream/send.js';
import { STREAM } from './exchange.fixture.js';
import type { Spending } from './hold-extension.js';
import { relayStream } from './relay-stream.js';

function broken(): never {
  throw new TypeError('cannot read properties of undefined');
}

/** Has an answer, and says it is done; breaks wherever it is ended. */
const stream: ReplyStream = {
  push: (packet, write) => write(packet),
  end: broken,
  cutShort: broken,
  isCutShort: false,
  usage: null,
  finish: null,
  finishRaw: null,
  serviceTier: null,
  error: null,
  sawOutput: true,
  isDone: true,
  hasWritten: true,
  malformedEvents: 0,
  losses: [],
  countOutput: () => 1,
  estimateOutput: () => 1,
  terminal: () => Buffer.alloc(0),
  failure: () => Buffer.alloc(0),
};

const lane: Lane = {
  kind: 'passed',
  path: '/',
  headers: {},
  contentType: '',
  accept: '',
  body: Buffer.alloc(0),
  losses: [],
  streamType: /event-stream/,
  decodeFailure: broken,
  readWhole: broken,
  openStream: () => stream,
};

const request = { origin: '', path: '/', headers: {}, body: lane.body, headersTimeoutMs: 1, stallTimeoutMs: 1 };

/** Relays the stream above; `begun` gets what a look at its hold would be given. */
function relay(begun: (spending: Spending) => void) {
  const heard: UpstreamHandler[] = [];
  const send = (_request: typeof request, handler: UpstreamHandler) => {
    heard.push(handler);
    return { pause: () => undefined, resume: () => undefined, abort: () => undefined };
  };
  const relayed = relayStream({ send }, request, {
    response: new http.ServerResponse(new http.IncomingMessage(new Socket())),
    departure: { hasLeft: false, onLeave: () => undefined, onDrainEnd: () => undefined, close: () => undefined },
    lane,
    keepAlive: null,
    stopsBillingOnCancel: false,
    answerTimeoutMs: 60_000,
    clientStallMs: 60_000,
    clock: () => performance.now(),
    watch: (spending) => {
      begun(spending);
      return () => undefined;
    },
    record: null,
    commit: () => undefined,
  });
  heard[0]?.onHead(200, STREAM);
  heard[0]?.onData(Buffer.from('data: {}'));
  return relayed;
}

describe('a codec that breaks where a timer calls it', () => {
  it('fails its request, which would otherwise run, and be held for, for ever: at the end of the answer', async () => {
    await expect(relay(() => undefined)).rejects.toThrow(TypeError);
  });

  it('and where the answer is ended because no more of it can be held', async () => {
    await expect(relay((spending) => setTimeout(spending.end, 5))).rejects.toThrow(TypeError);
  });
});
