/* one.tsx - one queue: how it goes, a day of it, its limits, its jobs. */
import type { JSX } from 'preact';
import { useEffect, useMemo, useRef, useState } from 'preact/hooks';
import { call, get, post } from '../../lib/api';
import { number, span } from '../../lib/format';
import { t, word } from '../../lib/i18n';
import { go, place, plain } from '../../lib/route';
import { may } from '../../lib/session';
import { Button, Dialog, Empty, Failed, Field, confirm, sentence, toast, useLoad, useSubmit } from '../../ui/base';
import { Chart } from '../../ui/chart';
import { Facts, More, Raw, State, Time, useLive, usePages } from '../../ui/data';
import { Acts, nameOf, type Limits, type Queue } from './acts';
import { Count, Rate } from './list';

export interface Minute { at: string; minutes: number; accepted: number; done: number; failed: number; waiting: number; oldest_ms: number }
interface Job { id: string; priority: string; state: string; attempts: number; snoozes: number; due_at: string | null; created_at: string; correlation_id: string | null; payload?: string }

const EVERY_MS = 2000, HISTORY_MS = 30_000;
const SPANS = [180, 720, 1440];

const POINTS = 180; /* of a line: more would be a smear on a phone */

/* Columns for the charts: per minute, also after a gap of several (the box was away). Of a longer time several minutes are one point:
 * the mean of what was done, the most of what waited. The minute that runs comes from the queue itself. */
export function columns(rows: Minute[], now: { done: number; waiting: number } | null, minutes = POINTS): (number | null)[][] {
	const step = Math.ceil(minutes / POINTS), x: number[] = [], done: (number | null)[] = [], failed: (number | null)[] = [], waiting: (number | null)[] = [];
	for (let i = 0; i < rows.length;) {
		const sum = { minutes: 0, done: 0, failed: 0, waiting: 0 };
		do {
			const m = rows[i++]!;
			sum.minutes += m.minutes;
			sum.done += m.done;
			sum.failed += m.failed;
			sum.waiting = Math.max(sum.waiting, m.waiting);
		} while (i < rows.length && sum.minutes < step);
		x.push(Date.parse(rows[i - 1]!.at) / 1000);
		done.push(sum.done / sum.minutes);
		failed.push(sum.failed / sum.minutes);
		waiting.push(sum.waiting);
	}
	if (now !== null) {
		x.push(Date.now() / 1000);
		done.push(now.done);
		failed.push(null);
		waiting.push(now.waiting);
	}
	return [x, done, failed, waiting];
}

export const total = (rows: Minute[] | undefined, of: 'done' | 'failed'): number => (rows ?? []).reduce((sum, m) => sum + m[of], 0);

/* A number above leads to a card further down: it comes into view, and the focus with it. */
function useReveal(field: string, wanted: (value: string) => boolean): { current: HTMLDivElement | null } {
	const card = useRef<HTMLDivElement>(null), value = place.value.query.get(field);
	useEffect(() => {
		if (value === null || !wanted(value))
			return;
		card.current?.focus({ preventScroll: true });
		card.current?.scrollIntoView({ block: 'start' });
	}, [place.value]);
	return card;
}

function History(p: { q: Queue }): JSX.Element {
	const [minutes, setMinutes] = useState(SPANS[0]!);
	const { data, reload } = useLoad(signal => get<{ data: Minute[] }>(`/api/v1/queues/${p.q.name}/history?minutes=${minutes}`, { signal }), p.q.name + minutes);
	useLive(reload, [], HISTORY_MS);
	const { q } = p, running = { done: q.rate_per_second * 60, waiting: q.waiting + q.delayed };
	const cols = useMemo(() => columns(data?.data ?? [], running, minutes), [data, q]);
	const card = useReveal('show', show => show === 'history');
	return <div class="card" ref={card} tabIndex={-1}>
		<div class="row"><h2>{t('history')}</h2><select aria-label={t('history')} value={minutes} onChange={e => setMinutes(Number(e.currentTarget.value))} class="short">
			{SPANS.map(m => <option key={m} value={m}>{t('last_hours', { n: m / 60 })}</option>)}</select></div>
		<div class="two">
			<Chart minutes={minutes} label={t('per_minute')} lines={[{ label: t('completed'), color: '--brand' }, { label: t('failed_runs'), color: '--bad' }]} data={[cols[0]!, cols[1]!, cols[2]!]} totals={[total(data?.data, 'done'), total(data?.data, 'failed')]} />
			<Chart minutes={minutes} label={t('waiting')} lines={[{ label: t('waiting'), color: '--warn' }]} data={[cols[0]!, cols[3]!]} totals={[q.waiting + q.delayed]} />
		</div>
		{data?.data.length === 0 && <p class="soft">{t('history_none')}</p>}
	</div>;
}

const LIMITS: (keyof Limits)[] = ['concurrency', 'attempts', 'backoff_ms', 'batch'];
function LimitsForm(p: { q: Queue; close: () => void; done: () => void }): JSX.Element {
	const { busy, error, wrong, submit } = useSubmit(async form => {
		const body: Partial<Limits> = {};
		for (const k of LIMITS)
			if (Number(form.get(k)) !== p.q.limits[k])
				body[k] = Number(form.get(k));
		if (Object.keys(body).length > 0)
			await call('PATCH', '/api/v1/queues/' + p.q.name, body);
		p.done();
		p.close();
	});
	return <Dialog title={t('limits') + ': ' + nameOf(p.q.name)} onClose={p.close}>
		<form onSubmit={submit}>
			{LIMITS.map(k => <Field key={k} id={k} label={word('limit.', k)} hint={word('limit_hint.', k)} error={wrong(k)}>
				<input id={k} name={k} type="number" min={1} defaultValue={String(p.q.limits[k])} required /></Field>)}
			{error !== null && !LIMITS.some(wrong) && <p class="error" role="alert">{sentence(error)}</p>}
			<div class="row end"><Button onClick={p.close}>{t('c.back')}</Button><Button type="submit" kind="main" disabled={busy}>{t('save')}</Button></div>
		</form>
	</Dialog>;
}

