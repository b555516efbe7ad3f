import type { Metadata } from 'next';
import { redirect } from 'next/navigation';
import { inboxUrl } from '../../../features/auth/mail-place';
import { returnPath } from '../../../features/auth/return-path';
import { SignInForm } from '../../../features/auth/sign-in-form';
import { currentVisitor } from '../../../server/session';
import { type SearchParameters, textParameter } from '../../../server/search-parameters';

export const metadata: Metadata = { title: 'Sign in' };

export default async function SignInPage({ searchParams }: { searchParams: Promise<SearchParameters> }) {
  const parameters = await searchParams;
  const next = returnPath(textParameter(parameters, 'next'), '/overview');
  if (await currentVisitor()) redirect(next);
  const isReset = textParameter(parameters, 'reset') === 'done';
  return (
    <SignInForm
      next={next}
      notice={isReset ? 'Your new password is saved. Sign in with it.' : null}
      inboxUrl={inboxUrl()}
    />
  );
}
