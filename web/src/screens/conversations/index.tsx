/* index.tsx - the conversations screen: list, thread and person side by side; on a phone one of them at a time.
 * "#/conversations", "#/conversations/ID", "#/conversations/ID?m=MESSAGE" (goes to that message). */
import type { JSX } from 'preact';
import { useEffect, useMemo, useRef, useState } from 'preact/hooks';
import { t, word, type Words } from '../../lib/i18n';
import { badge, go, place, plain } from '../../lib/route';
import { may } from '../../lib/session';
import { Button, Empty, sentence, toast } from '../../ui/base';
import { Icon } from '../../ui/icons';
import { Composer, WindowClock, drop } from './composer';
import * as lists from './lists';
import { moment } from '../../lib/format';
import { nameOf, phone, type Conversation, type Message } from './model';
import { whenStray } from './outbox';
import { Pane } from './pane';
import { announce, present, watch } from './presence';
import { loadQuicks } from './quick';
import { Side, above, put } from './side';
import { Snooze } from './snooze';
import { Thread } from './threads';
import { ThreadView } from './thread';

const TICK_MS = 15_000;

/* Keys of this screen, for the list of keys of the frame. */
export const KEYS: [keys: string, what: keyof Words][] = [
	['j', 'c.key_next'], ['k', 'c.key_before'], ['r', 'c.key_reply'], ['/', 'c.key_search'], ['e', 'c.key_resolve'], ['z', 'c.snooze'], ['a', 'c.key_mine'],
	['i', 'c.key_info'], ['Esc', 'c.key_back'], ['↵', 'c.key_send'], ['⇧ ↵', 'c.key_line'], ['/…', 'c.key_quick'], ['↑ ↓', 'c.key_offers'], ['Tab', 'c.key_take'],
	['← →', 'c.key_pictures'],
];

function useNow(): number {
	const [now, setNow] = useState(Date.now());
	useEffect(() => { const timer = setInterval(() => setNow(Date.now()), TICK_MS); return () => clearInterval(timer); }, []);
	return now;
}

function othersOf(id: string): JSX.Element | null {
	const here = Object.values(present.value[id] ?? {}), types = here.filter(h => h.typing), names = (types.length > 0 ? types : here).map(h => h.name).join(', ');
	return names === '' ? null : <span class="others one-line small" role="status"><span class="dot" aria-hidden="true" />{t(types.length > 0 ? 'c.types' : 'c.looks', { name: names })}</span>;
}

function Head(p: { c: Conversation; thread: Thread; now: number; info: boolean; toggle: () => void; snooze: () => void }): JSX.Element {
	const { c, thread } = p, name = nameOf(c), others = othersOf(c.id), done = t(c.status === 'resolved' ? 'c.reopen' : 'c.resolve');
	return <header class="thread-head">
		<a class="button quiet back" href="#/conversations" aria-label={t('c.back')}><Icon name="left" /></a>
		<button type="button" class="who" onClick={p.toggle} aria-expanded={p.info}>
			<span class="one-line strong"><bdi>{name}</bdi></span>
			{others !== null ? others : <span class="one-line soft small">{name !== phone(c.wa_id) && <bdi>{phone(c.wa_id)}</bdi>} {c.channel}{c.status !== 'open' && ' · ' + (c.snoozed_until !== null ? t('c.snoozed_until', { when: moment(c.snoozed_until, 'short') }) : word('c.status.', c.status))}</span>}
		</button>
		<WindowClock c={c} now={p.now} />
		{may('conversations') && <Button label={done} onClick={() => put(thread, 'status', { status: c.status === 'resolved' ? 'open' : 'resolved' })}>
			<Icon name="tick" /><span class="wide">{done}</span></Button>}
		{may('conversations') && <span class="wide"><Button label={t('c.snooze')} onClick={p.snooze}><Icon name="later" /></Button></span>}
		<Button label={t('c.about')} pressed={p.info} onClick={p.toggle}><Icon name="person" /></Button>
	</header>;
}

