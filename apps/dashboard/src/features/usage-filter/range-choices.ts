export const RANGE_CHOICES = [
  { value: '1h', title: '1h', label: '1h: the last hour' },
  { value: '24h', title: '24h', label: '24h: the last 24 hours' },
  { value: '7d', title: '7d', label: '7d: the last 7 days' },
  { value: '30d', title: '30d', label: '30d: the last 30 days' },
] as const;
