import type { ComponentProps, ReactNode } from 'react';
import { classNames } from './class-names';

export const controlLook =
  'h-9 w-full min-w-0 rounded-md border border-line-strong bg-surface px-3 text-sm text-text placeholder:text-faint shadow-[var(--shadow)] disabled:opacity-60 aria-invalid:border-danger';

export function Input({ className, ...props }: ComponentProps<'input'>) {
  return <input className={classNames(controlLook, className)} {...props} />;
}

export function Select({ className, children, ...props }: ComponentProps<'select'>) {
  return (
    <select className={classNames(controlLook, 'pr-8', className)} {...props}>
      {children}
    </select>
  );
}

interface FieldProps {
  readonly id: string;
  readonly label: string;
  readonly hint?: ReactNode;
  readonly error?: string | null;
  readonly children: ReactNode;
}

/** A label, its control, and what is wrong with it. The control names `${id}-note` in aria-describedby. */
export function Field({ id, label, hint, error, children }: FieldProps) {
  return (
    <div className="grid gap-1.5">
      <label htmlFor={id} className="text-[13px] font-medium">
        {label}
      </label>
      {children}
      {error ? (
        <p id={`${id}-note`} className="text-[13px] text-danger">
          {error}
        </p>
      ) : hint ? (
        <p id={`${id}-note`} className="text-[13px] text-muted">
          {hint}
        </p>
      ) : null}
    </div>
  );
}
