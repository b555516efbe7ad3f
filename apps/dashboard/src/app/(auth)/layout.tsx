import { connection } from 'next/server';
import type { ReactNode } from 'react';
import { AuthFrame } from '../../features/auth/auth-frame';

export default async function AuthLayout({ children }: { children: ReactNode }) {
  await connection();
  return <AuthFrame>{children}</AuthFrame>;
}
