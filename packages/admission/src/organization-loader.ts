import { randomBytes } from 'node:crypto';
import { type Nanousd, subtractAmounts } from '@tollgate/amount';
import { withDeadline } from './deadline.js';
import { organizationKeys } from './keys.js';
import { beginLoadLua, loadLua } from './load.lua.js';
import { RedisScript } from './redis-script.js';
import { COMMAND_TIMEOUT_MS, type ServerWatch } from './server-watch.js';

/** What the ledger and the organisation's row say, read in one REPEATABLE READ transaction. */
export interface OrganizationSnapshot {
  readonly availableNanousd: Nanousd;
  readonly status: 'active' | 'suspended';
  /** decimal integer, as organization.auth_version */
  readonly authVersion: string;
  /** decimal integer, as organization.posting_sequence: every posting up to it is inside `availableNanousd` */
  readonly postingSequence: string;
  readonly armed: readonly ArmedScope[];
}

/** A limit that is in force. `scope` is "key:<id>" and the like. */
export interface ArmedScope {
  readonly scope: string;
  readonly limitNanousd: Nanousd;
  readonly spentNanousd: Nanousd;
}

export type LoadOrganization = (organizationId: string) => Promise<OrganizationSnapshot | null>;

export type LoadOutcome =
  | { readonly kind: 'loaded' }
  | { readonly kind: 'unknown_organization' }
  | { readonly kind: 'failed'; readonly reason: string };

/** Give up waiting for the ledger after this long. The read itself goes on, and serves whoever asks next. */
export const LOAD_TIMEOUT_MS = 2_000;

/** A reading that takes longer is given up, so that a hung connection to the ledger does not lock an organisation out for ever. */
const READ_TIMEOUT_MS = 10_000;

/** Any epoch that is loaded is replaced. */
export const ANY_EPOCH = '*';

const ATTEMPTS = 5;
const begin = new RedisScript(beginLoadLua);
const load = new RedisScript(loadLua);

/** Three columns per armed scope, as the scripts take them: name, limit, what is left of it. */
export function encodeArmed(armed: readonly ArmedScope[]): string[] {
  return armed.flatMap(({ scope, limitNanousd, spentNanousd }) => {
    assertScope(scope);
    return [scope, limitNanousd.toString(), subtractAmounts(limitNanousd, spentNanousd).toString()];
  });
}

/** Scopes are joined by commas and become field names: anything else in them is a mistake of the caller, and throws. */
export function assertScope(scope: string): void {
  if (!/^[a-z_]+:[A-Za-z0-9_.:@-]{1,80}$/.test(scope))
    throw new TypeError(`not a scope: ${JSON.stringify(scope.slice(0, 100))}`);
}

/** Brings organisations into Redis, one reading at a time for each. */
export class OrganizationLoader {
  readonly #server: ServerWatch;
  readonly #loadOrganization: LoadOrganization;
  readonly #openingGateMs: number;
  readonly #flights = new Map<string, Promise<LoadOutcome>>();

  constructor(server: ServerWatch, loadOrganization: LoadOrganization, openingGateMs: number) {
    this.#server = server;
    this.#loadOrganization = loadOrganization;
    this.#openingGateMs = openingGateMs;
  }

  /** Replaces the epoch the caller found to be bad ('' = none was loaded). If another one is loaded by now, that is enough. Never rejects. */
  async load(organizationId: string, badEpoch: string): Promise<LoadOutcome> {
    const running = this.#flights.get(organizationId);
    const flight = running ?? this.#fly(organizationId, badEpoch).finally(() => this.#flights.delete(organizationId));
    if (!running) this.#flights.set(organizationId, flight);
    const outcome = await withDeadline(flight, LOAD_TIMEOUT_MS);
    switch (outcome.kind) {
      case 'value':
        return outcome.value;
      case 'failed':
        return { kind: 'failed', reason: outcome.reason };
      case 'late':
        return { kind: 'failed', reason: `the balance could not be read within ${LOAD_TIMEOUT_MS} ms` };
    }
  }

  async #fly(organizationId: string, badEpoch: string): Promise<LoadOutcome> {
    for (let attempt = 0; attempt < ATTEMPTS; attempt += 1) {
      const outcome = await this.#attempt(organizationId, badEpoch);
      if (outcome !== 'again') return outcome;
    }
    return { kind: 'failed', reason: 'the balance kept changing while it was read' };
  }

  async #attempt(organizationId: string, badEpoch: string): Promise<LoadOutcome | 'again'> {
    const keys = organizationKeys(organizationId);
    const beginning = await this.#run(
      begin,
      [keys.generation, keys.news, keys.organization, keys.firstSeen],
      [randomBytes(6).toString('hex')],
    );
    if (beginning.kind === 'failed') return beginning;
    const [generation = '', newsSeen = '', epochSeen = ''] = beginning.values;
    if (epochSeen !== '' && badEpoch !== ANY_EPOCH && epochSeen !== badEpoch) return { kind: 'loaded' };
    const reading = await withDeadline(this.#loadOrganization(organizationId), READ_TIMEOUT_MS);
    if (reading.kind !== 'value')
      return { kind: 'failed', reason: reading.kind === 'failed' ? reading.reason : 'the ledger does not answer' };
    const snapshot = reading.value;
    if (snapshot === null) return { kind: 'unknown_organization' };
    const loading = await this.#run(
      load,
      [keys.organization, keys.holds, keys.expiry, keys.generation, keys.orphans, keys.news, keys.firstSeen],
      [
        generation,
        randomBytes(6).toString('hex'),
        newsSeen,
        epochSeen,
        ...this.#encode(snapshot),
        organizationId,
        ...encodeArmed(snapshot.armed),
      ],
      beginning.run,
    );
    if (loading.kind === 'failed') return loading;
    const [code] = loading.values;
    return code === 'LOADED' || code === 'RACE' ? { kind: 'loaded' } : 'again';
  }

  #encode(snapshot: OrganizationSnapshot): string[] {
    const integers = [snapshot.authVersion, snapshot.postingSequence];
    if (!integers.every((value) => /^\d{1,19}$/.test(value)))
      throw new TypeError('a snapshot carries versions as decimal integers');
    const { availableNanousd, status, authVersion, postingSequence } = snapshot;
    return [availableNanousd.toString(), status, authVersion, postingSequence, this.#openingGateMs.toString()];
  }

  /** `run`: the process the load was begun on; on another one its generation means nothing. */
  async #run(script: RedisScript, keys: readonly string[], args: readonly string[], run?: string) {
    const state = this.#server.state();
    if (state.kind === 'away') return { kind: 'failed', reason: state.reason } as const;
    if (run !== undefined && run !== state.run) return { kind: 'replied', values: ['STALE'], run: state.run } as const;
    const answer = await withDeadline(script.run(this.#server.redis, keys, [state.run, ...args]), COMMAND_TIMEOUT_MS);
    if (answer.kind === 'late') return { kind: 'failed', reason: 'no answer from Redis' } as const;
    if (answer.kind === 'failed') return { kind: 'failed', reason: answer.reason } as const;
    const values = Array.isArray(answer.value) ? answer.value.map(String) : [];
    return { kind: 'replied', values, run: state.run } as const;
  }
}
