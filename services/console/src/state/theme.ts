import { effect, signal } from '@preact/signals';

export type Theme = 'auto' | 'light' | 'dark';
const KEY = 'unsilo-theme';

export const theme = signal<Theme>(stored());

/** Follows the choice; `auto` leaves it to the system's setting. */
export function followTheme(): void {
  effect(() => {
    const { documentElement } = document;
    if (theme.value === 'auto') delete documentElement.dataset['theme'];
    else documentElement.dataset['theme'] = theme.value;
    try {
      localStorage.setItem(KEY, theme.value);
    } catch {
      // Storage can be switched off; the choice then lasts as long as the page.
    }
  });
}

function stored(): Theme {
  try {
    const value = localStorage.getItem(KEY);
    return value === 'light' || value === 'dark' ? value : 'auto';
  } catch {
    return 'auto';
  }
}
