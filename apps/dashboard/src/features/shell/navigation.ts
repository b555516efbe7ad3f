import {
  Boxes,
  ChartLine,
  CircleUser,
  KeyRound,
  type LucideIcon,
  ScrollText,
  SlidersHorizontal,
  Wallet,
} from 'lucide-react';

export interface Destination {
  readonly href: string;
  readonly title: string;
  readonly Icon: LucideIcon;
}

/** Where a signed-in person can go, in the order of how often they do. */
export const DESTINATIONS: readonly Destination[] = [
  { href: '/overview', title: 'Overview', Icon: ChartLine },
  { href: '/requests', title: 'Requests', Icon: ScrollText },
  { href: '/keys', title: 'Keys', Icon: KeyRound },
  { href: '/models', title: 'Models', Icon: Boxes },
  { href: '/credits', title: 'Credits', Icon: Wallet },
  { href: '/settings', title: 'Settings', Icon: SlidersHorizontal },
  { href: '/account', title: 'Account', Icon: CircleUser },
];
