/* parts.ts - the parts of the box that its status names ("queue.messages", "channel.main"): their names, and where one does something about them. */
import { t, word, type Words } from '../lib/i18n';
import { may } from '../lib/session';
import { nameOf } from './queues/acts';

/* null: nowhere on this page, or not for who looks. What stands behind a blank ("channel.main 131000") is a detail of it. */
export function placeOf(part: string): string | null {
	const [name = ''] = part.split(' '), [kind = '', rest = ''] = name.split(/\.(.*)/s);
	return rest !== '' && kind === 'queue' ? may('queues:read') ? '#/queues/' + rest : null : rest !== '' && /^(channel|chatwoot|n8n|lookup)$/.test(kind) ? '#/integrations/' + name
		: kind === 'backup' || kind === 'disk' || kind === 'store' ? may('settings') ? '#/system/backups' : null : null;
}

/* Incidents of which the part is not the place to mend them: the right that it takes there, where, its name. */
const CURES: Record<string, [right: string, href: string, name: keyof Words]> = {
	disk: ['settings', '#/system/settings?find=retention', 'settings'], key: ['settings', '#/system/settings', 'settings'],
	'unknown-number': ['settings', '#/system/settings?find=phone_number_id', 'settings'], restore: ['queues:read', '#/queues', 'queues'],
	database: ['settings', '#/system/backups', 'backups'], backup: ['settings', '#/system/backups', 'backups'],
	'backup-check': ['settings', '#/system/backups', 'backups'], 'media-files': ['settings', '#/system/backups', 'backups'],
};

/* Where one does something about an incident; null: not on this page (a clock, a write-ahead log), or not as who looks. */
export function cureOf(i: { kind: string; subject: string; conversation_id: string | null }): { href: string; name: string } | null {
	if (i.conversation_id !== null)
		return may('messages:read') ? { href: '#/conversations/' + i.conversation_id, name: t('conversation') } : null;
	const cure = CURES[i.kind], href = cure === undefined ? placeOf(i.subject) : may(cure[0]) ? cure[1] : null;
	return href === null ? null : { href, name: cure !== undefined ? t(cure[2]) : partName(i.subject.split(' ')[0]!) };
}

export function partName(part: string): string {
	const [kind = '', rest = ''] = part.split(/\.(.*)/s);
	return kind === 'queue' ? t('queue') + ' ' + nameOf(rest) : word('part.', kind) + (rest ? ' ' + rest : '');
}
