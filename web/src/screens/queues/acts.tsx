/* acts.tsx - what one may do to a queue, each with a question that says to how many. */
import type { JSX } from 'preact';
import { useState } from 'preact/hooks';
import { post } from '../../lib/api';
import { moment } from '../../lib/format';
import { t, word } from '../../lib/i18n';
import { may } from '../../lib/session';
import { Button, Dialog, Field, confirm, sentence, toast } from '../../ui/base';

export interface Limits { concurrency: number; attempts: number; backoff_ms: number; batch: number }
export interface Queue { name: string; state: string; paused_until: string | null; waiting: number; active: number; delayed: number; completed: number;
	failed_runs: number; dead: number; discarded: number; accepted: number; oldest_at: string | null; oldest_age_ms: number; rate_per_second: number; limits: Limits }

export const nameOf = (queue: string): string => word('q.', queue);

function tomorrow(): Date {
	const d = new Date();
	d.setDate(d.getDate() + 1);
	d.setHours(8, 0, 0, 0);
	return d;
}

/* For ever, or until a time. */
function Pause(p: { q: Queue; close: () => void; done: () => void }): JSX.Element {
	const [until, setUntil] = useState('');
	const n = p.q.waiting + p.q.delayed;
	const choices: [string, () => Date][] = [[t('for_minutes', { n: 15 }), () => new Date(Date.now() + 900_000)],
		[t('for_hours', { n: 1 }), () => new Date(Date.now() + 3_600_000)], [t('until_tomorrow'), tomorrow]];
	async function pause(at: Date | null) {
		await post(`/api/v1/queues/${p.q.name}/pause`, at === null ? {} : { until: at.toISOString() });
		toast(at === null ? t('paused_ever', { queue: nameOf(p.q.name) }) : t('paused_until', { queue: nameOf(p.q.name), time: moment(at.toISOString()) }));
		p.done();
		p.close();
	}
	return <Dialog title={t('pause_title', { queue: nameOf(p.q.name) })} onClose={p.close}>
		<p>{t('pause_text', { n })}</p>
		<div class="row">
			<Button kind="main" onClick={() => pause(null)}>{t('pause_ever')}</Button>
			{choices.map(([label, at]) => <Button key={label} onClick={() => pause(at())}>{label}</Button>)}
		</div>
		<form class="row end" onSubmit={e => { e.preventDefault(); if (until !== '') pause(new Date(until)).catch(x => toast(sentence(x), 'bad')); }}>
			<Field id="until" label={t('until')}><input id="until" type="datetime-local" value={until} onInput={e => setUntil(e.currentTarget.value)} required /></Field>
			<Button type="submit">{t('pause')}</Button>
		</form>
	</Dialog>;
}

/* limits: of its page, where all of them stand; what throws away stands last. */
export function Acts(p: { q: Queue; reload: () => void; all?: boolean; limits?: () => void }): JSX.Element | null {
	const { q } = p, [asking, setAsking] = useState(false);
	if (!may('queues:control'))
		return null;
	const act = async (verb: string, body: unknown = {}) => { await post(`/api/v1/queues/${q.name}/${verb}`, body); p.reload(); };
	async function drain() {
		if (await confirm({ title: t('drain_title', { queue: nameOf(q.name) }), text: t('drain_text', { n: q.waiting + q.active }), yes: t('drain'), danger: false }))
			await act('drain');
	}
	async function clear() {
		const n = q.waiting + q.delayed;
		if (await confirm({ title: t('clear_title', { queue: nameOf(q.name) }), text: t('clear_text', { n }), yes: t('clear_yes', { n }) })) {
			const a = await post<{ discarded_now: number }>(`/api/v1/queues/${q.name}/clear`, { confirm: n });
			toast(t('cleared', { n: a.discarded_now }));
			p.reload();
		}
	}
	return <div class="row acts">
		{q.state === 'running' ? <Button onClick={() => setAsking(true)} label={t('pause') + ': ' + nameOf(q.name)}>{t('pause')}</Button>
			: <Button kind="main" onClick={() => act('resume')} label={t('resume') + ': ' + nameOf(q.name)}>{t('resume')}</Button>}
		{p.all && q.state === 'running' && <Button onClick={drain}>{t('drain')}</Button>}
		{p.limits && <Button onClick={p.limits}>{t('limits')}</Button>}
		{p.all && may('queues:clear') && q.waiting + q.delayed > 0 && <Button kind="danger" onClick={clear}>{t('clear')}</Button>}
		{asking && <Pause q={q} close={() => setAsking(false)} done={p.reload} />}
	</div>;
}
