import { decodeNanousd, type Nanousd, nanousd, ZERO } from '@tollgate/amount';
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
import { organizationKeys } from './keys.js';
import { ANY_EPOCH, type ArmedScope, assertScope, encodeArmed, OrganizationLoader } from './organization-loader.js';
import { recountLua } from './recount.lua.js';
import { RedisScript } from './redis-script.js';
import { assertUuid, requestTimeMs } from './request-time.js';
import { type ItemReply, ScriptBatch } from './script-batch.js';
import { COMMAND_TIMEOUT_MS, ServerWatch } from './server-watch.js';
import { settleLua } from './settle.lua.js';
import { UnsettledQueue } from './unsettled.js';

/** A marker outlives every way a settlement can come back, except a spool older than this: then a reload decides. */
export const MARKER_TIME_TO_LIVE_MS = 24 * 3_600_000;

const LARGEST_AMOUNT = 2n ** 63n - 1n;
const RETRY_AFTER_MS = 1_000;
const LOADS_PER_REQUEST = 2;

const scripts = {
  authorize: new RedisScript(authorizeLua),
  settle: new RedisScript(settleLua),
  recount: new RedisScript(recountLua),
  credit: new RedisScript(creditLua),
  change: new RedisScript(changeLua),
  news: new RedisScript(newsLua),
};

