import { isDeepStrictEqual } from 'node:util';
import type { Understood, WrittenAnswer } from '../../conformance/judges/judge.js';
import { judge } from '../../conformance/judges/judges.js';
import type { ObservedChoice } from '../observe/observed-answer.js';
import type { LaneRun, WrittenReply } from './lane-case.js';
import { randomCuts } from './random-cuts.js';
import type { LaneWitness } from './replay-lanes.js';

/** What a vendor's own SDK makes of what the vendor itself sent, kept byte for byte: nothing that a gateway could or should mend. */
const KNOWN: readonly { readonly recording: string; readonly says: RegExp; readonly why: string }[] = [
  {
    recording: 'openai/openai-responses/vercel-ai__openai-responses-openai-apply-patch-tool-1-stream__',
    says: /^openai responses: .*Unhandled response stream event/,
    why: 'the helper of this version throws at events that came later',
  },
  {
    recording: 'openai/openai-responses/vercel-ai__openai-responses-openai-shell-skills-1-stream__',
    says: /^openai responses: .*Unhandled response stream event/,
    why: 'the helper of this version throws at events that came later',
  },
  {
    recording: 'openai/openai-responses/vercel-ai__openai-responses-openai-phase-1-stream__',
    says: /^openai responses/,
    why: 'the recorder left events out',
  },
];

/** Feeds every answer to the readers of the client's vendor and of others who read its dialect: they must accept it and understand what we do. */
export class VendorJudges implements LaneWitness {
  readonly #judged = new Map<string, number>();

  /** how many answers each of them has read */
  get judged(): ReadonlyMap<string, number> {
    return this.#judged;
  }

  async look(name: string, { written }: LaneRun, seed: number): Promise<readonly string[]> {
    if (written === null) return [];
    const known = KNOWN.filter(({ recording }) => name.startsWith(recording) && written.isPassed);
    const problems: string[] = [];
    for (const { judge: by, refusal, understood } of await judge(written.client, arriving(written, seed))) {
      this.#judged.set(by, (this.#judged.get(by) ?? 0) + 1);
      if (refusal !== null) problems.push(`${by}: ${refusal}`);
      else if (understood !== null) problems.push(...differences(by, written, understood));
    }
    return known.length === 0 ? problems : problems.filter((problem) => !known.some(({ says }) => says.test(problem)));
  }
}

function arriving({ bytes, isStream, isPassed, framing, answer }: WrittenReply, seed: number): WrittenAnswer {
  const choices = answer.choices.length;
  return { bytes, isStream, isPassed, framing, choices, pieces: isStream ? randomCuts(bytes, seed) : [bytes] };
}

function differences(judge: string, { answer }: WrittenReply, understood: Understood): string[] {
  const [choice] = answer.choices;
  const text = textOf(choice);
  const problems: string[] = [];
  if (text !== understood.text)
    problems.push(`${judge}: text: ${brief(text)} was understood as ${brief(understood.text)}`);
  const calls = choice?.calls ?? [];
  if (!isDeepStrictEqual(calls, understood.calls))
    problems.push(`${judge}: calls: ${brief(calls)} were understood as ${brief(understood.calls)}`);
  return problems;
}

const textOf = (choice: ObservedChoice | undefined): string => (choice?.text ?? '') + (choice?.refusal ?? '');

function brief(value: unknown): string {
  const text = JSON.stringify(value) ?? 'undefined';
  return text.length <= 200 ? text : `${text.slice(0, 140)} … ${text.slice(-50)}`;
}
