import 'server-only';
import { type Database, openDatabase } from '@tollgate/prisma';
import { config } from '../config';
import { once } from './once';

/** The dashboard's pool. Only stores and the packages' use-case functions are handed it. */
export function database(): Database {
  return once('database', () =>
    openDatabase({ url: config().databaseUrl, applicationName: 'tollgate-dashboard', maxConnections: 10 }),
  );
}
