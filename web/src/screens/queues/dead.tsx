/* dead.tsx - what will not be tried again by itself, by reason: retry all of a kind (counted first), edit and retry one, throw one away. */
import type { JSX } from 'preact';
import { useEffect, useState } from 'preact/hooks';
import { Refused, get, post, type Page } from '../../lib/api';
import { number } from '../../lib/format';
import { metaSaid, t, word } from '../../lib/i18n';
import { go, place, plain } from '../../lib/route';
import { may } from '../../lib/session';
import { Button, Dialog, Empty, Failed, Field, confirm, sentence, toast, useLoad } from '../../ui/base';
import { Facts, More, Raw, Time, pretty, useLive, usePages } from '../../ui/data';
import { line } from '../conversations/bodies';
import { phone } from '../conversations/model';
import { nameOf } from './acts';

export interface Reason { queue: string; class: string; reason: string; count: number; oldest_at: string; newest_at: string }
interface Letter { id: string; queue: string; class: string; reason: string; error: string; attempts: number; created_at: string; job_created_at: string;
	correlation_id: string | null; message_id?: string | null; history?: unknown; payload?: string | null }
interface Sent { id: string; wa_id: string; content: string | null; type: string }
interface Loaded { data: Page<Reason> | undefined; error: unknown; reload: () => void }

async function retryAll(r: { queue?: string; reason?: string }, done: () => void): Promise<void> {
	const dry = await post<{ matching: number }>('/api/v1/dead-letters/retry', { ...r, dry_run: true });
	if (!await confirm({ title: t('retry_all'), text: t('retry_all_text', { n: dry.matching }), yes: t('retry_n', { n: dry.matching }), danger: false }))
		return;
	const a = await post<{ retried: number; refused: number }>('/api/v1/dead-letters/retry', r);
	toast(t('retried', { n: a.retried }) + (a.refused > 0 ? ' ' + t('retry_refused', { n: a.refused }) : ''));
	done();
}

function LetterView(p: { id: string; close: () => void; done: () => void }): JSX.Element {
	const { data: d, error, reload } = useLoad(signal => get<Letter>('/api/v1/dead-letters/' + p.id, { signal }), p.id);
	const about = d?.message_id ?? '', m = useLoad(signal => about !== '' ? get<Sent>('/api/v1/messages/' + about, { signal }) : Promise.resolve(undefined), about);
	const [text, setText] = useState<string | null>(null), [wrong, setWrong] = useState('');
	async function retry() {
		let body = {};
		if (text !== null) {
			try {
				body = { payload: JSON.parse(text) as unknown };
			} catch (x) {
				setWrong(t('not_json', { why: (x as Error).message }));
				return;
			}
		}
		try {
			await post(`/api/v1/dead-letters/${p.id}/retry`, body);
		} catch (x) {
			if (!(x instanceof Refused))
				throw x;
			setWrong(sentence(x));
			return;
		}
		toast(t('retried', { n: 1 }));
		p.done();
		p.close();
	}
	async function discard() {
		if (!await confirm({ title: t('discard_title'), text: t('discard_text'), yes: t('discard') }))
			return;
		await post(`/api/v1/dead-letters/${p.id}/discard`);
		toast(t('discarded'));
		p.done();
		p.close();
	}
	return <Dialog title={t('dead_letter')} onClose={p.close} wide>
		{d === undefined ? error !== undefined ? <Failed error={error} again={reload} /> : <p aria-busy="true" /> : <>
			<p><bdi>{metaSaid(d.error) ?? d.error}</bdi></p>
			{metaSaid(d.error) && <p class="soft"><bdi>{d.error}</bdi></p>}
			{m.data && <p class="bubble mine"><span class="body" dir="auto">{m.data.content !== null ? line({ type: m.data.type, content: m.data.content }) : '[' + word('type.', m.data.type) + ']'}</span></p>}
			<Facts rows={[[t('message_to'), m.data ? <bdi>{phone(m.data.wa_id)}</bdi> : null], [t('message'), about !== '' ? <a href={'#/messages/' + about}>{t('look')}</a> : null], [t('queue'), nameOf(d.queue)], [t('reason'), d.reason], [t('why'), word('class.', d.class)], [t('attempts'), number(d.attempts)],
				[t('job_since'), <Time at={d.job_created_at} full />], [t('failed_at'), <Time at={d.created_at} full />], [t('correlation'), d.correlation_id]]} />
			{d.history ? <Raw label={t('history_tries')} text={JSON.stringify(d.history)} /> : null}
			{text === null ? d.payload ? <Raw label={t('payload')} text={d.payload} /> : null
				: <Field id="payload" label={t('payload')} error={wrong}><textarea id="payload" class="code" rows={14} dir="ltr" spellcheck={false} value={text} onInput={e => setText(e.currentTarget.value)} /></Field>}
			{text === null && wrong !== '' && <p class="error" role="alert">{wrong}</p>}
			{may('queues:control') && <div class="row end">
				<Button kind="danger" onClick={discard}>{t('discard')}</Button>
				{d.payload && text === null && <Button onClick={() => setText(pretty(d.payload!))}>{t('edit')}</Button>}
				<Button kind="main" onClick={retry}>{text === null ? t('retry') : t('retry_edited')}</Button>
			</div>}
		</>}
	</Dialog>;
}

