export type AuthReply = { readonly ok: true } | { readonly ok: false; readonly code: string; readonly message: string };

/** What a refusal means for a person. What is not in this table is shown as the general sentence, never as a raw code. */
const MESSAGES: Readonly<Record<string, string>> = {
  INVALID_EMAIL_OR_PASSWORD: 'The address or the password is not right.',
  EMAIL_NOT_VERIFIED: 'This address is not confirmed yet. We have sent the confirmation link again.',
  INVALID_EMAIL: 'This is not an email address.',
  INVALID_PASSWORD: 'The current password is not right.',
  PASSWORD_TOO_SHORT: 'The password needs at least 10 characters.',
  PASSWORD_TOO_LONG: 'The password may have at most 128 characters.',
  TERMS_NOT_ACCEPTED: 'Accept the terms to create an account.',
  INVALID_TOKEN: 'This link is no longer good. Ask for a new one.',
  TOKEN_EXPIRED: 'This link has expired. Ask for a new one.',
  SESSION_NOT_FRESH: 'Sign in again to do this.',
};

const GENERAL = 'That did not work. Try again in a moment.';

/** Calls a better-auth endpoint of this site. Never throws: a network that is away is a refusal like any other. */
export async function postAuth(path: string, body: Readonly<Record<string, unknown>>): Promise<AuthReply> {
  try {
    const response = await fetch(`/api/auth${path}`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify(body),
    });
    if (response.ok) return { ok: true };
    if (response.status === 429)
      return { ok: false, code: 'TOO_MANY', message: 'Too many attempts. Wait a minute and try again.' };
    const failure: unknown = await response.json().catch(() => null);
    return describeFailure(failure);
  } catch {
    return {
      ok: false,
      code: 'UNREACHABLE',
      message: 'The server could not be reached. Check your connection and try again.',
    };
  }
}

function describeFailure(failure: unknown): AuthReply {
  const given = typeof failure === 'object' && failure !== null ? (failure as Record<string, unknown>) : {};
  const code = typeof given['code'] === 'string' ? given['code'] : 'UNKNOWN';
  const own = code === 'INVALID_NAME' && typeof given['message'] === 'string' ? given['message'] : undefined;
  return { ok: false, code, message: own ?? MESSAGES[code] ?? GENERAL };
}
