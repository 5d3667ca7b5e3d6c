/* icons.tsx - the few pictograms, drawn by us on a grid of 24. */
import type { JSX } from 'preact';

const PATHS: Record<string, string> = {
	start: 'M4 11l8-7 8 7v9h-5v-6h-6v6H4z',
	conversations: 'M4 5h16v11H9l-5 4z',
	messages: 'M4 6h16v12H4zM4 7l8 6 8-6',
	queues: 'M4 6h16M4 12h11M4 18h6',
	integrations: 'M8 7V3M16 7V3M6 7h12v4a6 6 0 0 1-12 0zM12 17v4',
	system: 'M12 9a3 3 0 1 1 0 6 3 3 0 0 1 0-6zM12 3v3M12 18v3M3 12h3M18 12h3M5.6 5.6l2.2 2.2M16.2 16.2l2.2 2.2M5.6 18.4l2.2-2.2M16.2 7.8l2.2-2.2',
	clock: 'M12 4a8 8 0 1 1 0 16 8 8 0 0 1 0-16zM12 8v4.5l3 2',
	later: 'M20 14.5A8.5 8.5 0 0 1 9.5 4a8.5 8.5 0 1 0 10.5 10.5z',
	more: 'M5 7h14M5 12h14M5 17h14',
	tick: 'M5 12.5l4.5 4.5L19 7',
	ticks: 'M2 12.5l4.5 4.5L15 7M11 16l1 1 9.5-10',
	warning: 'M12 4l9 16H3zM12 10v4M12 17v.1',
	question: 'M9 9a3 3 0 1 1 4.5 2.6c-1 .6-1.5 1.2-1.5 2.4M12 18v.1',
	cross: 'M6 6l12 12M18 6L6 18',
	dots: 'M6 12h.1M12 12h.1M18 12h.1',
	reply: 'M10 7L4 12l6 5v-3.5c5 0 8 1.5 10 4.5-.5-5-3.5-8-10-8z',
	clip: 'M20 11l-8.5 8a5 5 0 0 1-7-7L13 4a3.3 3.3 0 0 1 4.7 4.7l-8 7.7a1.7 1.7 0 0 1-2.4-2.4L14 7.5',
	smile: 'M12 4a8 8 0 1 1 0 16 8 8 0 0 1 0-16zM9 10v.1M15 10v.1M8.5 14a4 4 0 0 0 7 0',
	bolt: 'M13 3L5 14h6l-1 7 8-11h-6z',
	buttons: 'M4 5h16v5H4zM4 14h16v5H4z',
	template: 'M5 4h14v16H5zM8 8h8M8 12h8M8 16h4',
	mic: 'M12 4a3 3 0 0 1 3 3v4a3 3 0 0 1-6 0V7a3 3 0 0 1 3-3zM6 11a6 6 0 0 0 12 0M12 17v3',
	send: 'M4 5l17 7-17 7 2-7zM6 12h8',
	document: 'M6 3h8l4 4v14H6zM14 3v4h4',
	download: 'M12 4v11M7 11l5 5 5-5M5 20h14',
	play: 'M8 5l11 7-11 7z',
	pause: 'M8 5v14M16 5v14',
	left: 'M15 5l-7 7 7 7',
	right: 'M9 5l7 7-7 7',
	down: 'M5 9l7 7 7-7',
	pin: 'M12 21c-4-5-6-8-6-11a6 6 0 0 1 12 0c0 3-2 6-6 11zM12 8.5a1.8 1.8 0 1 1 0 3.6 1.8 1.8 0 0 1 0-3.6z',
	person: 'M12 4a4 4 0 1 1 0 8 4 4 0 0 1 0-8zM5 20c.5-4 3-6 7-6s6.5 2 7 6',
	filter: 'M4 5h16l-6 8v6l-4-2v-4z',
	leave: 'M10 4H5v16h5M14 8l4 4-4 4M18 12H9',
	search: 'M10.5 4a6.5 6.5 0 1 1 0 13 6.5 6.5 0 0 1 0-13zM15.5 15.5L20 20',
};

export function Icon(p: { name: string }): JSX.Element {
	return <svg class="icon" viewBox="0 0 24 24" aria-hidden="true" fill="none" stroke="currentColor" stroke-width="1.8" stroke-linecap="round"
		stroke-linejoin="round"><path d={PATHS[p.name] ?? ''} /></svg>;
}
