'use client';

import { CalendarRange } from 'lucide-react';
import Link from 'next/link';
import { useRouter } from 'next/navigation';
import { type FormEvent, useState } from 'react';
import { Button } from '../../ui/button';
import { classNames } from '../../ui/class-names';
import { Dialog } from '../../ui/dialog';
import { Field, Input } from '../../ui/field';
import { Notice } from '../../ui/notice';
import { fieldText } from '../auth/use-submit';
import { type FilterAddress, writeAddress } from './filter-address';

interface RangePickerProps {
  readonly path: string;
  readonly address: FilterAddress;
  readonly current: string;
  readonly choices: readonly { readonly value: string; readonly title: string; readonly label: string }[];
  readonly fromMs: number;
  readonly toMs: number;
}

const segment =
  'inline-flex h-7 items-center gap-1.5 rounded px-2.5 text-[13px] font-medium text-muted hover:text-text aria-[current=true]:bg-surface aria-[current=true]:text-text aria-[current=true]:shadow-[var(--shadow)]';

export function RangePicker({ path, address, current, choices, fromMs, toMs }: RangePickerProps) {
  const [isOpen, setOpen] = useState(false);
  return (
    <div className="inline-flex rounded-md border border-line bg-sunken p-0.5">
      {choices.map(({ value, title, label }) => (
        <Link
          key={value}
          href={writeAddress(path, address, { range: value, from: '', to: '' })}
          aria-label={label}
          aria-current={current === value}
          prefetch={false}
          scroll={false}
          className={segment}
        >
          {title}
        </Link>
      ))}
      <button type="button" aria-current={current === 'custom'} className={segment} onClick={() => setOpen(true)}>
        <CalendarRange className="size-3.5" aria-hidden />
        <span className={classNames(current !== 'custom' && 'sr-only sm:not-sr-only')}>Custom</span>
      </button>
      <Dialog isOpen={isOpen} onOpenChange={setOpen} title="Custom range" description="In your own time zone.">
        <CustomRange path={path} address={address} fromMs={fromMs} toMs={toMs} onDone={() => setOpen(false)} />
      </Dialog>
    </div>
  );
}

interface CustomRangeProps {
  readonly path: string;
  readonly address: FilterAddress;
  readonly fromMs: number;
  readonly toMs: number;
  readonly onDone: () => void;
}

function CustomRange({ path, address, fromMs, toMs, onDone }: CustomRangeProps) {
  const router = useRouter();
  const [error, setError] = useState<string | null>(null);
  const onSubmit = (event: FormEvent<HTMLFormElement>) => {
    event.preventDefault();
    const form = new FormData(event.currentTarget);
    const from = new Date(fieldText(form, 'from'));
    const to = new Date(fieldText(form, 'to'));
    if (!(from < to)) return setError('The range ends before it begins.');
    onDone();
    router.push(writeAddress(path, address, { range: 'custom', from: from.toISOString(), to: to.toISOString() }), {
      scroll: false,
    });
  };
  return (
    <form onSubmit={onSubmit} className="grid gap-4">
      {error ? (
        <Notice tone="danger" role="alert">
          {error}
        </Notice>
      ) : null}
      <div className="grid gap-4 sm:grid-cols-2">
        <Field id="range-from" label="From">
          <Input id="range-from" name="from" type="datetime-local" required defaultValue={localInput(fromMs)} />
        </Field>
        <Field id="range-to" label="To">
          <Input id="range-to" name="to" type="datetime-local" required defaultValue={localInput(toMs)} />
        </Field>
      </div>
      <div className="flex justify-end">
        <Button type="submit" look="primary" size="medium">
          Show
        </Button>
      </div>
    </form>
  );
}

/** "2026-11-20T14:05" in the reader's zone, as a datetime-local field wants it. */
function localInput(atMs: number): string {
  const offsetMs = new Date(atMs).getTimezoneOffset() * 60_000;
  return new Date(atMs - offsetMs).toISOString().slice(0, 16);
}
