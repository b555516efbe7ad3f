import type { Metadata } from 'next';
import { redirect } from 'next/navigation';
import { inboxUrl } from '../../../features/auth/mail-place';
import { returnPath } from '../../../features/auth/return-path';
import { SignInForm } from '../../../features/auth/sign-in-form';
import { type SearchParameters, textParameter } from '../../../server/search-parameters';
import { currentVisitor } from '../../../server/session';

export const metadata: Metadata = { title: 'Sign in' };

export default async function SignInPage({ searchParams }: { searchParams: Promise<SearchParameters> }) {
  const parameters = await searchParams;
  const wanted = returnPath(textParameter(parameters, 'next'), '/overview');
  // A confirmation link that is no longer good leads to the page behind it with an error, and from there to here.
  const { pathname, searchParams: wantedParameters } = new URL(wanted, 'http://here');
  const isLinkDead = wantedParameters.has('error');
  const next = isLinkDead ? pathname : wanted;
  if (await currentVisitor()) redirect(next);
  const isReset = textParameter(parameters, 'reset') === 'done';
  const notice = isReset
    ? 'Your new password is saved. Sign in with it.'
    : isLinkDead
      ? 'That link is no longer good. Sign in, and we send a new one if you need it.'
      : null;
  return <SignInForm next={next} notice={notice} inboxUrl={inboxUrl()} />;
}
