import type { ReplyContext } from '../canonical/codec.js';
import { customToolNames } from '../canonical/custom-tool.js';
import { choiceIndex, filledText, isObject, objects } from '../canonical/json-read.js';
import type { JsonObject } from '../canonical/part.js';
import type { Emit } from '../canonical/reply.js';
import type { ProviderFailure } from '../failure.js';
import type { Finish } from '../finish.js';
import type { Usage } from '../usage.js';
import { type AnswerFacts, CandidateDecoder } from './candidate-decoder.js';
import { decodeInlineFailure, isErrorBody } from './provider-failure.js';
import { decodeServiceTier, decodeUsage, isReport, searchesOf } from './usage.js';

/** What all GenerateContentResponses of one answer add up to: a stream is many of them, a whole answer is one. */
export class AnswerDecoder {
  error: ProviderFailure | null = null;
  /** some candidate or a blocked prompt was there */
  hasAnswer = false;
  readonly #candidates = new Map<number, CandidateDecoder>();
  readonly #facts: AnswerFacts;
  /** the last report that counts something, read when it is asked for */
  #reported: JsonObject | null = null;
  #modelVersion: string | null = null;

  constructor({ requestId, request }: Pick<ReplyContext, 'requestId' | 'request'>) {
    this.#facts = { requestId, customTools: customToolNames(request.tools), unnamedCalls: 0, problem: null };
  }

  /** The last report, and beside it the searches, which Google tells only in the grounding. */
  get usage(): Usage | null {
    const usage = decodeUsage(this.#reported);
    if (usage === null) return null;
    let searches = 0;
    for (const { grounding } of this.#candidates.values()) searches += searchesOf(grounding, this.#modelVersion);
    return searches === 0 ? usage : { ...usage, web_search: searches };
  }

  get serviceTier(): string | null {
    return decodeServiceTier(this.#reported);
  }

  get finish(): Finish | null {
    return this.#ended()?.finish ?? null;
  }

  get finishRaw(): string | null {
    return this.#ended()?.finishRaw ?? null;
  }

  #ended(): CandidateDecoder | undefined {
    return [...this.#candidates.values()].find(({ finish }) => finish !== null);
  }

  take(response: JsonObject, emit: Emit): void {
    if (this.error !== null) return;
    if (isErrorBody(response)) {
      this.error = decodeInlineFailure(response);
      return;
    }
    const usage = response['usageMetadata'];
    if (isObject(usage) && isReport(usage)) this.#reported = usage;
    this.#modelVersion = filledText(response['modelVersion']) ?? this.#modelVersion;
    for (const [position, candidate] of objects(response['candidates']).entries())
      this.#candidate(candidate, position, emit);
    const feedback = response['promptFeedback'];
    if (isObject(feedback)) this.#feedback(feedback, emit);
    if (this.#facts.problem !== null) this.fail('malformed_event', this.#facts.problem);
  }

  fail(code: string, message: string): void {
    this.error ??= { status: 502, code, message, param: null, retryAfterMs: null, shouldRetry: null, kind: 'server' };
  }

  /** Closes every part; then the extras have been told, and only finishes may follow. */
  close(emit: Emit): void {
    for (const candidate of this.#candidates.values()) candidate.close(emit);
  }

  finishAll(emit: Emit): void {
    for (const candidate of this.#candidates.values()) candidate.end(emit);
  }

  #candidate(candidate: JsonObject, position: number, emit: Emit): void {
    const index = choiceIndex(candidate['index'], position);
    if (index === null) return this.fail('malformed_event', 'The provider sent a candidate with an impossible index.');
    this.#at(index, emit).take(candidate, emit);
  }

  /** A blocked prompt is an answer: 200, no candidates, and a reason (W29). It ends as content_filter, and was paid for. */
  #feedback(feedback: JsonObject, emit: Emit): void {
    const reason = filledText(feedback['blockReason']);
    if (reason === null && this.#candidates.size === 0) return;
    const first = this.#at(0, emit);
    first.note({ promptFeedback: feedback });
    if (reason === null) return;
    first.isBlocked = true;
    first.finishRaw ??= reason;
  }

  #at(index: number, emit: Emit): CandidateDecoder {
    const known = this.#candidates.get(index);
    if (known !== undefined) return known;
    if (!this.hasAnswer) emit({ kind: 'start' });
    this.hasAnswer = true;
    const opened = new CandidateDecoder(index, this.#facts);
    this.#candidates.set(index, opened);
    return opened;
  }
}
