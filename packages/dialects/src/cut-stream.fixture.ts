import { checkEnding, checkGrammar, ensure, FACTS, type Pair } from './broken-stream.fixture.js';
import type { ReplyStream } from './canonical/codec.js';
import type { ClientDialectId } from './canonical/part.js';
import type { CanonicalReply, ReplyChoice } from './canonical/reply.js';
import { openRequest } from './client-request.js';
import { playStream } from './play-stream.fixture.js';
import { NO_QUIRKS } from './provider-quirks.js';
import { providerCodec } from './registry.js';

/** A stream that was not cut, as its client got it. */
export interface Uncut {
  readonly bytes: Buffer;
  readonly reply: CanonicalReply;
  readonly output: number;
  /** it keeps to the grammar of its dialect: a passed one is as its provider made it */
  readonly isRegular: boolean;
}

/** Null where the answer is none: it broke, or says so itself. */
export function playUncut(pair: Pair, packets: readonly Buffer[]): Uncut | null {
  const stream = pair.lane.openStream({});
  const written: Buffer[] = [];
  for (const packet of packets) stream.push(packet, (bytes) => void written.push(Buffer.from(bytes)));
  if (stream.end((bytes) => void written.push(Buffer.from(bytes))).kind !== 'finished') return null;
  const bytes = Buffer.concat([...written, stream.terminal(FACTS)]);
  const isRegular =
    pair.lane.kind === 'translated' || holds(() => checkGrammar(pair.client, bytes.toString('utf8'), true));
  return { bytes, reply: readAsClient(pair, bytes), output: stream.countOutput(), isRegular };
}

/**
 * Cuts a stream after some of its packets, and throws where a promise of `cutShort` does not hold: one write, nothing afterwards, a whole answer for the
 * client's dialect that ends by length, and what it says a beginning of what the uncut one says.
 */
export function playCut(pair: Pair, packets: readonly Buffer[], rest: readonly Buffer[], uncut: Uncut): ReplyStream {
  const stream = pair.lane.openStream({});
  const written: Buffer[] = [];
  for (const packet of packets) stream.push(packet, (bytes) => void written.push(Buffer.from(bytes)));
  const before = Buffer.concat(written);
  ensure(uncut.bytes.subarray(0, before.length).equals(before), 'what was delivered before is what would have been');
  const { finish, finishRaw } = stream;
  let writes = 0;
  stream.cutShort((bytes) => {
    writes += 1;
    written.push(Buffer.from(bytes));
  });
  ensure(writes <= 1, 'a cut writes once');
  ensure(stream.isDone && stream.error === null, 'a stream that was cut is done');
  const said = [stream.countOutput(), stream.finishRaw, stream.sawOutput];
  const nothing = (): never => ensureNever('something is written after the cut');
  for (const packet of rest) stream.push(packet, nothing);
  stream.cutShort(nothing);
  ensure(stream.end(nothing).kind === 'finished', 'a stream that was cut is finished');
  ensure(
    JSON.stringify(said) === JSON.stringify([stream.countOutput(), stream.finishRaw, stream.sawOutput]),
    'changed',
  );
  if (stream.isCutShort) ensure(stream.finish?.kind === 'length', 'it ends by length');
  else ensure(JSON.stringify([finish, finishRaw]) === JSON.stringify([stream.finish, stream.finishRaw]), 'its own end');
  const bytes = Buffer.concat([...written, stream.terminal(FACTS)]);
  const text = bytes.toString('utf8');
  if (uncut.isRegular) checkGrammar(pair.client, text, true);
  else checkEnding(pair.client, text, true);
  checkBeginning(pair.client, readAsClient(pair, bytes), uncut.reply, stream);
  // a token is not always longer than its beginning
  ensure(stream.countOutput() <= uncut.output + 3, `${stream.countOutput()} of ${uncut.output} tokens`);
  return stream;
}

function ensureNever(message: string): never {
  throw new Error(message);
}

function holds(check: () => void): boolean {
  try {
    check();
    return true;
  } catch {
    return false;
  }
}

/** What a client makes of the bytes: read by the other side of our own codec for its dialect. */
function readAsClient({ client }: Pair, bytes: Buffer): CanonicalReply {
  const opened = openRequest('openai-chat', Buffer.from('{"model":"m","messages":[{"role":"user","content":"Hi"}]}'), {
    model: null,
    isStream: null,
  });
  const request = opened.ok ? opened.value.canonical() : opened;
  if (!request.ok) throw new Error('the sample is refused');
  const context = { requestId: 'r1', request: request.value, quirks: NO_QUIRKS, headers: {} };
  const played = playStream(providerCodec(client, 'direct').createDecoder(context), bytes);
  ensure(played.end.kind === 'finished', `the client reads ${JSON.stringify(played.end)}`);
  return played.reply;
}

function checkBeginning(
  client: ClientDialectId,
  cut: CanonicalReply,
  whole: CanonicalReply,
  stream: ReplyStream,
): void {
  const isByLength = cut.choices.some(({ finish }) => finish?.kind === 'length');
  const tellsChoices = client === 'openai-chat' || client === 'gemini';
  if (stream.isCutShort && tellsChoices)
    ensure(isByLength, `some choice ends by length, not ${JSON.stringify(cut.choices)}`);
  for (const choice of cut.choices) {
    ensure(choice.finish !== null, `choice ${choice.index} ends`);
    const other = whole.choices.find(({ index }) => index === choice.index);
    // Google's arguments come in paths and values: a reader closes what is open
    const beginning = client === 'gemini' ? saidBy(choice).replace(/["}\]]+$/, '') : saidBy(choice);
    const all = other === undefined ? '' : saidBy(other);
    ensure(
      all.startsWith(beginning),
      `${JSON.stringify(beginning.slice(-200))} is no beginning of ${JSON.stringify(all.slice(0, 2_000))}`,
    );
  }
}

/** Everything a choice says in its order. Half a call has half its arguments. */
function saidBy({ parts }: ReplyChoice): string {
  return parts
    .map((part) => {
      switch (part.kind) {
        case 'text':
        case 'refusal':
          return part.text;
        case 'reasoning':
          return part.text + part.summary.join('');
        case 'tool_call':
          return `${part.name}(${part.arguments === '{}' ? '' : part.arguments}`;
        default:
          return '';
      }
    })
    .join('');
}
