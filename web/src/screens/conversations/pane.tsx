/* pane.tsx - the list of conversations with its search and filters. With a search, messages that have the words stand below. */
import type { JSX } from 'preact';
import { useEffect, useRef, useState } from 'preact/hooks';
import { moment, number, when } from '../../lib/format';
import { t, word } from '../../lib/i18n';
import { who } from '../../lib/session';
import { Button, Empty, Failed } from '../../ui/base';
import { Icon } from '../../ui/icons';
import { VirtualList } from '../../ui/list';
import { line } from './bodies';
import { nameOf, phone, type Conversation, type Message } from './model';
import * as lists from './lists';
import { localsOf, lost } from './outbox';
import { present } from './presence';

export const ROW_PX = 72;
const WAIT_MS = 180;

type Row = { kind: 'talk'; c: Conversation } | { kind: 'found'; m: Message } | { kind: 'head'; text: string };

/* The colour of the round mark: always the same for one name. */
export function Mark(p: { name: string; id: string }): JSX.Element {
	let n = 0;
	for (const ch of p.id)
		n = (n * 31 + ch.charCodeAt(0)) % 6;
	const letter = /\p{L}|\p{N}/u.exec(p.name)?.[0]?.toUpperCase() ?? '#';
	return <span class={'mark mark' + n} aria-hidden="true">{letter}</span>;
}

function Talk(p: { c: Conversation; here: boolean }): JSX.Element {
	const { c } = p, name = nameOf(c), typing = Object.values(present.value[c.id] ?? {}).find(h => h.typing);
	return <a class={'talk' + (c.unread_count > 0 ? ' unread' : '')} href={'#/conversations/' + c.id} aria-current={p.here ? 'true' : undefined}>
		<Mark name={name} id={c.contact_id} />
		<span class="talk-name one-line"><bdi>{name}</bdi></span>
		<time class="soft small" dateTime={c.last_message_at}>{when(c.last_message_at)}</time>
		<span class="talk-last one-line soft">{typing !== undefined ? <em>{t('c.types', { name: typing.name })}</em> : <bdi>{line({ content: c.last_content ?? '' }).slice(0, 120)}</bdi>}</span>
		<span class="talk-end">{localsOf(c.id).value.some(lost) && <span class="chip bad">{t('c.unsent')}</span>}
			{c.status !== 'open' && <span class={'chip ' + c.status} title={c.snoozed_until !== null ? t('c.snoozed_until', { when: moment(c.snoozed_until, 'short') }) : undefined}>{word('c.status.', c.status)}</span>}
			{c.assigned?.name && <span class="chip" title={c.assigned.name}>{c.assigned.name.slice(0, 12)}</span>}
			{c.unread_count > 0 && <span class="count">{number(c.unread_count)}<span class="hidden"> {t('c.unread')}</span></span>}</span>
	</a>;
}

function Found(p: { m: Message }): JSX.Element {
	const { m } = p;
	return <a class="talk" href={`#/conversations/${m.conversation_id}?m=${m.id}`}>
		<span class="mark mark-search" aria-hidden="true"><Icon name="search" /></span>
		<span class="talk-name one-line"><bdi>{m.contact_name || phone(m.wa_id)}</bdi></span><time class="soft small" dateTime={m.timestamp}>{when(m.timestamp)}</time>
		<span class="talk-last two-lines soft"><bdi>{line(m).slice(0, 200)}</bdi></span>
	</a>;
}

function Select(p: { label: string; value: string; options: [string, string][]; set: (v: string) => void }): JSX.Element {
	return <select aria-label={p.label} value={p.value} onChange={e => p.set(e.currentTarget.value)}>{p.options.map(([v, name]) => <option key={v} value={v}>{name}</option>)}</select>;
}

