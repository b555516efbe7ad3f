import { z } from 'zod';

const nothing = z.object({}).strict();
const uuid = z.string().regex(/^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/);
const amount = z.string().regex(/^\d{1,19}$/);

/**
 * One letter, ready to send: whoever enqueues it has written it. It may hold a sign-in or reset link, so a sent one is not
 * kept, and no log shows its text.
 */
export const mailPayload = z.object({
  to: z
    .string()
    .max(320)
    .regex(/^[^\s@,;<>]+@[^\s@,;<>]+$/),
  subject: z
    .string()
    .min(1)
    .max(200)
    .regex(/^[^\r\n]*$/),
  text: z.string().max(100_000),
  html: z.string().max(400_000),
});

/**
 * A change of keys or status that a program stored but could not tell Redis. `authVersion` is a decimal integer; amounts are
 * nano-dollars as decimal strings.
 */
export const authAnnouncementPayload = z.object({
  organizationId: uuid,
  authVersion: z.string().regex(/^\d{1,19}$/),
  armed: z
    .array(z.object({ scope: z.string().max(80), limitNanousd: amount, spentNanousd: amount }))
    .max(1_000)
    .default([]),
});

/** What each job carries: the contract between the program that enqueues and the worker. */
export const JOB_PAYLOADS = {
  'usage.drain': nothing,
  'holds.sweep': nothing,
  'grants.post': nothing,
  'trial.expire': nothing,
  'prices.rerate': nothing,
  'invariants.check': nothing,
  'catalog.import': nothing,
  'partitions.ensure': nothing,
  'responses.expire': nothing,
  'mail.send': mailPayload,
  'auth.announce': authAnnouncementPayload,
  'auth.reconcile': nothing,
} as const;

export type JobName = keyof typeof JOB_PAYLOADS;
export type JobPayload<N extends JobName> = z.output<(typeof JOB_PAYLOADS)[N]>;
export type MailPayload = JobPayload<'mail.send'>;
export type AuthAnnouncementPayload = JobPayload<'auth.announce'>;

export type DecodedPayload<N extends JobName> =
  | { readonly ok: true; readonly payload: JobPayload<N> }
  | { readonly ok: false; readonly reason: string };

/** Reads what came out of a queue. Never throws; the reason names the field and never shows its content. */
export function decodePayload<N extends JobName>(name: N, data: unknown): DecodedPayload<N> {
  const parsed = JOB_PAYLOADS[name].safeParse(data);
  if (parsed.success) return { ok: true, payload: parsed.data as JobPayload<N> };
  const issue = parsed.error.issues[0];
  return { ok: false, reason: `${name} ${issue?.path.join('.') ?? ''}: ${issue?.message ?? 'invalid'}` };
}
