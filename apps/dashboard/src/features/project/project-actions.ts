'use server';

import { changeProjectSettings } from '@tollgate/conversations';
import { revalidatePath } from 'next/cache';
import { z } from 'zod';
import { announceAuthChange } from '../../server/announce';
import { database } from '../../server/database';
import { currentVisitor, isAllowed } from '../../server/session';
import { forgetReasoning } from './forget-reasoning';

export type RetentionChange =
  /** `isKnown` is false while gateways could not be told, or what they kept not be removed: the change is stored and will reach them. */
  { readonly kind: 'changed'; readonly isKnown: boolean } | { readonly kind: 'refused'; readonly message: string };

// Server actions take what a browser sends: everything is checked again here.
const wishSchema = z.strictObject({
  storesResponses: z.boolean().optional(),
  keepsReasoning: z.boolean().optional(),
});

/** Stored first, announced then; what gateways kept goes last, when none of them keeps more. */
export async function changeRetentionAction(input: z.input<typeof wishSchema>): Promise<RetentionChange> {
  const wish = wishSchema.safeParse(input);
  if (!wish.success) return { kind: 'refused', message: 'The wish could not be read.' };
  const visitor = await currentVisitor();
  if (!visitor) return { kind: 'refused', message: 'Your session has ended. Sign in again.' };
  if (!isAllowed(visitor, 'retention.write')) return { kind: 'refused', message: 'Your role does not allow this.' };
  const { organizationId, defaultProjectId } = visitor.organization;
  const project = { organizationId, projectId: defaultProjectId };
  const changed = await changeProjectSettings(database(), project, wish.data);
  if (changed === null) return { kind: 'refused', message: 'The project is gone.' };
  const isAnnounced = await announceAuthChange(organizationId, changed.authVersion);
  const isForgotten = changed.settings.keepsReasoning || (await forgetReasoning(organizationId));
  revalidatePath('/settings');
  return { kind: 'changed', isKnown: isAnnounced && isForgotten };
}
