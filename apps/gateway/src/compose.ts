import { randomBytes } from 'node:crypto';
import { performance } from 'node:perf_hooks';
import { verifyKey } from '@tollgate/access';
import { type Admission, admissionRedisOptions, createAdmission, GATEWAY_KEEP, tellPosted } from '@tollgate/admission';
import { organizationSnapshot, postUsage } from '@tollgate/billing';
import { type Catalog, providerInfo } from '@tollgate/catalog';
import { catalogRevision, loadCatalog } from '@tollgate/catalog/store';
import { loadHouseMarkup } from '@tollgate/pricing/store';
import { type Database, openDatabase } from '@tollgate/prisma';
import { counter, createLogger, createMetrics, type Logger } from '@tollgate/telemetry';
import { findSettled, type UsageEvent } from '@tollgate/usage';
import { Redis } from 'ioredis';
import { startAdminServer } from './admin-server.js';
import { CatalogSource } from './catalog/catalog-source.js';
import type { GatewayConfig } from './config.js';
import { TokenCounter } from './exchange/count-tokens.js';
import { Exchange, type ExchangePorts } from './exchange/exchange.js';
import { Explainer, type ExplainPorts } from './exchange/explain.js';
import { bookedStanding, explainLimits } from './exchange/explained-limits.js';
import { HoldExtensions } from './exchange/hold-extension.js';
import { createHttpServer } from './http/http-server.js';
import { KeyCache } from './keys/key-cache.js';
import { AnswerMemory } from './memory/answer-memory.js';
import { ReasoningVault } from './memory/reasoning-vault.js';
import { ResponseMemory } from './memory/response-memory.js';
import { Readiness } from './readiness.js';
import { requestMetrics } from './request-metrics.js';
import { replaySpool } from './spool/replay-spool.js';
import { shipEvents } from './spool/ship-events.js';
import { startShipper } from './spool/shipper.js';
import { openSpool } from './spool/spool.js';
import { GoogleTokens } from './upstream/google-tokens.js';
import { ProviderDirectory } from './upstream/provider-directory.js';
import { Upstream } from './upstream/send.js';

const REPLAY_EVERY_MS = 3_600_000;
const DRAINS_AT_ONCE = 200;
const CLIENT_STALL_MS = 60_000;

export interface Gateway {
  readonly port: number;
  readonly log: Logger;
  listen(): Promise<void>;
  /** stops taking requests, lets running ones finish, then lets go of everything */
  close(): Promise<void>;
}

