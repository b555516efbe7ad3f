import 'server-only';
import { admission } from './admission';
import { log } from './log';
import { enqueue } from './queue';

interface AuthChangeNews {
  readonly organizationId: string;
  readonly authVersion: string;
}

const QUICK_TRIES = { count: 12, pauseMs: 60 };
/** Ten minutes: by then the worker has it, or nobody has Redis. */
const PATIENT_TRIES = { count: 1_200, pauseMs: 500 };

/**
 * Tells every gateway that the organisation's keys, or what its project keeps, changed: a revoked key stops within a second.
 * False when Redis could not be told: the worker goes on trying if the queue took the job, this process does if it did not. While Redis is
 * away no gateway admits anything anyway.
 */
export async function announceAuthChange(organizationId: string, authVersion: string): Promise<boolean> {
  const news = { organizationId, authVersion };
  if (await tell(news, QUICK_TRIES)) return true;
  log().warn(news, 'gateways could not be told of a change of keys or settings');
  if (!(await enqueue('auth.announce', { ...news, armed: [] }))) void keepTelling(news);
  return false;
}

async function keepTelling(news: AuthChangeNews): Promise<void> {
  if (await tell(news, PATIENT_TRIES)) log().info(news, 'gateways were told of a change of keys or settings, late');
  else log().error(news, 'gateways were never told of a change of keys or settings');
}

async function tell(news: AuthChangeNews, { count, pauseMs }: typeof QUICK_TRIES): Promise<boolean> {
  for (let attempt = 1; attempt <= count; attempt += 1) {
    // Answers `unavailable`, and never rejects, while Redis is away.
    const outcome = await admission().raiseAuthVersion(news);
    if (outcome.kind !== 'unavailable') return true;
    await new Promise((resolve) => setTimeout(resolve, pauseMs));
  }
  return false;
}
