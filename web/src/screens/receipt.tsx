/* receipt.tsx - "#/start/receipt/ID?of=NUMBER": what came of an outage, and what each of its numbers counts, one by one. */
import type { JSX } from 'preact';
import { get, type Page } from '../lib/api';
import { clock, number, span } from '../lib/format';
import { t, word } from '../lib/i18n';
import { place } from '../lib/route';
import { may } from '../lib/session';
import { Empty, Failed, useLoad } from '../ui/base';
import { More, State, Time, useLive, usePages } from '../ui/data';
import { line } from './conversations/bodies';
import { phone } from './conversations/model';
import { nameOf, type Queue } from './queues/acts';
import { partName } from './parts';

export interface Receipt { id: number; kind: string; subject: string; from: string; to: string;
	recovered: number; caught_up: number; answered: number; open: number; waits_for_person: number; lost: number; settled_at: string | null }
interface About { id: string; direction: string; content: string; wa_id: string; sender_name: string | null; timestamp: string }
interface Item { state: string; queue: string | null; job_id: string | null; delivery_id: string | null;
	dead_letter_id: string | null; message: About | null }

export const titleOf = (r: Receipt): string =>
	t('receipt', { kind: word('outage.', r.kind), part: r.subject === 'box' ? '' : partName(r.subject) });

const NUMBERS = ['recovered', 'answered', 'open', 'waits_for_person', 'lost'] as const;
type Name = typeof NUMBERS[number] | 'caught_up';
const told = (r: Receipt, of: Name): string => t(`receipt_${of}`, { n: r[of] });

/* Its numbers, each a link to what it counts; of: the one that is shown. */
export function Numbers(p: { r: Receipt; of?: string }): JSX.Element {
	const { r } = p, sees = may('messages:read');
	const count = (of: Name, alarm: boolean) => sees && (of !== 'lost' || may('queues:read'))
		? <a class={alarm ? 'alarm' : ''} href={`#/start/receipt/${r.id}?of=${of}`} aria-current={p.of === of ? 'true' : undefined}>
			{told(r, of)}</a>
		: <span class={alarm ? 'alarm' : ''}>{told(r, of)}</span>;
	return <ul class="numbers">{NUMBERS.filter(of => of !== 'open' || r.open > 0 || p.of === of).map(of =>
		<li key={of}>{count(of, r[of] > 0 && (of === 'waits_for_person' || of === 'lost'))}
			{of === 'recovered' && (r.caught_up > 0 || p.of === 'caught_up') && <> ({count('caught_up', false)})</>}</li>)}</ul>;
}

export function Span(p: { r: Receipt }): JSX.Element {
	const { r } = p;
	return <p><Time at={r.from} full /> – <Time at={r.to} full /> ({span(Date.parse(r.to) - Date.parse(r.from))})</p>;
}

const LOOKS: Record<string, string> = { open: 'running', dead_letter: 'failed', done: 'done', caught_up: 'done', unknown: 'unknown' };

/* Where one does something about it, or at least sees it. */
function Lead(p: { i: Item }): JSX.Element | null {
	const { i } = p, sees = may('queues:read');
	const to = sees && i.dead_letter_id !== null ? `queues/dead?letter=${i.dead_letter_id}`
		: sees && i.state === 'open' && i.queue !== null ? `queues/${i.queue}?job=${i.job_id}`
			: i.message !== null ? 'messages/' + i.message.id
				: sees && i.delivery_id !== null ? `queues/deliveries?delivery=${i.delivery_id}` : null;
	return to === null ? null : <a href={'#/' + to}>{t('look')}</a>;
}

