import 'server-only';
import { config } from '../../config';

/** The sandbox's inbox page where mail ends up there; null where a real mail server is set. */
export function inboxUrl(): string | null {
  const { isMailSandboxed, sandboxUrl } = config();
  return isMailSandboxed ? `${sandboxUrl}/inbox` : null;
}
