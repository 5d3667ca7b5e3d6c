/* calls.tsx - what the numbers of a part of the outside count: "#/integrations/PART/calls?failed=1&from=&to=", its calls with their
 * answers; "#/integrations/PART/recovered", what it was asked for because it had not told. */
import type { JSX } from 'preact';
import { moment, number } from '../lib/format';
import { t } from '../lib/i18n';
import { place } from '../lib/route';
import { may } from '../lib/session';
import { Empty, Failed } from '../ui/base';
import { More, Raw, Time, usePages } from '../ui/data';
import { Items } from './receipt';

export interface Totals { from: string; to: string; data: { part: string; calls: number; failed: number }[] }
interface Call { at: string; took_ms: number; status: number; answer: string; message_id: string | null }

/* A number of the last day, as a link to exactly those calls. */
export function CallCount(p: { of: Totals | undefined; part: string; failed?: boolean }): JSX.Element | null {
	const sum = p.of?.data.find(x => x.part === p.part);
	if (p.of === undefined || sum === undefined)
		return null;
	const n = p.failed ? sum.failed : sum.calls, range = `from=${p.of.from}&to=${p.of.to}`;
	return may('messages:read') ? <a class={p.failed && n > 0 ? 'alarm' : 'calm'}
		href={`#/integrations/${p.part}/calls?${p.failed ? 'failed=true&' : ''}${range}`}>{number(n)}</a> : <>{number(n)}</>;
}

/* What the part was asked for: as many as stand there. */
export function RecoveredCount(p: { part: string; n: number | undefined }): JSX.Element | null {
	return !p.n ? null : may('messages:read') ? <a href={`#/integrations/${p.part}/recovered`}>{number(p.n)}</a> : <>{number(p.n)}</>;
}

export function Calls(p: { part: string }): JSX.Element {
	const at = place.value.query, failed = at.get('failed') === 'true', from = at.get('from') ?? undefined, to = at.get('to') ?? undefined;
	const list = usePages<Call>('/api/v1/calls', { part: p.part, failed, from, to }), all = `#/integrations/${p.part}/calls`;
	const good = (c: Call) => c.status >= 200 && c.status <= 299;
	if (list.rows === undefined)
		return list.error !== undefined ? <Failed error={list.error} again={list.reload} /> : <p class="loading" aria-busy="true" />;
	return <><h2>{t(failed ? 'calls_failed' : 'calls_all')}</h2>
		{from !== undefined && to !== undefined && <p>{moment(from)} – {moment(to)} <a href={all + (failed ? '?failed=true' : '')}>{t('calls_ever')}</a></p>}
		<p class="soft">{t('calls_about')}</p>
		{list.rows.length === 0 ? <Empty title={t('calls_none')} /> : <table class="card">
			<thead><tr><th scope="col">{t('when')}</th><th scope="col">{t('calls_answer')}</th><th scope="col" class="n wide">{t('took')}</th>
				<th scope="col">{t('messages')}</th></tr></thead>
			<tbody>{list.rows.map((c, i) => <tr key={c.at + String(i)}><td><Time at={c.at} full /></td>
				<td><span class={'chip ' + (good(c) ? 'good' : 'bad')}>
					{c.status === 0 ? t('calls_silent') : c.status}</span>
					{c.answer !== '' && <details><summary>{t('look')}</summary>
						<Raw label={t('calls_answer')} text={c.answer} /></details>}</td>
				<td class="n wide">{number(c.took_ms)} ms</td>
				<td>{c.message_id === null ? '–' : <a href={'#/messages/' + c.message_id}>{t('look')}</a>}</td></tr>)}</tbody></table>}
		<More of={list} /></>;
}

export function Recovered(p: { part: string }): JSX.Element {
	return <><h2>{t('recovered')}</h2><p class="soft">{t('recovered_text')}</p><Items path="/api/v1/recovered" fields={{ part: p.part }} /></>;
}
