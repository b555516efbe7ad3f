import { type Nanousd, ZERO } from '@tollgate/amount';
import type {
  Admission,
  AdmissionOptions,
  Authorization,
  AuthorizeRequest,
  ChangeOutcome,
  Credit,
  ExpiredHold,
  Extension,
  KeepOptions,
  Recount,
  RecountOutcome,
  Settlement,
  SettleOutcome,
  Standing,
  Unavailable,
} from './admission.js';
import { authorizeLua } from './authorize.lua.js';
import { changeLua, creditLua, newsLua } from './change.lua.js';
import { withDeadline } from './deadline.js';
import { expiredHoldsOf } from './expired-holds.js';
import { extendLua } from './extend.lua.js';
import { LiveHolds } from './live-holds.js';
import { ANY_EPOCH, type ArmedScope, OrganizationLoader } from './organization-loader.js';
import { peekLua } from './peek.lua.js';
import { PlaceWatch } from './place-watch.js';
import { recountLua } from './recount.lua.js';
import { RedisScript } from './redis-script.js';
import { renewLua } from './renew.lua.js';
import {
  encodeAuthorize,
  encodeAuthVersion,
  encodeCredit,
  encodeExtension,
  encodeNews,
  encodePeek,
  encodeRecount,
  encodeSettlement,
  encodeStatus,
  holdRest,
  MARKER_TIME_TO_LIVE_MS,
  type ScriptArguments,
} from './script-arguments.js';
import { ScriptBatch } from './script-batch.js';
import {
  decodeAuthorization,
  decodeExtension,
  decodeSettlement,
  decodeStanding,
  unavailable,
} from './script-replies.js';
import { COMMAND_TIMEOUT_MS, ServerWatch } from './server-watch.js';
import { settleLua } from './settle.lua.js';
import { UnsettledQueue } from './unsettled.js';

const LOADS_PER_REQUEST = 2;
/** How often an authorize waits for the opening gate before it says so. */
const WAITS_PER_REQUEST = 2;
/** What a hold lives where nothing renews it: longer than any answer may take. */
const UNKEPT_TIME_TO_LIVE_MS = 15 * 60_000;
/** An answer to an Idempotency-Key is kept for a day, and so is its claim. */
export const CLAIM_TIME_TO_LIVE_MS = 24 * 3_600_000;

const scripts = {
  authorize: new RedisScript(authorizeLua),
  extend: new RedisScript(extendLua),
  peek: new RedisScript(peekLua),
  renew: new RedisScript(renewLua),
  settle: new RedisScript(settleLua),
  recount: new RedisScript(recountLua),
  credit: new RedisScript(creditLua),
  change: new RedisScript(changeLua),
  news: new RedisScript(newsLua),
};

/** Money admission over the client that is passed in. No environment; its own state are retries under way and the holds that run here. */
export function createAdmission(options: AdmissionOptions): Admission {
  return new RedisAdmission(options);
}

interface Keeper {
  readonly live: LiveHolds;
  readonly watch: PlaceWatch;
}

class RedisAdmission implements Admission {
  readonly #server: ServerWatch;
  readonly #loader: OrganizationLoader;
  readonly #unsettled = new UnsettledQueue();
  readonly #authorize: ScriptBatch;
  readonly #extend: ScriptBatch;
  readonly #settle: ScriptBatch;
  readonly #recount: ScriptBatch;
  readonly #gatewayBoot: string;
  readonly #timeToLiveMs: number;
  readonly #keeper: Keeper | null;
  readonly #now: () => number;
  readonly #expired: ReturnType<typeof expiredHoldsOf>;

  constructor({ redis, loadOrganization, gatewayBoot, now, keep }: AdmissionOptions) {
    if (!/^[A-Za-z0-9:._-]{1,120}$/.test(gatewayBoot)) throw new TypeError('gatewayBoot is letters, digits and :._-');
    this.#now = now;
    this.#gatewayBoot = gatewayBoot;
    this.#timeToLiveMs = keep?.timeToLiveMs ?? UNKEPT_TIME_TO_LIVE_MS;
    this.#server = new ServerWatch(redis, () => this.#whenReady());
    this.#loader = new OrganizationLoader(this.#server, loadOrganization, keep?.gateMs ?? 0);
    const markerMs = MARKER_TIME_TO_LIVE_MS.toString();
    const claimMs = CLAIM_TIME_TO_LIVE_MS.toString();
    this.#authorize = new ScriptBatch(this.#server, scripts.authorize, [gatewayBoot, claimMs]);
    this.#extend = new ScriptBatch(this.#server, scripts.extend, []);
    this.#settle = new ScriptBatch(this.#server, scripts.settle, [markerMs, claimMs]);
    this.#recount = new ScriptBatch(this.#server, scripts.recount, [markerMs]);
    this.#expired = expiredHoldsOf(this.#server);
    this.#keeper = keep ? this.#openKeeper(keep) : null;
  }

