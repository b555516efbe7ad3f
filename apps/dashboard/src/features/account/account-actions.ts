'use server';

import { renameOrganization } from '@tollgate/access';
import { revalidatePath } from 'next/cache';
import { headers } from 'next/headers';
import { z } from 'zod';
import { auth } from '../../server/auth';
import { database } from '../../server/database';
import { currentVisitor, isAllowed } from '../../server/session';

export type Renaming = { readonly kind: 'renamed' } | { readonly kind: 'refused'; readonly message: string };

const nameSchema = z.string().max(1_000);
const sessionIdSchema = z.string().min(1).max(128);

export async function renameOrganizationAction(input: string): Promise<Renaming> {
  const name = nameSchema.safeParse(input);
  if (!name.success) return { kind: 'refused', message: 'The name is too long.' };
  const visitor = await currentVisitor();
  if (!visitor) return { kind: 'refused', message: 'Your session has ended. Sign in again.' };
  if (!isAllowed(visitor, 'organization.write')) return { kind: 'refused', message: 'Your role does not allow this.' };
  const { organizationId } = visitor.organization;
  const renamed = await renameOrganization(database(), { organizationId, name: name.data });
  switch (renamed.kind) {
    case 'renamed':
      revalidatePath('/', 'layout');
      return { kind: 'renamed' };
    case 'invalid':
      return { kind: 'refused', message: renamed.message };
    case 'not_found':
      return { kind: 'refused', message: 'The organisation is gone.' };
  }
}

/** Ends one of the visitor's own sessions. The browser names it by id; its token never leaves the server. */
export async function endSessionAction(input: string): Promise<boolean> {
  const id = sessionIdSchema.safeParse(input);
  const visitor = await currentVisitor();
  if (!id.success || !visitor) return false;
  const requestHeaders = await headers();
  const sessions = await auth().api.listSessions({ headers: requestHeaders });
  const session = sessions.find((candidate) => candidate.id === id.data);
  if (!session) return false;
  await auth().api.revokeSession({ headers: requestHeaders, body: { token: session.token } });
  return true;
}
