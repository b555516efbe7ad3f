import { type DynamicModule, Module } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { FastifyAdapter, type NestFastifyApplication } from '@nestjs/platform-fastify';
import type { Admission } from '@tollgate/admission';
import type { Catalog } from '@tollgate/catalog';
import type { MarkupRule } from '@tollgate/pricing';
import type { Database } from '@tollgate/prisma';
import type { Logger } from '@tollgate/telemetry';
import type { GatewayConfig } from '../config.js';
import type { TokenCounter } from '../exchange/count-tokens.js';
import type { Exchange } from '../exchange/exchange.js';
import type { Explainer } from '../exchange/explain.js';
import type { KeyCache } from '../keys/key-cache.js';
import type { ReasoningVault } from '../memory/reasoning-vault.js';
import type { ResponseMemory } from '../memory/response-memory.js';
import {
  ADMISSION,
  CATALOG,
  CONFIG,
  DATABASE,
  EXCHANGE,
  EXPLAINER,
  HOUSE_MARKUP,
  KEYS,
  LOGGER,
  MEMORY,
  READINESS,
  RECEIPT_KEYS,
  TOKEN_COUNTER,
  VAULT,
} from '../ports.js';
import type { Readiness } from '../readiness.js';
import type { ReceiptKeys } from '../receipts/receipt-keys.js';
import { AccountController } from './account/account.controller.js';
import { onEveryRequest } from './every-request.js';
import { ExplainController } from './explain/explain.controller.js';
import { FailureFilter } from './failure.filter.js';
import { HealthController } from './health/health.controller.js';
import { ChatCompletionsController } from './inference/chat-completions.controller.js';
import { GenerateContentController } from './inference/generate-content.controller.js';
import { MessagesController } from './inference/messages.controller.js';
import { NotSupportedController } from './inference/not-supported.controller.js';
import { OperationsController } from './inference/operations.controller.js';
import { ResponsesController } from './inference/responses.controller.js';
import { encodeJson } from './json-money.js';
import { FreshInferenceKeyGuard, FreshKeyGuard, InferenceKeyGuard, KeyGuard, ManagementKeyGuard } from './key.guard.js';
import { KeysController } from './keys/keys.controller.js';
import { LimitsController } from './limits/limits.controller.js';
import { ModelsController } from './models/models.controller.js';
import { ProjectsController } from './projects/projects.controller.js';
import { ReceiptKeysController } from './receipts/receipt-keys.controller.js';
import { refuseBadUrl, refuseMalformed } from './refuse-malformed.js';
import { generateRequestId } from './request-identity.js';

export interface HttpPorts {
  readonly config: GatewayConfig;
  readonly exchange: Exchange;
  readonly explainer: Explainer;
  readonly tokenCounter: TokenCounter;
  readonly memory: ResponseMemory;
  readonly vault: ReasoningVault;
  readonly keys: KeyCache;
  readonly log: Logger;
  readonly database: Database;
  readonly admission: Admission;
  readonly readiness: Readiness;
  readonly catalog: () => Catalog;
  readonly houseMarkup: () => readonly MarkupRule[];
  readonly receiptKeys: ReceiptKeys;
}

export interface HttpServer {
  listen(): Promise<void>;
  port(): number;
  close(): Promise<void>;
}

@Module({})
class HttpModule {
  static with(ports: HttpPorts): DynamicModule {
    const provide = (token: symbol, value: unknown) => ({ provide: token, useValue: value });
    return {
      module: HttpModule,
      controllers: [
        ChatCompletionsController,
        MessagesController,
        ResponsesController,
        GenerateContentController,
        OperationsController,
        ExplainController,
        ModelsController,
        KeysController,
        LimitsController,
        ProjectsController,
        AccountController,
        ReceiptKeysController,
        HealthController,
        NotSupportedController,
      ],
      providers: [
        provide(EXCHANGE, ports.exchange),
        provide(EXPLAINER, ports.explainer),
        provide(TOKEN_COUNTER, ports.tokenCounter),
        provide(MEMORY, ports.memory),
        provide(VAULT, ports.vault),
        provide(KEYS, ports.keys),
        provide(LOGGER, ports.log),
        provide(DATABASE, ports.database),
        provide(ADMISSION, ports.admission),
        provide(CATALOG, ports.catalog),
        provide(HOUSE_MARKUP, ports.houseMarkup),
        provide(CONFIG, ports.config),
        provide(READINESS, ports.readiness),
        provide(RECEIPT_KEYS, ports.receiptKeys),
        KeyGuard,
        InferenceKeyGuard,
        FreshKeyGuard,
        FreshInferenceKeyGuard,
        ManagementKeyGuard,
      ],
    };
  }
}

/**
 * NestJS on Fastify, tuned (performance notes, point 2): no interceptors, no middleware, no body parsing (bodies stay the bytes that
 * were sent), inference answers are written past Nest with reply.hijack().
 */
export async function createHttpServer(ports: HttpPorts): Promise<HttpServer> {
  const adapter = new FastifyAdapter({
    bodyLimit: ports.config.maxBodyBytes,
    requestTimeout: 60_000,
    keepAliveTimeout: 75_000,
    forceCloseConnections: 'idle',
    // What arrives on an open connection while this process leaves is still served; the connection is closed behind it.
    return503OnClosing: false,
    genReqId: generateRequestId,
    clientErrorHandler: refuseMalformed,
    frameworkErrors: refuseBadUrl,
  });
  const fastify = adapter.getInstance();
  fastify.removeAllContentTypeParsers();
  fastify.addContentTypeParser('application/json', { parseAs: 'buffer' }, (_request, body, done) => done(null, body));
  fastify.addContentTypeParser('multipart/form-data', { parseAs: 'buffer' }, (_request, body, done) =>
    done(null, body),
  );
  fastify.setReplySerializer((payload) => encodeJson(payload));
  fastify.addHook('onRequest', onEveryRequest);
  const app = await NestFactory.create<NestFastifyApplication>(HttpModule.with(ports), adapter, {
    logger: false,
    bodyParser: false,
    abortOnError: false,
  });
  app.useGlobalFilters(new FailureFilter(ports.log));
  await app.init();
  const server = app.getHttpServer();
  server.headersTimeout = 10_000;
  return {
    async listen() {
      await app.listen({ port: ports.config.port, host: ports.config.host });
    },
    port() {
      const address = server.address();
      return typeof address === 'object' && address !== null ? address.port : ports.config.port;
    },
    async close() {
      // A connection that only waits for its client's next request would keep the server open until it times out.
      const idle = setInterval(() => server.closeIdleConnections(), 50);
      await app.close().finally(() => clearInterval(idle));
    },
  };
}