function JobView(p: { queue: string; id: string; close: () => void }): JSX.Element {
	const { data, error, reload } = useLoad(signal => get<Job & { history: unknown }>(`/api/v1/queues/${p.queue}/jobs/${p.id}`, { signal }), p.id);
	return <Dialog title={t('job') + ' ' + p.id} onClose={p.close} wide>
		{data === undefined ? error !== undefined ? <Failed error={error} again={reload} /> : <p aria-busy="true" /> : <Raw label={t('payload')} text={JSON.stringify(data)} />}
	</Dialog>;
}

function Jobs(p: { name: string }): JSX.Element {
	const query = place.value.query, state = query.get('state') ?? '', here = '#/queues/' + p.name;
	const jobs = usePages<Job>(`/api/v1/queues/${p.name}/jobs`, { state }), [shown, setShown] = useState(plain(query.get('job')));
	const card = useReveal('state', () => true);
	useEffect(() => setShown(plain(query.get('job'))), [plain(query.get('job'))]);
	useLive(jobs.reload, ['queue'], 5000);
	const act = async (j: Job, verb: string, said: string) => { await post(`/api/v1/queues/${p.name}/jobs/${j.id}/${verb}`); toast(said); jobs.reload(); };
	async function cancel(j: Job) {
		if (await confirm({ title: t('job_cancel_title'), text: t('job_cancel_text'), yes: t('cancel_job') }))
			await act(j, 'cancel', t('job_cancelled'));
	}
	if (jobs.rows === undefined)
		return jobs.error !== undefined ? <Failed error={jobs.error} again={jobs.reload} /> : <p aria-busy="true" />;
	return <div class="card" ref={card} tabIndex={-1}><div class="row"><h2>{t('jobs')}</h2>
		<select aria-label={t('state')} class="short" value={state} onChange={e => go(here + '?state=' + e.currentTarget.value)}>
			{['', 'waiting', 'running', 'delayed'].map(s => <option key={s} value={s}>{s === '' ? t('all') : word('job_state.', s)}</option>)}</select></div>
		{jobs.rows.length === 0 ? <Empty title={t('jobs_none')} /> : <table>
			<thead><tr><th scope="col">{t('due')}</th><th scope="col" class="wide">{t('state')}</th><th scope="col" class="wide">{t('created')}</th><th scope="col" class="wide">{t('priority')}</th>
				<th scope="col" class="n">{t('attempts')}</th><th scope="col"><span class="hidden">{t('action')}</span></th></tr></thead>
			<tbody>{jobs.rows.map(j => <tr key={j.id}>
				<td><button type="button" class="plain" onClick={() => setShown(j.id)}>{j.due_at !== null ? <Time at={j.due_at} full /> : t('due_now')}</button><small class="soft wide">{j.correlation_id}</small></td>
				<td class="wide">{word('job_state.', j.state)}</td>
				<td class="wide"><Time at={j.created_at} full /></td><td class="wide">{word('priority.', j.priority)}</td><td class="n">{number(j.attempts)}</td>
				<td>{may('queues:control') && <div class="row acts"><Button onClick={() => act(j, 'run-now', t('job_runs'))}>{t('run_now')}</Button>
					<Button onClick={() => cancel(j)}>{t('cancel_job')}</Button></div>}</td></tr>)}</tbody>
		</table>}
		<More of={jobs} />
		{shown !== null && <JobView queue={p.name} id={shown} close={() => setShown(null)} />}
	</div>;
}

export function One(p: { name: string }): JSX.Element {
	const { data: q, error, reload } = useLoad(signal => get<Queue>('/api/v1/queues/' + encodeURIComponent(p.name), { signal }), p.name);
	const [editing, setEditing] = useState(false), here = '#/queues/' + p.name;
	useLive(reload, ['queue'], EVERY_MS);
	if (q === undefined)
		return error !== undefined ? <Failed error={error} again={reload} /> : <p class="loading" aria-busy="true" />;
	return <div class="stack">
		<div class="card"><div class="row"><h2>{nameOf(q.name)}</h2><State state={q.state} />{q.paused_until && <span>{t('until')} <Time at={q.paused_until} full /></span>}</div>
			<p class="soft">{word('q_help.', q.name)}</p>
			<Facts rows={[[t('waiting'), <Count n={q.waiting} href={here + '?state=waiting'} />], [t('active'), <Count n={q.active} href={here + '?state=running'} />],
				[t('delayed'), <Count n={q.delayed} href={here + '?state=delayed'} />], [t('completed'), <Count n={q.completed} href={here + '?show=history'} />],
				[t('per_minute'), <Rate q={q} />], [t('dead'), q.dead > 0 ? <a class="alarm" href={'#/queues/dead?queue=' + q.name}>{number(q.dead)}</a> : '0'],
				[t('oldest'), q.oldest_age_ms > 0 ? <a href={here + '?state='}>{span(q.oldest_age_ms)}</a> : '–'],
				[t('limits'), t('limits_text', { concurrency: q.limits.concurrency, attempts: q.limits.attempts, backoff: span(q.limits.backoff_ms) })]]} />
			<Acts q={q} reload={reload} all limits={() => setEditing(true)} />
		</div>
		<History q={q} />
		<Jobs name={q.name} />
		{editing && <LimitsForm q={q} close={() => setEditing(false)} done={reload} />}
	</div>;
}
