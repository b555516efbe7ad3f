import { EventEmitter } from 'node:events';
import { createLogger } from '@tollgate/telemetry';
import { expect, it } from 'vitest';
import { guardProcess } from './process-guard.js';

it('a failure that nobody waits for is logged, without secrets, and a broken log is not logged for ever', () => {
  const lines: string[] = [];
  const process = new EventEmitter();
  guardProcess(
    process,
    createLogger({ name: 'test', destination: { write: (line: string) => void lines.push(line) } }),
  );
  process.emit('unhandledRejection', new Error('lost tg_CanaryCanary0123456789'));
  process.emit('uncaughtException', Object.assign(new Error('write'), { code: 'EPIPE' }));
  expect(lines).toHaveLength(1);
  expect(lines[0]).toContain('lost');
  expect(lines[0]).not.toContain('Canary');
});
