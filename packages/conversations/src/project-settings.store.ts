import type { Database } from '@tollgate/prisma';

/** What a project keeps of its conversations. */
export interface ProjectSettings {
  readonly projectId: string;
  readonly name: string;
  /** turns of the Responses API for 30 days, encrypted */
  readonly storesResponses: boolean;
  /** sealed reasoning, and answers to an Idempotency-Key, for a short time; false is zero retention */
  readonly keepsReasoning: boolean;
}

interface SettingsRow {
  readonly id: string;
  readonly name: string;
  readonly stores_responses: boolean;
  readonly keeps_reasoning: boolean;
}

const decode = (row: SettingsRow): ProjectSettings => ({
  projectId: row.id,
  name: row.name,
  storesResponses: row.stores_responses,
  keepsReasoning: row.keeps_reasoning,
});

interface ProjectAddress {
  readonly organizationId: string;
  readonly projectId: string;
}

/** Null where the organisation has no such project. */
export async function readProjectSettings(
  db: Database,
  { organizationId, projectId }: ProjectAddress,
): Promise<ProjectSettings | null> {
  const [row] = await db.$queryRaw<SettingsRow[]>`
    SELECT id::text, name, stores_responses, keeps_reasoning FROM project
    WHERE id = ${projectId}::uuid AND organization_id = ${organizationId}::uuid`;
  return row === undefined ? null : decode(row);
}

/**
 * Changes what is given and raises the organisation's auth version, so that every gateway forgets what it knew of its keys. Turning storage off
 * deletes what was stored: "off" means that it is gone.
 */
export async function changeProjectSettings(
  db: Database,
  { organizationId, projectId }: ProjectAddress,
  change: { readonly storesResponses?: boolean | undefined; readonly keepsReasoning?: boolean | undefined },
): Promise<{ readonly settings: ProjectSettings; readonly authVersion: string } | null> {
  return db.$transaction(async (tx) => {
    const [row] = await tx.$queryRaw<SettingsRow[]>`
      UPDATE project SET stores_responses = COALESCE(${change.storesResponses ?? null}::boolean, stores_responses),
        keeps_reasoning = COALESCE(${change.keepsReasoning ?? null}::boolean, keeps_reasoning)
      WHERE id = ${projectId}::uuid AND organization_id = ${organizationId}::uuid
      RETURNING id::text, name, stores_responses, keeps_reasoning`;
    if (row === undefined) return null;
    if (!row.stores_responses) await tx.$executeRaw`DELETE FROM stored_response WHERE project_id = ${projectId}::uuid`;
    // That a request was answered, and what it cost, stays: who asks again must not pay again.
    if (!row.keeps_reasoning)
      await tx.$executeRaw`UPDATE idempotent_answer SET answer = NULL WHERE project_id = ${projectId}::uuid AND answer IS NOT NULL`;
    const [version] = await tx.$queryRaw<{ readonly auth_version: bigint }[]>`
      UPDATE organization SET auth_version = auth_version + 1 WHERE id = ${organizationId}::uuid RETURNING auth_version`;
    if (version === undefined) throw new Error('a project without an organisation');
    return { settings: decode(row), authVersion: version.auth_version.toString() };
  });
}
