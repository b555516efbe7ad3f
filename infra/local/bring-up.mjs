import path from 'node:path';
import { buildAll, isBuilt } from './build.mjs';
import { withCheckoutLock } from './checkout-lock.mjs';
import { programEnvironment, urlsOf } from './environment.mjs';
import { checkDatabase, checkRedis, withoutPassword } from './given-services.mjs';
import { installDependencies, isInstalled } from './install.mjs';
import { isMigrated, migrate } from './migrate.mjs';
import { copyDatabase, startPostgres, storeDatabase } from './postgres.mjs';
import { createProcesses } from './processes.mjs';
import { programs, startProgram } from './programs.mjs';
import { startRedis } from './redis.mjs';
import { openRunFile } from './run-file.mjs';
import { openSecrets } from './secrets.mjs';
import { seed } from './seed.mjs';

const hints = {
  install: 'check that the npm registry can be reached, then run it again; what was fetched is kept',
  redis: 'put redis-server or valkey-server ≥ 6.2 on the PATH, or set REDIS_URL',
  postgres: 'set DATABASE_URL to a Postgres of your own, or move .local/pg away if its data is damaged',
  build: 'the lines above name the file; after a change of branch, `rm -rf node_modules .turbo` and start again',
  migrate: 'read prisma/migrations; local data can be thrown away with `rm -rf .local`',
  seed: 'local data can be thrown away with `rm -rf .local`',
  program: 'its log stands in .local/logs; a variable it names can be set in front of the command',
};

/** Installs and builds what changed: all that a checkout needs before anything of ours can run. */
export async function prepareCheckout({ steps, signal, logFolder }) {
  await install({ scope: 'everything', steps, signal, logFolder });
  await build({ steps, signal, logFolder });
}

const install = ({ scope, steps, signal, logFolder }) =>
  steps.step('install', hints.install, async (note) => {
    await withCheckoutLock({ signal, note }, async () => {
      if (isInstalled(scope)) note('unchanged');
      else await installDependencies({ scope, signal, logFile: path.join(logFolder, 'install.log') });
    });
  });

const build = ({ steps, signal, logFolder }) =>
  steps.step('build', hints.build, async (note) => {
    await withCheckoutLock({ signal, note }, async () => {
      if (isBuilt()) note('unchanged');
      else await buildAll({ signal, logFile: path.join(logFolder, 'build.log') });
    });
  });

function startOrCheckRedis({ profile, steps, ...rest }) {
  return steps.step('redis', hints.redis, async (note) => {
    if (profile.redisUrl !== undefined) {
      await checkRedis(profile.redisUrl);
      note(`REDIS_URL ${withoutPassword(profile.redisUrl)}`);
      return { url: profile.redisUrl };
    }
    const folder = path.join(profile.stateFolder, 'redis');
    const { url, port, redis } = await startRedis({
      folder,
      wantedPort: profile.redisPort,
      fast: profile.fast,
      ...rest,
    });
    note(`port ${port}, ${redis.origin}`);
    return { url, redis };
  });
}

function startOrCheckPostgres({ profile, steps, ...rest }) {
  return steps.step('postgres', hints.postgres, async (note) => {
    if (profile.databaseUrl !== undefined) {
      await checkDatabase(profile.databaseUrl);
      note(`DATABASE_URL ${withoutPassword(profile.databaseUrl)}`);
      return profile.databaseUrl;
    }
    const folder = path.join(profile.stateFolder, 'pg');
    const { url, port } = await startPostgres({
      folder,
      wantedPort: profile.postgresPort,
      fast: profile.fast,
      ...rest,
    });
    note(`port ${port}`);
    return url;
  });
}

const migrateIfNeeded = ({ databaseUrl, steps, signal, logFolder }) =>
  steps.step('migrate', hints.migrate, async (note) => {
    if (await isMigrated(databaseUrl)) note('unchanged');
    else await migrate({ databaseUrl, signal, logFile: path.join(logFolder, 'migrate.log') });
  });

/** Waits for all; the first failure stops the others, and is the one that is thrown. */
async function together(controller, branches) {
  const stopOthers = (error) => {
    controller.abort();
    throw error;
  };
  const results = await Promise.allSettled(branches.map((branch) => branch.catch(stopOthers)));
  const errors = results.flatMap((result) => (result.status === 'rejected' ? [result.reason] : []));
  if (errors.length > 0) throw errors.find((error) => error?.name !== 'AbortError') ?? errors[0];
  return results.map((result) => result.value);
}

/** Services beside install and build: Redis needs nothing, Postgres and migrations need only the install. */
async function startServices(controller, context, secrets) {
  const { redisPassword, postgresPassword } = secrets.read();
  const installed = context.prepared ? Promise.resolve() : install({ ...context, scope: context.profile.installs });
  const redis = startOrCheckRedis({ ...context, password: redisPassword });
  const postgres = installed.then(() => startOrCheckPostgres({ ...context, password: postgresPassword }));
  const migrated = postgres.then((databaseUrl) => migrateIfNeeded({ ...context, databaseUrl }));
  const built = context.prepared ? Promise.resolve() : installed.then(() => build(context));
  const [started, databaseUrl] = await together(controller, [redis, postgres, migrated, built, installed]);
  return { redisUrl: started.url, redisProgram: started.redis, databaseUrl };
}

const startAllPrograms = (controller, { profile, steps, ...rest }) =>
  together(
    controller,
    programs.map((program) =>
      steps.step(program.name, hints.program, async (note) => {
        await startProgram({ program, port: profile.ports[program.name], ...rest });
        note(`port ${profile.ports[program.name]}`);
      }),
    ),
  );

/**
 * Brings a whole installation up: services, build, migrations, seed, programs, each waited for. Resolves with what a
 * caller needs to use and to stop it; `prepared` says that prepareCheckout was done before. On failure everything that was started has been stopped when this throws.
 */
export async function bringUp({ profile, steps, signal: outer, prepared = false }) {
  const controller = new AbortController();
  const signal = AbortSignal.any([outer, controller.signal]);
  const logFolder = path.join(profile.stateFolder, 'logs');
  const urls = urlsOf(profile.ports);
  const startedAt = new Date().toISOString();
  const runFile = openRunFile(profile.runFile, { startedAt, urls, ports: profile.ports, logs: logFolder, pids: {} });
  let reportDeath;
  const died = new Promise((resolve) => {
    reportDeath = resolve;
  });
  const processes = createProcesses({ runFile, logFolder, onDeath: (death) => reportDeath(death) });
  const context = { profile, steps, signal, logFolder, processes, prepared };
  const stop = async () => {
    await processes.stopAll();
    runFile.remove();
    profile.leave();
  };
  try {
    const secrets = openSecrets(profile.stateFolder);
    const { redisProgram, ...services } = await startServices(controller, context, secrets);
    const { own, ports, stateFolder } = profile;
    const environment = programEnvironment({ own, ports, ...services, secrets: secrets.read(), stateFolder });
    const seeded = await steps.step('seed', hints.seed, () => seed({ environment, secrets, signal }));
    const { demoKey, managementKey, organizationId, email, password } = seeded;
    if (profile.fast) await copyDatabase(services.databaseUrl, storeDatabase);
    runFile.update({ demoKey, managementKey, organizationId, demo: { email, password }, ...services });
    await startAllPrograms(controller, { ...context, environment });
    const { adopt } = processes;
    return { environment, redisProgram, adopt, run: runFile.read(), runFile: profile.runFile, died, stop };
  } catch (error) {
    await stop();
    throw error;
  }
}
