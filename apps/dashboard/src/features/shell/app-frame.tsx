import { cookies } from 'next/headers';
import Link from 'next/link';
import { type ReactNode, Suspense } from 'react';
import type { Visitor } from '../../server/session';
import { isAllowed } from '../../server/session';
import { Logo } from '../../ui/logo';
import { Notice } from '../../ui/notice';
import { Skeleton } from '../../ui/skeleton';
import { decodeTheme, THEME_COOKIE } from '../../ui/theme';
import { ThemeToggle } from '../../ui/theme-toggle';
import { AccountMenu } from './account-menu';
import { BalanceChip } from './balance-chip';
import { Freshness } from './freshness';
import { MobileDrawer } from './mobile-drawer';
import { NavigationLinks } from './navigation-links';
import { SandboxBanner } from './sandbox-banner';

/** Sidebar (a drawer on a phone) and the page beside it. */
export async function AppFrame({ visitor, children }: { visitor: Visitor; children: ReactNode }) {
  const theme = decodeTheme((await cookies()).get(THEME_COOKIE)?.value);
  const { organization } = visitor;
  const balance = isAllowed(visitor, 'credit.read') ? (
    <Suspense fallback={<Skeleton className="h-9" />}>
      <BalanceChip organizationId={organization.organizationId} />
    </Suspense>
  ) : null;
  const footer = (
    <div className="grid min-w-0 grid-cols-[minmax(0,1fr)] gap-2">
      {balance}
      <div className="flex min-w-0 items-center gap-1">
        <div className="min-w-0 flex-1">
          <AccountMenu name={visitor.name} email={visitor.email} />
        </div>
        <ThemeToggle theme={theme} side="top" />
      </div>
    </div>
  );
  return (
    <div className="flex min-h-dvh">
      {isAllowed(visitor, 'request.read') ? <Freshness sequence={visitor.pulse.sequence} /> : null}
      <aside className="sticky top-0 hidden h-dvh w-60 shrink-0 flex-col gap-4 border-r border-line bg-surface p-3 lg:flex">
        <Link href="/overview" aria-label="Tollgate, overview" className="rounded px-2 pt-1.5">
          <Logo />
        </Link>
        <p className="truncate rounded-md px-2.5 text-xs text-muted" title={organization.organizationName}>
          {organization.organizationName}
        </p>
        <NavigationLinks />
        <div className="mt-auto">{footer}</div>
      </aside>
      <div className="flex min-w-0 flex-1 flex-col">
        <SandboxBanner />
        <header className="sticky top-0 z-30 flex h-12 items-center gap-2 border-b border-line bg-surface px-3 lg:hidden">
          <MobileDrawer heading={<Logo />} footer={footer} />
          <span className="min-w-0 truncate text-[13px] font-medium">{organization.organizationName}</span>
        </header>
        <main id="main" className="mx-auto w-full max-w-[84rem] flex-1 px-4 pb-16 pt-6 sm:px-6 lg:px-8">
          {organization.status === 'suspended' ? (
            <Notice tone="danger" role="alert" className="mb-5">
              This organisation is suspended: new requests are refused. Write to the operator of this installation.
            </Notice>
          ) : null}
          {children}
        </main>
      </div>
    </div>
  );
}
