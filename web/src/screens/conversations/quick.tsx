/* quick.tsx - texts that people use again and again: found with "/", made and changed here. */
import type { JSX } from 'preact';
import { useEffect, useState } from 'preact/hooks';
import { signal } from '@preact/signals';
import { call, get, post, type Page } from '../../lib/api';
import { t } from '../../lib/i18n';
import { Button, Dialog, Empty, Field, confirm, sentence, useSubmit } from '../../ui/base';
import type { Quick } from './model';

export const quicks = signal<Quick[]>([]);

const FRESH_MS = 1000;
let loaded = 0;

export async function loadQuicks(): Promise<void> {
	loaded = Date.now();
	try {
		const fresh = (await get<Page<Quick>>('/api/v1/quick-answers')).data;
		loaded = Date.now(); /* what is drawn now must not ask again, however slow the line is */
		quicks.value = fresh;
	} catch { /* the list stays as it was */ }
}

function plain(s: string): string {
	return s.normalize('NFD').replace(/\p{M}/gu, '').toLowerCase();
}

/* Who types a shortcut is offered those of now: a colleague, or the other program, may have made one meanwhile. */
export function matching(typed: string): Quick[] {
	if (Date.now() - loaded > FRESH_MS)
		void loadQuicks();
	const word = plain(typed);
	return quicks.value.filter(q => plain(q.shortcut).startsWith(word) || plain(q.title).includes(word)).slice(0, 8);
}

function Edit(p: { q: Quick | null; text: string; done: () => void }): JSX.Element {
	const { busy, error, wrong, submit } = useSubmit(async form => {
		const body = { shortcut: form.get('shortcut'), title: form.get('title'), text: form.get('text') };
		await (p.q === null ? post('/api/v1/quick-answers', body) : call('PATCH', '/api/v1/quick-answers/' + p.q.id, body));
		await loadQuicks();
		p.done();
	});
	return <form onSubmit={submit}>
		<Field id="q-shortcut" label={t('c.quick_shortcut')} error={wrong('shortcut')}><input id="q-shortcut" name="shortcut" defaultValue={p.q?.shortcut ?? ''} required maxLength={32} autocapitalize="none" /></Field>
		<Field id="q-title" label={t('c.quick_title')} error={wrong('title')}><input id="q-title" name="title" defaultValue={p.q?.title ?? ''} maxLength={100} required /></Field>
		<Field id="q-text" label={t('text')} error={wrong('text')}><textarea id="q-text" name="text" rows={4} defaultValue={p.q?.text ?? p.text} maxLength={4096} required dir="auto" /></Field>
		{error !== null && !wrong('shortcut') && !wrong('title') && !wrong('text') && <p class="error" role="alert">{sentence(error)}</p>}
		<div class="row end"><Button onClick={p.done}>{t('c.back')}</Button><Button kind="main" type="submit" disabled={busy}>{t('c.save')}</Button></div>
	</form>;
}

export function Quicks(p: { text: string; close: () => void; take: (q: Quick) => void; mayEdit: boolean }): JSX.Element {
	const [edit, setEdit] = useState<Quick | null | undefined>(undefined);
	useEffect(() => { void loadQuicks(); }, []);
	async function drop(q: Quick) {
		if (await confirm({ title: t('c.quick_drop'), text: `/${q.shortcut}: ${q.text.slice(0, 200)}`, yes: t('c.quick_drop') })) {
			await call('DELETE', '/api/v1/quick-answers/' + q.id, {});
			await loadQuicks();
		}
	}
	return <Dialog title={t('c.quicks')} onClose={p.close}>
		{edit !== undefined ? <Edit q={edit} text={p.text} done={() => setEdit(undefined)} /> : <>
			{quicks.value.length === 0 ? <Empty title={t('c.quicks_none')} /> : <ul class="picks">{quicks.value.map(q => <li key={q.id} class="row">
				<button type="button" onClick={() => p.take(q)}><kbd>/{q.shortcut}</kbd> <bdi class="strong">{q.title}</bdi><span class="two-lines" dir="auto">{q.text}</span></button>
				{p.mayEdit && <><Button onClick={() => setEdit(q)}>{t('c.change')}</Button><Button label={t('c.quick_drop') + ' /' + q.shortcut} onClick={() => drop(q)}>×</Button></>}</li>)}</ul>}
			{p.mayEdit && <div class="row end"><Button kind="main" onClick={() => setEdit(null)}>{t('c.quick_new')}</Button></div>}
		</>}
	</Dialog>;
}
