/* backups.tsx - what is there and whether it was verified; make one now, verify one, take one away. Restoring is a command, for the
 * day without a box. */
import type { JSX } from 'preact';
import { useState } from 'preact/hooks';
import { get, hasToken, post, type Page } from '../../lib/api';
import { bytes, number, span } from '../../lib/format';
import { t, word } from '../../lib/i18n';
import { Button, Empty, Failed, toast, useLoad } from '../../ui/base';
import { Facts, Time, useLive } from '../../ui/data';

interface Backup { name: string; created_at: string; state: 'made' | 'verified' | 'failed'; verified_at: string | null; check: string | null; took_ms: number; database_bytes: number; rows: number; media_files: number; media_bytes: number; has_key: boolean; program: string }
interface List extends Page<Backup> { folder: string; state: { busy: boolean; checking: boolean; step: string | null; at: number; of: number; last_success_at: string | null; last_failure_at: string | null; error: string | null; next_at: string | null };
	stick: { state: string; detail: string | null; at: string } | null }

export function Backups(): JSX.Element {
	const { data, error, reload } = useLoad(signal => get<List>('/api/v1/backups', { signal }), 'backups');
	const [asked, setAsked] = useState<{ name: string; before: string | null } | null>(null); /* which one is looked at, and the last success before */
	useLive(reload, [], 2000);
	if (data === undefined)
		return error !== undefined ? <Failed error={error} again={reload} /> : <p class="loading" aria-busy="true" />;
	const s = data.state, act = async (path: string, said: string) => { await post(path); toast(said); reload(); };
	return <div class="stack">
		<div class="card"><Facts rows={[[t('backup_last'), s.last_success_at ? <Time at={s.last_success_at} full /> : t('never')], [t('backup_next'), <Time at={s.next_at} full />], [t('backup_folder'), <code class="address">{data.folder}</code>],
			[t('backup_stick'), data.stick ? <>{word('stick.', data.stick.state)} <Time at={data.stick.at} /></> : t('stick_never')]]} />
			{s.error && <p class="error" role="alert"><bdi>{s.error}</bdi> <Time at={s.last_failure_at} full /></p>}
			{(s.busy || s.checking) && <p role="status" aria-busy="true">{t('backup_runs')} <bdi>{s.step}</bdi> {s.of > 0 && <progress value={s.at} max={s.of} aria-label={t('backup_runs')} />}</p>}
			<div class="row"><Button kind="main" disabled={s.busy} onClick={() => act('/api/v1/backups', t('backup_started'))}>{t('backup_now')}</Button></div></div>
		{data.data.length === 0 ? <Empty title={t('backups_none')}><p>{t('backups_none_text')}</p></Empty> : <table class="card"><thead><tr><th scope="col">{t('created')}</th><th scope="col">{t('verified')}</th><th scope="col" class="n wide">{t('size')}</th>
			<th scope="col" class="n wide">{t('files')}</th><th scope="col" class="n wide">{t('took')}</th><th scope="col"><span class="hidden">{t('action')}</span></th></tr></thead>
			<tbody>{data.data.map(b => <tr key={b.name}><td><Time at={b.created_at} full /><small class="soft"><bdi>{b.name}</bdi></small>
				{asked?.name === b.name && !s.busy && b.state !== 'failed' && s.last_success_at !== asked.before && <small class="good" role="status">{t('verify_good')}</small>}</td>
				<td>{b.verified_at ? <span class="chip good"><Time at={b.verified_at} /></span> : <span class={b.state === 'failed' ? 'chip bad' : 'chip warn'}>{t(b.state === 'failed' ? 'cannot_restore' : 'not_verified')}</span>}
				{b.check && <small class="soft"><bdi>{b.check}</bdi></small>}</td>
				<td class="n wide">{bytes(b.database_bytes + b.media_bytes)}</td><td class="n wide">{number(b.media_files)}{b.media_files > 0 && <small class="soft">{bytes(b.media_bytes)}</small>}</td><td class="n wide">{span(b.took_ms)}</td>
				<td><div class="row acts"><Button disabled={s.busy} onClick={async () => { const before = s.last_success_at; await act(`/api/v1/backups/${encodeURIComponent(b.name)}/verify`, t('verify_started')); setAsked({ name: b.name, before }); }}>{t('verify')}</Button>
					{/* A browser's own download: it has the cookie, and a gigabyte does not go through the page's memory. */}
					{!hasToken() && b.state !== 'failed' && <a class="button quiet" href={`/api/v1/backups/${encodeURIComponent(b.name)}/download`} download={b.name + '.tar'} aria-label={t('backup_download_of', { name: b.name })}>{t('backup_download')}</a>}</div></td></tr>)}</tbody></table>}
		<div class="card"><h2>{t('restore_title')}</h2><p>{t('restore_text')}</p>
			<pre class="code" dir="ltr" tabIndex={0} aria-label={t('restore_title')}>{`systemctl stop totem.socket totem\nTOTEM_PASSPHRASE=... totem restore ${data.folder}/${data.data[0]?.name ?? 'totem-...'}\nsystemctl start totem.socket totem`}</pre>
			<p class="soft">{t('restore_after')}</p>
			<p>{t('restore_file')} <code class="address">totem restore totem-….tar</code></p></div>
	</div>;
}
