/* thread.tsx - the messages of a conversation, from the newest upwards: pages in both directions, days, what is new, jumps to a message. */
import type { ComponentChildren, JSX } from 'preact';
import { useEffect, useLayoutEffect, useMemo, useRef, useState } from 'preact/hooks';
import { post, type Page } from '../../lib/api';
import { day } from '../../lib/format';
import { lang, t } from '../../lib/i18n';
import { go } from '../../lib/route';
import { may } from '../../lib/session';
import { Button, Empty, Failed, sentence, toast } from '../../ui/base';
import { Icon } from '../../ui/icons';
import { Bubble, Edit, LocalBubble } from './bubble';
import { Viewer } from './media';
import { ACTS, type Message, type Template } from './model';
import * as lists from './lists';
import { known, want } from './templates';
import { targetOf, type Thread } from './threads';

const NO_TEMPLATES: Template[] = [];
const NEAR_PX = 700, BOTTOM_PX = 60, JOIN_MS = 5 * 60_000, HOT_MS = 2500;

/* The first message that was not read when the thread was opened. */
function firstUnread(rows: Message[], count: number): string | null {
	for (let i = rows.length - 1, n = 0; i >= 0 && count > 0; i--) {
		const m = rows[i]!;
		if (m.direction === 'inbound' && !ACTS.has(m.type) && ++n === count)
			return m.id;
	}
	return null;
}

