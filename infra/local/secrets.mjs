import { randomBytes } from 'node:crypto';
import { existsSync, renameSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { ensureFolder, readJson } from './paths.mjs';

const fresh = () => ({
  keyPepper: randomBytes(32).toString('base64url'),
  receiptSeed: randomBytes(32).toString('base64url'),
  authSecret: randomBytes(32).toString('base64url'),
  postgresPassword: randomBytes(18).toString('base64url'),
  redisPassword: randomBytes(18).toString('base64url'),
});

/** The secrets of one local installation, made once, readable by their owner alone. */
export function openSecrets(stateFolder) {
  const file = path.join(ensureFolder(stateFolder), 'secrets.json');
  let secrets = { ...fresh(), ...(existsSync(file) ? readJson(file) : {}) };
  const write = () => {
    writeFileSync(`${file}.new`, `${JSON.stringify(secrets, null, 2)}\n`, { mode: 0o600 });
    renameSync(`${file}.new`, file);
  };
  write();
  return {
    read: () => secrets,
    update(patch) {
      secrets = { ...secrets, ...patch };
      write();
    },
  };
}
