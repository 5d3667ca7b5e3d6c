/* start.tsx - one sentence about the whole box and the button for it; the traffic of the last hours; what waits and what failed;
 * after an outage its receipt; every part with its state and since when. */
import type { JSX } from 'preact';
import { useMemo } from 'preact/hooks';
import { get, type Page } from '../lib/api';
import { bytes, number, span } from '../lib/format';
import { answered, lang, t, word } from '../lib/i18n';
import { place } from '../lib/route';
import { may } from '../lib/session';
import { Failed, useLoad } from '../ui/base';
import { Chart } from '../ui/chart';
import { State, Time, useLive } from '../ui/data';
import { cureOf, partName, placeOf } from './parts';
import type { Queue } from './queues/acts';
import { columns, total, type Minute } from './queues/one';
import { Numbers, ReceiptView, Span, titleOf, type Receipt } from './receipt';

interface Part { part: string; state: string; why: string | null; since: string | null; waiting?: number; dead?: number; oldest_at?: string | null;
	last_ok_at?: string | null; last_in_at?: string | null; disk_free_bytes?: number; database_bytes?: number }
interface Incident { id: string; kind: string; subject: string; conversation_id: string | null; text: string; cure: string | null; opened_at: string; count: number }
interface Status { version: string; company: string; started_at: string; after_crash: boolean; all_well: boolean; parts: Part[]; incidents: Incident[] }
interface Backups { data: { name: string; verified_at: string | null }[]; state: { last_success_at: string | null; error: string | null } }

const EVERY_MS = 5000, HOURS = 3, RECEIPT_DAYS = 3;

function Note(p: { i: Incident }): JSX.Element {
	const cure = cureOf(p.i);
	return <li class="card note"><p><bdi>{answered(p.i.text)}</bdi></p>{p.i.cure && <p class="soft"><bdi>{p.i.cure}</bdi></p>}
		<p class="row">{cure !== null && <a class="button main" href={cure.href}>{t('look_at', { part: cure.name })}</a>}
			<small class="soft">{t('since')} <Time at={p.i.opened_at} full />{p.i.count > 1 && ' · ' + t('times', { n: p.i.count })}</small></p></li>;
}

function Tile(p: { label: string; value: string; href?: string; alarm?: boolean; hint?: string }): JSX.Element {
	const inner = <><span class="soft">{p.label}</span><strong class={p.alarm ? 'alarm' : ''}>{p.value}</strong>{p.hint && <small class="soft">{p.hint}</small>}</>;
	return p.href !== undefined ? <a class="card tile" href={p.href}>{inner}</a> : <div class="card tile">{inner}</div>;
}

function ReceiptCard(p: { r: Receipt }): JSX.Element {
	return <div class="card note calm"><h2>{titleOf(p.r)}</h2><Span r={p.r} /><Numbers r={p.r} /></div>;
}

function Traffic(): JSX.Element | null {
	const load = (queue: string) => (signal: AbortSignal) => get<{ data: Minute[] }>(`/api/v1/queues/${queue}/history?minutes=${HOURS * 60}`, { signal });
	const came = useLoad(load('crm-api-whatsapp-inbound'), 'came'), sent = useLoad(load('messages'), 'sent'), queues = useLoad(signal => get<Page<Queue>>('/api/v1/queues', { signal }), 'queues');
	useLive(() => { came.reload(); sent.reload(); }, [], 30_000);
	useLive(queues.reload, ['queue'], 5000);
	const now = (name: string) => {
		const q = queues.data?.data.find(x => x.name === name);
		return q === undefined ? null : { done: q.rate_per_second * 60, waiting: q.waiting };
	};
	const cols = useMemo(() => [columns(came.data?.data ?? [], now('crm-api-whatsapp-inbound')), columns(sent.data?.data ?? [], now('messages'))], [came.data, sent.data, queues.data]);
	return <div class="card"><div class="row"><h2>{t('traffic', { n: HOURS })}</h2>
		{may('messages:read') && <><a href={`#/messages?hours=${HOURS}&direction=inbound`}>{t('came')}</a><a href={`#/messages?hours=${HOURS}&direction=outbound`}>{t('sent')}</a></>}</div><div class="two">
		<Chart minutes={HOURS * 60} label={t('came_per_minute')} lines={[{ label: t('came'), color: '--brand' }]} data={[cols[0]![0]!, cols[0]![1]!]} totals={[total(came.data?.data, 'done')]} />
		<Chart minutes={HOURS * 60} label={t('sent_per_minute')} lines={[{ label: t('sent'), color: '--brand' }, { label: t('failed_runs'), color: '--bad' }]} data={[cols[1]![0]!, cols[1]![1]!, cols[1]![2]!]} totals={[total(sent.data?.data, 'done'), total(sent.data?.data, 'failed')]} />
	</div></div>;
}

