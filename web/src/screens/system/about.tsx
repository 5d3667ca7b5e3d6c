/* about.tsx - what runs here: versions with licences, addresses, since when; how a newer one comes. */
import type { JSX } from 'preact';
import { get } from '../../lib/api';
import { bytes } from '../../lib/format';
import { t } from '../../lib/i18n';
import { may } from '../../lib/session';
import { Failed, useLoad } from '../../ui/base';
import { Facts, Time } from '../../ui/data';

interface Status { version: string; company: string; started_at: string; boot_id: string; parts: { part: string; database_bytes?: number; disk_free_bytes?: number }[] }
interface Libraries { version: string; libraries: { name: string; version: string; licence: string }[] }
/* What this page is made of: the build takes it from the packages themselves (bundle.mjs). */
declare const PARTS: { name: string; version: string; licence: string }[];

export function About(): JSX.Element {
	const { data, error, reload } = useLoad(signal => get<Status>('/api/v1/status', { signal }), 'about'), parts = useLoad(signal => get<Libraries>('/api/v1/about', { signal }), 'libraries');
	if (data === undefined)
		return error !== undefined ? <Failed error={error} again={reload} /> : <p class="loading" aria-busy="true" />;
	const store = data.parts.find(p => p.part === 'store');
	return <div class="stack"><div class="card"><h2>Totem {data.version}</h2>
		<Facts rows={[[t('company'), data.company], [t('running_since'), <Time at={data.started_at} full />], [t('part.store'), bytes(store?.database_bytes ?? 0)], [t('disk_free'), bytes(store?.disk_free_bytes ?? 0)],
			[t('this_page'), location.origin], [t('boot'), data.boot_id]]} />
		<p><a href="/docs">{t('docs')}</a>{may('settings') && <> · <a href="#/setup">{t('setup')}</a></>}</p></div>
	{may('settings') && <div class="card"><h2>{t('updates')}</h2><p>{t('updates_text')} <code class="address">apt install ./totem_*.deb</code></p></div>}
	{parts.data !== undefined && <table class="card"><thead><tr><th scope="col">{t('library')}</th><th scope="col">{t('version')}</th><th scope="col">{t('licence')}</th></tr></thead>
		<tbody>{parts.data.libraries.map(l => <tr key={l.name}><td>{l.name}</td><td>{l.version}</td><td>{l.licence}</td></tr>)}
			{PARTS.map(l => <tr key={l.name}><td>{l.name} <small class="soft">{t('this_page')}</small></td><td>{l.version}</td><td>{l.licence}</td></tr>)}</tbody></table>}</div>;
}
