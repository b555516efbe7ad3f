import { readdirSync, readFileSync, readlinkSync } from 'node:fs';
import net from 'node:net';
import { commandLineOf } from './process-identity.mjs';
import { HintedError } from './step.mjs';

/** True when nothing listens on this loopback port. */
export function isFree(port) {
  return new Promise((resolve) => {
    const server = net.createServer();
    server.once('error', () => resolve(false));
    server.listen({ port, host: '127.0.0.1', exclusive: true }, () => server.close(() => resolve(true)));
  });
}

/** The first free port at or above `wanted`. */
export async function firstFree(wanted) {
  for (let port = wanted; port < wanted + 200; port++) if (await isFree(port)) return port;
  throw new Error(`no free port between ${wanted} and ${wanted + 199}`);
}

const listening = '0A';

function listeningInode(port) {
  const wanted = port.toString(16).toUpperCase().padStart(4, '0');
  for (const table of ['/proc/net/tcp', '/proc/net/tcp6']) {
    const rows = readLines(table).map((line) => line.trim().split(/\s+/));
    const row = rows.find((fields) => fields[1]?.endsWith(`:${wanted}`) && fields[3] === listening);
    if (row !== undefined) return row[9];
  }
  return undefined;
}

function readLines(file) {
  try {
    return readFileSync(file, 'utf8').split('\n').slice(1);
  } catch {
    return [];
  }
}

const list = (folder) => {
  try {
    return readdirSync(folder);
  } catch {
    return [];
  }
};

const linkOf = (file) => {
  try {
    return readlinkSync(file);
  } catch {
    return '';
  }
};

/** Who listens on a port, as "pid 123 (node server.js)"; undefined when this user may not know. */
export function portHolder(port) {
  const inode = listeningInode(port);
  if (inode === undefined) return undefined;
  const pids = list('/proc').filter((name) => /^\d+$/.test(name));
  const holds = (pid) => list(`/proc/${pid}/fd`).some((fd) => linkOf(`/proc/${pid}/fd/${fd}`) === `socket:[${inode}]`);
  const pid = pids.find(holds);
  return pid === undefined ? undefined : `pid ${pid} (${commandLineOf(pid).slice(0, 80)})`;
}

/** Throws one line that names the first port in use, its holder, and the variable that moves it. */
export async function requireFreePorts(ports, variables) {
  for (const [name, port] of Object.entries(ports)) {
    if (await isFree(port)) continue;
    const holder = portHolder(port) ?? 'another program';
    const hint = `end that program, or start with ${variables[name]}=${port + 100} npm start`;
    throw new HintedError(`port ${port} (${name}) is in use by ${holder}`, hint);
  }
}
