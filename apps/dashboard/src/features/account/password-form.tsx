'use client';

import { useRouter } from 'next/navigation';
import { useState } from 'react';
import { Button } from '../../ui/button';
import { Field, Input } from '../../ui/field';
import { Notice } from '../../ui/notice';
import { postAuth } from '../auth/auth-request';
import { fieldText, useSubmit } from '../auth/use-submit';

export function PasswordForm() {
  const router = useRouter();
  const [saves, setSaves] = useState(0);
  const { isPending, refusal, onSubmit } = useSubmit(
    (form) =>
      postAuth('/change-password', {
        currentPassword: fieldText(form, 'current'),
        newPassword: fieldText(form, 'next'),
        revokeOtherSessions: true,
      }),
    () => {
      setSaves((before) => before + 1);
      router.refresh();
    },
  );
  return (
    // A new form after each save: what was typed is gone.
    <form key={saves} onSubmit={onSubmit} className="grid max-w-md gap-4">
      {refusal ? (
        <Notice tone="danger" role="alert">
          {refusal.message}
        </Notice>
      ) : null}
      <Field id="password-current" label="Current password">
        <Input
          id="password-current"
          name="current"
          type="password"
          autoComplete="current-password"
          required
          maxLength={128}
        />
      </Field>
      <Field id="password-next" label="New password" hint="At least 10 characters. Signs you out everywhere else.">
        <Input
          id="password-next"
          name="next"
          type="password"
          autoComplete="new-password"
          required
          minLength={10}
          maxLength={128}
          aria-describedby="password-next-note"
        />
      </Field>
      <div className="flex items-center gap-3">
        <Button type="submit" look="primary" disabled={isPending}>
          {isPending ? 'Saving…' : 'Change password'}
        </Button>
        <span aria-live="polite" className="text-[13px] text-muted">
          {saves > 0 ? 'Your password is changed.' : ''}
        </span>
      </div>
    </form>
  );
}
