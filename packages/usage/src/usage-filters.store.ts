import { Prisma } from '@tollgate/prisma';
import { isUuid } from './request-id.js';
import type { UsageWindow } from './usage-window.js';

/** What both the log and the hourly sums can be narrowed to. Absent: everything. */
export interface UsageFilters {
  readonly model?: string;
  readonly provider?: string;
  readonly keyId?: string;
  readonly projectId?: string;
}

const TEXT_MAX = 256;

/** One organisation's rows, narrowed; null when a value can match no row at all (a wrong type, a null byte). */
export function usageCondition(organizationId: string, filters: UsageFilters): Prisma.Sql | null {
  const { model, provider, keyId, projectId } = filters;
  if (!isUuid(organizationId)) return null;
  if (keyId !== undefined && !isUuid(keyId)) return null;
  if (projectId !== undefined && !isUuid(projectId)) return null;
  if ((model !== undefined && !isText(model)) || (provider !== undefined && !isText(provider))) return null;
  const conditions = [Prisma.sql`organization_id = ${organizationId}::uuid`];
  if (keyId !== undefined) conditions.push(Prisma.sql`key_id = ${keyId}::uuid`);
  if (projectId !== undefined) conditions.push(Prisma.sql`project_id = ${projectId}::uuid`);
  if (model !== undefined) conditions.push(Prisma.sql`model = ${model}`);
  if (provider !== undefined) conditions.push(Prisma.sql`provider = ${provider}`);
  return Prisma.join(conditions, ' AND ');
}

/** The same rule as isErrorEvent, for rows of request_log: a test holds them together. */
export const IS_ERROR_ROW = Prisma.sql`(status >= 400 OR ending IN ('provider_died', 'refused', 'crashed', 'expired'))`;

function isText(value: unknown): value is string {
  return typeof value === 'string' && value.length <= TEXT_MAX && !value.includes('\u0000');
}

/** The hourly sums of a window. */
export function isInHours({ fromMs, toMs }: Pick<UsageWindow, 'fromMs' | 'toMs'>): Prisma.Sql {
  return Prisma.sql`hour >= ${new Date(fromMs)}::timestamptz AND hour < ${new Date(toMs)}::timestamptz`;
}
