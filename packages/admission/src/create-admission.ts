import { ZERO } from '@tollgate/amount';
import type {
  Admission,
  AdmissionOptions,
  Authorization,
  AuthorizeRequest,
  ChangeOutcome,
  Credit,
  Recount,
  RecountOutcome,
  Settlement,
  SettleOutcome,
  Unavailable,
} from './admission.js';
import { authorizeLua } from './authorize.lua.js';
import { changeLua, creditLua, newsLua } from './change.lua.js';
import { withDeadline } from './deadline.js';
import { ANY_EPOCH, type ArmedScope, OrganizationLoader } from './organization-loader.js';
import { recountLua } from './recount.lua.js';
import { RedisScript } from './redis-script.js';
import {
  encodeAuthorize,
  encodeAuthVersion,
  encodeCredit,
  encodeNews,
  encodeRecount,
  encodeSettlement,
  encodeStatus,
  MARKER_TIME_TO_LIVE_MS,
  type ScriptArguments,
} from './script-arguments.js';
import { ScriptBatch } from './script-batch.js';
import { decodeAuthorization, decodeSettlement, unavailable } from './script-replies.js';
import { COMMAND_TIMEOUT_MS, ServerWatch } from './server-watch.js';
import { settleLua } from './settle.lua.js';
import { UnsettledQueue } from './unsettled.js';

const LOADS_PER_REQUEST = 2;

const scripts = {
  authorize: new RedisScript(authorizeLua),
  settle: new RedisScript(settleLua),
  recount: new RedisScript(recountLua),
  credit: new RedisScript(creditLua),
  change: new RedisScript(changeLua),
  news: new RedisScript(newsLua),
};

/** Money admission over the client that is passed in. No environment; its only own state are retries that are under way. */
export function createAdmission(options: AdmissionOptions): Admission {
  return new RedisAdmission(options);
}

class RedisAdmission implements Admission {
  readonly #server: ServerWatch;
  readonly #loader: OrganizationLoader;
  readonly #unsettled = new UnsettledQueue();
  readonly #authorize: ScriptBatch;
  readonly #settle: ScriptBatch;
  readonly #recount: ScriptBatch;
  readonly #now: () => number;

  constructor({ redis, loadOrganization, gatewayBoot, now, openingGateMs = 0 }: AdmissionOptions) {
    if (!/^[A-Za-z0-9:._-]{1,120}$/.test(gatewayBoot)) throw new TypeError('gatewayBoot is letters, digits and :._-');
    this.#now = now;
    this.#server = new ServerWatch(redis, () => void this.#unsettled.retry());
    this.#loader = new OrganizationLoader(this.#server, loadOrganization, openingGateMs);
    this.#authorize = new ScriptBatch(this.#server, scripts.authorize, [gatewayBoot]);
    this.#settle = new ScriptBatch(this.#server, scripts.settle, [MARKER_TIME_TO_LIVE_MS.toString()]);
    this.#recount = new ScriptBatch(this.#server, scripts.recount, [MARKER_TIME_TO_LIVE_MS.toString()]);
  }

  async authorize(request: AuthorizeRequest): Promise<Authorization> {
    const call = encodeAuthorize(request);
    let reply = await this.#authorize.call(call);
    for (let loads = 0; reply.kind === 'replied' && reply.code === 'RELOAD' && loads < LOADS_PER_REQUEST; loads += 1) {
      const loaded = await this.#reload(request.organizationId, reply.first);
      if (loaded.kind === 'unavailable') return unavailable(loaded.reason);
      reply = await this.#authorize.call(call);
    }
    if (reply.kind === 'failed' && reply.mayHaveRun) this.#release(request);
    if (reply.kind === 'replied' && reply.code === 'ERROR') void this.#reload(request.organizationId, ANY_EPOCH);
    return decodeAuthorization(request, reply);
  }

