'use client';

import { Monitor, Moon, Sun } from 'lucide-react';
import { useState } from 'react';
import { Button } from './button';
import { Menu, MenuItem } from './menu';
import { THEME_COOKIE, type Theme } from './theme';

const CHOICES = [
  { theme: 'system', title: 'System', Icon: Monitor },
  { theme: 'light', title: 'Light', Icon: Sun },
  { theme: 'dark', title: 'Dark', Icon: Moon },
] as const;

const YEAR_SECONDS = 31_536_000;

export function ThemeToggle({ theme: initial, side = 'bottom' }: { theme: Theme; side?: 'top' | 'bottom' }) {
  const [theme, setTheme] = useState<Theme>(initial);
  const Current = CHOICES.find((choice) => choice.theme === theme)?.Icon ?? Monitor;
  const choose = (next: Theme) => {
    setTheme(next);
    const isSystem = next === 'system';
    // biome-ignore lint/suspicious/noDocumentCookie: the Cookie Store API does not exist in every browser yet
    document.cookie = `${THEME_COOKIE}=${next}; Path=/; SameSite=Lax; Max-Age=${isSystem ? 0 : YEAR_SECONDS}`;
    if (isSystem) delete document.documentElement.dataset['theme'];
    else document.documentElement.dataset['theme'] = next;
  };
  return (
    <Menu
      side={side}
      trigger={
        <Button look="quiet" size="icon" aria-label="Colour theme" title="Colour theme">
          <Current aria-hidden />
        </Button>
      }
    >
      {CHOICES.map(({ theme: choice, title, Icon }) => (
        <MenuItem key={choice} onSelect={() => choose(choice)}>
          <Icon aria-hidden />
          {title}
          {choice === theme ? <span className="ml-auto text-xs text-muted">current</span> : null}
        </MenuItem>
      ))}
    </Menu>
  );
}
