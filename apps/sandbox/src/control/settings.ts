import { z } from 'zod';

/** Time to first token and time per token of every provider, in milliseconds, unless a rule or header says otherwise. */
export interface Settings {
  readonly ttftMs: number;
  readonly paceMs: number;
}

export const usualSettings: Settings = { ttftMs: 50, paceMs: 5 };

const milliseconds = z.number().min(0).max(3_600_000);

/** A change of settings as it is posted. */
export const settingsSchema = z.strictObject({ ttftMs: milliseconds.optional(), paceMs: milliseconds.optional() });

/** A place that holds the settings in force. */
export interface SettingsHolder {
  current(): Settings;
  change(settings: z.infer<typeof settingsSchema>): Settings;
  reset(): void;
}

/** Starts with the usual settings. */
export function createSettings(): SettingsHolder {
  let settings = usualSettings;
  return {
    current: () => settings,
    change(wanted) {
      settings = { ttftMs: wanted.ttftMs ?? settings.ttftMs, paceMs: wanted.paceMs ?? settings.paceMs };
      return settings;
    },
    reset() {
      settings = usualSettings;
    },
  };
}
