/* side.tsx - beside a thread: who the customer is, who works on it, labels, their other conversations, and a search in this one. */
import type { JSX } from 'preact';
import { useRef, useState } from 'preact/hooks';
import { call, get, post, query, type Page } from '../../lib/api';
import { moment, when } from '../../lib/format';
import { t, word } from '../../lib/i18n';
import { may, who } from '../../lib/session';
import { Button, Failed, sentence, tried, useFocusBack, useLoad, useSubmit } from '../../ui/base';
import { line } from './bodies';
import { nameOf, phone, type Colleague, type Contact, type Conversation, type Message } from './model';
import * as lists from './lists';
import { Mark } from './pane';
import type { Thread } from './threads';

interface State { team: string | null; assignee: string | null; attributes: Record<string, string>; automation_off_until: string | null; automation_off_why: string | null }

export async function put(thread: Thread, verb: string, body: unknown): Promise<void> {
	const c = await post<Conversation>(`/api/v1/conversations/${thread.id}/${verb}`, body);
	thread.conversation.value = c;
	lists.changed(c);
	lists.soon(true);
}

function Work(p: { thread: Thread; c: Conversation; snooze: () => void }): JSX.Element {
	const { c, thread } = p, edit = may('conversations');
	const people = useLoad(signal => get<Page<Colleague>>('/api/v1/colleagues', { signal }), 'colleagues'), me = who.value?.user?.id;
	/* What is chosen stands there at once; when it is not done, what holds stands there again. */
	async function choose(el: HTMLSelectElement, verb: string, body: unknown, before: string) {
		if (!await tried(put(thread, verb, body)))
			el.value = before;
	}
	const all = people.data?.data ?? (c.assigned !== null ? [{ ...c.assigned, role: '' }] : []);
	return <>
		<label class="small soft" for="assigned">{t('c.assigned')}</label>
		<select id="assigned" disabled={!edit} value={c.assigned?.id ?? ''} onChange={e => { void choose(e.currentTarget, 'assign', { user_id: e.currentTarget.value || null }, c.assigned?.id ?? ''); }}>
			<option value="">{t('c.nobody')}</option>
			{all.map(u => <option key={u.id} value={u.id}>{u.name}{u.id === me ? ` (${t('c.me')})` : ''}</option>)}
		</select>
		<label class="small soft" for="status">{t('state')}</label>
		<select id="status" disabled={!edit} value={c.status} onChange={e => {
			const status = e.currentTarget.value;
			if (status !== 'snoozed') {
				void choose(e.currentTarget, 'status', { status }, c.status);
				return;
			}
			e.currentTarget.value = c.status; /* until it is said for how long */
			p.snooze();
		}}>
			{['open', 'pending', 'snoozed', 'resolved'].map(s => <option key={s} value={s}>{word('c.status.', s)}</option>)}
		</select>
		{c.snoozed_until !== null && <p class="small soft">{t('c.snoozed_until', { when: moment(c.snoozed_until, 'short') })} {edit && <button type="button" class="link-button" onClick={p.snooze}>{t('c.change')}</button>}</p>}
	</>;
}

function Labels(p: { thread: Thread; c: Conversation }): JSX.Element {
	const { c, thread } = p, edit = may('conversations'), [typed, setTyped] = useState('');
	const set = (labels: string[]) => tried(put(thread, 'labels', { labels }));
	async function add(label: string) {
		if (label !== '' && !c.labels.includes(label) && await set([...c.labels, label]))
			setTyped(now => now.trim() === label ? '' : now);
	}
	return <>
		<p class="small soft">{t('c.labels')}</p>
		<ul class="chips">{c.labels.map(l => <li key={l} class="chip"><bdi>{l}</bdi>{edit && <button type="button" aria-label={t('c.take_away') + ' ' + l} onClick={() => { void set(c.labels.filter(x => x !== l)); }}>×</button>}</li>)}
			{c.labels.length === 0 && !edit && <li class="soft">–</li>}</ul>
		{edit && <form onSubmit={e => { e.preventDefault(); void add(typed.trim()); }}>
			<input list="labels" value={typed} maxLength={50} placeholder={t('c.label_new')} aria-label={t('c.label_new')} dir="auto" onInput={e => setTyped(e.currentTarget.value)} />
			<datalist id="labels">{lists.labels.value.map(l => <option key={l.label} value={l.label} />)}</datalist>
		</form>}
	</>;
}

