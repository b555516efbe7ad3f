import type { EncodedReply, ReplyFacts, ReplyOptions } from '../canonical/codec.js';
import { eventsOf } from '../canonical/fold.js';
import { Losses } from '../canonical/loss.js';
import type { JsonObject } from '../canonical/part.js';
import type { CanonicalReply } from '../canonical/reply.js';
import { CandidateWriter } from './candidate-writer.js';
import { lastResponseText } from './response-text.js';

interface Collected {
  readonly writer: CandidateWriter;
  readonly parts: JsonObject[];
}

/** A whole answer: what its stream would say, in one response. */
export function encodeReply(reply: CanonicalReply, options: ReplyOptions, facts: ReplyFacts): EncodedReply {
  const losses = new Losses();
  losses.extras(reply.extras, 'gemini', '');
  const collected = new Map<number, Collected>(
    reply.choices.map(({ index }) => [index, { writer: new CandidateWriter(index, options, losses), parts: [] }]),
  );
  for (const event of eventsOf(reply)) {
    if (event.kind === 'start') continue;
    const into = collected.get(event.choice);
    if (into !== undefined) for (const part of into.writer.take(event)) addPart(into.parts, part);
  }
  const all = [...collected.values()];
  const blocked = all.length === 1 ? all[0]?.writer.blockedPrompt : undefined;
  const candidates = all.map(({ writer, parts }) => JSON.stringify(writer.candidate(parts))).join(',');
  const text = lastResponseText(blocked === undefined ? candidates : '', blocked, options, facts, losses.list());
  return { body: Buffer.from(text, 'utf8'), losses: losses.list() };
}

/** The empty text that brings a signature in a stream joins the text before it. */
function addPart(parts: JsonObject[], part: JsonObject): void {
  const before = parts.at(-1);
  const isSignature = part['text'] === '' && part['thoughtSignature'] !== undefined;
  const takesIt = typeof before?.['text'] === 'string' && before['thoughtSignature'] === undefined;
  if (isSignature && takesIt && before['thought'] === part['thought'])
    parts[parts.length - 1] = { ...before, ...part, text: before['text'] };
  else parts.push(part);
}
