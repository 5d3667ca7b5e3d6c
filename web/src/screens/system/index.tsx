/* system/index.tsx - people and the machine: one's own account, users, tokens, audit, backups, settings, privacy,
 * certificates, logs, about. */
import type { JSX } from 'preact';
import { t } from '../../lib/i18n';
import { place } from '../../lib/route';
import { may } from '../../lib/session';
import { Empty } from '../../ui/base';
import { Tabs } from '../../ui/data';
import { About } from './about';
import { Audit } from './audit';
import { Backups } from './backups';
import { Certificates, Logs, Privacy } from './machine';
import { Me } from './me';
import { SettingsTable } from './settings';
import { Tokens } from './tokens';
import { Users } from './users';
import type { Words } from '../../lib/i18n';

const PARTS: { at: string; label: keyof Words; right: string; view: () => JSX.Element }[] = [
	{ at: 'me', label: 'my_account', right: 'self', view: Me },
	{ at: 'users', label: 'users', right: 'users', view: Users },
	{ at: 'tokens', label: 'tokens', right: 'settings', view: Tokens },
	{ at: 'audit', label: 'audit', right: 'audit:read', view: Audit },
	{ at: 'backups', label: 'backups', right: 'settings', view: Backups },
	{ at: 'settings', label: 'settings', right: 'settings', view: SettingsTable },
	{ at: 'privacy', label: 'privacy', right: 'settings', view: Privacy },
	{ at: 'certificates', label: 'certificates', right: 'settings', view: Certificates },
	{ at: 'logs', label: 'logs', right: 'settings', view: Logs },
	{ at: 'about', label: 'about', right: 'status', view: About },
];

export function System(): JSX.Element {
	const mine = PARTS.filter(p => may(p.right)), at = place.value.parts[1] ?? mine[0]?.at ?? '', part = mine.find(p => p.at === at);
	return <section class="screen">
		<h1>{t('system')}</h1>
		<Tabs at={'#/system/' + at} items={mine.map(p => ({ href: '#/system/' + p.at, label: t(p.label) }))} />
		{part !== undefined ? <part.view /> : <Empty title={t('not_found')} />}
	</section>;
}
