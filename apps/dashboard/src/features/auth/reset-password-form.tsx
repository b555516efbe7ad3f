'use client';

import Link from 'next/link';
import { Button } from '../../ui/button';
import { Field, Input } from '../../ui/field';
import { Notice } from '../../ui/notice';
import { AuthHeading, textLink } from './auth-heading';
import { postAuth } from './auth-request';
import { fieldText, useSubmit } from './use-submit';

export function ResetPasswordForm({ token }: { token: string }) {
  const { isPending, refusal, onSubmit } = useSubmit(
    (form) => postAuth('/reset-password', { token, newPassword: fieldText(form, 'password') }),
    () => window.location.assign('/sign-in?reset=done'),
  );
  return (
    <>
      <AuthHeading title="Choose a new password">You will be signed out everywhere else.</AuthHeading>
      <form onSubmit={onSubmit} className="grid gap-4">
        {refusal ? (
          <Notice tone="danger" role="alert">
            {refusal.message}{' '}
            {refusal.code === 'INVALID_TOKEN' ? (
              <Link href="/forgot-password" className="underline">
                Ask for a new link
              </Link>
            ) : null}
          </Notice>
        ) : null}
        <Field id="password" label="New password" hint="At least 10 characters.">
          <Input
            id="password"
            name="password"
            type="password"
            autoComplete="new-password"
            required
            minLength={10}
            maxLength={128}
            aria-describedby="password-note"
          />
        </Field>
        <Button type="submit" look="primary" size="medium" disabled={isPending}>
          {isPending ? 'Saving…' : 'Save the password'}
        </Button>
      </form>
      <p className="mt-6 text-[13px] text-muted">
        <Link href="/sign-in" className={textLink}>
          Back to sign in
        </Link>
      </p>
    </>
  );
}
