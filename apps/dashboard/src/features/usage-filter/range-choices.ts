export const RANGE_CHOICES = [
  { value: '1h', title: '1h', label: 'Last hour' },
  { value: '24h', title: '24h', label: 'Last 24 hours' },
  { value: '7d', title: '7d', label: 'Last 7 days' },
  { value: '30d', title: '30d', label: 'Last 30 days' },
] as const;
