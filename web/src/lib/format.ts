/* format.ts - numbers, times, sizes and ages as people of the chosen language write them. */
import { lang } from './i18n';

export function number(n: number): string { return n.toLocaleString(lang.value); }

/* A price; a currency that nobody knows stands behind its number. */
export function money(n: number, currency: string): string {
	if (!Number.isFinite(n))
		return '';
	try {
		return n.toLocaleString(lang.value, { style: 'currency', currency });
	} catch {
		return (number(Math.round(n * 100) / 100) + ' ' + currency).trim();
	}
}

const UNITS: [limit: number, per: number, unit: string][] = [
	[90, 1, 'second'], [5400, 60, 'minute'], [129_600, 3600, 'hour'], [Infinity, 86_400, 'day'],
];

/* A span: "3 min". */
export function span(ms: number): string {
	const s = Math.max(0, ms) / 1000;
	if (s < 1)
		return new Intl.NumberFormat(lang.value).format(Math.round(ms)) + ' ms';
	const [, per, unit] = UNITS.find(u => s < u[0])!;
	return new Intl.NumberFormat(lang.value, { style: 'unit', unit, unitDisplay: 'short' }).format(Math.round(s / per));
}

export function bytes(n: number): string {
	const units = ['byte', 'kilobyte', 'megabyte', 'gigabyte', 'terabyte'];
	let i = 0;
	for (; n >= 1000 && i < units.length - 1; i++)
		n /= 1000;
	return new Intl.NumberFormat(lang.value, { style: 'unit', unit: units[i]!, unitDisplay: 'short', maximumFractionDigits: n < 10 ? 1 : 0 }).format(n);
}

/* "pt_BR": the name of that language. */
export function langName(code: string): string {
	try {
		return new Intl.DisplayNames(lang.value, { type: 'language' }).of(code.replaceAll('_', '-')) ?? code;
	} catch {
		return code;
	}
}

export function clock(iso: string | null): string {
	return iso === null || iso === undefined ? '' : new Date(iso).toLocaleTimeString(lang.value, { hour: '2-digit', minute: '2-digit' });
}

export function moment(iso: string | null, time: 'short' | 'medium' = 'medium'): string {
	return iso === null || iso === undefined ? '' : new Date(iso).toLocaleString(lang.value, { dateStyle: 'medium', timeStyle: time });
}

export function day(iso: string): string {
	return new Date(iso).toLocaleDateString(lang.value, { weekday: 'long', day: 'numeric', month: 'long' });
}

/* For lists: the time today, the weekday this week, else the date. */
export function when(iso: string | null): string {
	if (iso === null || iso === undefined)
		return '';
	const d = new Date(iso), age = Date.now() - d.getTime();
	if (d.toDateString() === new Date().toDateString())
		return clock(iso);
	if (age < 6 * 86_400_000)
		return d.toLocaleDateString(lang.value, { weekday: 'short' });
	return d.toLocaleDateString(lang.value, { day: '2-digit', month: '2-digit', year: '2-digit' });
}
