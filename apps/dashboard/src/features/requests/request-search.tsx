'use client';

import { Search } from 'lucide-react';
import { useRouter } from 'next/navigation';
import type { FormEvent } from 'react';
import { Input } from '../../ui/field';
import { fieldText } from '../auth/use-submit';
import { type FilterAddress, writeAddress } from '../usage-filter/filter-address';

/** Finds a request by its id, or the beginning of it, as answers and logs carry it. */
export function RequestSearch({ path, address }: { path: string; address: FilterAddress }) {
  const router = useRouter();
  const onSubmit = (event: FormEvent<HTMLFormElement>) => {
    event.preventDefault();
    const search = fieldText(new FormData(event.currentTarget), 'search').trim();
    router.push(writeAddress(path, address, { search }), { scroll: false });
  };
  return (
    <search className="w-full sm:w-64">
      <form onSubmit={onSubmit} className="relative">
        <Search className="pointer-events-none absolute left-2.5 top-2 size-4 text-faint" aria-hidden />
        <Input
          key={address['search'] ?? ''}
          name="search"
          type="search"
          aria-label="Request id"
          placeholder="Request id"
          defaultValue={address['search'] ?? ''}
          className="h-8 pl-8 font-mono text-[12.5px]"
        />
      </form>
    </search>
  );
}
