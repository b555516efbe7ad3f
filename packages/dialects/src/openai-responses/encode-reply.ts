import type { EncodedReply, KeptAnswer, ReplyFacts, ReplyOptions } from '../canonical/codec.js';
import { eventsOf } from '../canonical/fold.js';
import { parseObject } from '../canonical/json-read.js';
import { Losses } from '../canonical/loss.js';
import type { JsonObject } from '../canonical/part.js';
import type { CanonicalReply, ReplyChoice } from '../canonical/reply.js';
import { OutputWriter } from './output-writer.js';
import { endedState, responseText } from './response-object.js';
import { DIALECT } from './wire.js';

/** A whole answer as the response object. It has one choice; others are losses. */
export function encodeReply(reply: CanonicalReply, options: ReplyOptions, facts: ReplyFacts): EncodedReply {
  const losses = new Losses();
  const [choice, ...others] = reply.choices;
  for (const { index } of others) losses.dropped(`choices[${index}]`);
  const output = choice === undefined ? [] : outputOf(choice, options.requestId, losses);
  losses.extras(reply.extras, DIALECT, '');
  losses.extras(choice?.extras, DIALECT, '');
  if ((choice?.stopSequence ?? null) !== null) losses.dropped('stop_sequence');
  const more = choice?.extras?.dialect === DIALECT ? choice.extras.fields : {};
  const state = endedState(choice?.finish ?? null, facts, { output, serviceTier: reply.serviceTier, more });
  const text = responseText(options, state, losses.list());
  const kept = (): KeptAnswer => ({ body: parseObject(text) ?? {}, items: output });
  return { body: Buffer.from(text), losses: losses.list(), kept };
}

function outputOf(choice: ReplyChoice, requestId: string, losses: Losses): readonly JsonObject[] {
  const writer = new OutputWriter(requestId, losses, () => {});
  // Told before the text, they sit on it; behind it, it would be closed.
  if (choice.logprobs !== null) writer.logprobs(choice.logprobs);
  const only: CanonicalReply = { choices: [{ ...choice, logprobs: null }], usage: null, serviceTier: null };
  for (const event of eventsOf(only)) {
    if (event.kind === 'part_start') writer.start(event.value);
    else if (event.kind === 'part_delta') writer.delta(event.delta);
    else if (event.kind === 'part_end') writer.end();
  }
  writer.finish();
  return writer.items;
}
