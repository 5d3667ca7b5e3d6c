/* lists.ts - the list of conversations: filters, pages, and how it stays true while the box works. The stream moves and fills rows at
 * once; the first page is asked for again a moment later, so that counts are the box's own and never grow from our echo. */
import { signal } from '@preact/signals';
import { get, query, type Page } from '../../lib/api';
import { may } from '../../lib/session';
import { on } from '../../lib/stream';
import { ACTS, type Conversation, type Message } from './model';

export interface Filter { search: string; status: string; channel: string; label: string; assigned: string; unread: boolean }
export const NO_FILTER: Filter = { search: '', status: '', channel: '', label: '', assigned: '', unread: false };

const PAGE = 100, FOUND = 30;
const SOON_MS = 700, EVERY_MS = 5000, ONE_MS = 250; /* the whole first page is asked for rarely: many browsers may be open */

export const filter = signal<Filter>(NO_FILTER);
export const rows = signal<Conversation[]>([]);
export const found = signal<Message[]>([]);
export const state = signal<'loading' | 'ready' | 'failed'>('loading');
export const failure = signal<unknown>(null);
export const unread = signal({ conversations: 0, messages: 0 });
export const channels = signal<string[]>([]);
export const labels = signal<{ label: string; conversations: number }[]>([]);
/* The conversation that is open and looked at: what comes there counts as seen. */
export const looking = signal<string | null>(null);

let next: string | null = null, foundNext: string | null = null, fetching = false, round = 0, timer = 0, refreshed = 0, oneTimer = 0;
const texts = new Map<string, string>();
const strangers = new Set<string>(); /* conversations of which a message came, and that are not in the list */

function path(f: Filter, after: string | null): string {
	return '/api/v1/conversations' + query({ limit: PAGE, after, search: f.search, status: f.status, channel: f.channel, label: f.label, assigned: f.assigned, unread: f.unread });
}

export async function load(): Promise<void> {
	const mine = ++round, f = filter.value;
	state.value = rows.value.length > 0 ? 'ready' : 'loading';
	try {
		const [page, words] = await Promise.all([get<Page<Conversation>>(path(f, null)), f.search.length >= 3 ? get<Page<Message>>(search(f.search, null)) : null]);
		if (mine !== round)
			return;
		rows.value = page.data;
		next = page.next;
		found.value = words?.data ?? [];
		foundNext = words?.next ?? null;
		state.value = 'ready';
		note(page.data);
	} catch (e) {
		if (mine === round) {
			failure.value = e;
			state.value = 'failed';
		}
	}
}

function search(q: string, after: string | null): string {
	return '/api/v1/messages/search' + query({ q, limit: FOUND, after });
}

export function setFilter(to: Partial<Filter>): void {
	filter.value = { ...filter.value, ...to };
	rows.value = [];
	found.value = [];
	void load();
}

export async function more(): Promise<void> {
	if (fetching || (next === null && foundNext === null))
		return;
	fetching = true;
	const mine = round;
	try {
		if (next !== null) {
			const page = await get<Page<Conversation>>(path(filter.value, next));
			if (mine === round) {
				const known = new Set(rows.value.map(c => c.id));
				rows.value = [...rows.value, ...page.data.filter(c => !known.has(c.id))];
				next = page.next;
			}
		} else {
			const page = await get<Page<Message>>(search(filter.value.search, foundNext));
			if (mine === round) {
				found.value = [...found.value, ...page.data];
				foundNext = page.next;
			}
		}
	} catch { /* asked again by the next scroll */
	} finally {
		fetching = false;
	}
}

function note(list: Conversation[]): void {
	const names = new Set([...channels.value, ...list.map(c => c.channel ?? '').filter(c => c !== '')]);
	if (names.size !== channels.value.length)
		channels.value = [...names].sort();
}

function fits(c: Conversation, f: Filter): boolean {
	return (f.status === '' || c.status === f.status) && (f.channel === '' || c.channel === f.channel) && (f.label === '' || c.labels.includes(f.label)) &&
		(!f.unread || c.unread_count > 0);
}

