import { isDeepStrictEqual } from 'node:util';
import type { CanonicalRequest, ClientDialectId } from '@tollgate/dialects';
import type { ObservedAnswer, ObservedChoice } from '../observe/observed-answer.js';

export interface Comparison {
  readonly recorded: ObservedAnswer;
  readonly seen: ObservedAnswer;
  /** client and provider speak the same: nothing at all may differ */
  readonly isSame: boolean;
  readonly client: ClientDialectId;
  readonly request: CanonicalRequest;
  readonly lossFields: readonly string[];
}

/** Dialects whose answers are one message: further choices are lost, and said to be. */
const SINGLE = new Set<ClientDialectId>(['openai-responses', 'anthropic-messages']);

/** What differs between what the provider said and what the client was told. */
export function compareAnswers(comparison: Comparison): readonly string[] {
  const { recorded, seen, isSame, client } = comparison;
  const expected = !isSame && SINGLE.has(client) ? recorded.choices.slice(0, 1) : recorded.choices;
  const problems: string[] = [];
  if (expected.length !== seen.choices.length && expected.length > 0)
    problems.push(`choices: ${expected.length} became ${seen.choices.length}`);
  for (const [index, choice] of expected.entries())
    problems.push(
      ...choiceProblems(choice, seen.choices[index], comparison).map((problem) => `choice ${index}: ${problem}`),
    );
  if (isSame && asksForSeals(comparison) && !isDeepStrictEqual(recorded.seals, seen.seals))
    problems.push(`seals differ: ${recorded.seals.length} became ${seen.seals.length}`);
  if (!isSame) problems.push(...sealProblems(comparison));
  return problems;
}

/** Responses give sealed reasoning only to callers who include it; to the others it is as if nobody had asked. */
function asksForSeals({ client, request }: Comparison): boolean {
  return client !== 'openai-responses' || JSON.stringify(request).includes('reasoning.encrypted_content');
}

function choiceProblems(expected: ObservedChoice, seen: ObservedChoice | undefined, comparison: Comparison): string[] {
  if (seen === undefined) return ['is missing'];
  const problems: string[] = [];
  const say = (what: string, one: unknown, other: unknown): void => {
    if (!isDeepStrictEqual(one, other)) problems.push(`${what}: ${brief(one)} became ${brief(other)}`);
  };
  // A refusal is text where a dialect has no word for it.
  say('text', expected.text + expected.refusal, seen.text + seen.refusal);
  say('calls', expected.calls, seen.calls);
  // Pieces of a summary are paragraphs: vendors put different blank lines between them.
  if (showsReasoning(comparison)) say('reasoning', unspaced(expected.reasoning), unspaced(seen.reasoning));
  if (!isFinishSame(expected, seen)) problems.push(`finish: ${expected.finish} became ${seen.finish}`);
  return problems;
}

/** Gemini shows thoughts only to callers who asked for them. */
function showsReasoning({ isSame, client, request, lossFields }: Comparison): boolean {
  if (isSame) return true;
  if (request.reasoning?.isShown === false) return false;
  if (client === 'gemini' && request.reasoning?.isShown !== true) return false;
  return !lossFields.some((field) => field.includes('reasoning') || field.includes('thinking'));
}

/** S10: calls make a finish of calls, whatever the wire's word was. */
function isFinishSame(expected: ObservedChoice, seen: ObservedChoice): boolean {
  if (expected.finish === seen.finish) return true;
  if (expected.calls.length > 0 && seen.finish === 'tools') return true;
  return (
    expected.finish === 'other' || expected.finish === 'none' || (expected.refusal !== '' && seen.finish === 'filter')
  );
}

/** Every seal reaches the client: as it is, or wrapped so that it can come back. */
function sealProblems({ recorded, seen, lossFields }: Comparison): string[] {
  const arrived = seen.seals.join('\n') + seen.seals.map(unwrapped).join('\n');
  const missing = recorded.seals.filter((seal) => !arrived.includes(seal));
  return missing.length === 0 || lossFields.length > 0
    ? []
    : [`${missing.length} of ${recorded.seals.length} seals did not arrive`];
}

function unspaced(text: string): string {
  return text.replace(/\s+/g, '');
}

function unwrapped(seal: string): string {
  const text = seal.startsWith('tgs1.') ? seal : Buffer.from(seal, 'base64').toString('utf8');
  const encoded = text.startsWith('tgs1.') ? text.split('.')[3] : undefined;
  return encoded === undefined ? '' : Buffer.from(encoded, 'base64url').toString('utf8');
}

function brief(value: unknown): string {
  const text = JSON.stringify(value) ?? 'undefined';
  return text.length <= 300 ? text : `${text.slice(0, 200)} … ${text.slice(-90)}`;
}