/** Money admission over the client that is passed in. No environment, no state that is not in Redis but for retries under way. */
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
    assertAuthorize(request);
    const [keys, args] = encodeAuthorize(request);
    let reply = await this.#authorize.call(keys, args);
    for (let loads = 0; reply.kind === 'replied' && reply.code === 'RELOAD' && loads < LOADS_PER_REQUEST; loads += 1) {
      const loaded = await this.#loader.load(request.organizationId, reply.first);
      if (loaded.kind === 'failed') return unavailable(loaded.reason);
      if (loaded.kind === 'unknown_organization') return unavailable('the organisation is not in the database');
      reply = await this.#authorize.call(keys, args);
    }
    if (reply.kind === 'failed') {
      if (reply.mayHaveRun) this.#release(request);
      return unavailable(reply.reason);
    }
    if (reply.code === 'ERROR') void this.#loader.load(request.organizationId, ANY_EPOCH);
    return readAuthorization(request, reply);
  }

  async settle(settlement: Settlement): Promise<SettleOutcome> {
    assertSettlement(settlement);
    const [keys, args] = encodeSettlement(settlement);
    const outcome = await this.#settleOnce(settlement.organizationId, keys, args);
    if (outcome.kind === 'unavailable') {
      const again = async () => (await this.#settleOnce(settlement.organizationId, keys, args)).kind !== 'unavailable';
      this.#unsettled.keep(settlement.requestId, settlement.event.length * 2 + 1_000, again);
    }
    return outcome;
  }

  async credit({ organizationId, creditId, amountNanousd, postingSequence = '' }: Credit): Promise<ChangeOutcome> {
    assertUuid('organizationId', organizationId);
    assertUuid('creditId', creditId);
    assertInteger('postingSequence', postingSequence, true);
    if (amountNanousd === 0n) return { kind: 'known' };
    const keys = organizationKeys(organizationId);
    const touched = [keys.organization, `${keys.donePrefix}${creditId}`, keys.generation, keys.news];
    const args = [amountNanousd.toString(), postingSequence, MARKER_TIME_TO_LIVE_MS.toString()];
    return this.#change(organizationId, scripts.credit, touched, args);
  }

  async raiseAuthVersion(change: {
    organizationId: string;
    authVersion: string;
    armed?: readonly ArmedScope[];
  }): Promise<ChangeOutcome> {
    assertUuid('organizationId', change.organizationId);
    assertInteger('authVersion', change.authVersion, false);
    const keys = organizationKeys(change.organizationId);
    const { authVersion, armed } = change;
    const args = [authVersion, '', ...(armed ? ['changed', ...encodeArmed(armed)] : ['unknown'])];
    return this.#change(change.organizationId, scripts.change, [keys.organization, keys.generation, keys.news], args);
  }

  async setStatus({
    organizationId,
    status,
  }: {
    organizationId: string;
    status: 'active' | 'suspended';
  }): Promise<ChangeOutcome> {
    assertUuid('organizationId', organizationId);
    const keys = organizationKeys(organizationId);
    return this.#change(
      organizationId,
      scripts.change,
      [keys.organization, keys.generation, keys.news],
      ['', status, 'same'],
    );
  }

  async recount(event: Recount): Promise<RecountOutcome> {
    assertUuid('organizationId', event.organizationId);
    assertUuid('requestId', event.requestId);
    assertAmount('chargeNanousd', event.chargeNanousd);
    assertInteger('postingSequence', event.postingSequence ?? '', true);
    const [keys, args] = encodeRecount(event, requestTimeMs(event.requestId) < this.#now() - MARKER_TIME_TO_LIVE_MS);
    const reply = await this.#recount.call(keys, args);
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
    assertUuid('organizationId', organizationId);
    // A load under way may have read before whatever made the caller distrust it.
    const told = await this.#run(scripts.news, [organizationKeys(organizationId).news], []);
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

  async #settleOnce(organizationId: string, keys: readonly string[], args: readonly string[]): Promise<SettleOutcome> {
    let reply = await this.#settle.call(keys, args);
    if (reply.kind === 'replied' && reply.code === 'UNLOADED') {
      const loaded = await this.#loader.load(organizationId, '');
      if (loaded.kind === 'loaded') reply = await this.#settle.call(keys, args);
    }
    if (reply.kind === 'failed') return { kind: 'unavailable', reason: reply.reason };
    switch (reply.code) {
      case 'SETTLED':
      case 'DEFERRED':
        return { kind: 'settled' };
      case 'DUPLICATE':
        return { kind: 'duplicate' };
      default:
        return { kind: 'unavailable', reason: `${reply.code} ${reply.first}` };
    }
  }

  async #change(
    organizationId: string,
    script: RedisScript,
    keys: readonly string[],
    args: readonly string[],
  ): Promise<ChangeOutcome> {
    const answer = await this.#run(script, keys, args);
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
      default:
        return { kind: 'not_loaded' };
    }
  }

  async #reload(organizationId: string, badEpoch: string): Promise<{ readonly kind: 'applied' } | Unavailable> {
    const loaded = await this.#loader.load(organizationId, badEpoch);
    if (loaded.kind === 'loaded') return { kind: 'applied' };
    return {
      kind: 'unavailable',
      reason: loaded.kind === 'failed' ? loaded.reason : 'the organisation is not in the database',
    };
  }

  async #run(script: RedisScript, keys: readonly string[], args: readonly string[]) {
    const state = this.#server.state();
    if (state.kind === 'away') return { kind: 'unavailable', reason: state.reason } as const;
    const answer = await withDeadline(script.run(this.#server.redis, keys, [state.run, ...args]), COMMAND_TIMEOUT_MS);
    if (answer.kind === 'late') return { kind: 'unavailable', reason: 'no answer from Redis' } as const;
    if (answer.kind === 'failed') return { kind: 'unavailable', reason: answer.reason } as const;
    const [code, first] = Array.isArray(answer.value) ? answer.value.map(String) : [];
    return { kind: 'replied', code: code ?? '', first: first ?? '' } as const;
  }
}

type Encoded = readonly [keys: readonly string[], args: readonly string[]];

function encodeAuthorize(request: AuthorizeRequest): Encoded {
  const { organizationId, requestId, authVersion, scopes, wantNanousd, floorNanousd, timeToLiveMs } = request;
  const keys = organizationKeys(organizationId);
  return [
    [keys.organization, keys.holds, keys.expiry, keys.donePrefix + requestId, keys.generation],
    [
      organizationId,
      requestId,
      authVersion,
      wantNanousd.toString(),
      floorNanousd.toString(),
      timeToLiveMs.toString(),
      scopes.join(','),
    ],
  ];
}

function encodeSettlement({ organizationId, requestId, scopes, chargeNanousd, event, append }: Settlement): Encoded {
  const keys = organizationKeys(organizationId);
  return [
    [keys.organization, keys.holds, keys.expiry, keys.donePrefix + requestId, keys.generation, keys.stream],
    [organizationId, requestId, chargeNanousd.toString(), append ? '1' : '0', append ? event : '', scopes.join(',')],
  ];
}

