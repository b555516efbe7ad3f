import { cookies } from 'next/headers';
import Link from 'next/link';
import type { ReactNode } from 'react';
import { currentVisitor } from '../../server/session';
import { ButtonLink } from '../../ui/button';
import { Logo } from '../../ui/logo';
import { decodeTheme, THEME_COOKIE } from '../../ui/theme';
import { ThemeToggle } from '../../ui/theme-toggle';
import { SandboxBanner } from '../shell/sandbox-banner';

const linkLook = 'rounded px-1 py-1 text-[13px] text-muted hover:text-text';

/** Header and footer of the pages anyone may read. */
export async function PublicFrame({ children }: { children: ReactNode }) {
  const visitor = await currentVisitor();
  const theme = decodeTheme((await cookies()).get(THEME_COOKIE)?.value);
  return (
    <div className="flex min-h-dvh flex-col">
      <SandboxBanner />
      <header className="sticky top-0 z-40 border-b border-line bg-page/90 backdrop-blur">
        <div className="mx-auto flex h-14 max-w-6xl items-center gap-2 px-4 sm:gap-5 sm:px-6">
          <Link href="/" aria-label="Tollgate, home" className="mr-auto rounded sm:mr-2">
            <Logo />
          </Link>
          <nav aria-label="Main" className="flex items-center gap-3 sm:mr-auto">
            <Link href="/pricing" className={linkLook}>
              Prices
            </Link>
          </nav>
          <span className="hidden sm:inline-flex">
            <ThemeToggle theme={theme} />
          </span>
          {visitor ? (
            <ButtonLink href="/overview" look="primary">
              Dashboard
            </ButtonLink>
          ) : (
            <>
              <Link href="/sign-in" className={linkLook}>
                Sign in
              </Link>
              <ButtonLink href="/sign-up" look="primary">
                Sign up
              </ButtonLink>
            </>
          )}
        </div>
      </header>
      <main id="main" className="flex-1">
        {children}
      </main>
      <footer className="mt-16 border-t border-line">
        <div className="mx-auto flex max-w-6xl flex-wrap items-center gap-x-5 gap-y-2 px-4 py-6 text-[13px] text-muted sm:px-6">
          <span className="mr-auto">Tollgate: one key, every model, a receipt for every token.</span>
          <Link href="/pricing" className={linkLook}>
            Prices
          </Link>
          <Link href="/terms" className={linkLook}>
            Terms
          </Link>
          <span className="sm:hidden">
            <ThemeToggle theme={theme} side="top" />
          </span>
        </div>
      </footer>
    </div>
  );
}
