import 'server-only';
import { AsyncLocalStorage } from 'node:async_hooks';
import { createHash, randomBytes } from 'node:crypto';
import { createOrganizationForUser, decodeName, membershipsOf } from '@tollgate/access';
import { betterAuth } from 'better-auth';
import { prismaAdapter } from 'better-auth/adapters/prisma';
import { APIError, createAuthMiddleware } from 'better-auth/api';
import { nextCookies } from 'better-auth/next-js';
import { config } from '../config';
import { alreadySignedUpMail, resetMail, verificationMail } from '../features/auth/auth-mail';
import { TERMS_VERSION } from '../features/auth/terms';
import { grantTrial } from '../features/auth/trial';
import { database } from './database';
import { log } from './log';
import { sendMail } from './mail';
import { once } from './once';
import { rateLimitStorage, signInDelayMs } from './rate-limit';

// Hooks run inside better-auth's transaction, which is over when background work gets its turn. This leads out of it.
const outsideTransaction = AsyncLocalStorage.snapshot();

const HOUR_SECONDS = 3_600;
const DAY_SECONDS = 86_400;

interface Person {
  readonly id: string;
  readonly name: string;
  readonly email: string;
}

/** Sign-in with email and password. Organisations are ours (packages/access); better-auth knows only people and sessions. */
export function auth(): Auth {
  return once('auth', createAuth);
}

type Auth = ReturnType<typeof createAuth>;

function createAuth() {
  const settings = config();
  return betterAuth({
    appName: 'Tollgate',
    baseURL: settings.dashboardUrl,
    secret: settings.authSecret,
    trustedOrigins: trustedOrigins(settings.dashboardUrl),
    telemetry: { enabled: false },
    logger: {
      level: 'error',
      log: (level, message, ...details) => {
        const error = details.find((detail) => detail instanceof Error);
        log()[level === 'error' ? 'error' : 'info']({ error }, message);
      },
    },
    // A refusal is an answer, not a fault: only what nobody expected is written down.
    onAPIError: {
      onError: (error) => (error instanceof APIError ? undefined : log().error({ error }, 'sign-in failed')),
    },
    database: prismaAdapter(database(), { provider: 'postgresql', transaction: true }),
    emailAndPassword: {
      enabled: true,
      requireEmailVerification: true,
      minPasswordLength: 10,
      maxPasswordLength: 128,
      revokeSessionsOnPasswordReset: true,
      resetPasswordTokenExpiresIn: 15 * 60,
      sendResetPassword: async ({ user, token }) => {
        await sendMail(resetMail(user, `${settings.dashboardUrl}/reset-password?token=${encodeURIComponent(token)}`));
      },
      onPasswordReset: async ({ user }) => confirmAddress(user),
      onExistingUserSignUp: ({ user }) => outsideTransaction(() => answerSecondSignUp(user)),
    },
    emailVerification: {
      sendOnSignUp: true,
      sendOnSignIn: true,
      autoSignInAfterVerification: true,
      expiresIn: HOUR_SECONDS,
      sendVerificationEmail: async ({ user, url }) => sendMail(verificationMail(user, url)),
      afterEmailVerification: async (user) => settle(user),
    },
    session: { expiresIn: 7 * DAY_SECONDS, updateAge: DAY_SECONDS, freshAge: DAY_SECONDS },
    user: { changeEmail: { enabled: false }, deleteUser: { enabled: false } },
    disabledPaths: [
      '/sign-in/social',
      '/link-social',
      '/unlink-account',
      '/refresh-token',
      '/get-access-token',
      '/account-info',
      '/delete-user',
      '/change-email',
    ],
    rateLimit: {
      enabled: settings.isAuthRateLimited,
      window: 60,
      max: 120,
      customStorage: rateLimitStorage,
      customRules: {
        '/sign-in/email': { window: 60, max: 20 },
        '/sign-up/email': { window: HOUR_SECONDS, max: 20 },
        '/request-password-reset': { window: 15 * 60, max: 10 },
        '/send-verification-email': { window: 15 * 60, max: 10 },
        '/reset-password': { window: 60, max: 10 },
        '/get-session': false,
      },
    },
    advanced: {
      cookiePrefix: 'tollgate',
      useSecureCookies: settings.isHttps,
      defaultCookieAttributes: { httpOnly: true, sameSite: 'lax', path: '/' },
      ipAddress: settings.trustedProxies.length > 0 ? { trustedProxies: [...settings.trustedProxies] } : {},
      // Mail leaves in the background: the time an answer takes must not say whether an address has an account.
      backgroundTasks: {
        handler: (task) => void task.catch((error: unknown) => log().error({ error }, 'a background task failed')),
      },
    },
    databaseHooks: {
      user: { create: { after: async (user) => ensureOrganization(user) } },
      session: { create: { after: async ({ userId }) => repairOrganization(userId) } },
    },
    hooks: { before: createAuthMiddleware(async (context) => refuseBadInput(context.path, context.body)) },
    plugins: [nextCookies()],
  });
}

