/**
 * Where this process may connect to: the origins its providers were resolved to at the start, and the sandbox of this machine. Checked where the
 * connection is made, so that no route can forget it.
 */
export function isAllowedOrigin(origin: string, allowed: ReadonlySet<string>): boolean {
  return allowed.has(origin);
}
