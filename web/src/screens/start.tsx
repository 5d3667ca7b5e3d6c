/* start.tsx - one sentence about the whole box; what needs a person, with its cure; every part with its state and since when. */
import type { JSX } from 'preact';
import { useEffect } from 'preact/hooks';
import { get } from '../lib/api';
import { when } from '../lib/format';
import { lang, t, word } from '../lib/i18n';
import { on } from '../lib/stream';
import { Failed, useLoad } from '../ui/base';

interface Part { part: string; state: string; why: string | null; since: string | null }
interface Incident { id?: string; subject: string; text: string; cure?: string | null; opened_at: string }
interface Status { parts: Part[]; incidents: Incident[] }

const EVERY_MS = 5000;

function Note(p: { i: Incident }): JSX.Element {
	return <li class="card note"><p><bdi>{p.i.text}</bdi></p>{p.i.cure && <p class="soft"><bdi>{p.i.cure}</bdi></p>}
		<small class="soft">{p.i.subject} · {when(p.i.opened_at)}</small></li>;
}

export function Start(): JSX.Element {
	const { data, error, reload } = useLoad(signal => get<Status>('/api/v1/status?lang=' + lang.value, { signal }), 'status' + lang.value);
	useEffect(() => {
		const timer = setInterval(reload, EVERY_MS), off = on('alert', reload);
		return () => { clearInterval(timer); off(); };
	}, []);
	if (data === undefined)
		return error !== undefined ? <Failed error={error} again={reload} /> : <p class="loading" aria-busy="true" />;
	const n = data.incidents.length;
	return <section class="screen">
		<h1>{n === 0 ? t('all_well') : t('not_well', { n })}</h1>
		{n > 0 && <ul class="notes">{data.incidents.map(i => <Note key={i.subject + i.opened_at} i={i} />)}</ul>}
		<table class="card">
			<thead><tr><th scope="col">{t('part')}</th><th scope="col">{t('state')}</th><th scope="col" class="wide">{t('since')}</th><th scope="col">{t('why')}</th></tr></thead>
			<tbody>{data.parts.map(p => <tr key={p.part}><td>{word('q.', p.part.replace(/^queue\./, ''))}</td>
				<td class={/^(up|running)$/.test(p.state) ? '' : 'alarm'}>{word('state.', p.state)}</td><td class="wide">{when(p.since)}</td><td><bdi>{p.why}</bdi></td></tr>)}</tbody>
		</table>
	</section>;
}