function Letters(p: { queue: string; reason: string; changed: () => void }): JSX.Element {
	const letters = usePages<Letter>('/api/v1/dead-letters', { queue: p.queue, reason: p.reason }), asked = plain(place.value.query.get('letter')), [shown, setShown] = useState(asked);
	useEffect(() => setShown(asked), [asked]);
	const done = () => { letters.reload(); p.changed(); };
	useLive(letters.reload, ['alert'], 5000);
	if (letters.rows === undefined)
		return letters.error !== undefined ? <Failed error={letters.error} again={letters.reload} /> : <p aria-busy="true" />;
	return <div class="card"><h2>{p.reason || (p.queue ? nameOf(p.queue) : t('dead_letters'))} {letters.total !== undefined && <span class="count">{number(letters.total)}</span>}</h2>
		{letters.rows.length === 0 ? <Empty title={t('dead_none')}><p>{t('dead_none_text')}</p></Empty> : <table>
			<thead><tr><th scope="col">{t('failed_at')}</th><th scope="col" class="wide">{t('queue')}</th><th scope="col">{t('why')}</th>
				<th scope="col" class="n wide">{t('attempts')}</th></tr></thead>
			<tbody>{letters.rows.map(d => <tr key={d.id}><td><button type="button" class="plain" onClick={() => setShown(d.id)}><Time at={d.created_at} full /></button></td>
				<td class="wide">{nameOf(d.queue)}</td><td class="break"><bdi>{metaSaid(d.error) ?? d.error}</bdi></td><td class="n wide">{number(d.attempts)}</td></tr>)}</tbody>
		</table>}
		<More of={letters} />
		{shown !== null && <LetterView id={shown} close={() => setShown(null)} done={done} />}
	</div>;
}

export function Dead(p: { reasons: Loaded }): JSX.Element {
	const q = place.value.query, queue = q.get('queue') ?? '', reason = q.get('reason') ?? '';
	const { data, error, reload } = p.reasons;
	if (data === undefined)
		return error !== undefined ? <Failed error={error} again={reload} /> : <p class="loading" aria-busy="true" />;
	const kinds = data.data.filter(r => queue === '' || r.queue === queue);
	if (kinds.length === 0 && queue === '')
		return <Empty title={t('dead_none')}><p>{t('dead_none_text')}</p></Empty>;
	return <div class="stack">
		{queue !== '' && <p class="row"><span class="chip">{nameOf(queue)}{reason && ' · ' + reason}</span><Button onClick={() => go('#/queues/dead')}>{t('show_all')}</Button></p>}
		<table class="card">
			<thead><tr><th scope="col">{t('reason')}</th><th scope="col" class="n">{t('number')}</th><th scope="col" class="wide">{t('last')}</th>
				<th scope="col"><span class="hidden">{t('action')}</span></th></tr></thead>
			<tbody>{kinds.map(r => <tr key={r.queue + r.reason}>
				<td><a href={`#/queues/dead?queue=${r.queue}&reason=${encodeURIComponent(r.reason)}`}><bdi>{r.reason}</bdi></a>{metaSaid(r.reason) && <small>{metaSaid(r.reason)}</small>}<small class="soft">{nameOf(r.queue)} · {word('class.', r.class)}</small></td>
				<td class="n"><a href={`#/queues/dead?queue=${r.queue}&reason=${encodeURIComponent(r.reason)}`}>{number(r.count)}</a></td><td class="wide"><Time at={r.newest_at} full /></td>
				<td>{may('queues:control') && <div class="row acts"><Button onClick={() => retryAll({ queue: r.queue, reason: r.reason }, reload)}
					label={t('retry_all') + ': ' + r.reason}>{t('retry_all')}</Button></div>}</td></tr>)}</tbody>
		</table>
		<Letters queue={queue} reason={reason} changed={reload} />
	</div>;
}
