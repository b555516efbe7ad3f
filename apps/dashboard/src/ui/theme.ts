export type Theme = 'system' | 'light' | 'dark';

/** The choice lives in a cookie, so that the server already answers in the right theme: no script, no flash. */
export const THEME_COOKIE = 'tollgate_theme';

export function decodeTheme(text: string | undefined): Theme {
  return text === 'light' || text === 'dark' ? text : 'system';
}
