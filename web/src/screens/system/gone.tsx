/* gone.tsx - what is not here any more: what went by its age or size in the last month, and who was erased (counts only). */
import type { JSX } from 'preact';
import { get, type Page } from '../../lib/api';
import { bytes, number } from '../../lib/format';
import { t, word } from '../../lib/i18n';
import { Failed, useLoad } from '../../ui/base';
import { More, Time, useLive, usePages } from '../../ui/data';

interface Day { day: string; what: string; gone: number; bytes: number; last_at: string }
export interface Erasure {
	id: number; asked_at: string; asked_by: string | null; state: 'rows' | 'pages' | 'done'; done_at: string | null;
	messages: number; deliveries: number; dead_letters: number; files: number; conversations: number;
}
const DAYS = 30, EVERY_MS = 2000;

/* One row for each kind: all days together, and when it was last. */
function together(days: Day[]): Day[] {
	const by = new Map<string, Day>();
	for (const d of days) {
		const sum = by.get(d.what);
		by.set(d.what, sum === undefined ? { ...d } : { ...sum, gone: sum.gone + d.gone, bytes: sum.bytes + d.bytes });
	}
	return [...by.values()];
}

function Rows({ of, byDay }: { of: Day[]; byDay: boolean }): JSX.Element {
	return <table><thead><tr><th scope="col">{t(byDay ? 'gone_day' : 'gone_last')}</th><th scope="col">{t('gone_what')}</th>
		<th scope="col" class="n">{t('gone_count')}</th><th scope="col" class="n wide">{t('gone_bytes')}</th></tr></thead>
		<tbody>{of.map(d => <tr key={d.day + d.what}><td>{byDay ? d.day : <Time at={d.last_at} full />}</td><td>{word('gone.', d.what)}</td>
			<td class="n">{number(d.gone)}</td><td class="n wide">{d.bytes > 0 ? bytes(d.bytes) : '–'}</td></tr>)}</tbody></table>;
}

/* Rows, then what they left in the files, then done. */
export function Progress({ of }: { of: Erasure }): JSX.Element {
	return <span class={of.state === 'done' ? 'chip good' : 'chip warn'}>{word('gone_state.', of.state)}</span>;
}

export function Gone(): JSX.Element {
	const went = useLoad(signal => get<Page<Day>>(`/api/v1/retention?days=${DAYS}`, { signal }), 'retention');
	const erased = usePages<Erasure>('/api/v1/erasures');
	const days = went.data?.data, persons = erased.rows;
	useLive(() => { if (persons?.some(p => p.state !== 'done')) erased.reload(); }, [], EVERY_MS);
	return <div class="card"><h2>{t('gone')}</h2><p class="soft">{t('gone_text', { n: DAYS })}</p>
		{days === undefined ? went.error !== undefined ? <Failed error={went.error} again={went.reload} /> : <p class="loading" aria-busy="true" />
			: days.length === 0 ? <p>{t('gone_nothing')}</p>
				: <><Rows of={together(days)} byDay={false} /><details><summary>{t('gone_by_day')}</summary><Rows of={days} byDay /></details></>}
		<h2>{t('gone_persons')}</h2>
		{persons === undefined ? erased.error !== undefined ? <Failed error={erased.error} again={erased.reload} /> : <p class="loading" aria-busy="true" />
			: persons.length === 0 ? <p>{t('gone_nobody')}</p>
				: <table><thead><tr><th scope="col">{t('gone_asked')}</th><th scope="col">{t('actor')}</th><th scope="col">{t('state')}</th><th scope="col" class="n">{t('messages')}</th>
					<th scope="col" class="n wide">{t('files')}</th><th scope="col" class="n wide">{word('gone.', 'deliveries')}</th></tr></thead>
				<tbody>{persons.map(p => <tr key={p.id}><td><Time at={p.asked_at} full /></td><td>{p.asked_by === null ? '–' : <bdi>{p.asked_by}</bdi>}</td>
					<td><Progress of={p} />{p.done_at !== null && <small class="soft"><Time at={p.done_at} full /></small>}</td>
					<td class="n">{number(p.messages)}</td><td class="n wide">{number(p.files)}</td><td class="n wide">{number(p.deliveries)}</td></tr>)}</tbody></table>}
		<More of={erased} />
		<p class="row"><a class="button quiet" href="#/system/audit">{t('audit')}</a></p></div>;
}
