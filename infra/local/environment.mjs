import path from 'node:path';

const quiet = {
  NEXT_TELEMETRY_DISABLED: '1',
  TURBO_TELEMETRY_DISABLED: '1',
  DO_NOT_TRACK: '1',
  CHECKPOINT_DISABLE: '1',
  NPM_CONFIG_UPDATE_NOTIFIER: 'false',
};

/** The environment of build tools: the caller's own, with every telemetry and update notice off. */
export const toolEnvironment = () => ({ ...process.env, ...quiet });

/** Which variable moves which port. Ports stay below 32768, where the system hands out ephemeral ones. */
export const portVariables = {
  gateway: 'TOLLGATE_GATEWAY_PORT',
  admin: 'TOLLGATE_ADMIN_PORT',
  dashboard: 'TOLLGATE_DASHBOARD_PORT',
  sandbox: 'TOLLGATE_SANDBOX_PORT',
  smtp: 'TOLLGATE_SANDBOX_SMTP_PORT',
  worker: 'TOLLGATE_WORKER_PORT',
};

const defaultPorts = { gateway: 4000, admin: 4001, dashboard: 3000, sandbox: 4010, smtp: 4011, worker: 4020 };

/** The ports of `npm start`: the defaults, each overridden by its variable. Throws on a value that is no port. */
export function portsFromEnvironment(environment) {
  const entries = Object.entries(defaultPorts).map(([name, fallback]) => {
    const given = environment[portVariables[name]];
    const port = given === undefined || given === '' ? fallback : Number(given);
    if (!Number.isInteger(port) || port < 1 || port > 65_535) {
      throw new Error(`${portVariables[name]}=${given} is not a port`);
    }
    return [name, port];
  });
  return Object.fromEntries(entries);
}

export function urlsOf(ports) {
  const at = (port) => `http://127.0.0.1:${port}`;
  return {
    gateway: at(ports.gateway),
    dashboard: at(ports.dashboard),
    sandbox: at(ports.sandbox),
    worker: at(ports.worker),
    admin: at(ports.admin),
    inbox: `${at(ports.sandbox)}/inbox`,
  };
}

/** What every program reads. `own` is the caller's environment, so that provider keys, SMTP_URL and STRIPE_* pass through. */
export function programEnvironment({ own, ports, databaseUrl, redisUrl, secrets, stateFolder }) {
  const urls = urlsOf(ports);
  return {
    ...own,
    ...quiet,
    NODE_ENV: 'production',
    TOLLGATE_MODE: 'development',
    DATABASE_URL: databaseUrl,
    REDIS_URL: redisUrl,
    TOLLGATE_KEY_PEPPER: secrets.keyPepper,
    TOLLGATE_RECEIPT_KEY: own.TOLLGATE_RECEIPT_KEY || secrets.receiptSeed,
    BETTER_AUTH_SECRET: secrets.authSecret,
    BETTER_AUTH_URL: urls.dashboard,
    TOLLGATE_GATEWAY_URL: urls.gateway,
    TOLLGATE_DASHBOARD_URL: urls.dashboard,
    TOLLGATE_SANDBOX_URL: urls.sandbox,
    TOLLGATE_SANDBOX_SMTP_URL: `smtp://127.0.0.1:${ports.smtp}`,
    ...Object.fromEntries(Object.entries(ports).map(([name, port]) => [portVariables[name], String(port)])),
    TOLLGATE_SPOOL_DIR: path.join(stateFolder, 'spool'),
    TOLLGATE_SANDBOX_TRUTH_FILE: path.join(stateFolder, 'truth.ndjson'),
  };
}

/** Variables that could reach a real provider, mail server or payment service, or another database: no test may see them. */
const outsideWorld =
  /(_API_KEY|_ACCESS_KEY|_SECRET_KEY|_TOKEN|_CREDENTIALS)$|^(SMTP_|STRIPE_|TOLLGATE_|AWS_|AZURE_|GOOGLE_|DATABASE_URL$|REDIS_URL$|BETTER_AUTH_)/;

/**
 * The caller's environment without anything that leads outside this machine. One address signs up many times in the
 * browser tests, so the limit on that is off; it has tests of its own.
 */
export function sealedEnvironment(own) {
  const inside = Object.entries(own).filter(([name]) => !outsideWorld.test(name));
  return { ...Object.fromEntries(inside), TOLLGATE_AUTH_RATE_LIMIT: 'off' };
}

/** Names of the real provider keys a start was given. */
export const providerKeys = (own) =>
  Object.keys(own).filter((name) => /^[A-Z][A-Z0-9]*(_[A-Z0-9]+)*_API_KEY$/.test(name) && own[name] !== '');
