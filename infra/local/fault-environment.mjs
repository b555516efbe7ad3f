import path from 'node:path';
import { programEnvironment, sealedEnvironment, toolEnvironment } from './environment.mjs';
import { ensureFolder, localFolder } from './paths.mjs';
import { postgresBinaries, unprivilegedUser } from './postgres-binaries.mjs';
import { findRedis } from './redis-binary.mjs';
import { openSecrets } from './secrets.mjs';

/**
 * What the fault tests need to start programs and services by themselves, and to kill them: what our programs read, with addresses that the
 * run replaces, and where the servers' binaries are.
 */
export async function faultEnvironment({ signal }) {
  const user = unprivilegedUser();
  const logFile = path.join(ensureFolder(`${localFolder}/reports`), 'redis-package.log');
  const redis = await findRedis({ folder: path.join(localFolder, 'redis-dist'), signal, logFile });
  const stateFolder = ensureFolder(path.join(localFolder, 'faults'));
  const unset = { gateway: 0, admin: 0, dashboard: 0, sandbox: 0, smtp: 0, worker: 0 };
  const secrets = openSecrets(stateFolder).read();
  const programs = programEnvironment({
    own: sealedEnvironment(toolEnvironment()),
    ports: unset,
    databaseUrl: '',
    redisUrl: '',
    secrets,
    stateFolder,
  });
  return {
    ...programs,
    TOLLGATE_REDIS_BINARY: redis.binary,
    TOLLGATE_REDIS_LIBRARY_PATH: redis.environment.LD_LIBRARY_PATH ?? '',
    TOLLGATE_POSTGRES_BINARIES: await postgresBinaries(user),
    TOLLGATE_POSTGRES_UID: user.uid === undefined ? '' : String(user.uid),
    TOLLGATE_POSTGRES_GID: user.gid === undefined ? '' : String(user.gid),
  };
}
