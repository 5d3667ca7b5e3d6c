/* list.tsx - every queue, live. Each number leads to what it counts. */
import type { JSX } from 'preact';
import { get, type Page } from '../../lib/api';
import { number, span } from '../../lib/format';
import { lang, t } from '../../lib/i18n';
import { Failed, useLoad } from '../../ui/base';
import { State, Time, useLive } from '../../ui/data';
import { Acts, nameOf, type Queue } from './acts';

const EVERY_MS = 2000;

/* Done per minute; the chart of it is on its page. */
export function Rate(p: { q: Queue }): JSX.Element {
	const n = p.q.rate_per_second;
	return n === 0 ? <>–</> : <a class="calm" href={`#/queues/${p.q.name}?show=history`}>{(n * 60).toLocaleString(lang.value, { maximumFractionDigits: n < 1 ? 1 : 0 })}</a>;
}

export function Count(p: { n: number; href: string; alarm?: boolean }): JSX.Element {
	return p.n === 0 ? <span class="soft">0</span> : <a href={p.href} class={p.alarm ? 'alarm' : ''}>{number(p.n)}</a>;
}

function Row(p: { q: Queue; reload: () => void }): JSX.Element {
	const { q } = p, here = '#/queues/' + q.name;
	return <tr class={q.state === 'running' ? '' : 'paused'}>
		<td><a href={here}>{nameOf(q.name)}</a><small class="soft">{q.name}</small>
			{q.state !== 'running' && <small><State state={q.state} /> {q.paused_until && <>{t('until')} <Time at={q.paused_until} /></>}</small>}</td>
		<td class="n"><Count n={q.waiting} href={here + '?state=waiting'} /></td><td class="n wide"><Count n={q.active} href={here + '?state=running'} /></td>
		<td class="n wide"><Count n={q.delayed} href={here + '?state=delayed'} /></td><td class="n wide"><Count n={q.completed} href={here + '?show=history'} /></td>
		<td class="n wide"><Rate q={q} /></td>
		<td class="n"><Count n={q.dead} href={'#/queues/dead?queue=' + q.name} alarm /></td>
		<td class="n wide">{q.oldest_age_ms > 0 ? <a href={here + '?state='}>{span(q.oldest_age_ms)}</a> : '–'}</td>
		<td><Acts q={q} reload={p.reload} /></td>
	</tr>;
}

export function List(): JSX.Element {
	const { data, error, reload } = useLoad(signal => get<Page<Queue>>('/api/v1/queues', { signal }), 'queues');
	useLive(reload, ['queue'], EVERY_MS);
	if (data === undefined)
		return error !== undefined ? <Failed error={error} again={reload} /> : <p class="loading" aria-busy="true" />;
	return <table class="card">
		<thead><tr><th scope="col">{t('queue')}</th><th scope="col" class="n">{t('waiting')}</th><th scope="col" class="n wide">{t('active')}</th>
			<th scope="col" class="n wide">{t('delayed')}</th><th scope="col" class="n wide">{t('completed')}</th><th scope="col" class="n wide">{t('per_minute')}</th>
			<th scope="col" class="n">{t('dead')}</th><th scope="col" class="n wide">{t('oldest')}</th><th scope="col"><span class="hidden">{t('action')}</span></th></tr></thead>
		<tbody>{data.data.map(q => <Row key={q.name} q={q} reload={reload} />)}</tbody>
	</table>;
}
