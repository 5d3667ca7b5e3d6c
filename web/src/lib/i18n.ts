/* i18n.ts - every word that the page says, by key, in three languages (words/*.ts). The browser's first known language
 * counts until a person chooses another. A test compares the keys. */
import { signal } from '@preact/signals';
import { en } from '../words/en';
import { es } from '../words/es';
import { pt } from '../words/pt';
import { problemEn, problemEs, problemPt } from '../words/problem';
import { SAID } from '../words/said';
import { workEn } from '../words/work.en';
import { workEs } from '../words/work.es';
import { workPt } from '../words/work.pt';

export type Lang = 'en' | 'es' | 'pt';
export type Words = typeof en & typeof workEn & typeof problemEn;
export const LANGS: Record<Lang, Words> = { es: { ...es, ...workEs, ...problemEs }, pt: { ...pt, ...workPt, ...problemPt }, en: { ...en, ...workEn, ...problemEn } };
export const LANG_NAMES: Record<Lang, string> = { es: 'Español', pt: 'Português', en: 'English' };
const KEY = 'totem.lang';

function first(): Lang {
	const wanted = [localStorage.getItem(KEY) ?? '', ...navigator.languages];
	for (const w of wanted) {
		const short = w.slice(0, 2).toLowerCase();
		if (short in LANGS)
			return short as Lang;
	}
	return 'en';
}

export const lang = signal<Lang>(first());

export function setLang(l: Lang): void {
	localStorage.setItem(KEY, l);
	lang.value = l;
	document.documentElement.lang = l;
}

/* t('queue.cleared', { n: 3 }): the text of that key with {n} filled in. {n|one|many} chooses by number. */
export function t(key: keyof Words, fill: Record<string, string | number> = {}): string {
	const text: string = LANGS[lang.value][key];
	return text.replace(/\{(\w+)(?:\|([^|}]*)\|([^}]*))?\}/g, (_, name: string, one?: string, many?: string) => {
		const v = fill[name];
		if (one !== undefined)
			return (v === 1 ? one : many!).replace('#', typeof v === 'number' ? v.toLocaleString(lang.value) : String(v));
		return typeof v === 'number' ? v.toLocaleString(lang.value) : String(v ?? '');
	});
}

/* For keys that come from the box (a queue's name, a state): the text, or the name itself. */
export function word(prefix: string, name: string): string {
	const words = LANGS[lang.value] as unknown as Record<string, string>;
	return words[prefix + name] ?? name;
}

/* What the API said, for the reader: its own sentence in English, that sentence translated (words/said.ts), or at least its kind. */
export function told(detail: string | undefined, type: string | undefined): string | undefined {
	const kind = 'problem.' + (type ?? '').replace(/^.*:/, ''), words = LANGS[lang.value] as unknown as Record<string, string>;
	return lang.value === 'en' ? detail ?? words[kind] : (detail !== undefined ? SAID[detail]?.[lang.value === 'es' ? 0 : 1] : undefined) ?? words[kind] ?? detail;
}