/** Builds the whole program from its configuration. Everything with a life of its own starts here and is ended by `close`. */
export async function composeGateway(config: GatewayConfig): Promise<Gateway> {
  const log = createLogger({ name: 'gateway', level: config.logLevel });
  const registry = createMetrics('gateway');
  const readiness = new Readiness();
  const gatewayBoot = `${process.pid}-${randomBytes(6).toString('hex')}`;

  const database = openDatabase({ url: config.databaseUrl, applicationName: 'tollgate-gateway' });
  const redis = new Redis(config.redisUrl, admissionRedisOptions);
  redis.on('error', (error: Error) => log.warn({ error }, 'redis'));
  const admission = createAdmission({
    redis,
    loadOrganization: (organizationId) => organizationSnapshot(database, organizationId, Date.now()),
    gatewayBoot,
    now: Date.now,
    keep: { ...GATEWAY_KEEP, onLoss: () => void shipper.settleAgain() },
  });
  const keys = new KeyCache({
    verify: (token) => verifyKey(database, { token, pepper: config.keyPepper, nowMs: Date.now() }),
    now: Date.now,
  });
  const catalog = new CatalogSource(
    {
      revision: () => catalogRevision(database),
      load: () => loadCatalog(database),
      houseMarkup: () => loadHouseMarkup(database),
    },
    log,
  );
  const spool = openSpool({ directory: config.spoolDirectory, boot: gatewayBoot, syncEveryMs: 20 });
  // A pool of its own: what is looked up and posted here must not wait for keys, nor keys for it.
  const ledger = openDatabase({ url: config.databaseUrl, applicationName: 'tollgate-shipper', maxConnections: 2 });
  const shipPorts = {
    post: (events: readonly UsageEvent[]) => postUsage(ledger, events, { via: 'spool' }),
    tell: tellPosted.bind(null, admission),
    log,
  };
  /** At boot for runs that died, later for filled segments of this one: what the ledger lacks goes to Redis again. */
  const replay = async (): Promise<void> => {
    const replayed = await replaySpool({
      directory: config.spoolDirectory,
      boot: gatewayBoot,
      settle: (settlement) => admission.settle(settlement),
      findSettled: (requestIds) => findSettled(ledger, requestIds),
      ship: (events) => shipEvents(shipPorts, events),
    });
    if (replayed.records > 0) log.info({ ...replayed }, 'settlements replayed from the spool');
  };
  const shippedTotal = counter(registry, 'tollgate_settlements_shipped_total', 'Settlements posted past the stream');
  const shipper = startShipper({
    ...shipPorts,
    directory: config.spoolDirectory,
    spool,
    findSettled: (requestIds) => findSettled(ledger, requestIds),
    confirm: (organizationId, requestIds) =>
      admission.confirm(requestIds.map((requestId) => ({ organizationId, requestId }))),
    settle: (settlement) => admission.settle(settlement),
    replay,
    onShipped: (count) => shippedTotal.inc(count),
  });
  const directory = new ProviderDirectory(config.providerEnvironment, config.sandboxUrl, new GoogleTokens(Date.now));
  const upstream = new Upstream(directory.origins());
  const vault = new ReasoningVault(redis, config.keyPepper);
  const memory = new ResponseMemory(database, config.keyPepper, log, Date.now);
  const answerMemory = new AnswerMemory(database, log, Date.now);
  const reach = {
    catalog: catalog.current,
    provider: providerInfo,
    availability: directory.availability.bind(directory),
    access: directory.access.bind(directory),
    upstream,
    now: Date.now,
  };

  const extensions = new HoldExtensions((error) => log.error({ error }, 'a hold could not be extended'));
  const ports: ExchangePorts = {
    admission,
    spool,
    shipper,
    keys,
    houseMarkup: catalog.houseMarkup,
    ...reach,
    log,
    gatewayBoot,
    safetySecret: config.keyPepper,
    upstreamModel: (endpoint) => directory.upstreamModel(endpoint),
    isReasoning: ({ modelId }) => isReasoning(catalog.current(), modelId),
    vault,
    memory,
    answerMemory,
    claimSecret: config.keyPepper,
    streamStallMs: config.streamStallMs,
    answerTimeoutMs: config.answerTimeoutMs,
    drainAfterLeaveMs: config.drainAfterLeaveMs,
    drainsAtOnce: DRAINS_AT_ONCE,
    clientStallMs: CLIENT_STALL_MS,
    extensions,
    monotonic: () => performance.now(),
    onEnded: requestMetrics(registry, log),
  };
  const exchange = new Exchange(ports);
  const explainer = new Explainer({ ...ports, limits: standingLimits(database, admission) });

  readiness.need('catalogue', () => catalog.isLoaded);
  readiness.need('redis', () => redis.status === 'ready');
  const http = await createHttpServer({
    config,
    exchange,
    explainer,
    tokenCounter: new TokenCounter(reach),
    memory,
    vault,
    keys,
    log,
    database,
    admission,
    readiness,
    catalog: catalog.current,
    houseMarkup: catalog.houseMarkup,
    receiptKeys: config.receiptKeys,
  });

  let replayTimer: NodeJS.Timeout | undefined;
  return {
    log,
    get port() {
      return http.port();
    },
    async listen() {
      await replay();
      replayTimer = setInterval(
        () => void replay().catch((error: unknown) => log.error({ error }, 'the spool could not be replayed')),
        REPLAY_EVERY_MS,
      );
      replayTimer.unref();
      await catalog.start();
      await http.listen();
      await startAdminServer({ port: config.adminPort, registry, log });
      log.info(
        {
          port: http.port(),
          mode: config.mode,
          providers: directory.realProviders(),
          sandbox: config.sandboxUrl !== null,
        },
        'gateway listening',
      );
    },
    async close() {
      readiness.drain();
      clearInterval(replayTimer);
      await http.close();
      // Answers whose client has left, and settlements nobody waits for, still run: their charge must reach spool and Redis.
      await exchange.whenIdle();
      await memory.whenIdle();
      await answerMemory.whenIdle();
      extensions.close();
      catalog.stop();
      await upstream.close();
      await shipper.close();
      await spool.close();
      await admission.close();
      redis.disconnect();
      await ledger.$disconnect();
      await database.$disconnect();
    },
  };
}

/** How the caller stands: by Redis, which knows what runs, else by the ledger. Asked for explanations alone, which may wait for SQL. */
function standingLimits(database: Database, admission: Admission): ExplainPorts['limits'] {
  return async (request) => {
    const { organizationId } = request.principal;
    const standing = await admission.peek({ organizationId, ...request.taken });
    if (standing.kind === 'standing') return explainLimits(standing, request, Date.now());
    const snapshot = await organizationSnapshot(database, organizationId, Date.now());
    if (snapshot === null) throw new Error('a key without an organisation was verified');
    return explainLimits(bookedStanding(snapshot, request.taken), request, Date.now());
  };
}

function isReasoning(catalog: Catalog, modelId: string): boolean {
  const resolved = catalog.resolve(modelId);
  return resolved.kind === 'found' && resolved.model.capabilities.reasoning === true;
}
