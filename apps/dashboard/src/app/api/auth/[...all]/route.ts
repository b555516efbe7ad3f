import { auth } from '../../../../server/auth';

export const dynamic = 'force-dynamic';

/** No answer to a question about an account is quicker than this: the time must not say whether the account exists. */
const FLOOR_MS: Readonly<Record<string, number>> = {
  '/api/auth/sign-up/email': 500,
  '/api/auth/request-password-reset': 300,
};

export async function GET(request: Request): Promise<Response> {
  return auth().handler(request);
}

export async function POST(request: Request): Promise<Response> {
  const floorMs = FLOOR_MS[new URL(request.url).pathname] ?? 0;
  const [response] = await Promise.all([
    auth().handler(request),
    new Promise((resolve) => setTimeout(resolve, floorMs)),
  ]);
  return response;
}
