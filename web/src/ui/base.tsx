/* base.tsx - the small parts that all screens are made of. */
import type { ComponentChildren, JSX } from 'preact';
import { useEffect, useLayoutEffect, useRef, useState } from 'preact/hooks';
import { signal } from '@preact/signals';
import { Refused } from '../lib/api';
import { setLang, t, type Lang } from '../lib/i18n';
import { place } from '../lib/route';

/* A sentence for people out of whatever was thrown. */
export function sentence(e: unknown): string {
	if (e instanceof Refused)
		return e.status === 0 ? t('no_net') : e.status === 403 ? t('forbidden') : e.message;
	return String((e as Error)?.message ?? e);
}

export function Button(p: { onClick?: () => unknown; kind?: 'main' | 'quiet' | 'danger'; type?: 'button' | 'submit'; label?: string;
	disabled?: boolean; pressed?: boolean; id?: string; children: ComponentChildren }): JSX.Element {
	const [busy, setBusy] = useState(false);
	async function click() {
		if (p.onClick === undefined)
			return;
		setBusy(true);
		try {
			await p.onClick();
		} catch (e) {
			toast(sentence(e), 'bad');
		} finally {
			setBusy(false);
		}
	}
	return <button type={p.type ?? 'button'} id={p.id} class={'button ' + (p.kind ?? 'quiet')} disabled={busy || p.disabled}
		aria-label={p.label} title={p.label} aria-pressed={p.pressed} onClick={p.onClick === undefined ? undefined : () => { void click(); }}>{p.children}</button>;
}

/* For what is done outside a Button: says why it was not done. True: it was. */
export async function tried(done: Promise<unknown>): Promise<boolean> {
	try {
		await done;
		return true;
	} catch (e) {
		toast(sentence(e), 'bad');
		return false;
	}
}

/* What a form does: once at a time (busy disables its button, so that a double click asks once), and what was thrown, by field. */
export function useSubmit(run: (form: FormData) => Promise<void>): { busy: boolean; error: unknown; wrong: (field: string) => string | undefined; submit: (e: Event) => void } {
	const [error, setError] = useState<unknown>(null), [busy, setBusy] = useState(false);
	async function submit(e: Event) {
		e.preventDefault();
		setBusy(true);
		setError(null);
		try {
			await run(new FormData(e.currentTarget as HTMLFormElement));
		} catch (x) {
			setError(x);
		} finally {
			setBusy(false);
		}
	}
	return { busy, error, wrong: field => error instanceof Refused ? error.field(field) : undefined, submit: e => { void submit(e); } };
}

export function Field(p: { label: string; hint?: string; error?: string; id: string; children: ComponentChildren }): JSX.Element {
	return <div class={'field' + (p.error ? ' wrong' : '')}>
		<label for={p.id}>{p.label}</label>
		{p.children}
		{p.hint && <small class="soft">{p.hint}</small>}
		{p.error && <p class="error" role="alert">{p.error}</p>}
	</div>;
}

/* --- short notes that go by themselves --- */

interface Note { id: number; text: string; kind: 'good' | 'bad' }
const notes = signal<Note[]>([]);
let noteId = 0;

export function toast(text: string, kind: 'good' | 'bad' = 'good'): void {
	const note = { id: ++noteId, text, kind };
	notes.value = [...notes.value.slice(-3), note];
	setTimeout(() => { notes.value = notes.value.filter(n => n !== note); }, kind === 'bad' ? 8000 : 4000);
}

export function Toasts(): JSX.Element {
	return <div class="toasts" role="status" aria-live="polite">{notes.value.map(n => <p key={n.id} class={n.kind}>{n.text}</p>)}</div>;
}

/* A person chooses a language; what is read stays when the words of that one do not come. */
export async function chooseLang(l: Lang): Promise<void> {
	if (!await setLang(l))
		toast(t('no_net'), 'bad');
}

