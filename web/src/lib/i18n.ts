/* i18n.ts - every word that the page says, by key, in the reader's language. The languages are files beside the page (words/index.ts);
 * only the one that is read is loaded. The browser's first known language counts until a person chooses another. A test compares the keys. */
import { signal } from '@preact/signals';
import type { Language, Words } from '../words';

export type Lang = 'en' | 'es' | 'pt';
export type { Words };
export const LANG_NAMES: Record<Lang, string> = { es: 'Español', pt: 'Português', en: 'English' };
const KEY = 'totem.lang', WAIT_MIN_MS = 500, WAIT_MAX_MS = 10_000;

export const isLang = (name: string): name is Lang => name in LANG_NAMES;
/* Whether a person chose here; else the account's language counts. */
export const hasChosen = (): boolean => isLang(localStorage.getItem(KEY) ?? '');

function first(): Lang {
	for (const w of [localStorage.getItem(KEY) ?? '', ...navigator.languages]) {
		const short = w.slice(0, 2).toLowerCase();
		if (isLang(short))
			return short;
	}
	return 'en';
}

/* ready: the first words are there; nothing is shown before (main.tsx), so that nobody sees keys. stuck: they do not come. */
export const ready = signal(false), stuck = signal(false);
export const lang = signal<Lang>(first());
let here: { words: Partial<Words>; help: Record<string, string>; said: Record<string, string> } = { words: {}, help: {}, said: {} };

/* A page that is older than the box may get words of a newer one: a key that these lack keeps its old text. */
export function take(l: Lang, language: Language): void {
	here = { words: { ...here.words, ...language.words }, help: language.help, said: language.said };
	lang.value = l;
	ready.value = true;
}

/* Their addresses stand in index.html, with hashes that the box puts there. */
async function load(l: Lang): Promise<Language | null> {
	try {
		const answer = await fetch(document.documentElement.dataset[l]!);
		return answer.ok ? await answer.json() as Language : null;
	} catch {
		return null;
	}
}

let asked = 0;
/* To another language, for now; false when it cannot be loaded: what was read stays. */
export async function readIn(l: Lang): Promise<boolean> {
	const mine = ++asked, language = l === lang.value && ready.value ? null : await load(l);
	if (language !== null && mine === asked)
		take(l, language);
	return mine !== asked || lang.value === l;
}

/* A person's choice: it is kept in this browser, unless they chose another one while it was loading. */
export async function setLang(l: Lang): Promise<boolean> {
	const done = await readIn(l);
	if (done && lang.value === l)
		localStorage.setItem(KEY, l);
	return done;
}

/* The first words: the wanted language, else whichever comes, else again. */
async function start(): Promise<void> {
	const wanted = first(), order = [wanted, ...(['es', 'pt', 'en'] as const).filter(l => l !== wanted)];
	for (let wait = WAIT_MIN_MS; ; wait = Math.min(2 * wait, WAIT_MAX_MS)) {
		for (const l of order)
			if (await readIn(l) && ready.value)
				return;
		stuck.value = true;
		await new Promise(r => setTimeout(r, wait));
	}
}
let starting: Promise<void> | undefined;
export const startLang = (): Promise<void> => starting ??= start();

/* t('queue.cleared', { n: 3 }): the text of that key with {n} filled in. {n|one|many} chooses by number. */
export function t(key: keyof Words, fill: Record<string, string | number> = {}): string {
	const text: string = lang.value && (here.words[key] ?? key);
	return text.replace(/\{(\w+)(?:\|([^|}]*)\|([^}]*))?\}/g, (_, name: string, one?: string, many?: string) => {
		const v = fill[name];
		if (one !== undefined)
			return (v === 1 ? one : many!).replace('#', typeof v === 'number' ? v.toLocaleString(lang.value) : String(v));
		return typeof v === 'number' ? v.toLocaleString(lang.value) : String(v ?? '');
	});
}

/* The words as they come by names that only the box knows. Reading `lang` makes what shows them follow the language. */
function named(): Record<string, string> {
	return lang.value && here.words as Record<string, string>;
}

/* For keys that come from the box (a queue's name, a state): the text, or the name itself. */
export function word(prefix: string, name: string): string {
	return named()[prefix + name] ?? name;
}

/* Families of codes that one sentence is for, named by their first (app/peer/meta/meta_error.def). */
export const FAMILIES = [[200, 299], [131200, 131299], [133005, 133006], [133008, 133010], [138000, 138999], [139000, 139004], [139100, 139102], [147001, 147005], [2388000, 2388999], [2494000, 2494999], [2593107, 2593108]] as const;

/* "meta 131026", "Meta error 131026: ...": why Meta refused, in the reader's language; undefined: not known here. */
export function metaSaid(text: string): string | undefined {
	const code = /^meta (?:error )?(\d+)/i.exec(text)?.[1];
	const family = FAMILIES.find(([first, last]) => Number(code) >= first && Number(code) <= last);
	return code === undefined ? undefined : named()['meta.' + String(family?.[0] ?? code)];
}

/* A sentence of the box that ends with what the other side answered: that part in the reader's language too, as far as it is known. */
export function answered(text: string | null): string | null {
	return text?.replace(/Meta error (\d+): .*$/s, (all, code: string) => { const said = metaSaid(all); return said === undefined ? all : `${said} (Meta ${code})`; })
		.replace(/an error of the server$/, t('server_error')) ?? null;
}

/* What a setting does: English comes from the box. */
export function helpFor(key: string, english: string): string {
	return (lang.value && (here.help[key] ?? english)).replaceAll('`', '');
}

/* What a sentence with {0}, {1}... looks like, in this order. */
function looksLike(sentence: string): RegExp {
	return new RegExp('^' + sentence.split(/\{\d\}/).map(part => part.replace(/[.*+?^${}()|[\]\\]/g, '\\$&')).join('(.*)') + '$', 's');
}

/* The API's sentence in the reader's language (words/said.ts), if it is known there. */
function translated(detail: string): string | undefined {
	const whole = here.said[detail];
	if (whole !== undefined)
		return whole;
	for (const [sentence, text] of Object.entries(here.said)) {
		const found = sentence.includes('{0}') ? looksLike(sentence).exec(detail) : null;
		if (found !== null)
			return text.replace(/\{(\d)\}/g, (_, n: string) => found[Number(n) + 1]!);
	}
	return undefined;
}

/* What the API said, for the reader: its own sentence in English, that sentence translated (words/said.ts), or at least its kind. */
export function told(detail: string | undefined, type: string | undefined): string | undefined {
	const kind = named()['problem.' + (type ?? '').replace(/^.*:/, '')];
	return lang.value === 'en' ? detail ?? kind : (detail !== undefined ? translated(detail) : undefined) ?? kind ?? detail;
}
