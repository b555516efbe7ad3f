import { isObject } from '../canonical/json-read.js';
import type { Extras, JsonObject } from '../canonical/part.js';
import type { CanonicalReply } from '../canonical/reply.js';
import type { Finish } from '../finish.js';
import { GUARDRAIL_ACTION, GUARDRAIL_TRACE, ME } from './wire.js';

/** On InvokeModel this member is the only sign of an intervention: the model's own word stays `end_turn` (W33). */
export function isIntervention(body: JsonObject): boolean {
  return body[GUARDRAIL_ACTION] === 'INTERVENED';
}

/** What was masked or blocked changes how the answer ended, whatever the model says. */
export function guardedFinish(finish: Finish | null, hasIntervened: boolean): Finish | null {
  return hasIntervened && finish !== null ? { kind: 'content_filter' } : finish;
}

/** What the guardrail found. */
export function guardrailExtras(body: JsonObject): Extras | null {
  const trace = body[GUARDRAIL_TRACE];
  return isObject(trace) ? { dialect: ME, fields: { [GUARDRAIL_TRACE]: trace } } : null;
}

export function guarded(reply: CanonicalReply, body: JsonObject): CanonicalReply {
  const hasIntervened = isIntervention(body);
  const extras = guardrailExtras(body);
  if (!hasIntervened && extras === null) return reply;
  const choices = reply.choices.map((choice) => ({
    ...choice,
    finish: guardedFinish(choice.finish, hasIntervened),
    ...(extras === null ? {} : { extras }),
  }));
  return { ...reply, choices };
}
