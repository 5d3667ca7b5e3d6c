/* icons.tsx - the few pictograms, drawn by us on a grid of 24. */
import type { JSX } from 'preact';

const PATHS: Record<string, string> = {
	start: 'M4 11l8-7 8 7v9h-5v-6h-6v6H4z',
	conversations: 'M4 5h16v11H9l-5 4z',
	queues: 'M4 6h16M4 12h11M4 18h6',
	integrations: 'M8 7V3M16 7V3M6 7h12v4a6 6 0 0 1-12 0zM12 17v4',
	system: 'M12 9a3 3 0 1 1 0 6 3 3 0 0 1 0-6zM12 3v3M12 18v3M3 12h3M18 12h3M5.6 5.6l2.2 2.2M16.2 16.2l2.2 2.2M5.6 18.4l2.2-2.2M16.2 7.8l2.2-2.2',
	leave: 'M10 4H5v16h5M14 8l4 4-4 4M18 12H9',
	search: 'M10.5 4a6.5 6.5 0 1 1 0 13 6.5 6.5 0 0 1 0-13zM15.5 15.5L20 20',
};

export function Icon(p: { name: string }): JSX.Element {
	return <svg class="icon" viewBox="0 0 24 24" aria-hidden="true" fill="none" stroke="currentColor" stroke-width="1.8" stroke-linecap="round"
		stroke-linejoin="round"><path d={PATHS[p.name] ?? ''} /></svg>;
}
