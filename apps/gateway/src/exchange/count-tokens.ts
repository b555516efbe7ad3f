import type { Catalog, Endpoint, ProviderInfo } from '@tollgate/catalog';
import { type CountRequest, countRequest, failureOf, openCount } from '@tollgate/dialects';
import { type Attempt, type Availability, decide } from '@tollgate/routing';
import type { ProviderAccess } from '../upstream/provider-access.js';
import type { UpstreamSender } from '../upstream/send.js';
import type { ExchangeInput } from './call.js';
import { CountAllowance } from './count-allowance.js';
import { readAnswer } from './read-answer.js';
import { refuse } from './refuse.js';

export interface TokenCounterPorts {
  readonly catalog: () => Catalog;
  readonly availability: (endpoint: Endpoint) => Availability;
  readonly provider: (id: string) => ProviderInfo | undefined;
  readonly access: (attempt: Attempt) => ProviderAccess;
  readonly upstream: UpstreamSender;
  readonly now: () => number;
}

/** Counting is free and nobody waits long for it: past this our own count answers. */
const TIMEOUT_MS = 10_000;

/**
 * How many tokens a request would have. Asked of the provider where the model's first endpoint counts in the caller's dialect; else counted here,
 * and the header says so. Nothing is held and nothing is charged.
 */
export class TokenCounter {
  private readonly allowance = new CountAllowance();

  constructor(private readonly ports: TokenCounterPorts) {}

  async run(input: ExchangeInput): Promise<void> {
    const { requestId, principal, body } = input;
    const retryAfterMs = this.allowance.take(principal.organizationId, body.length, this.ports.now());
    if (retryAfterMs > 0) {
      const message = 'Your organisation has asked for many counts of tokens at once. Try again in a moment.';
      return refuse(input, failureOf({ code: 'rate_limited', message, requestId, retryAfterMs }));
    }
    const opened = openCount(input.dialect, body, input.door);
    if (!opened.ok) return refuse(input, failureOf({ ...opened.failure, requestId }));
    const { request, encode } = opened.value;
    const resolved = this.ports.catalog().resolve(request.model);
    if (resolved.kind === 'unknown') {
      const message = `The model '${request.model}' does not exist.`;
      return refuse(input, failureOf({ code: 'model_not_found', message, requestId, param: 'model' }));
    }
    const decision = decide({
      model: resolved.model,
      isAvailable: this.ports.availability,
      nowMs: this.ports.now(),
    });
    const attempt = decision.kind === 'attempts' ? decision.attempts[0] : undefined;
    const counted = attempt === undefined ? null : await this.askProvider(opened.value, attempt);
    const tokens = counted ?? countRequest(request);
    this.answer(input, encode(tokens), counted === null ? 'counted' : 'reported');
  }

  /** Null where the provider has no counter for this dialect, or did not answer. */
  private async askProvider(count: CountRequest, attempt: Attempt): Promise<number | null> {
    const question = count.question(attempt.endpoint.dialect, attempt.endpoint.providerModel);
    if (question === null || attempt.endpoint.provider === 'google-vertex') return null;
    const access = this.ports.access(attempt);
    const request = {
      origin: access.origin,
      path: access.basePath + question.path,
      headers: { 'content-type': 'application/json', 'user-agent': 'tollgate', ...question.headers },
      body: Buffer.from(JSON.stringify(question.body)),
    };
    const proof = await access.authenticate(request);
    const answer = await readAnswer(this.ports.upstream, {
      ...request,
      headers: { ...request.headers, ...proof },
      headersTimeoutMs: TIMEOUT_MS,
      stallTimeoutMs: TIMEOUT_MS,
    });
    return answer === null || answer.status !== 200 ? null : question.decode(answer.body);
  }

  private answer({ response }: ExchangeInput, body: Buffer, source: 'counted' | 'reported'): void {
    if (response.destroyed) return;
    response.statusCode = 200;
    response.setHeader('content-type', 'application/json');
    response.setHeader('content-length', body.length);
    response.setHeader('x-tollgate-usage-source', source);
    response.end(body);
  }
}
