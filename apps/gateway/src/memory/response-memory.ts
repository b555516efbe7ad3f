import { randomBytes } from 'node:crypto';
import {
  deleteResponse,
  deriveKey,
  loadResponse,
  loadResponsesWithItems,
  openBox,
  type ResponseOwner,
  saveResponse,
  sealBox,
} from '@tollgate/conversations';
import type { JsonObject, StoredTurn } from '@tollgate/dialects';
import type { Database } from '@tollgate/prisma';
import type { Logger } from '@tollgate/telemetry';

export type FoundTurn =
  | { readonly kind: 'found'; readonly turn: StoredTurn }
  /** unknown, expired, deleted, somebody else's */
  | { readonly kind: 'missing' }
  | { readonly kind: 'unavailable' };

/** A turn holds the whole conversation before it: without a limit each one could be as much larger as a request may be. */
const TURN_CHARACTERS_MAX = 32 * 1024 * 1024;

/** Turns of the Responses API, encrypted before they leave this process. Read only when a request names one. */
export class ResponseMemory {
  /** turns on their way to the store, by whose they are: a follow-up may come before its turn has arrived there */
  private readonly running = new Map<string, Promise<void>>();

  constructor(
    private readonly database: Database,
    private readonly secret: string,
    private readonly log: Logger,
    private readonly now: () => number,
  ) {}

  async load(owner: ResponseOwner, id: string): Promise<FoundTurn> {
    if (!isResponseId(id)) return { kind: 'missing' };
    await this.running.get(contextOf(owner, id));
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

  /** Items that a request names one by one; what is not found is missing from the map. Null where the store does not answer. */
  async findItems(owner: ResponseOwner, itemIds: readonly string[]): Promise<ReadonlyMap<string, JsonObject> | null> {
    const asked = new Set(itemIds.filter(isResponseId));
    const found = new Map<string, JsonObject>();
    if (asked.size === 0) return found;
    await Promise.all([...this.running].flatMap(([context, saved]) => (isOwned(context, owner) ? [saved] : [])));
    try {
      const rows = await loadResponsesWithItems(this.database, owner, { itemIds: [...asked], nowMs: this.now() });
      for (const { id, payload } of rows) {
        const text = openBox(this.keyOf(owner), contextOf(owner, id), payload);
        const items = text === null ? [] : (JSON.parse(text) as StoredTurn).items;
        for (const item of items) {
          const name = item['id'];
          if (typeof name === 'string' && asked.has(name)) found.set(name, item);
        }
      }
      return found;
    } catch (error) {
      this.log.error({ error }, 'items of stored responses could not be read');
      return null;
    }
  }

  /** The client has its answer; a turn that cannot be stored is logged without its content, and a follow-up will be told that it does not exist. */
  keep(owner: ResponseOwner, id: string, turn: StoredTurn): void {
    const text = JSON.stringify(turn);
    if (text.length > TURN_CHARACTERS_MAX) {
      this.log.warn({ responseId: id, characters: text.length }, 'a response was too large to be stored');
      return;
    }
    const payload = sealBox(this.keyOf(owner), contextOf(owner, id), text, randomBytes(12));
    const itemIds = idsOf(turn.body['output']).filter(isResponseId);
    const saved = saveResponse(this.database, owner, { id, payload, itemIds, nowMs: this.now() }).catch(
      (error: unknown) => this.log.error({ error, responseId: id }, 'a response could not be stored'),
    );
    const context = contextOf(owner, id);
    const settled = saved.finally(() => this.running.delete(context));
    this.running.set(context, settled);
  }

  async delete(owner: ResponseOwner, id: string): Promise<boolean> {
    if (!isResponseId(id)) return false;
    await this.running.get(contextOf(owner, id));
    return deleteResponse(this.database, owner, { id, nowMs: this.now() });
  }

  async whenIdle(): Promise<void> {
    await Promise.all(this.running.values());
  }

  private keyOf({ organizationId }: ResponseOwner): Buffer {
    return deriveKey(this.secret, 'responses', organizationId);
  }
}

/** Anything else was never stored; some of it (a zero byte) Postgres would not even take as a text. */
function isResponseId(id: string): boolean {
  return /^[\w-]{1,128}$/.test(id);
}

function isOwned(context: string, { organizationId, projectId }: ResponseOwner): boolean {
  return context.startsWith(`${organizationId}/${projectId}/`);
}

function idsOf(items: unknown): readonly string[] {
  const list = Array.isArray(items) ? (items as readonly JsonObject[]) : [];
  return list.flatMap((item) => (typeof item['id'] === 'string' ? item['id'] : []));
}

function contextOf({ organizationId, projectId }: ResponseOwner, id: string): string {
  return `${organizationId}/${projectId}/${id}`;
}
