import { randomBytes } from 'node:crypto';
import {
  deleteResponse,
  deriveKey,
  loadResponse,
  openBox,
  type ResponseOwner,
  saveResponse,
  sealBox,
} from '@tollgate/conversations';
import type { StoredTurn } from '@tollgate/dialects';
import type { Database } from '@tollgate/prisma';
import type { Logger } from '@tollgate/telemetry';

export type FoundTurn =
  | { readonly kind: 'found'; readonly turn: StoredTurn }
  /** unknown, expired, deleted, somebody else's */
  | { readonly kind: 'missing' }
  | { readonly kind: 'unavailable' };

/** Turns of the Responses API, encrypted before they leave this process. Read only when a request names one. */
export class ResponseMemory {
  private readonly running = new Set<Promise<void>>();

  constructor(
    private readonly database: Database,
    private readonly secret: string,
    private readonly log: Logger,
    private readonly now: () => number,
  ) {}

  async load(owner: ResponseOwner, id: string): Promise<FoundTurn> {
    try {
      const box = await loadResponse(this.database, owner, { id, nowMs: this.now() });
      const text = box === null ? null : openBox(this.keyOf(owner), contextOf(owner, id), box);
      // Authenticated, and written by `keep`: it is what the dialect made.
      return text === null ? { kind: 'missing' } : { kind: 'found', turn: JSON.parse(text) as StoredTurn };
    } catch (error) {
      this.log.error({ error, responseId: id }, 'a stored response could not be read');
      return { kind: 'unavailable' };
    }
  }

  /** The client has its answer; a turn that cannot be stored is logged without its content, and a follow-up will be told that it does not exist. */
  keep(owner: ResponseOwner, id: string, turn: StoredTurn): void {
    const payload = sealBox(this.keyOf(owner), contextOf(owner, id), JSON.stringify(turn), randomBytes(12));
    const saved = saveResponse(this.database, owner, { id, payload, nowMs: this.now() }).catch((error: unknown) =>
      this.log.error({ error, responseId: id }, 'a response could not be stored'),
    );
    const settled = saved.finally(() => this.running.delete(settled));
    this.running.add(settled);
  }

  delete(owner: ResponseOwner, id: string): Promise<boolean> {
    return deleteResponse(this.database, owner, { id, nowMs: this.now() });
  }

  async whenIdle(): Promise<void> {
    await Promise.all(this.running);
  }

  private keyOf({ organizationId }: ResponseOwner): Buffer {
    return deriveKey(this.secret, 'responses', organizationId);
  }
}

function contextOf({ organizationId, projectId }: ResponseOwner, id: string): string {
  return `${organizationId}/${projectId}/${id}`;
}
