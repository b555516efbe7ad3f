const EXPLAIN = /^(\/api)?\/v1\/explain(\/[^?]+)?\/?(\?.*)?$/;

/**
 * `/v1/explain/v1/messages` asks about the door `/v1/messages`: the URL of that door, in whose words everything is said. `/v1/explain` alone asks
 * about chat completions. Any other URL stays as it is.
 */
export function explainedUrl(url: string): string {
  if (!url.includes('/explain')) return url;
  const [whole, api = '', door, query = ''] = EXPLAIN.exec(url) ?? [];
  if (whole === undefined) return url;
  return (door ?? `${api}/v1/chat/completions`) + query;
}
