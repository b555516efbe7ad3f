export const dynamic = 'force-dynamic';

/** The process answers. It says nothing of the database: a dashboard that restarts because Postgres is away helps nobody. */
export function GET(): Response {
  return Response.json({ status: 'ok' }, { headers: { 'Cache-Control': 'no-store' } });
}
