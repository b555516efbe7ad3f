import { openDatabase } from '@tollgate/prisma';
import { connection } from 'next/server';
export default async function Page() { await connection(); return <p>{typeof openDatabase}</p>; }