export function ThreadView(p: { thread: Thread; at: string | null; reply: (m: Message) => void; stuckRef: { current: () => void } }): JSX.Element {
	const { thread } = p, box = useRef<HTMLDivElement>(null), inner = useRef<HTMLDivElement>(null);
	const place = useRef({ stuck: true, id: '', top: 0 }), [away, setAway] = useState(false), [hot, setHot] = useState<string | null>(null);
	const [viewer, setViewer] = useState<Message | null>(null), [edit, setEdit] = useState<Message | null>(null), newLine = useRef<string | null | undefined>(undefined), seen = useRef(0);
	const cache = useRef(new Map<string, { facts: unknown[]; made: JSX.Element }>()), jumpNow = useRef<(meta: string) => Promise<void>>(async () => {});
	const rows = thread.rows.value, locals = thread.locals.value, c = thread.conversation.value;
	const byMeta = useMemo(() => new Map(rows.filter(m => m.meta_message_id !== null).map(m => [m.meta_message_id!, m])), [rows]);
	if (newLine.current === undefined && thread.state.value === 'ready')
		newLine.current = p.at === null && c !== null ? firstUnread(rows, c.unread_count) : null;

	/* Where we are: at the end, or at the first bubble that is seen. */
	function mark() {
		const at = box.current;
		if (at === null)
			return;
		const stuck = thread.live.value && at.scrollHeight - at.scrollTop - at.clientHeight < BOTTOM_PX;
		place.current.stuck = stuck;
		setAway(!stuck);
		if (stuck)
			seen.current = thread.arrived.value;
		const top = at.getBoundingClientRect().top;
		for (const el of inner.current!.querySelectorAll<HTMLElement>('[data-id]')) {
			const r = el.getBoundingClientRect();
			if (r.bottom > top) {
				place.current.id = el.dataset['id']!;
				place.current.top = r.top;
				break;
			}
		}
	}
	/* After rows came or went: the same bubble at the same place. */
	function keep() {
		const at = box.current;
		if (at === null)
			return;
		if (place.current.stuck && thread.live.value) {
			at.scrollTop = at.scrollHeight;
			return;
		}
		const el = inner.current!.querySelector<HTMLElement>(`[data-id="${place.current.id}"]`);
		if (el !== null)
			at.scrollTop += el.getBoundingClientRect().top - place.current.top;
	}
	function scrolled() {
		const at = box.current;
		mark();
		if (at === null)
			return;
		if (at.scrollTop < NEAR_PX && !thread.atStart)
			void thread.more('older');
		else if (at.scrollHeight - at.scrollTop - at.clientHeight < NEAR_PX && !thread.live.value)
			void thread.more('newer');
	}
	useLayoutEffect(keep, [rows, locals]);
	/* The end that one had reached already turned out to be the newest: nothing scrolls any more that would say so. */
	useLayoutEffect(() => {
		if (thread.live.value && thread.state.value === 'ready' && box.current !== null)
			mark();
	}, [thread.live.value]);
	useLayoutEffect(() => {
		if (thread.state.value !== 'ready' || box.current === null)
			return;
		const id = p.at ?? newLine.current ?? null, el = id === null ? null : inner.current!.querySelector<HTMLElement>(`[data-id="${id}"]`);
		if (el !== null && (p.at !== null || el.offsetTop < box.current.scrollHeight - box.current.clientHeight)) {
			place.current.stuck = false;
			el.scrollIntoView({ block: p.at !== null ? 'center' : 'start' });
			box.current.scrollTop -= p.at !== null ? 0 : 48;
		} else {
			box.current.scrollTop = box.current.scrollHeight;
			place.current.stuck = thread.live.value;
		}
		if (p.at !== null)
			setHot(p.at);
		scrolled();
	}, [thread.state.value, p.at]);
	useEffect(() => {
		if (hot === null)
			return;
		const timer = setTimeout(() => setHot(null), HOT_MS);
		return () => clearTimeout(timer);
	}, [hot]);
	useEffect(() => {
		if (inner.current === null)
			return;
		const watch = new ResizeObserver(() => { if (place.current.stuck) keep(); });
		watch.observe(inner.current);
		watch.observe(box.current!);
		return () => watch.disconnect();
	}, [thread.state.value]);
	p.stuckRef.current = () => { place.current.stuck = true; requestAnimationFrame(keep); };

	/* What is looked at is read: here, and (as the channel is set) at WhatsApp. */
	useEffect(() => {
		const look = () => {
			const here = document.visibilityState === 'visible' && document.hasFocus() && !away && thread.live.value;
			lists.looking.value = here ? thread.id : null;
			if (here && (thread.conversation.value?.unread_count ?? 0) > 0 && may('conversations')) {
				thread.conversation.value = { ...thread.conversation.value!, unread_count: 0 };
				lists.changed(thread.conversation.value);
				post(`/api/v1/conversations/${thread.id}/read`, {}).then(() => lists.soon(true), () => {});
			}
		};
		look();
		addEventListener('focus', look);
		addEventListener('blur', look);
		document.addEventListener('visibilitychange', look);
		return () => { removeEventListener('focus', look); removeEventListener('blur', look); document.removeEventListener('visibilitychange', look); lists.looking.value = null; };
	}, [thread.conversation.value?.unread_count, away, thread.live.value]);
	useEffect(() => { if (rows.some(m => m.type === 'template')) want(c?.channel ?? null); }, [rows, c?.channel]);

	async function jump(meta: string) {
		const m = byMeta.get(meta);
		if (m !== undefined) {
			inner.current!.querySelector(`[data-id="${m.id}"]`)?.scrollIntoView({ block: 'center' });
			setHot(m.id);
			return;
		}
		let after: string | null = thread.chunks.value[0]?.older ?? null; /* quotes reach back; a few large pages, then the search is the better way */
		for (let i = 0; i < 6 && after !== null; i++) {
			const page: Page<Message> = await thread.ask(`/api/v1/conversations/${thread.id}/messages?limit=500&after=${after}`);
			const hit = page.data.find(x => x.meta_message_id === meta);
			if (hit !== undefined) {
				go(`#/conversations/${thread.id}?m=${hit.id}`);
				return;
			}
			after = page.next;
		}
		toast(t('c.too_far'), 'bad');
	}
	const react = (m: Message, emoji: string) => {
		const mine = m.reactions?.find(r => r.actor === null)?.emoji === emoji;
		thread.send({ type: 'reaction', text: mine ? '' : emoji, body: { type: 'reaction', reaction: { message_id: m.id, emoji: mine ? '' : emoji } } });
	};
	/* A bubble of which nothing has changed is the same object: then nothing of it is looked at. */
	function made(m: Message, facts: [Message, Message | undefined, boolean, boolean, Template[]]): JSX.Element {
		const old = cache.current.get(m.id);
		if (old !== undefined && old.facts.every((f, i) => f === facts[i]))
			return old.made;
		const [, quoted, joined, isHot, templates] = facts;
		const bubble = <Bubble key={m.id} m={m} thread={thread} quoted={quoted} joined={joined} hot={isHot} templates={templates} reply={p.reply} open={setViewer}
			jump={meta => { void jumpNow.current(meta); }} react={react} edit={setEdit} />;
		cache.current.set(m.id, { facts, made: bubble });
		return bubble;
	}
	jumpNow.current = meta => jump(meta).catch((e: unknown) => { if (!thread.closed) toast(sentence(e), 'bad'); });
	const toEnd = async () => {
		if (p.at !== null)
			go('#/conversations/' + thread.id, true);
		if (!thread.live.value)
			await thread.load();
		p.stuckRef.current();
	};

	if (thread.state.value === 'failed')
		return <div class="thread"><Failed error={thread.error.value} again={() => { void thread.load(p.at); }} /></div>;
	if (thread.state.value === 'loading')
		return <div class="thread"><p class="loading" aria-busy="true" /></div>;
	const out: ComponentChildren[] = [], templates = known.value[c?.channel ?? ''] ?? NO_TEMPLATES, fresh = thread.arrived.value - seen.current;
	const below = fresh > 0 && thread.live.value ? t('c.new_below', { n: fresh }) : ''; /* part of the name too: who speaks to the page says what is written there */
	let before: Message | undefined, date = '';
	for (const m of rows) {
		if (ACTS.has(m.type) && byMeta.has(targetOf(m)))
			continue; /* shown at the message that it is about */
		const d = new Date(m.timestamp).toDateString();
		if (d !== date)
			out.push(<h2 key={'d' + d} class="day"><time dateTime={m.timestamp}>{day(m.timestamp)}</time></h2>);
		if (m.id === newLine.current)
			out.push(<p key="new" class="new-line" role="separator">{t('c.new')}</p>);
		const joined = before !== undefined && d === date && before.direction === m.direction && before.sender_name === m.sender_name &&
			Date.parse(m.timestamp) - Date.parse(before.timestamp) < JOIN_MS;
		out.push(made(m, [m, m.reply_to !== null ? byMeta.get(m.reply_to) : undefined, joined, hot === m.id, templates]));
		before = m;
		date = d;
	}
	return <div class="thread" ref={box} onScroll={scrolled} tabIndex={0} role="log" aria-label={t('c.thread')} aria-live="polite" lang={lang.value}>
		<div ref={inner} class="thread-all">
			{thread.busy.value === 'older' && <p class="loading" aria-busy="true" />}
			{thread.atStart && rows.length > 0 && <p class="aside">{t('c.start')}</p>}
			{rows.length === 0 && locals.length === 0 && <Empty title={t('c.no_messages')} />}
			{out}
			{thread.live.value && locals.filter(l => l.type !== 'reaction' || l.state !== 'sending').map(l => <LocalBubble key={l.key} l={l} thread={thread} />)}
			{thread.busy.value === 'newer' && <p class="loading" aria-busy="true" />}
		</div>
		{(away || !thread.live.value) && <div class="to-end"><Button label={[below, t('c.to_end')].filter(Boolean).join(', ')} onClick={toEnd}><Icon name="down" />{below}</Button></div>}
		{edit !== null && <Edit m={edit} thread={thread} close={() => setEdit(null)} />}
		{viewer !== null && <Viewer at={viewer} all={rows.filter(m => (m.type === 'image' || m.type === 'sticker') && m.media?.url)} close={() => setViewer(null)} />}
	</div>;
}
