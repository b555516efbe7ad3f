import { execFileSync, spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, readdirSync, renameSync, rmSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { runCommandOrThrow } from './command.mjs';
import { ensureFolder } from './paths.mjs';
import { HintedError } from './step.mjs';

const oldestUsable = [6, 2];

/** Where a command stands on the PATH, or undefined. */
export function onPath(name) {
  const run = spawnSync('sh', ['-c', 'command -v "$1"', 'sh', name], { encoding: 'utf8' });
  return run.status === 0 ? run.stdout.trim() : undefined;
}

function versionOf({ binary, environment }) {
  try {
    const text = execFileSync(binary, ['--version'], { encoding: 'utf8', env: { ...process.env, ...environment } });
    return text
      .match(/v=(\d+)\.(\d+)/)
      ?.slice(1)
      .map(Number);
  } catch {
    return undefined;
  }
}

function isUsable(candidate) {
  const version = versionOf(candidate);
  if (version === undefined) return false;
  const [major = 0, minor = 0] = version;
  return major > oldestUsable[0] || (major === oldestUsable[0] && minor >= oldestUsable[1]);
}

function unpacked(folder) {
  const architecture = { x64: 'x86_64', arm64: 'aarch64' }[os.arch()];
  const libraries = ['usr/lib', 'lib'].map((part) => path.join(folder, part, `${architecture}-linux-gnu`));
  return {
    binary: path.join(folder, 'usr/bin/redis-server'),
    environment: { LD_LIBRARY_PATH: libraries.join(':') },
    origin: 'Debian package, unpacked privately',
  };
}

/** Packages that only configure a system service; the binary runs without them. */
const needless = new Set(['adduser', 'lsb-base', 'sysvinit-utils', 'passwd', 'init-system-helpers']);

/** Downloads redis-server and the libraries this machine lacks with apt's own signature checks, but installs nothing. */
async function unpackDebianPackage(folder, { signal, logFile }) {
  const part = mkdtempSync(`${folder}.`);
  const apt = path.join(part, 'apt');
  const debs = ensureFolder(path.join(apt, 'debs'));
  for (const name of ['state/lists/partial', 'cache/archives/partial']) ensureFolder(path.join(apt, name));
  const options = [
    `Dir::State=${apt}/state`,
    `Dir::State::Lists=${apt}/state/lists`,
    `Dir::Cache=${apt}/cache`,
    'Dir::State::status=/var/lib/dpkg/status',
    'APT::Sandbox::User=root',
    'Acquire::Languages=none',
    'Acquire::Retries=3',
  ].flatMap((option) => ['-o', option]);
  const run = (command, args, cwd) => runCommandOrThrow({ command, args, cwd, env: process.env, signal, logFile });
  try {
    await run('apt-get', [...options, '-qq', 'update']);
    const plan = await run('apt-get', [...options, '-s', '--no-install-recommends', 'install', 'redis-server']);
    const wanted = new Set(
      [...plan.matchAll(/^Inst (\S+)/gm)].map(([, name]) => name).filter((name) => !needless.has(name)),
    );
    await run('apt-get', [...options, '-qq', 'download', ...wanted.add('redis-server').add('redis-tools')], debs);
    for (const deb of readdirSync(debs)) await run('dpkg-deb', ['-x', path.join(debs, deb), path.join(part, 'root')]);
    renameSync(path.join(part, 'root'), folder);
  } finally {
    rmSync(part, { recursive: true, force: true });
  }
}

/** A redis-server: one on the PATH, else Debian's, unpacked once into `folder`; elsewhere an error that says what to install. */
export async function findRedis({ folder, signal, logFile }) {
  for (const name of ['redis-server', 'valkey-server']) {
    const binary = onPath(name);
    const candidate = { binary, environment: {}, origin: binary };
    if (binary !== undefined && isUsable(candidate)) return candidate;
  }
  const candidate = unpacked(folder);
  if (existsSync(candidate.binary) && isUsable(candidate)) return candidate;
  if (onPath('apt-get') === undefined || onPath('dpkg-deb') === undefined) {
    const hint =
      process.platform === 'darwin' ? 'brew install redis' : 'install redis or valkey with your package manager';
    throw new HintedError('no redis-server or valkey-server ≥ 6.2 on the PATH', `${hint}, or set REDIS_URL`);
  }
  rmSync(folder, { recursive: true, force: true });
  ensureFolder(path.dirname(folder));
  await unpackDebianPackage(folder, { signal, logFile });
  if (!isUsable(candidate)) throw new Error('the unpacked redis-server does not run');
  return candidate;
}