function Parts(p: { parts: Part[] }): JSX.Element {
	const queues = p.parts.filter(x => x.part.startsWith('queue.')), others = p.parts.filter(x => !x.part.startsWith('queue.'));
	const row = (x: Part) => <tr key={x.part}><td>{placeOf(x.part) !== null ? <a href={placeOf(x.part)!}>{partName(x.part)}</a> : partName(x.part)}</td>
		<td><State state={x.state} /></td><td class="wide"><Time at={x.since} full /></td><td class="wide"><Time at={x.last_in_at ?? x.last_ok_at} /></td><td class="break"><bdi>{answered(x.why)}</bdi></td></tr>;
	const odd = queues.filter(x => x.state !== 'running');
	return <><table class="card">
		<thead><tr><th scope="col">{t('part')}</th><th scope="col">{t('state')}</th><th scope="col" class="wide">{t('since')}</th><th scope="col" class="wide">{t('last_call')}</th><th scope="col">{t('why')}</th></tr></thead>
		<tbody>{others.map(row)}{odd.map(row)}</tbody>
	</table>
	{odd.length < queues.length && <p class="soft">{may('queues:read') ? <a href="#/queues">{t('queues_run', { n: queues.length - odd.length })}</a> : t('queues_run', { n: queues.length - odd.length })}</p>}</>;
}

function lastGood(b: Backups | undefined): string | null {
	return b?.data.map(x => x.verified_at).filter(x => x !== null).sort().at(-1) ?? null;
}

export function Start(): JSX.Element {
	const [, what, id] = place.value.parts;
	return what === 'receipt' && id !== undefined ? <ReceiptView key={id} id={id} /> : <Whole />;
}

function Whole(): JSX.Element {
	const { data, error, reload } = useLoad(signal => get<Status>('/api/v1/status?lang=' + lang.value, { signal }), 'status' + lang.value);
	const receipts = useLoad(signal => get<Page<Receipt>>('/api/v1/receipts?limit=3', { signal }), 'receipts');
	const backups = useLoad(signal => may('settings') ? get<Backups>('/api/v1/backups', { signal }) : Promise.resolve(undefined), 'backups');
	useLive(() => { reload(); receipts.reload(); }, ['alert'], EVERY_MS);
	useLive(backups.reload, [], 60_000);
	if (data === undefined)
		return error !== undefined ? <Failed error={error} again={reload} /> : <p class="loading" aria-busy="true" />;
	const n = data.incidents.length, odd = data.parts.filter(x => x.state !== 'up' && x.state !== 'running');
	const queues = data.parts.filter(x => x.part.startsWith('queue.') && x.part !== 'queue.upkeep'), store = data.parts.find(x => x.part === 'store');
	const waiting = queues.reduce((s, q) => s + (q.waiting ?? 0), 0), dead = data.parts.reduce((s, q) => s + (q.dead ?? 0), 0);
	const oldest = queues.map(q => q.oldest_at).filter(x => x != null).sort()[0], good = lastGood(backups.data), sees = may('queues:read');
	const fresh = receipts.data?.data.filter(r => Date.now() - Date.parse(r.to) < RECEIPT_DAYS * 86_400_000) ?? [];
	const open = fresh.reduce((s, r) => s + r.open, 0), idle = !data.parts.some(x => x.part.startsWith('channel.')); /* nobody can write to it yet */
	return <section class="screen stack">
		<h1 class={'whole ' + (n > 0 || odd.length > 0 || dead > 0 ? 'warn' : 'good')}>{n > 0 ? t('not_well', { n }) : odd.length > 0 ? t('parts_off', { n: odd.length, part: partName(odd[0]!.part), state: word('state.', odd[0]!.state) }) : dead > 0 ? t('well_but', { n: dead })
			: open > 0 ? t('well_catching_up', { n: open }) : t(idle ? 'no_number' : 'all_well')}
			<small class="soft"><bdi>{data.company}</bdi></small></h1>
		{n === 0 && odd.length > 0 ? placeOf(odd[0]!.part) !== null && <p><a class="button main" href={placeOf(odd[0]!.part)!}>{t('look_at', { part: partName(odd[0]!.part) })}</a></p>
			: n === 0 && idle && may('settings') ? <p><a class="button main" href="#/setup">{t('setup')}</a></p>
			: n === 0 && dead > 0 && sees && <p><a class="button main" href="#/queues/dead">{t('look_at', { part: t('dead_letters') })}</a></p>}
		{n > 0 && <ul class="notes">{data.incidents.map(i => <Note key={i.id} i={i} />)}</ul>}
		{fresh.map(r => <ReceiptCard key={r.id} r={r} />)}
		<div class="tiles">
			<Tile label={t('waiting')} value={number(waiting)} href={sees ? '#/queues' : undefined} hint={oldest ? t('oldest') + ': ' + span(Date.now() - Date.parse(oldest)) : undefined} />
			<Tile label={t('dead_letters')} value={number(dead)} alarm={dead > 0} href={sees ? '#/queues/dead' : undefined} />
			{may('settings') && <Tile label={t('last_backup')} value={good === null ? t('never') : t('verified_ago', { time: span(Date.now() - Date.parse(good)) })} alarm={backups.data !== undefined && backups.data.state.error !== null} href="#/system/backups"
				hint={good === null ? t('backup_first') : undefined} />}
			{store?.disk_free_bytes !== undefined && <Tile label={t('disk_free')} value={bytes(store.disk_free_bytes)} hint={t('database_is', { size: bytes(store.database_bytes ?? 0) })} href={may('settings') ? '#/system' : undefined} />}
		</div>
		{sees && <Traffic />}
		<Parts parts={data.parts} />
		<p class="soft">{t('runs_since', { version: data.version })} <Time at={data.started_at} full />{data.after_crash && '. ' + t('after_crash')}</p>
	</section>;
}
