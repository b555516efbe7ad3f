import { currentVisitor, isAllowed } from '../../../server/session';

export const dynamic = 'force-dynamic';

const HEADERS = { 'Cache-Control': 'private, no-store' };

/** Whether anything was posted since the page last looked. */
export async function GET(): Promise<Response> {
  const visitor = await currentVisitor();
  if (!visitor) return Response.json({ error: 'signed_out' }, { status: 401, headers: HEADERS });
  if (!isAllowed(visitor, 'request.read'))
    return Response.json({ error: 'not_allowed' }, { status: 403, headers: HEADERS });
  return Response.json(visitor.pulse, { headers: HEADERS });
}