  async settle(settlement: Settlement): Promise<SettleOutcome> {
    const call = encodeSettlement(settlement);
    const outcome = await this.#settleOnce(settlement.organizationId, call);
    if (outcome.kind === 'unavailable') {
      const again = async () => (await this.#settleOnce(settlement.organizationId, call)).kind !== 'unavailable';
      this.#unsettled.keep(settlement.requestId, settlement.event.length * 2 + 1_000, again);
    }
    return outcome;
  }

  async credit(credit: Credit): Promise<ChangeOutcome> {
    const call = encodeCredit(credit);
    return credit.amountNanousd === 0n ? { kind: 'known' } : this.#change(credit.organizationId, scripts.credit, call);
  }

  async raiseAuthVersion(change: {
    organizationId: string;
    authVersion: string;
    armed?: readonly ArmedScope[];
  }): Promise<ChangeOutcome> {
    const { organizationId, authVersion, armed } = change;
    return this.#change(organizationId, scripts.change, encodeAuthVersion(organizationId, authVersion, armed));
  }

  async setStatus(change: { organizationId: string; status: 'active' | 'suspended' }): Promise<ChangeOutcome> {
    const { organizationId, status } = change;
    return this.#change(organizationId, scripts.change, encodeStatus(organizationId, status));
  }

  async recount(event: Recount): Promise<RecountOutcome> {
    const reply = await this.#recount.call(encodeRecount(event, this.#now()));
    if (reply.kind === 'failed') return { kind: 'unavailable', reason: reply.reason };
    switch (reply.code) {
      case 'COUNTED':
      case 'INSIDE':
      case 'DUPLICATE':
        return { kind: 'counted' };
      case 'DEBITED':
        return { kind: 'debited' };
      case 'UNLOADED':
        return { kind: 'not_loaded' };
      default: {
        const reloaded = await this.#reload(event.organizationId, reply.code === 'RELOAD' ? reply.first : ANY_EPOCH);
        return reloaded.kind === 'unavailable' ? reloaded : { kind: 'counted' };
      }
    }
  }

  async forget(organizationId: string): Promise<ChangeOutcome> {
    // A load under way may have read before whatever made the caller distrust it: the news makes it read again.
    const told = await this.#run(scripts.news, encodeNews(organizationId));
    return told.kind === 'unavailable' ? told : this.#reload(organizationId, ANY_EPOCH);
  }

  epoch(): string | null {
    const state = this.#server.state();
    return state.kind === 'ready' ? state.run : null;
  }

  unsettledCount(): number {
    return this.#unsettled.count;
  }

  async close(): Promise<void> {
    await this.#unsettled.retry();
    this.#unsettled.close();
    this.#server.close();
  }

  /** An authorize without an answer may have taken its hold: give it back, in order behind it or as soon as Redis is there again. */
  #release({ organizationId, requestId, scopes }: AuthorizeRequest): void {
    void this.settle({ organizationId, requestId, scopes, chargeNanousd: ZERO, event: '', append: false });
  }

  async #settleOnce(organizationId: string, call: ScriptArguments): Promise<SettleOutcome> {
    const reply = await this.#settle.call(call);
    const isUnloaded = reply.kind === 'replied' && reply.code === 'UNLOADED';
    if (!isUnloaded || (await this.#reload(organizationId, '')).kind === 'unavailable') return decodeSettlement(reply);
    return decodeSettlement(await this.#settle.call(call));
  }

  async #change(organizationId: string, script: RedisScript, call: ScriptArguments): Promise<ChangeOutcome> {
    const answer = await this.#run(script, call);
    if (answer.kind === 'unavailable') return answer;
    switch (answer.code) {
      case 'CREDITED':
      case 'CHANGED':
        return { kind: 'applied' };
      case 'DUPLICATE':
      case 'INSIDE':
      case 'KNOWN':
        return { kind: 'known' };
      case 'RELOAD':
        return this.#reload(organizationId, answer.first);
      case 'UNLOADED':
        return { kind: 'not_loaded' };
      default:
        return { kind: 'unavailable', reason: `unreadable answer from Redis: ${answer.code}` };
    }
  }

  async #reload(organizationId: string, badEpoch: string): Promise<{ readonly kind: 'applied' } | Unavailable> {
    const loaded = await this.#loader.load(organizationId, badEpoch);
    switch (loaded.kind) {
      case 'loaded':
        return { kind: 'applied' };
      case 'failed':
        return { kind: 'unavailable', reason: loaded.reason };
      case 'unknown_organization':
        return { kind: 'unavailable', reason: 'the organisation is not in the database' };
    }
  }

  /** One call on its own: for what is rare, and need not be batched. */
  async #run(script: RedisScript, { keys, args }: ScriptArguments) {
    const state = this.#server.state();
    if (state.kind === 'away') return { kind: 'unavailable', reason: state.reason } as const;
    const answer = await withDeadline(script.run(this.#server.redis, keys, [state.run, ...args]), COMMAND_TIMEOUT_MS);
    if (answer.kind === 'late') return { kind: 'unavailable', reason: 'no answer from Redis' } as const;
    if (answer.kind === 'failed') return { kind: 'unavailable', reason: answer.reason } as const;
    const [code, first] = Array.isArray(answer.value) ? answer.value.map(String) : [];
    return { kind: 'replied', code: code ?? '', first: first ?? '' } as const;
  }
}
