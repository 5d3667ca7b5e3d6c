/* audit.tsx - who changed what, and whether the chain of the log is whole. */
import type { JSX } from 'preact';
import { useState } from 'preact/hooks';
import { get } from '../../lib/api';
import { number } from '../../lib/format';
import { t, word } from '../../lib/i18n';
import { Empty, Failed, useLoad } from '../../ui/base';
import { More, Raw, Time, useLive, usePages } from '../../ui/data';

interface Row { id: number; at: string; actor_kind: string | null; actor: string | null; client: string; action: string; subject: string | null; detail: object | null }
interface Proof { whole: boolean; rows: number; broken_at?: number; head: string }
const AREAS = ['', 'session.', 'users.', 'tokens.', 'settings.', 'queues.', 'dead-letters.', 'deliveries.', 'messages.', 'contacts.', 'backups.'];

/* "users.sessions.delete" in the reader's words; the code stands below: files and the API have that. */
function deed(action: string): string {
	const [area = '', ...rest] = action.split('.');
	return [word('area.', area + '.').replace(/\.$/, ''), ...rest.map(r => word('did.', r))].join(' · ');
}

export function Audit(): JSX.Element {
	const [action, setAction] = useState(''), rows = usePages<Row>('/api/v1/audit', { action }), proof = useLoad(signal => get<Proof>('/api/v1/audit/verify', { signal }), 'proof');
	useLive(rows.reload, [], 5000);
	useLive(proof.reload, [], 60_000);
	return <div class="stack">
		{proof.data !== undefined && <p class={'result ' + (proof.data.whole ? 'ok' : 'failed')} role="status">{proof.data.whole ? t('audit_whole', { n: proof.data.rows }) : t('audit_broken', { n: number(proof.data.broken_at ?? 0) })}
			<small class="soft"> {t('audit_head')} <code class="address">{proof.data.head}</code></small></p>}
		<div class="row filters"><label for="area">{t('area')}</label><select id="area" value={action} onChange={e => setAction(e.currentTarget.value)}>{AREAS.map(a => <option key={a} value={a}>{a === '' ? t('all') : word('area.', a)}</option>)}</select></div>
		{rows.rows === undefined ? rows.error !== undefined ? <Failed error={rows.error} again={rows.reload} /> : <p aria-busy="true" /> : rows.rows.length === 0 ? <Empty title={t('audit_none')} />
			: <table class="card"><thead><tr><th scope="col">{t('when')}</th><th scope="col">{t('actor')}</th><th scope="col">{t('action')}</th><th scope="col" class="wide">{t('subject')}</th><th scope="col" class="wide">{t('address')}</th></tr></thead>
				<tbody>{rows.rows.map(r => <tr key={r.id}><td><Time at={r.at} full /></td><td><bdi>{r.actor ?? '–'}</bdi><small class="soft">{word('actor.', r.actor_kind ?? '')}</small></td><td>{deed(r.action)}<small class="soft">{r.action}</small>{r.subject && <small class="soft on-phone break"><bdi>{r.subject}</bdi></small>}
					{r.detail !== null && <details><summary>{t('look')}</summary><Raw label={r.action} text={JSON.stringify(r.detail)} /></details>}</td><td class="wide break"><bdi>{r.subject}</bdi></td><td class="wide"><bdi>{r.client}</bdi></td></tr>)}</tbody></table>}
		<More of={rows} />
	</div>;
}
