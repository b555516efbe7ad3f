'use client';

import { ChevronsUpDown, CircleUser, LogOut } from 'lucide-react';
import Link from 'next/link';
import { Menu, MenuItem, MenuLinkItem, MenuSeparator } from '../../ui/menu';
import { postAuth } from '../auth/auth-request';

export function AccountMenu({ name, email }: { name: string; email: string }) {
  const signOut = async () => {
    await postAuth('/sign-out', {});
    window.location.assign('/sign-in');
  };
  return (
    <Menu
      side="top"
      align="start"
      trigger={
        <button
          type="button"
          className="flex w-full min-w-0 items-center gap-2.5 rounded-md px-2 py-1.5 text-left hover:bg-hover"
        >
          <span
            aria-hidden
            className="grid size-7 shrink-0 place-items-center rounded-full bg-accent-soft text-xs font-semibold text-accent"
          >
            {([...name][0] ?? '?').toUpperCase()}
          </span>
          <span className="sr-only">Account menu</span>
          <span className="min-w-0 flex-1">
            <span className="block truncate text-[13px] font-medium">{name}</span>
            <span className="block truncate text-xs text-muted">{email}</span>
          </span>
          <ChevronsUpDown className="size-4 shrink-0 text-faint" aria-hidden />
        </button>
      }
    >
      <MenuLinkItem>
        <Link href="/account">
          <CircleUser aria-hidden />
          Account
        </Link>
      </MenuLinkItem>
      <MenuSeparator />
      <MenuItem onSelect={() => void signOut()}>
        <LogOut aria-hidden />
        Sign out
      </MenuItem>
    </Menu>
  );
}
