import { fork } from 'node:child_process';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { freePort } from '../harness/programs.js';

/** Node's http server and undici, nothing else, in a process of its own: what everything is compared with. */
export async function startBareProxy(
  sandboxUrl: string,
): Promise<{ readonly origin: string; readonly pid: number; readonly stop: () => void }> {
  const port = await freePort();
  const file = path.join(path.dirname(fileURLToPath(import.meta.url)), 'bare-proxy.mjs');
  const child = fork(file, [String(port), sandboxUrl, '/providers/openai/v1/chat/completions'], { stdio: 'inherit' });
  await new Promise((resolve, reject) => child.once('message', resolve).once('exit', reject));
  return { origin: `http://127.0.0.1:${port}`, pid: child.pid ?? 0, stop: () => child.kill() };
}
