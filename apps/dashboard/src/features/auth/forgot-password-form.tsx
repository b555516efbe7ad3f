'use client';

import Link from 'next/link';
import { useState } from 'react';
import { Button, ButtonLink } from '../../ui/button';
import { Field, Input } from '../../ui/field';
import { Notice } from '../../ui/notice';
import { AuthHeading, textLink } from './auth-heading';
import { postAuth } from './auth-request';
import { fieldText, useSubmit } from './use-submit';

export function ForgotPasswordForm({ inboxUrl }: { inboxUrl: string | null }) {
  const [isSent, setSent] = useState(false);
  const { isPending, refusal, onSubmit } = useSubmit(
    (form) => postAuth('/request-password-reset', { email: fieldText(form, 'email').trim() }),
    () => setSent(true),
  );
  return (
    <>
      <AuthHeading title="Set a new password">We mail you a link that is good for 15 minutes.</AuthHeading>
      {isSent ? (
        <div className="grid gap-4">
          <Notice tone="success" role="status">
            If there is an account for this address, the mail is on its way.
          </Notice>
          {inboxUrl ? (
            <ButtonLink href={inboxUrl} target="_blank" rel="noreferrer" prefetch={false}>
              Open the sandbox inbox
            </ButtonLink>
          ) : null}
        </div>
      ) : (
        <form onSubmit={onSubmit} className="grid gap-4">
          {refusal ? (
            <Notice tone="danger" role="alert">
              {refusal.message}
            </Notice>
          ) : null}
          <Field id="email" label="Email">
            <Input id="email" name="email" type="email" autoComplete="email" required maxLength={254} />
          </Field>
          <Button type="submit" look="primary" size="medium" disabled={isPending}>
            {isPending ? 'Sending…' : 'Send the link'}
          </Button>
        </form>
      )}
      <p className="mt-6 text-[13px] text-muted">
        <Link href="/sign-in" className={textLink}>
          Back to sign in
        </Link>
      </p>
    </>
  );
}
