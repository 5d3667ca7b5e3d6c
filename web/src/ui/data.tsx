/* data.tsx - what screens about lists and machines share: tabs, long lists by cursor, facts, times, raw text. */
import type { ComponentChildren, JSX } from 'preact';
import { useEffect, useRef, useState } from 'preact/hooks';
import { get, hasToken, query, type Page } from '../lib/api';
import { moment, when } from '../lib/format';
import { lang, t, word } from '../lib/i18n';
import { on } from '../lib/stream';
import { Button, sentence, toast } from './base';

/* Parts of a screen, each with an address of its own. n: how many things wait there. */
export function Tabs(p: { at: string; items: { href: string; label: string; n?: number; alarm?: boolean }[] }): JSX.Element {
	return <nav class="tabs">{p.items.map(i => <a key={i.href} href={i.href} aria-current={i.href === p.at ? 'page' : undefined}>
		{i.label}{i.n !== undefined && i.n > 0 && <span class={'count' + (i.alarm ? ' alarm' : '')}>{i.n.toLocaleString(lang.value)}</span>}</a>)}</nav>;
}

export interface Pages<T> { rows: T[] | undefined; file: string; error: unknown; more: (() => void) | null; reload: () => void; total: number | undefined }

const PAGE = 50, PAGE_MAX = 500; /* of the API */
const LOOKS = 10; /* pages without a row that are passed by themselves: a filter may end one before it found any */

/* A list of the API: its first page, further ones on demand. It is loaded anew when path or fields change, and by reload: as many rows
 * as are shown, and they stay until the answer is there. Who looks at more than one call gives is left alone. */
export function usePages<T>(path: string | null, fields: Record<string, string | number | boolean | undefined> = {}): Pages<T> {
	const key = path === null ? '' : path + query(fields);
	const [state, setState] = useState<{ key: string; rows?: T[]; next: string | null; error?: unknown; total?: number }>({ key: '', next: null });
	const [round, setRound] = useState(0), [busy, setBusy] = useState(false);
	useEffect(() => {
		if (path === null)
			return;
		const stop = new AbortController(), shown = state.key === key ? state.rows?.length ?? 0 : 0;
		if (shown > PAGE_MAX)
			return;
		const some = async (after?: string, looks = LOOKS): Promise<Page<T> & { total?: number }> => {
			const a = await get<Page<T> & { total?: number }>(path + query({ limit: Math.min(PAGE_MAX, Math.max(PAGE, shown)), ...fields, after }), { signal: stop.signal });
			return a.data.length > 0 || a.next === null || looks === 0 ? a : some(a.next, looks - 1);
		};
		some().then(
			a => { if (!stop.signal.aborted) setState({ key, rows: a.data, next: a.next, total: a.total }); },
			(error: unknown) => { if (!stop.signal.aborted) setState(s => s.key === key ? { ...s, error } : { key, next: null, error }); });
		return () => stop.abort();
	}, [key, round]);
	const fresh = state.key === key;
	async function more() {
		if (busy || path === null)
			return;
		setBusy(true);
		try {
			const a = await get<Page<T>>(path + query({ limit: PAGE, ...fields, after: state.next }));
			setState(s => s.key === key ? { ...s, rows: [...(s.rows ?? []), ...a.data], next: a.next } : s);
		} catch (e) {
			toast(sentence(e), 'bad');
		} finally {
			setBusy(false);
		}
	}
	return { file: (path ?? '') + query({ ...fields, format: 'csv' }), rows: fresh ? state.rows : undefined, error: fresh ? state.error : undefined, total: fresh ? state.total : undefined,
		more: fresh && state.next !== null ? () => { void more(); } : null, reload: () => setRound(n => n + 1) };
}

/* Under a list: further rows, and all of them as a file (not for a tab that came with a token: a link carries none). */
export function More(p: { of: Pages<unknown> }): JSX.Element | null {
	return p.of.rows === undefined || p.of.rows.length === 0 && p.of.more === null ? null : <p class="row end">
		{!hasToken() && <a class="button quiet" href={p.of.file} download>{t('as_file')}</a>}
		{p.of.more !== null && <Button onClick={p.of.more}>{t('more')}</Button>}</p>;
}

/* Calls reload at these events (at most every 300 ms), when the stream is there again, and every so often. */
export function useLive(reload: () => void, events: string[], everyMs = 0): void {
	const latest = useRef(reload); /* of this render: one that looks at a state must not see that of the first for ever */
	latest.current = reload;
	useEffect(() => {
		let soon = 0;
		const ask = () => { soon ||= window.setTimeout(() => { soon = 0; latest.current(); }, 300); };
		const offs = [...events, 'open', 'reset'].map(name => on(name, ask));
		const timer = everyMs > 0 ? setInterval(() => { if (!document.hidden) latest.current(); }, everyMs) : 0;
		return () => { clearTimeout(soon); clearInterval(timer); offs.forEach(off => off()); };
	}, []);
}

export function Facts(p: { rows: [label: string, value: ComponentChildren][] }): JSX.Element {
	const empty = (v: ComponentChildren): boolean => v === null || v === undefined || v === '' || typeof v === 'object' && 'type' in v && v.type === Time && !(v.props as { at?: unknown }).at;
	return <dl class="facts">{p.rows.filter(([, v]) => !empty(v)).map(([label, v]) =>
		<div key={label}><dt>{label}</dt><dd>{v}</dd></div>)}</dl>;
}

export function Time(p: { at: string | null | undefined; full?: boolean }): JSX.Element | null {
	return p.at ? <time dateTime={p.at} title={moment(p.at)}>{p.full ? moment(p.at) : when(p.at)}</time> : null;
}

const GOOD = /^(up|running|ok|done|valid|delivered|read|played|whole|closed)$/, BAD = /^(failing|failed|stopped|dead|invalid|open)$/;
export function State(p: { state: string; prefix?: string; text?: string }): JSX.Element {
	return <span class={'chip ' + (GOOD.test(p.state) ? 'good' : BAD.test(p.state) ? 'bad' : 'warn')}>{p.text ?? word(p.prefix ?? 'state.', p.state)}</span>;
}

export function Copy(p: { text: string; label?: string }): JSX.Element {
	async function copy() {
		await navigator.clipboard.writeText(p.text);
		toast(t('copied'));
	}
	/* without TLS browsers have no clipboard for pages: the text can be marked by hand */
	return globalThis.isSecureContext ? <Button onClick={copy} label={p.label}>{t('copy')}</Button> : <></>;
}

export function pretty(text: string): string {
	try {
		return JSON.stringify(JSON.parse(text), null, 2);
	} catch {
		return text;
	}
}

/* Text as it came; JSON in lines. What is very long is cut in the view, not in what is copied. */
const RAW_MAX = 200_000;
export function Raw(p: { text: string; label: string }): JSX.Element {
	const text = pretty(p.text);
	return <figure class="raw"><figcaption class="row"><span class="soft">{p.label}</span><Copy text={p.text} /></figcaption>
		<pre dir="ltr" tabIndex={0} aria-label={p.label}>{text.length > RAW_MAX ? text.slice(0, RAW_MAX) + '…' : text}</pre></figure>;
}
