import type { CanonicalRequest, ClientDialectId, Decoded, DoorFacts, JsonObject } from './canonical/index.js';

/** A provider's own counter: what is asked and how its answer is read. */
export interface CountQuestion {
  readonly path: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: JsonObject;
  /** null where the answer has no count */
  decode(body: Buffer): number | null;
}

/** A request to count instead of to answer, in one of the dialects that have such a thing (Anthropic, Gemini). */
export interface CountRequest {
  readonly request: CanonicalRequest;
  encode(tokens: number): Buffer;
  /** null where a provider of that dialect cannot be asked */
  question(dialect: string, model: string): CountQuestion | null;
}

export function openCount(_dialect: ClientDialectId, _body: Buffer, _door: DoorFacts): Decoded<CountRequest> {
  return { ok: false, failure: { code: 'not_supported', message: 'Tokens cannot be counted in this dialect.', param: null } };
}
