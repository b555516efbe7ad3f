import 'server-only';
import { createLogger, type Logger } from '@tollgate/telemetry';
import { once } from './once';

export function log(): Logger {
  return once('log', () => createLogger({ name: 'dashboard' }));
}
