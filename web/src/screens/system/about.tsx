/* about.tsx - what runs here: versions, addresses, since when. */
import type { JSX } from 'preact';
import { get } from '../../lib/api';
import { bytes } from '../../lib/format';
import { t } from '../../lib/i18n';
import { may } from '../../lib/session';
import { Failed, useLoad } from '../../ui/base';
import { Facts, Time } from '../../ui/data';

interface Status { version: string; company: string; started_at: string; boot_id: string; parts: { part: string; database_bytes?: number; disk_free_bytes?: number }[] }

export function About(): JSX.Element {
	const { data, error, reload } = useLoad(signal => get<Status>('/api/v1/status', { signal }), 'about');
	if (data === undefined)
		return error !== undefined ? <Failed error={error} again={reload} /> : <p class="loading" aria-busy="true" />;
	const store = data.parts.find(p => p.part === 'store');
	return <div class="card"><h2>Totem {data.version}</h2>
		<Facts rows={[[t('company'), data.company], [t('running_since'), <Time at={data.started_at} full />], [t('part.store'), bytes(store?.database_bytes ?? 0)], [t('disk_free'), bytes(store?.disk_free_bytes ?? 0)],
			[t('this_page'), location.origin], [t('boot'), data.boot_id]]} />
		<p><a href="/docs">{t('docs')}</a>{may('settings') && <> · <a href="#/setup">{t('setup')}</a></>}</p></div>;
}
