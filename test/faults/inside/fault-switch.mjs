// Loaded with `--import` into a program under attack. It listens to the lines the program passes and to the harness, kills the program
// at a line, and lets its spool's disk be full. The program itself knows nothing of it.
import { subscribe } from 'node:diagnostics_channel';
import fs, { readlinkSync } from 'node:fs';
import { syncBuiltinESMExports } from 'node:module';

// By hand: TOLLGATE_FAIL_POINT names a line to die at, at its first pass.
const { TOLLGATE_FAIL_POINT: wanted = '' } = process.env;
/** @type {{ name: string, passes: number } | null} */
let armed = wanted === '' ? null : { name: wanted, passes: 1 };
/** @type {'well' | 'full' | 'torn'} */
let disk = 'well';

subscribe('tollgate:fail-point', (name) => {
  if (armed === null || name !== armed.name) return;
  armed.passes -= 1;
  // The signal is there before the call returns: no line after this one runs.
  if (armed.passes <= 0) process.kill(process.pid, 'SIGKILL');
});

const isSpool = (descriptor) => {
  try {
    return readlinkSync(`/proc/self/fd/${descriptor}`).endsWith('.spool');
  } catch {
    return false;
  }
};

const { writeSync } = fs;
fs.writeSync = (descriptor, data, ...rest) => {
  if (disk === 'well' || !isSpool(descriptor)) return writeSync(descriptor, data, ...rest);
  const [offset = 0, length = data.length] = rest;
  if (disk === 'torn' && length > 1) writeSync(descriptor, data, offset, Math.floor(length / 2));
  throw Object.assign(new Error('ENOSPC: no space left on device, write'), { code: 'ENOSPC' });
};
syncBuiltinESMExports();

process.on('message', (message) => {
  if (message?.kind === 'arm') armed = { name: message.name, passes: message.passes };
  if (message?.kind === 'disarm') armed = null;
  if (message?.kind === 'disk') disk = message.state;
});
// The harness is gone, however it ended: so is what it attacked.
process.on('disconnect', () => process.exit(1));
process.channel?.unref();