  async authorize(request: AuthorizeRequest): Promise<Authorization> {
    const call = encodeAuthorize(request, this.#timeToLiveMs);
    let reply = await this.#authorize.call(call);
    let [loads, waits] = [0, 0];
    while (reply.kind === 'replied' && (reply.code === 'RELOAD' || reply.code === 'WAIT')) {
      if (reply.code === 'WAIT') {
        if (waits >= WAITS_PER_REQUEST) break;
        waits += 1;
        await new Promise((resolve) => setTimeout(resolve, Number(reply.kind === 'replied' ? reply.first : 0) + 1));
      } else {
        if (loads >= LOADS_PER_REQUEST) break;
        loads += 1;
        const loaded = await this.#reload(request.organizationId, reply.first);
        if (loaded.kind === 'unavailable') return unavailable(loaded.reason);
      }
      reply = await this.#authorize.call(call);
    }
    if (reply.kind === 'failed' && reply.mayHaveRun) this.#release(request);
    if (reply.kind === 'replied' && reply.code === 'ERROR') void this.#reload(request.organizationId, ANY_EPOCH);
    const answer = decodeAuthorization(request, reply);
    if (answer.kind === 'granted') this.#keepHold(request, answer.grantedNanousd);
    return answer;
  }

  async extend(request: {
    organizationId: string;
    requestId: string;
    wantNanousd: Nanousd;
    floorNanousd: Nanousd;
  }): Promise<Extension> {
    const hold = this.#keeper?.live.get(request.requestId);
    const extension = decodeExtension(hold?.scopes ?? [], await this.#extend.call(encodeExtension(request)));
    if (hold && extension.kind === 'extended') hold.heldNanousd = extension.heldNanousd;
    return extension;
  }

  async settle(settlement: Settlement): Promise<SettleOutcome> {
    const call = encodeSettlement(settlement);
    this.#keeper?.live.remove(settlement.requestId);
    const outcome = await this.#settleOnce(settlement.organizationId, call);
    if (outcome.kind === 'unavailable') {
      const again = async () => (await this.#settleOnce(settlement.organizationId, call)).kind !== 'unavailable';
      this.#unsettled.keep(settlement.requestId, settlement.event.length * 2 + 1_000, again);
    }
    return outcome;
  }

  async peek(request: Pick<AuthorizeRequest, 'organizationId' | 'scopes' | 'slots' | 'rates'>): Promise<Standing> {
    const answer = await this.#run(scripts.peek, encodePeek(request));
    return answer.kind === 'unavailable' ? answer : decodeStanding(answer.values);
  }

  expiredHolds({ limit }: { limit: number }): Promise<readonly ExpiredHold[]> {
    return this.#expired.claim(limit);
  }

  releaseExpired(hold: ExpiredHold, claimKeyHash?: string): Promise<'released' | 'renewed' | Unavailable> {
    return this.#expired.release(hold, claimKeyHash);
  }

  confirm(requests: readonly { organizationId: string; requestId: string }[]): Promise<void> {
    return this.#expired.confirm(requests);
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
    return this.#recountOnce(event, true);
  }

  /** After a reload the balance contains it; what is still held for it was carried over, and is given back by asking once more. */
  async #recountOnce(event: Recount, isFirst: boolean): Promise<RecountOutcome> {
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
        if (reloaded.kind === 'unavailable') return reloaded;
        return isFirst && event.postingSequence !== null ? this.#recountOnce(event, false) : { kind: 'counted' };
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
    this.#keeper?.watch.close();
    this.#keeper?.live.close();
    await this.#unsettled.retry();
    this.#unsettled.close();
    this.#server.close();
  }

  #openKeeper(keep: KeepOptions): Keeper {
    const watch = new PlaceWatch(this.#server, keep.pollMs, () => {
      this.#keeper?.live.assertAll();
      void this.#unsettled.retry();
      keep.onLoss?.();
    });
    const renew = new ScriptBatch(this.#server, scripts.renew, [
      keep.timeToLiveMs.toString(),
      CLAIM_TIME_TO_LIVE_MS.toString(),
    ]);
    const { renewEveryMs } = keep;
    const live = new LiveHolds({ renew, now: this.#now, renewEveryMs, openPlace: () => watch.look() });
    return { live, watch };
  }

  /** Behind a new connection may be another process, or one that has not heard of these holds for as long as they live. */
  #whenReady(): void {
    void this.#keeper?.watch.look();
    this.#keeper?.live.assertAll();
    void this.#unsettled.retry();
  }

  #keepHold(request: AuthorizeRequest, heldNanousd: Nanousd): void {
    if (!this.#keeper) return;
    const { organizationId, requestId, scopes, claim } = request;
    const rest = holdRest(this.#gatewayBoot, request);
    this.#keeper.live.add({ organizationId, requestId, scopes, rest, claim, heldNanousd });
  }

  /** An authorize without an answer may have taken its hold: give it back, in order behind it or as soon as Redis is there again. */
  #release({ organizationId, requestId, scopes, claim }: AuthorizeRequest): void {
    const freed = claim && ({ keyHash: claim.keyHash, becomes: 'free' } as const);
    void this.settle({
      organizationId,
      requestId,
      scopes,
      chargeNanousd: ZERO,
      event: '',
      append: false,
      claim: freed,
    });
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
    const values = Array.isArray(answer.value) ? answer.value.map(String) : [];
    const [code = '', first = ''] = values;
    return { kind: 'replied', code, first, values } as const;
  }
}
