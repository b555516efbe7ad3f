const BROWSERS = [
  { mark: 'Edg/', name: 'Edge' },
  { mark: 'OPR/', name: 'Opera' },
  { mark: 'Firefox/', name: 'Firefox' },
  { mark: 'Chrome/', name: 'Chrome' },
  { mark: 'Safari/', name: 'Safari' },
];
const SYSTEMS = [
  { mark: 'iPhone', name: 'iPhone' },
  { mark: 'iPad', name: 'iPad' },
  { mark: 'Android', name: 'Android' },
  { mark: 'Windows', name: 'Windows' },
  { mark: 'Mac OS', name: 'macOS' },
  { mark: 'Linux', name: 'Linux' },
];

/** "Firefox on Linux": enough for an owner to know their own machine. The order decides: most browsers name others too. */
export function deviceName(userAgent: string | null | undefined): string {
  const text = userAgent ?? '';
  const browser = BROWSERS.find(({ mark }) => text.includes(mark))?.name;
  const system = SYSTEMS.find(({ mark }) => text.includes(mark))?.name;
  if (!browser) return 'Unknown device';
  return system ? `${browser} on ${system}` : browser;
}
