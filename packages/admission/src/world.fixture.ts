import { nanousd } from '@tollgate/amount';
import type { Redis } from 'ioredis';
import type { Admission, AuthorizeRequest, Settlement } from './admission.js';
import { connectAdmissionRedis } from './admission-redis.js';
import { createAdmission } from './create-admission.js';
import { organizationKeys } from './keys.js';
import type { OrganizationSnapshot } from './organization-loader.js';
import { type OwnRedis, startOwnRedis } from './own-redis.fixture.js';
import { uuidv7 } from './uuid.fixture.js';

/** The ledger as admission sees it: what load will read next, and what happens while it reads. */
export interface Ledger {
  snapshot: OrganizationSnapshot | null;
  reads: number;
  beforeAnswer: () => Promise<void>;
}

export function snapshot(available: bigint, over: Partial<OrganizationSnapshot> = {}): OrganizationSnapshot {
  const versions = { authVersion: '1', postingSequence: '10' };
  return { availableNanousd: nanousd(available), status: 'active', ...versions, armed: [], ...over };
}

/** Admission over a Redis of its own (what tests append must not reach anybody who drains a shared one), and one organisation at a time. */
export class World {
  readonly redis: Redis;
  readonly admission: Admission;
  readonly #server: OwnRedis;
  ledger: Ledger = { snapshot: snapshot(1_000n), reads: 0, beforeAnswer: async () => undefined };
  organizationId = uuidv7();

  private constructor(server: OwnRedis) {
    this.#server = server;
    this.redis = connectAdmissionRedis(server.url);
    const loadOrganization = async () => {
      this.ledger.reads += 1;
      const read = this.ledger.snapshot;
      await this.ledger.beforeAnswer();
      return read;
    };
    this.admission = createAdmission({
      redis: this.redis,
      gatewayBoot: 'gateway-test:1',
      now: Date.now,
      loadOrganization,
    });
  }

  static async open(): Promise<World> {
    const world = new World(await startOwnRedis());
    for (let tries = 0; world.admission.epoch() === null; tries += 1) {
      if (tries > 500) throw new Error('admission did not become ready');
      await new Promise((done) => setTimeout(done, 10));
    }
    return world;
  }

  async close(): Promise<void> {
    await this.admission.close();
    this.redis.disconnect();
    await this.#server.stop();
  }

  /** Another organisation, with $0.000001 and nothing armed. */
  next(): { organizationId: string; ledger: Ledger } {
    this.organizationId = uuidv7();
    this.ledger = { snapshot: snapshot(1_000n), reads: 0, beforeAnswer: async () => undefined };
    return { organizationId: this.organizationId, ledger: this.ledger };
  }

  readonly ask = (over: Partial<AuthorizeRequest> & { want?: bigint; floor?: bigint } = {}): AuthorizeRequest => {
    const { want = 10n, floor = want, ...rest } = over;
    const amounts = { wantNanousd: nanousd(want), floorNanousd: nanousd(floor) };
    const { organizationId } = this;
    const nothing = { scopes: [], rates: [], slots: [], meta: '{}', claim: null };
    return { organizationId, requestId: uuidv7(), authVersion: '1', ...nothing, ...amounts, ...rest };
  };

  readonly pay = (requestId: string, charge: bigint, over: Partial<Settlement> = {}): Settlement => {
    const event = `{"requestId":"${requestId}"}`;
    const { organizationId } = this;
    return { organizationId, requestId, scopes: [], chargeNanousd: nanousd(charge), event, append: true, ...over };
  };

  readonly left = (field = 'available'): Promise<string | null> =>
    this.redis.hget(organizationKeys(this.organizationId).organization, field);

  readonly appended = async (): Promise<{ request: string; epoch: string }[]> => {
    const entries = await this.redis.xrange(organizationKeys(this.organizationId).stream, '-', '+');
    const named = entries.map(([, flat]) =>
      Object.fromEntries(Array.from({ length: flat.length / 2 }, (_, index) => [flat[index * 2], flat[index * 2 + 1]])),
    );
    return named
      .filter((entry) => entry.organization === this.organizationId)
      .map((entry) => ({ request: String(entry.request), epoch: String(entry.epoch) }));
  };
}
