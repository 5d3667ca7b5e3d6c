/* queues.tsx - every queue, live, with its controls. */
import type { JSX } from 'preact';
import { useEffect } from 'preact/hooks';
import { get, post, type Page } from '../lib/api';
import { number, span } from '../lib/format';
import { t, word } from '../lib/i18n';
import { may } from '../lib/session';
import { on } from '../lib/stream';
import { Button, Failed, useLoad } from '../ui/base';

interface Queue { name: string; state: string; waiting: number; active: number; delayed: number; completed: number; dead: number; oldest_age_ms: number; rate_per_second: number }

const EVERY_MS = 2000;

function Row(p: { q: Queue; reload: () => void }): JSX.Element {
	const { q } = p, running = q.state === 'running';
	const act = async () => { await post(`/api/v1/queues/${q.name}/${running ? 'pause' : 'resume'}`); p.reload(); };
	return <tr class={running ? '' : 'paused'}>
		<td>{word('q.', q.name)}<small class="soft">{q.name}{!running && ' · ' + word('state.', q.state)}</small></td>
		<td class="n">{number(q.waiting)}</td><td class="n wide">{number(q.active)}</td><td class="n wide">{number(q.delayed)}</td>
		<td class="n wide">{number(q.completed)}</td><td class={'n' + (q.dead > 0 ? ' alarm' : '')}>{number(q.dead)}</td>
		<td class="n wide">{q.oldest_age_ms > 0 ? span(q.oldest_age_ms) : '–'}</td>
		<td>{may('queues:control') && <Button onClick={act} label={t(running ? 'pause' : 'resume') + ' ' + word('q.', q.name)}>{t(running ? 'pause' : 'resume')}</Button>}</td>
	</tr>;
}

export function Queues(): JSX.Element {
	const { data, error, reload } = useLoad(signal => get<Page<Queue>>('/api/v1/queues', { signal }), 'queues');
	useEffect(() => {
		const timer = setInterval(reload, EVERY_MS), off = on('queue', reload);
		return () => { clearInterval(timer); off(); };
	}, []);
	if (data === undefined)
		return error !== undefined ? <Failed error={error} again={reload} /> : <p class="loading" aria-busy="true" />;
	return <section class="screen">
		<h1>{t('queues')}</h1>
		<table class="card">
			<thead><tr><th scope="col">{t('queue')}</th><th scope="col" class="n">{t('waiting')}</th><th scope="col" class="n wide">{t('active')}</th>
				<th scope="col" class="n wide">{t('delayed')}</th><th scope="col" class="n wide">{t('completed')}</th><th scope="col" class="n">{t('dead')}</th>
				<th scope="col" class="n wide">{t('oldest')}</th><th scope="col"><span class="hidden">{t('action')}</span></th></tr></thead>
			<tbody>{data.data.map(q => <Row key={q.name} q={q} reload={reload} />)}</tbody>
		</table>
	</section>;
}