export function Items(p: { path: string; fields: Record<string, string> }): JSX.Element {
	const list = usePages<Item>(p.path, p.fields);
	useLive(list.reload, ['queue', 'alert'], 5000);
	if (list.rows === undefined)
		return list.error !== undefined ? <Failed error={list.error} again={list.reload} /> : <p class="loading" aria-busy="true" />;
	return <>{list.rows.length === 0 ? <Empty title={t('receipt_none')} /> : <table class="card">
		<thead><tr><th scope="col">{t('state')}</th><th scope="col" class="wide">{t('queue')}</th><th scope="col">{t('messages')}</th>
			<th scope="col"><span class="hidden">{t('action')}</span></th></tr></thead>
		<tbody>{list.rows.map((i, n) => <tr key={(i.job_id ?? 'm' + i.message?.id) + n}>
			<td><State state={LOOKS[i.state] ?? i.state} text={word('item_state.', i.state)} /></td>
			<td class="wide">{i.queue === null ? '' : nameOf(i.queue)}</td>
			<td class="break">{i.message === null ? <span class="soft">{i.delivery_id !== null ? t('delivery') : t('receipt_gone')}</span>
				: <><bdi>{line(i.message).slice(0, 200)}</bdi>
					<small class="soft"><bdi>{i.message.sender_name ?? phone(i.message.wa_id)}</bdi> · {clock(i.message.timestamp)}</small></>}</td>
			<td><Lead i={i} /></td></tr>)}</tbody></table>}
	<More of={list} /></>;
}

/* Nothing lost is a sum, not a list: whatever was accepted is somewhere. */
function Law(): JSX.Element {
	const { data, error, reload } = useLoad(signal => get<Page<Queue>>('/api/v1/queues', { signal }), 'law');
	useLive(reload, ['queue'], 5000);
	if (data === undefined)
		return error !== undefined ? <Failed error={error} again={reload} /> : <p class="loading" aria-busy="true" />;
	return <><p>{t('receipt_law')}</p><table class="card">
		<thead><tr><th scope="col">{t('queue')}</th><th scope="col" class="n">{t('accepted')}</th><th scope="col" class="n">{t('completed')}</th>
			<th scope="col" class="n wide">{t('discarded_n')}</th><th scope="col" class="n wide">{t('dead')}</th>
			<th scope="col" class="n wide">{t('there')}</th><th scope="col" class="n">{t('missing')}</th></tr></thead>
		<tbody>{data.data.map(q => {
			const there = q.waiting + q.active + q.delayed, lost = q.accepted - q.completed - q.discarded - q.dead - there;
			return <tr key={q.name}><td><a href={'#/queues/' + q.name}>{nameOf(q.name)}</a></td><td class="n">{number(q.accepted)}</td>
				<td class="n">{number(q.completed)}</td><td class="n wide">{number(q.discarded)}</td>
				<td class="n wide">{q.dead > 0 ? <a class="alarm" href={'#/queues/dead?queue=' + q.name}>{number(q.dead)}</a> : '0'}</td>
				<td class="n wide">{there > 0 ? <a href={'#/queues/' + q.name}>{number(there)}</a> : '0'}</td>
				<td class={'n' + (lost !== 0 ? ' alarm' : '')}>{number(lost)}</td></tr>;
		})}</tbody></table></>;
}

export function ReceiptView(p: { id: string }): JSX.Element {
	const { data: r, error, reload } = useLoad(signal => get<Receipt>('/api/v1/receipts/' + p.id, { signal }), p.id);
	const asked = place.value.query.get('of') as Name, of = [...NUMBERS, 'caught_up' as const].includes(asked) ? asked : 'recovered';
	useLive(reload, ['queue', 'alert'], 5000);
	if (r === undefined)
		return error !== undefined ? <Failed error={error} again={reload} /> : <p class="loading" aria-busy="true" />;
	return <section class="screen stack">
		<h1><a href="#/start">{t('start')}</a> / {titleOf(r)}</h1>
		<div class="card"><Span r={r} /><Numbers r={r} of={of} /></div>
		<h2>{told(r, of)}</h2>
		{of === 'lost' ? <Law /> : <Items key={of} path={`/api/v1/receipts/${p.id}/items`} fields={{ of }} />}
	</section>;
}
