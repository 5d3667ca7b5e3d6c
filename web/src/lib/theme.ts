/* theme.ts - dark or light: as the system says, until a person chooses. */
import { signal } from '@preact/signals';

export type Theme = 'auto' | 'light' | 'dark';
const KEY = 'totem.theme';
export const theme = signal<Theme>((localStorage.getItem(KEY) as Theme | null) ?? 'auto');

export function startTheme(): void {
	document.documentElement.dataset['theme'] = theme.value;
}

export function setTheme(t: Theme): void {
	localStorage.setItem(KEY, t);
	theme.value = t;
	startTheme();
}
