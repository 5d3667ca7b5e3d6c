/* parts.ts - the parts of the box that its status names ("queue.messages", "channel.main"): their names, and where one does something about them. */
import { t, word } from '../lib/i18n';
import { nameOf } from './queues/acts';

export function placeOf(subject: string): string {
	const [kind = '', rest = ''] = subject.split(/\.(.*)/s);
	return kind === 'queue' ? '#/queues/' + rest : kind === 'channel' || kind === 'chatwoot' || kind === 'n8n' || kind === 'lookup' ? '#/integrations/' + subject
		: kind === 'backup' || kind === 'disk' || kind === 'store' ? '#/system/backups' : '#/queues';
}

export function partName(part: string): string {
	const [kind = '', rest = ''] = part.split(/\.(.*)/s);
	return kind === 'queue' ? t('queue') + ' ' + nameOf(rest) : word('part.', kind) + (rest ? ' ' + rest : '');
}
