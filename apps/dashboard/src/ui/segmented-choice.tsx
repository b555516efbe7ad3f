'use client';

import { classNames } from './class-names';

interface SegmentedChoiceProps<Value extends string> {
  readonly label: string;
  readonly choices: readonly { readonly value: Value; readonly title: string }[];
  readonly chosen: Value;
  readonly onChoose: (value: Value) => void;
}

/** A few choices side by side, one of them pressed. */
export function SegmentedChoice<Value extends string>({
  label,
  choices,
  chosen,
  onChoose,
}: SegmentedChoiceProps<Value>) {
  return (
    <fieldset className="flex gap-0.5">
      <legend className="sr-only">{label}</legend>
      {choices.map(({ value, title }) => (
        <button
          key={value}
          type="button"
          aria-pressed={value === chosen}
          onClick={() => onChoose(value)}
          className={classNames(
            'h-7 rounded px-2 text-xs font-medium text-muted hover:text-text',
            value === chosen && 'bg-surface text-text shadow-[var(--shadow)]',
          )}
        >
          {title}
        </button>
      ))}
    </fieldset>
  );
}
