'use client';

import { Plus } from 'lucide-react';
import { type FormEvent, useState } from 'react';
import { Button } from '../../ui/button';
import { CodeBlock } from '../../ui/code-block';
import { Dialog } from '../../ui/dialog';
import { Field, Input, Select } from '../../ui/field';
import { Notice } from '../../ui/notice';
import { fieldText } from '../auth/use-submit';
import { createKeyAction, type KeyCreation } from './key-actions';

const DAY_MS = 86_400_000;
const EXPIRIES = [
  { value: '', title: 'Never' },
  { value: '7', title: 'In 7 days' },
  { value: '30', title: 'In 30 days' },
  { value: '90', title: 'In 90 days' },
  { value: '365', title: 'In a year' },
];

export function CreateKey({ canManage }: { canManage: boolean }) {
  const [isOpen, setOpen] = useState(false);
  const [result, setResult] = useState<KeyCreation | null>(null);
  const open = (wanted: boolean) => {
    setOpen(wanted);
    // Closing forgets the key: it was shown once.
    if (!wanted) setResult(null);
  };
  const isCreated = result?.kind === 'created';
  return (
    <>
      <Button look="primary" size="medium" onClick={() => open(true)}>
        <Plus aria-hidden />
        Create key
      </Button>
      <Dialog
        isOpen={isOpen}
        onOpenChange={open}
        isSticky={isCreated}
        title={isCreated ? 'Your new key' : 'Create a key'}
        description={
          isCreated
            ? `“${result.name}” is ready.`
            : 'Give each program a key of its own: then each can be stopped on its own.'
        }
      >
        {isCreated ? (
          <div className="grid gap-3">
            <CodeBlock code={result.token} label="key" />
            <Notice tone="warning" role="status">
              Copy it now. It is shown this once: we store only a keyed hash of it.
            </Notice>
            <div className="flex justify-end">
              <Button look="primary" size="medium" onClick={() => open(false)}>
                Done
              </Button>
            </div>
          </div>
        ) : (
          <CreateKeyForm
            canManage={canManage}
            refusal={result?.kind === 'refused' ? result : null}
            onResult={setResult}
            onCancel={() => open(false)}
          />
        )}
      </Dialog>
    </>
  );
}

interface CreateKeyFormProps {
  readonly canManage: boolean;
  readonly refusal: Extract<KeyCreation, { kind: 'refused' }> | null;
  readonly onResult: (result: KeyCreation) => void;
  readonly onCancel: () => void;
}

function CreateKeyForm({ canManage, refusal, onResult, onCancel }: CreateKeyFormProps) {
  const [isPending, setPending] = useState(false);
  const onSubmit = async (event: FormEvent<HTMLFormElement>) => {
    event.preventDefault();
    const form = new FormData(event.currentTarget);
    const days = fieldText(form, 'expiry');
    setPending(true);
    const result = await createKeyAction({
      name: fieldText(form, 'name'),
      kind: fieldText(form, 'kind') === 'management' ? 'management' : 'inference',
      limit: fieldText(form, 'limit'),
      expiresAtMs: days === '' ? null : Date.now() + Number(days) * DAY_MS,
    }).catch((): KeyCreation => ({ kind: 'refused', message: 'The server could not be reached. Try again.' }));
    setPending(false);
    onResult(result);
  };
  const errorOf = (field: string) => (refusal?.field === field ? refusal.message : null);
  return (
    <form onSubmit={(event) => void onSubmit(event)} className="grid gap-4">
      {refusal && !refusal.field ? (
        <Notice tone="danger" role="alert">
          {refusal.message}
        </Notice>
      ) : null}
      <Field id="key-name" label="Name" error={errorOf('name')} hint="Where it is used: “website, production”.">
        <Input id="key-name" name="name" required maxLength={80} autoComplete="off" aria-describedby="key-name-note" />
      </Field>
      <Field
        id="key-kind"
        label="Kind"
        hint={canManage ? 'Management keys create and revoke keys; they call no models.' : null}
      >
        <Select
          id="key-kind"
          name="kind"
          defaultValue="inference"
          aria-describedby={canManage ? 'key-kind-note' : undefined}
        >
          <option value="inference">Inference: calls models</option>
          {canManage ? <option value="management">Management: manages the account</option> : null}
        </Select>
      </Field>
      <div className="grid gap-4 sm:grid-cols-2">
        <Field
          id="key-limit"
          label="Spending limit, $"
          error={errorOf('limit')}
          hint="Over its whole life. Empty: none."
        >
          <Input
            id="key-limit"
            name="limit"
            inputMode="decimal"
            placeholder="No limit"
            autoComplete="off"
            aria-invalid={errorOf('limit') !== null}
            aria-describedby="key-limit-note"
          />
        </Field>
        <Field id="key-expiry" label="Expires" error={errorOf('expiry')}>
          <Select id="key-expiry" name="expiry" defaultValue="">
            {EXPIRIES.map(({ value, title }) => (
              <option key={value} value={value}>
                {title}
              </option>
            ))}
          </Select>
        </Field>
      </div>
      <div className="flex justify-end gap-2">
        <Button size="medium" onClick={onCancel}>
          Cancel
        </Button>
        <Button type="submit" look="primary" size="medium" disabled={isPending}>
          {isPending ? 'Creating…' : 'Create key'}
        </Button>
      </div>
    </form>
  );
}