function encodeRecount(event: Recount, isForgotten: boolean): Encoded {
  const { organizationId, requestId, chargeNanousd, settledEpoch, postingSequence, scopes } = event;
  const keys = organizationKeys(organizationId);
  return [
    [keys.organization, keys.holds, keys.expiry, keys.donePrefix + requestId, keys.generation, keys.news],
    [
      organizationId,
      requestId,
      chargeNanousd.toString(),
      settledEpoch ?? '',
      postingSequence ?? '',
      scopes.join(','),
      isForgotten ? '1' : '0',
    ],
  ];
}

function readAuthorization(request: AuthorizeRequest, reply: ItemReply & { kind: 'replied' }): Authorization {
  switch (reply.code) {
    case 'GRANTED':
    case 'HELD':
      return { kind: 'granted', grantedNanousd: decodeNanousd(reply.first), epoch: reply.second };
    case 'SHORT': {
      const index = Number(reply.first);
      const scope = index === 0 ? 'organization' : (request.scopes[index - 1] ?? 'organization');
      const availableNanousd = decodeNanousd(reply.second);
      return {
        kind: 'insufficient',
        scope,
        availableNanousd,
        shortfallNanousd: shortfall(request.floorNanousd, availableNanousd),
      };
    }
    case 'STALE_KEY':
      return { kind: 'stale_key' };
    case 'SUSPENDED':
      return { kind: 'suspended' };
    case 'DONE':
      return { kind: 'already_settled' };
    case 'WAIT':
      return unavailable('balances were just read again', Math.max(1, Number(reply.first)));
    case 'RELOAD':
      return unavailable('the loaded state is behind the database');
    default:
      return unavailable(`${reply.code} ${reply.first}`);
  }
}

/** A floor near the largest amount against a debt near it does not fit an amount; what is told then is the largest one. */
function shortfall(floorNanousd: Nanousd, availableNanousd: Nanousd): Nanousd {
  const missing = floorNanousd - availableNanousd;
  return nanousd(missing > LARGEST_AMOUNT ? LARGEST_AMOUNT : missing);
}

function unavailable(reason: string, retryAfterMs = RETRY_AFTER_MS): Unavailable & { readonly retryAfterMs: number } {
  return { kind: 'unavailable', retryAfterMs, reason };
}

// A script that errors half-way is not rolled back: whatever could make it error is refused before it is sent.

function assertAuthorize({
  organizationId,
  requestId,
  authVersion,
  scopes,
  wantNanousd,
  floorNanousd,
  timeToLiveMs,
}: AuthorizeRequest): void {
  assertUuid('organizationId', organizationId);
  assertUuid('requestId', requestId);
  assertInteger('authVersion', authVersion, false);
  for (const scope of scopes) assertScope(scope);
  assertAmount('wantNanousd', wantNanousd);
  assertAmount('floorNanousd', floorNanousd);
  if (wantNanousd < floorNanousd) throw new RangeError('wantNanousd is below floorNanousd');
  if (!Number.isSafeInteger(timeToLiveMs) || timeToLiveMs <= 0)
    throw new RangeError('timeToLiveMs is a positive integer');
}

function assertSettlement({ organizationId, requestId, scopes, chargeNanousd }: Settlement): void {
  assertUuid('organizationId', organizationId);
  assertUuid('requestId', requestId);
  for (const scope of scopes) assertScope(scope);
  assertAmount('chargeNanousd', chargeNanousd);
}

function assertAmount(name: string, amount: bigint): void {
  if (amount < 0n || amount > LARGEST_AMOUNT) throw new RangeError(`${name} is out of range: ${amount}`);
}

function assertInteger(name: string, value: string, mayBeEmpty: boolean): void {
  if (mayBeEmpty && value === '') return;
  if (!/^(0|[1-9]\d{0,18})$/.test(value))
    throw new TypeError(`${name} is not a decimal integer: ${JSON.stringify(value.slice(0, 40))}`);
}