/** On a developer's machine 127.0.0.1 and localhost are the same place, and people type either. */
function trustedOrigins(dashboardUrl: string): string[] {
  const url = new URL(dashboardUrl);
  const twin = { '127.0.0.1': 'localhost', localhost: '127.0.0.1' }[url.hostname];
  return twin ? [url.origin, url.origin.replace(url.hostname, twin)] : [url.origin];
}

async function ensureOrganization(user: Person): Promise<void> {
  await createOrganizationForUser(database(), {
    userId: user.id,
    userName: user.name,
    email: user.email,
    markupBp: config().markupBp,
    // No one gets this far without accepting: refuseBadInput checks the form's version.
    termsVersion: TERMS_VERSION,
    nowMs: Date.now(),
    random: randomBytes,
  });
}

/** A person without any organisation could only ever see the sign-in page: a sign-up that was cut short is finished here. */
async function repairOrganization(userId: string): Promise<void> {
  if ((await membershipsOf(database(), userId)).length > 0) return;
  const context = await auth().$context;
  const user = await context.internalAdapter.findUserById(userId);
  if (user) await ensureOrganization(user);
}

/** The address is proven. The organisation is normally there; the call repairs a sign-up that was cut short. */
async function settle(user: Person): Promise<void> {
  await ensureOrganization(user);
  await grantTrial(user);
}

/** Who sets a password through a mailed link has proven the address as well as by the verification link. */
async function confirmAddress(user: Person & { readonly emailVerified: boolean }): Promise<void> {
  if (user.emailVerified) return;
  const context = await auth().$context;
  await context.internalAdapter.updateUser(user.id, { emailVerified: true });
  await settle(user);
}

/**
 * A second sign-up with an address. When the first was never confirmed, a stranger may have made it with a password of
 * their own: the link then sets a new password instead of confirming the stranger's.
 */
async function answerSecondSignUp(user: Person & { readonly emailVerified: boolean }): Promise<void> {
  if (user.emailVerified) return sendMail(alreadySignedUpMail(user, `${config().dashboardUrl}/sign-in`));
  await auth().api.requestPasswordReset({ body: { email: user.email } });
}

async function refuseBadInput(path: string, body: unknown): Promise<void> {
  const given = typeof body === 'object' && body !== null ? (body as Record<string, unknown>) : {};
  switch (path) {
    case '/sign-up/email':
      if (given['acceptedTerms'] !== TERMS_VERSION)
        refuse('TERMS_NOT_ACCEPTED', 'Accept the terms to create an account.');
      refuseName(given['name']);
      refuseImage(given['image']);
      return;
    case '/update-user':
      if (given['name'] !== undefined) refuseName(given['name']);
      refuseImage(given['image']);
      return;
    case '/sign-in/email':
      if (config().isAuthRateLimited && typeof given['email'] === 'string') await slowDown(given['email']);
      return;
    default:
      return;
  }
}

function refuseName(name: unknown): void {
  const decoded = decodeName(name);
  if (!decoded.ok) refuse('INVALID_NAME', decoded.message);
}

/** Nobody needs a picture here, and a picture is an address that other people's browsers would open. */
function refuseImage(image: unknown): void {
  if (image !== undefined && image !== null) refuse('IMAGE_NOT_SUPPORTED', 'Profile pictures are not supported.');
}

function refuse(code: string, message: string): never {
  throw new APIError('BAD_REQUEST', { code, message });
}

async function slowDown(email: string): Promise<void> {
  const account = createHash('sha256').update(email.trim().toLowerCase()).digest('hex').slice(0, 32);
  const delayMs = await signInDelayMs(account);
  if (delayMs > 0) await new Promise((resolve) => setTimeout(resolve, delayMs));
}
