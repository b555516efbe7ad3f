import { randomBytes } from 'node:crypto';
import { setTimeout as pause } from 'node:timers/promises';
import type { Nanousd } from '@tollgate/amount';
import {
  deriveKey,
  findIdempotentAnswer,
  type IdempotentAnswer,
  openBytes,
  type ResponseOwner,
  saveIdempotentAnswer,
  sealBox,
} from '@tollgate/conversations';
import type { Database } from '@tollgate/prisma';
import type { Logger } from '@tollgate/telemetry';
import { findPostedEvents, lateRequestId } from '@tollgate/usage';
import { decodeAnswer, encodeAnswer, type WrittenAnswer } from './written-answer.js';

/** What the key and the box of an answer are made of: the two secrets of its caller. */
export interface CallerSecrets {
  readonly idempotencyKey: string;
  readonly token: string;
}

export type EarlierAnswer =
  | { readonly kind: 'found'; readonly answer: IdempotentAnswer }
  | { readonly kind: 'missing' }
  | { readonly kind: 'unavailable' };

/** A settled request, for who asks again. */
export interface CompletedRequest {
  readonly keyHash: string;
  readonly bodyHash: string;
  readonly requestId: string;
  readonly chargeNanousd: Nanousd;
  /** null: it is not kept */
  readonly answer: WrittenAnswer | null;
}

const PATIENCE_MS = 1_000;
/** Answers on their way to the store; past this many only their charge is kept. */
const RUNNING_MAX = 500;

/**
 * What requests with an Idempotency-Key came to, for a day. Answers are encrypted under a key made of the caller's Idempotency-Key and API key, neither
 * of which is stored: without the caller nobody opens them.
 */
export class AnswerMemory {
  private readonly running = new Map<string, Promise<void>>();

  constructor(
    private readonly database: Database,
    private readonly log: Logger,
    private readonly now: () => number,
  ) {}

  /** Looked up before a request with a key is admitted: one query, and no longer than a second. */
  async find(owner: ResponseOwner, keyHash: string): Promise<EarlierAnswer> {
    await this.running.get(keyHash);
    try {
      const found = findIdempotentAnswer(this.database, owner, { keyHash, nowMs: this.now() });
      const answer = await withinPatience(found);
      return answer === null ? { kind: 'missing' } : { kind: 'found', answer };
    } catch (error) {
      this.log.error({ error }, 'an answer to an Idempotency-Key could not be looked up');
      return { kind: 'unavailable' };
    }
  }

  /** Null where nothing was kept, or for other secrets than those it was sealed with. */
  open(owner: ResponseOwner, keyHash: string, found: IdempotentAnswer, secrets: CallerSecrets): WrittenAnswer | null {
    if (found.answer === null) return null;
    const bytes = openBytes(keyOf(owner, secrets), contextOf(owner, keyHash, found.requestId), found.answer);
    return bytes === null ? null : decodeAnswer(bytes);
  }

  /** What the ledger says of a request whose answer was never kept; null: it knows none, or cannot be asked. */
  async settledCharge({ organizationId }: ResponseOwner, requestId: string): Promise<Nanousd | null> {
    try {
      const rows = await withinPatience(findPostedEvents(this.database, [requestId, lateRequestId(requestId)]));
      const settled = rows.filter((row) => row.ending !== 'expired' && row.organizationId === organizationId);
      return settled[0]?.chargeNanousd ?? null;
    } catch (error) {
      this.log.error({ error, requestId }, 'a charge could not be looked up');
      return null;
    }
  }

  /** The client has its answer and does not wait. What cannot be written is logged; the ledger still knows the charge. */
  keep(owner: ResponseOwner, { answer, ...completed }: CompletedRequest, secrets: CallerSecrets): void {
    const { keyHash, requestId } = completed;
    const isKept = answer !== null && this.running.size < RUNNING_MAX;
    const box = isKept
      ? sealBox(keyOf(owner, secrets), contextOf(owner, keyHash, requestId), encodeAnswer(answer), randomBytes(12))
      : null;
    const saved = saveIdempotentAnswer(this.database, owner, { ...completed, answer: box, nowMs: this.now() }).then(
      () => undefined,
      (error: unknown) => this.log.error({ error, requestId }, 'an answer to an Idempotency-Key could not be stored'),
    );
    const settled = saved.finally(() => {
      if (this.running.get(keyHash) === settled) this.running.delete(keyHash);
    });
    this.running.set(keyHash, settled);
  }

  async whenIdle(): Promise<void> {
    await Promise.all(this.running.values());
  }
}

function keyOf({ organizationId }: ResponseOwner, { idempotencyKey, token }: CallerSecrets): Buffer {
  return deriveKey(JSON.stringify([idempotencyKey, token]), 'idempotent-answer', organizationId);
}

function contextOf({ organizationId, projectId }: ResponseOwner, keyHash: string, requestId: string): string {
  return `${organizationId}/${projectId}/${keyHash}/${requestId}`;
}

async function withinPatience<T>(answer: Promise<T>): Promise<T> {
  const timer = new AbortController();
  const late = pause(PATIENCE_MS, undefined, { signal: timer.signal }).then(() => {
    throw new Error(`no answer from the database within ${PATIENCE_MS} ms`);
  });
  late.catch(() => undefined);
  return Promise.race([answer, late]).finally(() => timer.abort());
}
