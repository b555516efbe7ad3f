import type { MailPayload } from '@tollgate/jobs';
import type { Services } from '../services.js';

/** Sends one letter. Rejecting is the retry; the log and the queue name the receiver's domain and never the text. */
export async function sendMail(
  { mailer, log }: Pick<Services, 'mailer' | 'log'>,
  letter: MailPayload,
): Promise<{ messageId: string }> {
  const { messageId } = await mailer.send(letter);
  log.info({ domain: letter.to.slice(letter.to.lastIndexOf('@') + 1), messageId }, 'mail sent');
  return { messageId };
}