function Filters(p: { more: boolean }): JSX.Element {
	const f = lists.filter.value;
	const chip = (name: string, on: boolean, to: Partial<lists.Filter>) => <button type="button" class="filter" aria-pressed={on} onClick={() => lists.setFilter(to)}>{name}</button>;
	return <div class="filters" role="group" aria-label={t('c.filters')}>
		{chip(t('c.all'), !f.unread && f.assigned === '', { unread: false, assigned: '' })}
		{chip(t('c.unread_n', { n: lists.unread.value.conversations }), f.unread, { unread: !f.unread })}
		{who.value?.user != null && chip(t('c.mine'), f.assigned === 'me', { assigned: f.assigned === 'me' ? '' : 'me' })}
		{chip(t('c.nobodys'), f.assigned === 'none', { assigned: f.assigned === 'none' ? '' : 'none' })}
		{p.more && <div class="filters-more">
			<Select label={t('state')} value={f.status} set={status => lists.setFilter({ status })}
				options={[['', t('c.any_status')], ...['open', 'pending', 'snoozed', 'resolved'].map(s => [s, word('c.status.', s)] as [string, string])]} />
			{lists.channels.value.length > 1 && <Select label={t('c.channel')} value={f.channel} set={channel => lists.setFilter({ channel })}
				options={[['', t('c.any_channel')], ...lists.channels.value.map(c => [c, c] as [string, string])]} />}
			{lists.labels.value.length > 0 && <Select label={t('c.label')} value={f.label} set={label => lists.setFilter({ label })}
				options={[['', t('c.any_label')], ...lists.labels.value.map(l => [l.label, `${l.label} (${l.conversations})`] as [string, string])]} />}
		</div>}
	</div>;
}

function key(r: Row): string {
	return r.kind === 'talk' ? r.c.id : r.kind === 'found' ? 'f' + r.m.id : r.text;
}

export function Pane(p: { here: string | null }): JSX.Element {
	const f = lists.filter.value, timer = useRef(0), [typed, setTyped] = useState(f.search), [more, setMore] = useState(f.status !== '' || f.channel !== '' || f.label !== '');
	useEffect(() => () => clearTimeout(timer.current), []);
	const rows: Row[] = lists.rows.value.map(c => ({ kind: 'talk', c }));
	if (lists.found.value.length > 0) {
		if (rows.length > 0)
			rows.unshift({ kind: 'head', text: t('c.people') });
		rows.push({ kind: 'head', text: t('c.in_messages') }, ...lists.found.value.map(m => ({ kind: 'found' as const, m })));
	}
	const filtered = f.search !== '' || f.unread || f.assigned !== '' || f.status !== '' || f.label !== '' || f.channel !== '';
	const at = rows.findIndex(r => r.kind === 'talk' && r.c.id === p.here);
	return <section class="pane" aria-label={t('conversations')}>
		<header class="pane-head">
			<div class="pane-find"><input id="search" type="search" placeholder={t('c.search')} aria-label={t('c.search')} value={typed} autocomplete="off" maxLength={200} dir="auto"
				onInput={e => { const v = e.currentTarget.value; setTyped(v); clearTimeout(timer.current); timer.current = window.setTimeout(() => lists.setFilter({ search: v.trim() }), WAIT_MS); }}
				onKeyDown={e => { if (e.key === 'Escape') { e.preventDefault(); setTyped(''); lists.setFilter({ search: '' }); e.currentTarget.blur(); } }} />
				<button type="button" class="button quiet" aria-expanded={more} aria-label={t('c.filters')} title={t('c.filters')} onClick={() => setMore(!more)}><Icon name="filter" /></button></div>
			<Filters more={more} />
		</header>
		{lists.state.value === 'failed' && rows.length === 0 ? <Failed error={lists.failure.value} again={() => { void lists.load(); }} />
			: rows.length > 0 ? <VirtualList rows={rows} rowHeight={ROW_PX} keyOf={key} label={t('conversations')} more={() => { void lists.more(); }} reveal={p.here !== null ? { key: p.here, index: at } : undefined} class="talks"
				row={r => r.kind === 'talk' ? <Talk c={r.c} here={r.c.id === p.here} /> : r.kind === 'found' ? <Found m={r.m} /> : <h2 class="pane-part">{r.text}</h2>} />
				: lists.state.value === 'loading' ? <p class="loading" aria-busy="true" />
					: filtered ? <Empty title={t('c.none_found')}><Button onClick={() => { setTyped(''); lists.setFilter(lists.NO_FILTER); }}>{t('c.no_filter')}</Button></Empty>
						: <Empty title={t('c.none')}><p>{t('c.none_text')}</p></Empty>}
	</section>;
}
