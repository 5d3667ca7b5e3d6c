/* queues/index.tsx - the queues and what did not work in them: the list, one queue, dead letters, raw webhook requests. */
import type { JSX } from 'preact';
import { get, type Page } from '../../lib/api';
import { t } from '../../lib/i18n';
import { place } from '../../lib/route';
import { useLoad } from '../../ui/base';
import { Tabs, useLive } from '../../ui/data';
import { Dead, type Reason } from './dead';
import { Deliveries } from './deliveries';
import { List } from './list';
import { One } from './one';

export function Queues(): JSX.Element {
	const at = place.value.parts[1] ?? '';
	const reasons = useLoad(signal => get<Page<Reason>>('/api/v1/dead-letters/reasons', { signal }), 'reasons');
	useLive(reasons.reload, ['alert', 'queue'], 15_000);
	const dead = reasons.data?.data.reduce((sum, r) => sum + r.count, 0);
	return <section class="screen">
		<h1>{t('queues')}</h1>
		<Tabs at={at === 'dead' || at === 'deliveries' ? '#/queues/' + at : at === '' ? '#/queues' : ''} items={[{ href: '#/queues', label: t('queues_all') },
			{ href: '#/queues/dead', label: t('dead_letters'), n: dead, alarm: true }, { href: '#/queues/deliveries', label: t('deliveries') }]} />
		{at === '' ? <List /> : at === 'dead' ? <Dead reasons={reasons} /> : at === 'deliveries' ? <Deliveries /> : <One key={at} name={at} />}
	</section>;
}
