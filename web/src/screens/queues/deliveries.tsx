/* deliveries.tsx - the raw webhook requests as they came; one or a range of time can be processed again (which is idempotent). */
import type { JSX } from 'preact';
import { useEffect, useState } from 'preact/hooks';
import { Refused, get, post, query } from '../../lib/api';
import { bytes, number } from '../../lib/format';
import { lang, t, word } from '../../lib/i18n';
import { place, plain } from '../../lib/route';
import { may } from '../../lib/session';
import { Button, Dialog, Empty, Failed, Field, confirm, sentence, toast, useLoad } from '../../ui/base';
import { Facts, More, Raw, State, Time, useLive, usePages } from '../../ui/data';

interface Delivery { id: string; source: string; signature: string; request_id: string; put_aside: string | null; headers: Record<string, string> | null; received_at: string;
	body_size?: number; body_encoding?: string; body?: string | null }

interface Change { field: string; message_id: string | null; from: string | null; to: string | null }
interface New { messages: number; changes: number; contacts: number; conversations: number }
interface Item { kind: string; what: string | null; effect: string; message_id: string | null; why: string | null; new: New; changes: Change[] }
interface Dry { new: New; statuses: number; known: number; put_aside: string | null; items: Item[]; items_left_off: number }

const fresh = (n: New): string => [n.messages > 0 && t('dry_messages', { n: n.messages }), n.contacts > 0 && t('dry_contacts', { n: n.contacts }),
	n.conversations > 0 && t('dry_conversations', { n: n.conversations }), n.changes > 0 && t('dry_changes', { n: n.changes })].filter(x => x !== false).join(', ');

/* A value as people read it: the word of a state, a time, else the text itself. */
function Value(p: { field: string; v: string | null }): JSX.Element {
	const { field, v } = p;
	return v === null || v === '' ? <i class="soft">{t('dry_empty')}</i> : /_at$/.test(field) ? <Time at={v} full />
		: field === 'status' ? <>{word('status.', v)}</> : field === 'sending' ? <>{word('sending.', v)}</> : field === 'type' ? <>{word('type.', v)}</> : <bdi>{v}</bdi>;
}

const EFFECTS: Record<string, string> = { new: 'good', changed: 'warn', put_aside: 'bad' };
function Difference(p: { of: Dry }): JSX.Element {
	return <ul class="diff">{p.of.items.map((i, n) => <li key={n}>
		<p class="row"><b>{word('item.', i.kind)}</b>{i.what && <span>{i.kind === 'status' ? word('status.', i.what) : i.kind === 'message' ? word('type.', i.what) : i.what}</span>}
			<span class={'chip ' + (EFFECTS[i.effect] ?? '')}>{word('effect.', i.effect)}</span>{i.message_id && <a href={'#/messages/' + i.message_id}>{t('look')}</a>}</p>
		{fresh(i.new) !== '' && <p>+ {fresh(i.new)}</p>}
		{i.why !== null && <p class="error"><bdi>{i.why}</bdi></p>}
		{i.changes.length > 0 && <dl class="facts">{i.changes.map((c, k) => <div key={k}><dt>{word('field.', c.field)}</dt><dd><del><Value field={c.field} v={c.from} /></del> → <ins><Value field={c.field} v={c.to} /></ins></dd></div>)}</dl>}
	</li>)}{p.of.items_left_off > 0 && <li class="soft">{t('dry_more', { n: p.of.items_left_off })}</li>}</ul>;
}

/* What processing it again would change: found out by doing it and undoing it. */
function difference(d: Dry): string {
	const list = fresh(d.new), changed = d.items.filter(i => i.changes.length > 0).length;
	return (list !== '' ? t('dry_new', { list }) : changed > 0 ? t('dry_changed', { n: changed }) : t('dry_nothing')) + (d.put_aside !== null ? ' ' + t('dry_aside', { why: d.put_aside }) : '');
}