function Open(p: { id: string; at: string | null; info: boolean; setInfo: (v: boolean) => void }): JSX.Element {
	const thread = useMemo(() => new Thread(p.id), [p.id]), now = useNow(), [reply, setReply] = useState<Message | null>(null), [over, setOver] = useState(false), [snooze, setSnooze] = useState(false);
	const toEnd = useRef<() => void>(() => {}), say = useRef<ReturnType<typeof announce>>({ typing: () => {}, end: () => {} }), loadedAt = useRef<string | null | undefined>(undefined);
	const c = thread.conversation.value;
	useEffect(() => {
		setReply(null);
		say.current = announce(p.id);
		return () => { say.current.end(); thread.close(); };
	}, [thread]);
	useEffect(() => {
		if (p.at !== null || loadedAt.current === undefined)
			if (p.at === null || thread.state.value !== 'ready' || !thread.rows.value.some(m => m.id === p.at))
				void thread.load(p.at);
		loadedAt.current = p.at;
	}, [thread, p.at]);
	useEffect(() => {
		const press = (e: KeyboardEvent) => {
			if (e.repeat || e.ctrlKey || e.metaKey || e.altKey || typing(e) || c === null)
				return;
			if (e.key === 'r') {
				e.preventDefault();
				document.getElementById('composer')?.focus();
			} else if (e.key === 'e' && may('conversations')) {
				put(thread, 'status', { status: c.status === 'resolved' ? 'open' : 'resolved' }).catch(x => toast(sentence(x), 'bad'));
			} else if (e.key === 'a' && may('conversations')) {
				put(thread, 'assign', { user_id: 'me' }).catch(x => toast(sentence(x), 'bad'));
			} else if (e.key === 'z' && may('conversations')) {
				setSnooze(true);
			} else if (e.key === 'i') {
				p.setInfo(!p.info);
			}
		};
		addEventListener('keydown', press);
		return () => removeEventListener('keydown', press);
	}, [c, thread, p.info]);
	return <>
		<section class={'open' + (over ? ' over' : '')} aria-label={c !== null ? nameOf(c) : t('c.thread')}
			onDragOver={e => { if (e.dataTransfer?.types.includes('Files')) { e.preventDefault(); setOver(true); } }}
			onDragLeave={e => { if (!e.currentTarget.contains(e.relatedTarget as Node | null)) setOver(false); }}
			onDrop={e => { e.preventDefault(); setOver(false); if (may('messages:send')) drop(p.id, e.dataTransfer?.files ?? []); }}>
			{c !== null && <Head c={c} thread={thread} now={now} info={p.info} toggle={() => p.setInfo(!p.info)} snooze={() => setSnooze(true)} />}
			<ThreadView key={p.id} thread={thread} at={p.at} reply={setReply} stuckRef={toEnd} />
			{c !== null && (may('messages:send') ? <Composer key={p.id} thread={thread} c={c} now={now} reply={reply} setReply={setReply} typing={() => say.current.typing()}
				sent={() => toEnd.current()} /> : <p class="composer soft">{t('c.read_only')}</p>)}
			{over && <p class="drop-here" aria-hidden="true">{t('c.drop')}</p>}
		</section>
		{p.info && c !== null && <Side key={'side' + p.id} thread={thread} c={c} close={() => p.setInfo(false)} snooze={() => setSnooze(true)} />}
		{snooze && <Snooze thread={thread} close={() => setSnooze(false)} />}
	</>;
}

function typing(e: KeyboardEvent): boolean {
	const at = e.target as HTMLElement;
	return /^(INPUT|TEXTAREA|SELECT)$/.test(at.tagName) || at.isContentEditable || document.querySelector('dialog[open]') !== null;
}

export function Conversations(): JSX.Element {
	const id = place.value.parts[1] ?? null, at = plain(place.value.query.get('m')), [info, setInfo] = useState(!above());
	useEffect(() => {
		const stop = lists.start(), off = watch();
		void loadQuicks();
		whenStray(stray => toast(t('c.stray', { name: nameOf(lists.rows.value.find(c => c.id === stray) ?? { contact_name: '?', wa_id: '' }) }), 'bad'));
		return () => { stop(); off(); };
	}, []);
	useEffect(() => {
		const press = (e: KeyboardEvent) => {
			if (e.ctrlKey || e.metaKey || e.altKey || typing(e))
				return;
			const rows = lists.rows.value, i = rows.findIndex(c => c.id === id), to = e.key === 'j' ? rows[i + 1] : e.key === 'k' ? rows[i < 0 ? 0 : i - 1] : undefined;
			if (to !== undefined) {
				go('#/conversations/' + to.id, true);
			} else if (e.key === '/') {
				e.preventDefault();
				document.getElementById('search')?.focus();
			} else if (e.key === 'Escape' && id !== null) {
				if (info && above())
					setInfo(false);
				else
					go('#/conversations');
			}
		};
		addEventListener('keydown', press);
		return () => removeEventListener('keydown', press);
	}, [id, info]);
	useEffect(() => { badge.value = lists.unread.value.conversations; return () => { badge.value = 0; }; }, [lists.unread.value.conversations]);
	return <div class={'conversations' + (id !== null ? ' has-open' : '') + (info && id !== null ? ' has-side' : '')}>
		<h1 class="hidden">{t('conversations')}</h1>
		<Pane here={id} />
		{id === null ? <div class="open none"><Empty title={t('c.choose')}><p>{t('c.choose_text')}</p></Empty></div> : <Open key={id} id={id} at={at} info={info} setInfo={setInfo} />}
	</div>;
}
