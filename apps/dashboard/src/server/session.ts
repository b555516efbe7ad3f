import 'server-only';
import { type Action, can, type Membership, membershipsOf } from '@tollgate/access';
import { headers } from 'next/headers';
import { redirect } from 'next/navigation';
import { cache } from 'react';
import { auth } from './auth';
import { database } from './database';
import { type Pulse, readPulse } from './pulse.store';
import { PATH_HEADER } from './request-path';

export interface SignedIn {
  readonly userId: string;
  readonly name: string;
  readonly email: string;
  readonly createdAtMs: number;
  readonly sessionId: string;
}

/** A signed-in person in the organisation they work in. Everything a page reads is read through this organisation. */
export interface Visitor extends SignedIn {
  readonly organization: Membership;
  /** read before anything a page shows: whatever is posted later raises its sequence */
  readonly pulse: Pulse;
}

/** Who is asking, read once per request; null for nobody. Membership is read each time: a removed member is out at once. */
export const currentVisitor = cache(async (): Promise<Visitor | null> => {
  const session = await auth().api.getSession({ headers: await headers() });
  if (!session) return null;
  const { user } = session;
  const [organization] = await membershipsOf(database(), user.id);
  if (!organization) return null;
  const pulse = await readPulse(database(), organization.organizationId);
  if (!pulse) return null;
  const signedIn = { userId: user.id, name: user.name, email: user.email, sessionId: session.session.id };
  return { ...signedIn, createdAtMs: user.createdAt.getTime(), organization, pulse };
});

/** For pages: everyone else is sent to sign in, and comes back afterwards. */
export async function requireVisitor(): Promise<Visitor> {
  const visitor = await currentVisitor();
  if (visitor) return visitor;
  const path = (await headers()).get(PATH_HEADER) ?? '/overview';
  redirect(`/sign-in?next=${encodeURIComponent(path)}`);
}

export function isAllowed(visitor: Visitor, action: Action): boolean {
  return can(visitor.organization.role, action);
}
