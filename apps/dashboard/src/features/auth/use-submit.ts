'use client';

import { type FormEvent, useState } from 'react';
import type { AuthReply } from './auth-request';

interface Submission {
  readonly isPending: boolean;
  readonly refusal: { readonly code: string; readonly message: string } | null;
  readonly onSubmit: (event: FormEvent<HTMLFormElement>) => void;
}

/** One form, one request at a time; what went wrong stays until the next try. */
export function useSubmit(send: (form: FormData) => Promise<AuthReply>, onDone: (form: FormData) => void): Submission {
  const [isPending, setPending] = useState(false);
  const [refusal, setRefusal] = useState<{ code: string; message: string } | null>(null);
  const onSubmit = async (event: FormEvent<HTMLFormElement>) => {
    event.preventDefault();
    if (isPending) return;
    const form = new FormData(event.currentTarget);
    setPending(true);
    setRefusal(null);
    const reply = await send(form);
    if (!reply.ok) {
      setRefusal(reply);
      setPending(false);
      return;
    }
    onDone(form);
    setPending(false);
  };
  return { isPending, refusal, onSubmit: (event) => void onSubmit(event) };
}

/** A form field as text; a form of ours holds no files. */
export function fieldText(form: FormData, name: string): string {
  const value = form.get(name);
  return typeof value === 'string' ? value : '';
}
