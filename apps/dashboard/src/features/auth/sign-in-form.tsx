'use client';

import Link from 'next/link';
import { useState } from 'react';
import { Button } from '../../ui/button';
import { Field, Input } from '../../ui/field';
import { Notice } from '../../ui/notice';
import { AuthHeading, textLink } from './auth-heading';
import { postAuth } from './auth-request';
import { CheckMail } from './check-mail';
import { fieldText, useSubmit } from './use-submit';

export function SignInForm({
  next,
  notice,
  inboxUrl,
}: {
  next: string;
  notice: string | null;
  inboxUrl: string | null;
}) {
  const [unconfirmed, setUnconfirmed] = useState<string | null>(null);
  const { isPending, refusal, onSubmit } = useSubmit(
    async (form) => {
      const email = fieldText(form, 'email').trim();
      const reply = await postAuth('/sign-in/email', {
        email,
        password: fieldText(form, 'password'),
        callbackURL: '/welcome',
      });
      if (!reply.ok && reply.code === 'EMAIL_NOT_VERIFIED') setUnconfirmed(email);
      return reply;
    },
    // A whole new page load: nothing that was rendered for nobody stays in the browser.
    () => window.location.assign(next),
  );
  if (unconfirmed !== null) return <CheckMail email={unconfirmed} inboxUrl={inboxUrl} />;
  return (
    <>
      <AuthHeading title="Sign in" />
      <form onSubmit={onSubmit} className="grid gap-4">
        {refusal ? (
          <Notice tone="danger" role="alert">
            {refusal.message}
          </Notice>
        ) : notice ? (
          <Notice role="status">{notice}</Notice>
        ) : null}
        <Field id="email" label="Email">
          <Input id="email" name="email" type="email" autoComplete="email" required maxLength={254} />
        </Field>
        <div className="relative">
          <Field id="password" label="Password">
            <Input
              id="password"
              name="password"
              type="password"
              autoComplete="current-password"
              required
              maxLength={128}
            />
          </Field>
          <Link href="/forgot-password" className={`absolute right-0 top-0 text-[13px] ${textLink}`}>
            Forgot it?
          </Link>
        </div>
        <Button type="submit" look="primary" size="medium" disabled={isPending}>
          {isPending ? 'Signing in…' : 'Sign in'}
        </Button>
      </form>
      <p className="mt-6 text-[13px] text-muted">
        New here?{' '}
        <Link href="/sign-up" className={textLink}>
          Create an account
        </Link>
      </p>
    </>
  );
}
