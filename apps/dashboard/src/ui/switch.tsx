'use client';

import { Switch as Primitive } from 'radix-ui';

interface SwitchProps {
  readonly id: string;
  readonly isOn: boolean;
  readonly onChange: (isOn: boolean) => void;
  readonly isDisabled?: boolean;
  /** id of the text that says what it does */
  readonly describedBy: string;
}

/** On or off, at once. Its label is a `<label htmlFor>`; on and off differ in place, not in colour alone. */
export function Switch({ id, isOn, onChange, isDisabled = false, describedBy }: SwitchProps) {
  return (
    <Primitive.Root
      id={id}
      checked={isOn}
      onCheckedChange={onChange}
      disabled={isDisabled}
      aria-describedby={describedBy}
      className="relative inline-flex h-6 w-10 shrink-0 items-center rounded-full border border-line-strong bg-sunken p-0.5 transition-colors disabled:cursor-not-allowed disabled:opacity-55 data-[state=checked]:border-primary data-[state=checked]:bg-primary"
    >
      <Primitive.Thumb className="size-4.5 rounded-full bg-faint transition-transform data-[state=checked]:translate-x-4 data-[state=checked]:bg-on-primary" />
    </Primitive.Root>
  );
}
