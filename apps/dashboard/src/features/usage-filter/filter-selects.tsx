'use client';

import { X } from 'lucide-react';
import { useRouter } from 'next/navigation';
import { useTransition } from 'react';
import { Button } from '../../ui/button';
import { classNames } from '../../ui/class-names';
import { Select } from '../../ui/field';
import { type FilterAddress, type FilterName, writeAddress } from './filter-address';

export interface FilterChoice {
  readonly name: FilterName;
  /** "All models" */
  readonly allTitle: string;
  readonly label: string;
  readonly options: readonly { readonly value: string; readonly title: string }[];
}

interface FilterSelectsProps {
  readonly path: string;
  readonly address: FilterAddress;
  readonly choices: readonly FilterChoice[];
}

/** One list per filter; choosing changes the address and with it the page. */
export function FilterSelects({ path, address, choices }: FilterSelectsProps) {
  const router = useRouter();
  const [isPending, startTransition] = useTransition();
  const go = (changes: Readonly<Record<string, string>>) =>
    startTransition(() => router.push(writeAddress(path, address, changes), { scroll: false }));
  const isFiltered = choices.some(({ name }) => address[name] !== undefined);
  const nothing = Object.fromEntries(choices.map(({ name }) => [name, '']));
  return (
    <div
      className={classNames('flex min-w-0 flex-wrap items-center gap-2', isPending && 'opacity-60')}
      aria-busy={isPending}
    >
      {choices.map(({ name, label, allTitle, options }) => {
        const value = address[name] ?? '';
        const isListed = value === '' || options.some((option) => option.value === value);
        return (
          <Select
            key={name}
            aria-label={label}
            value={value}
            onChange={(event) => go({ [name]: event.target.value })}
            className="h-8 w-auto max-w-44 text-[13px]"
          >
            <option value="">{allTitle}</option>
            {isListed ? null : <option value={value}>{value}</option>}
            {options.map((option) => (
              <option key={option.value} value={option.value}>
                {option.title}
              </option>
            ))}
          </Select>
        );
      })}
      {isFiltered ? (
        <Button look="quiet" onClick={() => go(nothing)}>
          <X aria-hidden />
          Clear
        </Button>
      ) : null}
    </div>
  );
}