const byTime = (a: Conversation, b: Conversation): number => a.last_message_at < b.last_message_at ? 1 : a.last_message_at > b.last_message_at ? -1 : 0;

export function changed(c: Conversation): void {
	const i = rows.value.findIndex(r => r.id === c.id);
	if (i < 0)
		return;
	const row = { ...c, last_content: c.last_content ?? rows.value[i]!.last_content };
	rows.value = fits(row, filter.value) || looking.value === c.id ? rows.value.map((r, k) => k === i ? row : r).sort(byTime) : rows.value.filter((_, k) => k !== i);
}

function came(m: Message): void {
	const row = rows.value.find(r => r.id === m.conversation_id);
	if (row !== undefined && !ACTS.has(m.type) && m.timestamp >= row.last_message_at) {
		const more = m.direction === 'inbound' && looking.value !== row.id ? 1 : 0;
		const fresh = { ...row, last_content: m.content, last_message_at: m.timestamp, unread_count: row.unread_count + more };
		rows.value = rows.value.map(r => r.id === row.id ? fresh : r).sort(byTime);
	} else if (row === undefined && filter.value.search === '') {
		strangers.add(m.conversation_id);
		texts.set(m.conversation_id, m.content);
		oneTimer ||= window.setTimeout(() => { oneTimer = 0; void meet(); }, ONE_MS);
	}
	soon();
}

/* They come into the list without waiting for the whole page; of many the page tells. */
async function meet(): Promise<void> {
	const some = [...strangers].slice(0, 5), f = filter.value;
	strangers.clear();
	for (const id of some) {
		try {
			const c = await get<Conversation>('/api/v1/conversations/' + id);
			if (f === filter.value && f.assigned === '' && fits(c, f) && !rows.value.some(r => r.id === id))
				rows.value = [{ ...c, last_content: texts.get(id) ?? c.last_content }, ...rows.value].sort(byTime);
		} catch { /* the page tells */ }
	}
	texts.clear();
}

/* The first page as the box has it; pages behind it stay. */
async function refresh(): Promise<void> {
	const mine = round, f = filter.value;
	try {
		const [page, count] = await Promise.all([get<Page<Conversation>>(path(f, null)), get<typeof unread.value>('/api/v1/conversations/unread')]);
		unread.value = count;
		if (mine !== round)
			return;
		const ids = new Set(page.data.map(c => c.id)), last = page.data[page.data.length - 1];
		const behind = page.next === null || last === undefined ? [] : rows.value.filter(r => !ids.has(r.id) && r.last_message_at <= last.last_message_at);
		rows.value = [...page.data, ...behind];
		if (behind.length === 0)
			next = page.next;
		state.value = 'ready';
		note(page.data);
	} catch { /* the stream says when the box is back */ }
}

/* now: something was done here, or the line is back. */
export function soon(now = false): void {
	if (now)
		clearTimeout(timer);
	else if (timer !== 0)
		return;
	const wait = now ? 0 : Math.max(SOON_MS, refreshed + EVERY_MS - Date.now());
	timer = window.setTimeout(() => { timer = 0; refreshed = Date.now(); void refresh(); }, wait);
}

export function start(): () => void {
	void load();
	soon(true);
	get<Page<{ label: string; conversations: number }>>('/api/v1/labels').then(p => { labels.value = p.data; }).catch(() => {});
	if (may('queues:read'))
		get<Page<{ channel: string }>>('/api/v1/channels').then(p => { channels.value = p.data.map(c => c.channel).sort(); }).catch(() => {});
	const offs = [on('whatsapp_message', came), on('whatsapp_echo', came), on('conversation', (c: Conversation) => { changed(c); soon(); }),
		on('open', () => soon(true)), on('erased', () => soon(true)), on('reset', () => { void load(); })];
	return () => { offs.forEach(off => off()); clearTimeout(timer); clearTimeout(oneTimer); timer = oneTimer = 0; };
}