interface Told extends Dry { id: string; source: string; received_at: string }
interface Many { matching: number; data: Told[]; next: string | null; left_off: number }
interface Stretch { from: string; to: string; source?: string | undefined }
const look = (range: Stretch, after: string | null): Promise<Many> => post<Many>('/api/v1/deliveries/replay' + query({ after }), { ...range, dry_run: true });

function brief(d: Dry): JSX.Element {
	const list = fresh(d.new), changed = d.items.filter(i => i.changes.length > 0).length;
	return d.put_aside !== null ? <span class="chip bad">{word('effect.', 'put_aside')}</span> : list !== '' ? <b>+ {list}</b>
		: changed > 0 ? <b>{t('dry_changes', { n: changed })}</b> : <span class="soft">{word('effect.', 'none')}</span>;
}

/* What each of a range would change, oldest first; more of them on demand. */
function Differences(p: { of: Many; range: Stretch }): JSX.Element {
	const [rows, setRows] = useState(p.of.data), [last, setLast] = useState(p.of);
	async function more() {
		const a = await look(p.range, last.next);
		setRows([...rows, ...a.data]);
		setLast(a);
	}
	return <><p class="soft">{t('differences_help')}</p>
		<ul class="many">{rows.map(d => <li key={d.id}><details>
			<summary><Time at={d.received_at} full /> · {word('source.', d.source)} · {brief(d)}</summary><Difference of={d} />
		</details></li>)}</ul>
		{last.left_off > 0 && <p class="row end"><span class="soft">{t('dry_more', { n: last.left_off })}</span><Button onClick={more}>{t('more')}</Button></p>}</>;
}

/* Asks with the difference first. True: it is being processed. */
export async function replayOne(id: string): Promise<boolean> {
	const dry = await post<Dry>(`/api/v1/deliveries/${id}/replay`, { dry_run: true });
	if (!await confirm({ title: t('replay'), text: difference(dry), more: <Difference of={dry} />, yes: t('replay'), danger: false }))
		return false;
	await post(`/api/v1/deliveries/${id}/replay`);
	toast(t('replaying', { n: 1 }));
	return true;
}

export function DeliveryView(p: { id: string; close: () => void }): JSX.Element {
	const { data: d, error, reload } = useLoad(signal => get<Delivery>('/api/v1/deliveries/' + p.id, { signal }), p.id + lang.value);
	return <Dialog title={t('delivery')} onClose={p.close} wide>
		{d === undefined ? error !== undefined ? <Failed error={error} again={reload} /> : <p aria-busy="true" /> : <>
			<Facts rows={[[t('from'), word('source.', d.source)], [t('signature'), <State state={d.signature} prefix="signature." />], [t('received'), <Time at={d.received_at} full />],
				[t('put_aside'), d.put_aside], [t('size'), bytes(d.body_size ?? 0)], [t('request'), d.request_id]]} />
			<Raw label={t('headers')} text={JSON.stringify(d.headers ?? {})} />
			{d.body_encoding === 'omitted' ? <p class="soft">{t('body_omitted')}</p> : <Raw label={t('body')} text={d.body ?? ''} />}
			{may('queues:control') && <div class="row end"><Button kind="main" onClick={() => replayOne(p.id)}>{t('replay')}</Button></div>}
		</>}
	</Dialog>;
}

