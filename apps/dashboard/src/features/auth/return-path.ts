/**
 * Where to go after signing in: a path of this site, or the fallback. Everything a browser could read as another origin
 * ("//evil", "/\evil", "https:evil", control characters) is the fallback.
 */
export function returnPath(wanted: string | undefined | null, fallback: string): string {
  if (!wanted || wanted.length > 500 || !/^\/(?![/\\])[\x21-\x7e]*$/.test(wanted) || wanted.includes('\\'))
    return fallback;
  return wanted.startsWith('/api/') ? fallback : wanted;
}
