'use client';

import Link from 'next/link';
import { usePathname } from 'next/navigation';
import { classNames } from '../../ui/class-names';
import { DESTINATIONS } from './navigation';

export function NavigationLinks({ onNavigate }: { onNavigate?: () => void }) {
  const path = usePathname();
  return (
    <nav aria-label="Main" className="grid gap-0.5">
      {DESTINATIONS.map(({ href, title, Icon }) => {
        const isHere = path === href || path.startsWith(`${href}/`);
        return (
          <Link
            key={href}
            href={href}
            prefetch={false}
            aria-current={isHere ? 'page' : undefined}
            onClick={() => onNavigate?.()}
            className={classNames(
              'flex h-8 items-center gap-2.5 rounded-md px-2.5 text-[13px] font-medium text-muted hover:bg-hover hover:text-text',
              isHere && 'bg-sunken text-text',
            )}
          >
            <Icon className="size-4 shrink-0" aria-hidden />
            {title}
          </Link>
        );
      })}
    </nav>
  );
}
