import { randomBytes } from 'node:crypto';
import fastify, { type FastifyInstance } from 'fastify';
import type { World } from './attempt/serve.js';
import type { SandboxConfig } from './config.js';
import { createRequestMemory } from './control/requests.js';
import { controlRoutes } from './control/routes.js';
import { createRuleBook } from './control/rules.js';
import { createSettings } from './control/settings.js';
import { createTruthLog } from './control/truth.js';
import { createMailbox } from './mail/mailbox.js';
import { mailRoutes } from './mail/routes.js';
import { startMailServer } from './mail/smtp.js';
import { guardPages, refuseForeignHosts } from './pages/guard.js';
import { homeRoutes } from './pages/home.js';
import { createPromptCache } from './providers/openai/prompt-cache.js';
import { providerRoutes } from './providers/routes.js';
import { createReplayLibrary } from './replay/library.js';
import { createReplayQueue } from './replay/queue.js';

/** A running sandbox. */
export interface Sandbox {
  readonly url: string;
  readonly smtpPort: number;
  /** Stops listening, ends running answers and writes out the truth file. */
  close(): Promise<void>;
}

const loopback = '127.0.0.1';
const mostBodyBytes = 64 * 1_048_576;

/** Starts providers, control, mail and pages; everything listens on loopback only. */
export async function startSandbox(config: SandboxConfig): Promise<Sandbox> {
  const world = createWorld(config.truthFilePath);
  const mailbox = createMailbox(() => randomName(16), Date.now);
  const app = fastify({
    logger: false,
    bodyLimit: mostBodyBytes,
    forceCloseConnections: true,
    routerOptions: { maxParamLength: 2_000 },
  });
  readBodiesAsBytes(app);
  await app.register(providerRoutes(world));
  await app.register(async (pages) => {
    refuseForeignHosts(pages);
    await pages.register(controlRoutes(world, () => mailbox.clear()));
    guardPages(pages);
    await pages.register(mailRoutes(mailbox));
    await pages.register(homeRoutes(world, mailbox));
  });
  await app.listen({ host: loopback, port: config.port });
  const mail = await startMailServer(mailbox, { host: loopback, port: config.smtpPort }).catch(
    async (error: unknown) => {
      await app.close();
      throw error;
    },
  );
  return {
    url: `http://${loopback}:${portOf(app)}`,
    smtpPort: mail.port,
    async close() {
      await Promise.all([app.close(), mail.close()]);
      // Answers that were cut off write their last line first.
      await Promise.all(world.running);
      await world.truth.close();
    },
  };
}

function createWorld(truthFilePath: string | null): World {
  return {
    rules: createRuleBook(() => `rule_${randomName(10)}`),
    truth: createTruthLog(truthFilePath),
    requests: createRequestMemory(),
    settings: createSettings(),
    library: createReplayLibrary(),
    queue: createReplayQueue(),
    promptCache: createPromptCache(),
    newName: randomName,
    nowMs: Date.now,
    running: new Set(),
  };
}

const alphabet = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789';

function randomName(characters: number): string {
  let name = '';
  for (const byte of randomBytes(characters)) name += alphabet[byte % alphabet.length];
  return name;
}

/** Every body is kept as the bytes that came; who needs JSON parses it and answers in its own words when it is none. */
function readBodiesAsBytes(app: FastifyInstance): void {
  app.removeAllContentTypeParsers();
  app.addContentTypeParser('*', { parseAs: 'buffer' }, (_request, body, done) => done(null, body));
}

function portOf(app: FastifyInstance): number {
  const address = app.server.address();
  if (address === null || typeof address === 'string') throw new Error('the sandbox does not listen on a port');
  return address.port;
}
