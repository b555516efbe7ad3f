/**
 * Where a managed credential may go: only to the origin that the provider table names, or to the sandbox of this machine.
 * Checked where the connection is made, so that no route can forget it.
 */
export function isAllowedOrigin(origin: string, allowed: ReadonlySet<string>): boolean {
  return allowed.has(origin);
}

/** The origins this process may reach. Throws at start on a base URL with user info or another scheme. */
export function allowedOrigins(baseUrls: readonly string[], sandboxUrl: string | null): ReadonlySet<string> {
  const origins = new Set<string>();
  for (const baseUrl of baseUrls) {
    const url = new URL(baseUrl);
    if (url.protocol !== 'https:' || url.username || url.password)
      throw new Error(`not a provider base URL: ${url.origin}`);
    origins.add(url.origin);
  }
  if (sandboxUrl) origins.add(new URL(sandboxUrl).origin);
  return origins;
}