/* --- questions before something that cannot be taken back --- */

interface Question { title: string; text: string; more?: ComponentChildren; yes: string; danger: boolean; answer: (yes: boolean) => void }
const question = signal<Question | null>(null);

/* Says what will happen (and to how many); true: go on. */
export function confirm(q: { title: string; text: string; more?: ComponentChildren; yes: string; danger?: boolean }): Promise<boolean> {
	return new Promise(answer => { question.value = { danger: true, ...q, answer }; });
}

/* Opens something and takes the focus along; when it is gone, and the focus with it, the focus is where it was before. */
export function useFocusBack(open: () => void): void {
	useLayoutEffect(() => {
		const before = document.activeElement;
		open();
		return () => queueMicrotask(() => { /* it is gone from the page by then */
			if ((document.activeElement ?? document.body) === document.body && before instanceof HTMLElement && before.isConnected)
				before.focus();
		});
	}, []);
}

/* Modal: the browser keeps the focus inside and closes it with Escape; a phone has no such key, so there is a cross too (last: the focus
 * begins at what the dialog is for). However it ends, the focus is where it was before. A link in it
 * that leads elsewhere closes it. */
export function Dialog(p: { title: string; onClose: () => void; children: ComponentChildren; wide?: boolean; sheet?: boolean }): JSX.Element {
	const ref = useRef<HTMLDialogElement>(null);
	const opened = useRef(place.value);
	useFocusBack(() => ref.current?.showModal());
	useEffect(() => {
		if (place.value !== opened.current)
			ref.current?.close();
	}, [place.value]);
	return <dialog ref={ref} class={p.wide ? 'broad' : p.sheet ? 'sheet' : ''} aria-label={p.title} onClose={p.onClose}
		onClick={e => { if (e.target === ref.current) ref.current?.close(); }}>
		<div class="dialog"><h2>{p.title}</h2>{p.children}
			<button type="button" class="shut" aria-label={t('c.close')} title={t('c.close')} onClick={() => ref.current?.close()}>×</button></div>
	</dialog>;
}

export function Questions(): JSX.Element | null {
	const q = question.value;
	if (q === null)
		return null;
	const end = (yes: boolean) => { question.value = null; q.answer(yes); };
	return <Dialog title={q.title} onClose={() => end(false)}>
		<p>{q.text}</p>
		{q.more}
		<div class="row end">
			<Button onClick={() => end(false)}>{t('c.back')}</Button>
			<Button kind={q.danger ? 'danger' : 'main'} onClick={() => end(true)}>{q.yes}</Button>
		</div>
	</Dialog>;
}

/* --- what a screen shows while it has nothing --- */

export function Empty(p: { title: string; children?: ComponentChildren }): JSX.Element {
	return <div class="empty"><p class="title">{p.title}</p>{p.children}</div>;
}

export function Failed(p: { error: unknown; again: () => void }): JSX.Element {
	return <div class="empty" role="alert"><p class="title">{sentence(p.error)}</p><Button onClick={p.again}>{t('again')}</Button></div>;
}

/* Loads when `key` changes; `reload` asks again and keeps what is shown meanwhile. */
export function useLoad<T>(load: (signal: AbortSignal) => Promise<T>, key: string): { data: T | undefined; error: unknown; reload: () => void } {
	const [state, setState] = useState<{ key: string; data?: T; error?: unknown }>({ key: '' });
	const [round, setRound] = useState(0);
	useEffect(() => {
		const stop = new AbortController();
		load(stop.signal).then(data => { if (!stop.signal.aborted) setState({ key, data }); },
			(error: unknown) => { if (!stop.signal.aborted) setState(s => s.key === key ? { ...s, error } : { key, error }); });
		return () => stop.abort();
	}, [key, round]);
	const fresh = state.key === key;
	return { data: fresh ? state.data : undefined, error: fresh ? state.error : undefined, reload: () => setRound(n => n + 1) };
}