/* A range: counted first, then done. */
function Range(p: { close: () => void }): JSX.Element {
	const [error, setError] = useState<unknown>(null), [busy, setBusy] = useState(false);
	const wrong = (field: string) => error instanceof Refused ? error.field(field) : undefined;
	async function submit(e: Event) {
		e.preventDefault();
		const form = new FormData(e.currentTarget as HTMLFormElement);
		const range: Stretch = { from: new Date(String(form.get('from'))).toISOString(), to: new Date(String(form.get('to'))).toISOString(), source: String(form.get('source') ?? '') || undefined };
		setBusy(true);
		try {
			const dry = await look(range, null);
			if (dry.matching === 0) {
				setError(new Error(t('replay_none')));
			} else if (await confirm({ title: t('replay'), text: t('replay_text', { n: dry.matching }), yes: t('replay_n', { n: dry.matching }), danger: false,
				more: <Differences of={dry} range={range} /> })) {
				const a = await post<{ replaying: number }>('/api/v1/deliveries/replay', range);
				toast(t('replaying', { n: a.replaying }));
				p.close();
			}
		} catch (x) {
			setError(x);
		} finally {
			setBusy(false);
		}
	}
	return <Dialog title={t('replay_range')} onClose={p.close}>
		<p class="soft">{t('replay_help')}</p>
		<form onSubmit={e => { void submit(e); }}>
			<Field id="from" label={t('time_from')} error={wrong('from')}><input id="from" name="from" type="datetime-local" step={1} required /></Field>
			<Field id="to" label={t('time_to')} error={wrong('to')}><input id="to" name="to" type="datetime-local" step={1} required /></Field>
			<Field id="rsource" label={t('from')}><Sources id="rsource" name="source" /></Field>
			{error !== null && !wrong('from') && !wrong('to') && <p class="error" role="alert">{sentence(error)}</p>}
			<div class="row end"><Button onClick={p.close}>{t('c.back')}</Button><Button type="submit" kind="main" disabled={busy}>{t('count_first')}</Button></div>
		</form>
	</Dialog>;
}

function Sources(p: { id: string; name?: string; value?: string; onChange?: (v: string) => void }): JSX.Element {
	return <select id={p.id} name={p.name} value={p.value} onChange={e => p.onChange?.(e.currentTarget.value)}>
		<option value="">{t('all')}</option>{['meta', 'evolution', 'chatwoot'].map(s => <option key={s} value={s}>{word('source.', s)}</option>)}</select>;
}

export function Deliveries(): JSX.Element {
	const asked = plain(place.value.query.get('delivery')), [shown, setShown] = useState(asked), [range, setRange] = useState(false);
	const [source, setSource] = useState(''), [aside, setAside] = useState(false);
	const list = usePages<Delivery>('/api/v1/deliveries', { source, put_aside: aside || undefined });
	useEffect(() => list.reload(), [lang.value]); /* the box tells why in the reader's language */
	useLive(list.reload, ['whatsapp_message', 'status'], 10_000);
	useEffect(() => setShown(asked), [asked]);
	return <div class="stack">
		<div class="row filters"><label for="source">{t('from')}</label><Sources id="source" value={source} onChange={setSource} />
			<label class="check"><input type="checkbox" checked={aside} onChange={e => setAside(e.currentTarget.checked)} />{t('only_aside')}</label>
			{may('queues:control') && <Button onClick={() => setRange(true)}>{t('replay_range')}</Button>}</div>
		{list.rows === undefined ? list.error !== undefined ? <Failed error={list.error} again={list.reload} /> : <p aria-busy="true" />
			: list.rows.length === 0 ? <Empty title={t('deliveries_none')}><p>{t('deliveries_none_text')}</p></Empty>
				: <table class="card"><thead><tr><th scope="col">{t('received')}</th><th scope="col">{t('from')}</th><th scope="col">{t('signature')}</th><th scope="col" class="wide">{t('put_aside')}</th></tr></thead>
					<tbody>{list.rows.map(d => <tr key={d.id}><td><button type="button" class="plain" onClick={() => setShown(d.id)}><Time at={d.received_at} full /></button></td>
						<td>{word('source.', d.source)}</td><td><State state={d.signature} prefix="signature." /></td><td class="wide break">{d.put_aside}</td></tr>)}</tbody></table>}
		<More of={list} />
		{list.rows !== undefined && list.rows.length > 0 && <p class="soft">{t('shown_n', { n: number(list.rows.length) })}</p>}
		{shown !== null && <DeliveryView id={shown} close={() => setShown(null)} />}
		{range && <Range close={() => setRange(false)} />}
	</div>;
}
