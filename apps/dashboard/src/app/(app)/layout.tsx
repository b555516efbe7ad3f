import type { ReactNode } from 'react';
import { AppFrame } from '../../features/shell/app-frame';
import { requireVisitor } from '../../server/session';

export default async function AppLayout({ children }: { children: ReactNode }) {
  return <AppFrame visitor={await requireVisitor()}>{children}</AppFrame>;
}
