import type { EventEmitter } from 'node:events';
import type { Logger } from '@tollgate/telemetry';

/**
 * A promise or a listener that failed where nobody waits for it is one defect; ending the process would break every stream it carries.
 * It is logged and the process goes on. To be set once the program listens: a start that fails must still end it.
 */
export function guardProcess(process: Pick<EventEmitter, 'on'>, log: Logger): void {
  const record = (error: unknown): void => {
    // Logging that the log's own pipe is gone would fail again, for ever.
    if (error instanceof Error && 'code' in error && error.code === 'EPIPE') return;
    log.error({ error }, 'something failed that nobody waited for');
  };
  process.on('unhandledRejection', record);
  process.on('uncaughtException', record);
}