function Person(p: { contact: Contact; again: () => void }): JSX.Element {
	const [edit, setEdit] = useState(false), [whole, setWhole] = useState<Contact | null>(null), contact = whole ?? p.contact;
	const rename = useSubmit(async form => {
		await call('PATCH', '/api/v1/contacts/' + contact.id, { name: form.get('name') });
		setEdit(false);
		p.again();
		lists.soon(true);
	});
	const send = may('messages:send'), masked = (who.value as { numbers_masked?: boolean } | null | undefined)?.numbers_masked === true;
	return <>
		{edit ? <><form class="row" onSubmit={rename.submit}><input name="name" defaultValue={contact.name ?? ''} maxLength={200} required autofocus dir="auto" aria-label={t('c.name')} /><Button type="submit" disabled={rename.busy}>{t('c.save')}</Button></form>{rename.error !== null && <p class="error" role="alert">{sentence(rename.error)}</p>}</>
			: <h2><bdi>{contact.name || t('c.no_name')}</bdi> {send && <button type="button" class="link-button" onClick={() => setEdit(true)}>{t('c.rename')}</button>}</h2>}
		{contact.profile_name !== null && contact.profile_name !== contact.name && <p class="soft">~ <bdi>{contact.profile_name}</bdi></p>}
		<ul class="bare">{contact.aliases.map(a => <li key={a.kind + a.alias}><small class="soft">{word('c.alias.', a.kind)}</small> <bdi>{phone(a.alias)}</bdi></li>)}</ul>
		{masked && whole === null && <p><Button onClick={async () => setWhole(await post<Contact>(`/api/v1/contacts/${contact.id}/reveal`))}>{t('c.reveal')}</Button></p>}
		{contact.merges?.filter(m => m.undone_at === null).map(m => <p key={m.at} class="soft small">{t('c.merged', { name: m.name || '–', when: moment(m.at) })}</p>)}
		{contact.marketing === 'stop' && <p class="alarm">{t('c.no_ads')}</p>}
		<p class="soft small">{t('c.known_since', { when: moment(contact.created_at) })}</p>
	</>;
}

function Others(p: { c: Conversation; contact: Contact }): JSX.Element | null {
	const number = p.contact.aliases.find(a => a.kind === 'phone')?.alias ?? p.contact.aliases[0]?.alias ?? '';
	const { data } = useLoad(signal => number === '' ? Promise.resolve({ data: [], next: null }) : get<Page<Conversation>>('/api/v1/conversations' + query({ search: number, limit: 20 }), { signal }), 'others' + p.c.id);
	const others = data?.data.filter(o => o.contact_id === p.contact.id && o.id !== p.c.id) ?? [];
	return others.length === 0 ? null : <><h3>{t('c.others')}</h3>
		<ul class="bare">{others.map(o => <li key={o.id}><a href={'#/conversations/' + o.id}>{o.channel} · {when(o.last_message_at)}</a></li>)}</ul></>;
}

function Search(p: { id: string }): JSX.Element {
	const [q, setQ] = useState('');
	const { data } = useLoad(signal => q.length < 3 ? Promise.resolve(null) : get<Page<Message>>('/api/v1/messages/search' + query({ q, conversation_id: p.id, limit: 50 }), { signal }), 'in' + p.id + q);
	return <>
		<input type="search" placeholder={t('c.search_here')} aria-label={t('c.search_here')} maxLength={200} dir="auto" value={q} onInput={e => setQ(e.currentTarget.value.trim())} />
		{data != null && <ul class="bare results">{data.data.map(m => <li key={m.id}><a href={`#/conversations/${p.id}?m=${m.id}`}><small class="soft">{when(m.timestamp)}</small> <bdi>{line(m).slice(0, 120)}</bdi></a></li>)}
			{data.data.length === 0 && <li class="soft">{t('c.none_found')}</li>}</ul>}
	</>;
}

/* Up to this width it lies above the thread (conversations.css). */
export const above = (): boolean => innerWidth <= 1280;

export function Side(p: { thread: Thread; c: Conversation; close: () => void; snooze: () => void }): JSX.Element {
	const { c } = p, contact = useLoad(signal => get<Contact>('/api/v1/contacts/' + c.contact_id, { signal }), c.contact_id);
	const state = useLoad(signal => get<State>(`/api/v1/conversations/${c.id}/state`, { signal }), c.id + c.automation_off_until + c.status);
	const ref = useRef<HTMLElement>(null);
	useFocusBack(() => { if (above()) ref.current?.querySelector('button')?.focus(); });
	const attributes = Object.entries(state.data?.attributes ?? {});
	return <aside ref={ref} class="side" aria-label={t('c.about')} onKeyDown={e => { if (e.key === 'Escape' && above()) { e.stopPropagation(); p.close(); } }}>
		<div class="row side-head"><Mark name={nameOf(c)} id={c.contact_id} /><Button label={t('c.close')} onClick={p.close}>×</Button></div>
		{contact.data === undefined ? contact.error !== undefined ? <Failed error={contact.error} again={contact.reload} /> : <p class="loading" aria-busy="true" />
			: <Person contact={contact.data} again={contact.reload} />}
		<Work thread={p.thread} c={c} snooze={p.snooze} />
		{state.data?.assignee && <p class="small soft">Chatwoot: <bdi>{state.data.assignee}</bdi> <bdi>{state.data.team}</bdi></p>}
		<Labels thread={p.thread} c={c} />
		{c.automation_off_until !== null && Date.parse(c.automation_off_until) > Date.now() && <p class="small">{t('c.robot_off', { when: moment(c.automation_off_until) })} <span class="soft">{word('c.robot_why.', state.data?.automation_off_why ?? '')}</span></p>}
		{attributes.length > 0 && <><h3>{t('c.attributes')}</h3><dl class="form">{attributes.map(([k, v]) => <div key={k}><dt><bdi>{k}</bdi></dt><dd><bdi>{v}</bdi></dd></div>)}</dl></>}
		<h3>{t('c.search_here')}</h3><Search id={c.id} />
		{contact.data !== undefined && <Others c={c} contact={contact.data} />}
		<p class="small soft">{c.channel} · <bdi>{c.wa_id}</bdi>{c.chatwoot_conversation_id !== null && ` · Chatwoot #${c.chatwoot_conversation_id}`}</p>
	</aside>;
}
