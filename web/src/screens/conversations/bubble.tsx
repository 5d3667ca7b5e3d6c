/* bubble.tsx - one message: who, what, when, how far it is, what may be done with it. */
import { Component, type ComponentChildren, type JSX } from 'preact';
import { useEffect, useRef, useState } from 'preact/hooks';
import { call, get, post } from '../../lib/api';
import { clock, moment } from '../../lib/format';
import { metaSaid, t, word } from '../../lib/i18n';
import { may } from '../../lib/session';
import { Button, Dialog, Field, confirm, sentence, toast } from '../../ui/base';
import { Icon } from '../../ui/icons';
import { BodyOf, line } from './bodies';
import { list, member, stateOf, text, type Json, type Message, type Template } from './model';
import { lost as isLost, type Local } from './outbox';
import type { Thread } from './threads';

export interface BubbleProps {
	m: Message; thread: Thread; quoted: Message | undefined; joined: boolean; hot: boolean; templates: Template[];
	reply: (m: Message) => void; open: (m: Message) => void; jump: (meta: string) => void; react: (m: Message, emoji: string) => void; edit: (m: Message) => void;
}

const TICKS: Record<string, string> = { pending: 'clock', leaving: 'clock', accepted: 'tick', sent: 'tick', delivered: 'ticks', read: 'ticks', played: 'ticks',
	failed: 'warning', unknown: 'question', cancelled: 'cross' };
export const QUICK_EMOJI = ['👍', '❤️', '😂', '😮', '😢', '🙏'];

function Ticks(p: { m: Message }): JSX.Element {
	const s = stateOf(p.m);
	return <span class={'ticks ' + s} title={word('status.', s)}><Icon name={TICKS[s] ?? 'clock'} /><span class="hidden">{word('status.', s)}</span></span>;
}

/* Why it failed, as far as the provider says. */
export function whyFailed(e: Json): string {
	const said = text(e, 'text') || text(e, 'reason') || text(e, 'error_data', 'details') || text(e, 'details') || text(e, 'message') || text(e, 'title') || text(e, 'class');
	return metaSaid(said) ?? said;
}

async function act(thread: Thread, run: () => Promise<Message>): Promise<boolean> {
	const asked = performance.now();
	try {
		thread.took(await run(), asked);
		thread.refreshSoon(100);
		return true;
	} catch (e) {
		toast(sentence(e), 'bad');
		return false;
	}
}

/* A message that failed or may have been sent needs a person: here they decide. */
function Trouble(p: BubbleProps): JSX.Element | null {
	const { m, thread } = p, s = stateOf(m), [busy, setBusy] = useState(false);
	if (m.direction === 'inbound' || (s !== 'failed' && s !== 'unknown'))
		return null;
	const path = '/api/v1/messages/' + m.id;
	/* once, however often it is clicked */
	const once = async (verb: string, body: object = {}) => {
		setBusy(true);
		const done = await act(thread, () => post(path + verb, body));
		setBusy(false);
		if (done && verb === '/resend')
			thread.took({ ...m, resent: true }, performance.now());
	};
	return <div class="trouble" role="group" aria-label={word('status.', s)}>
		<p>{s === 'failed' ? t('c.failed') : t('c.unknown')} <bdi>{whyFailed(m.error)}</bdi></p>
		{m.resent ? <p class="soft">{t('c.resent')}</p> : may('messages:send') && <p class="row">{s === 'failed' ? <button type="button" class="link-button" disabled={busy} onClick={() => once('/resend')}>{t('c.resend')}</button>
			: <><button type="button" class="link-button" disabled={busy} onClick={() => once('/resolve', { as: 'sent' })}>{t('c.was_sent')}</button>
				<button type="button" class="link-button" disabled={busy} onClick={async () => {
					if (await confirm({ title: t('c.not_sent'), text: t('c.not_sent_text'), yes: t('c.resend') }))
						await once('/resolve', { as: 'not_sent', resend: true });
				}}>{t('c.not_sent')}</button></>}</p>}
	</div>;
}

function Menu(p: BubbleProps): JSX.Element {
	const ref = useRef<HTMLDetailsElement>(null), { m } = p, sender = may('messages:send'), gone = !!m.revoked_at;
	const can = sender && !gone && m.meta_message_id !== null, ours = m.direction === 'outbound';
	const shut = () => { ref.current!.open = false; ref.current!.querySelector('summary')?.focus(); };
	const close = (fn: () => unknown) => () => { shut(); void fn(); };
	const path = '/api/v1/messages/' + m.id;
	return <details class="menu" ref={ref} onToggle={e => { if (e.currentTarget.open) e.currentTarget.querySelector('.menu-list')?.scrollIntoView({ block: 'nearest' }); }}
		onKeyDown={e => { if (e.key === 'Escape' && ref.current!.open) { e.stopPropagation(); shut(); } }}
		onFocusOut={e => { if (!ref.current!.contains(e.relatedTarget as Node | null)) ref.current!.open = false; }}>
		<summary aria-label={t('c.menu')}><Icon name="dots" /></summary>
		<div class="menu-list">
			{can && <p class="emoji-row">{QUICK_EMOJI.map(e => <button key={e} type="button" aria-label={t('c.react') + ' ' + e} onClick={close(() => p.react(m, e))}>{e}</button>)}</p>}
			{can && <button type="button" onClick={close(() => p.reply(m))}>{t('c.reply')}</button>}
			<button type="button" onClick={close(() => navigator.clipboard?.writeText(m.content).then(() => toast(t('c.copied'))))}>{t('c.copy')}</button>
			{ours && sender && m.sending === 'queued' && <button type="button" onClick={close(() => act(p.thread, () => post(path + '/cancel')))}>{t('c.cancel')}</button>}
			{can && ours && m.type === 'text' && !m.meta_message_id!.startsWith('wamid.') && <button type="button" onClick={close(() => p.edit(m))}>{t('c.edit')}</button>}
			{can && ours && !m.meta_message_id!.startsWith('wamid.') && <button type="button" onClick={close(async () => {
				if (await confirm({ title: t('c.revoke'), text: t('c.revoke_text'), yes: t('c.revoke') }))
					await act(p.thread, () => call<Message>('POST', path + '/revoke', {}));
			})}>{t('c.revoke')}</button>}
			<a href={'#/messages/' + m.id}>{t('c.story')}</a>
		</div>
	</details>;
}

/* What a message is an answer to. */
function Quote(p: BubbleProps): JSX.Element | null {
	const { m } = p;
	if (m.reply_to === null || m.type === 'reaction')
		return null;
	const q = p.quoted;
	return <button type="button" class="quote" onClick={() => p.jump(m.reply_to!)}>
		<bdi class="strong">{q === undefined ? t('c.earlier') : q.direction === 'outbound' ? q.sender_name || t('c.us') : q.sender_name || q.wa_id}</bdi>
		<span dir="auto">{q === undefined ? t('c.show_it') : line(q).slice(0, 160)}</span></button>;
}

function Ad(p: { c: Json }): JSX.Element | null {
	const r = member(p.c, 'referral');
	if (r === undefined)
		return null;
	return <div class="quote"><small>{t('c.from_ad')}</small><bdi class="strong">{text(r, 'headline')}</bdi><bdi>{text(r, 'body')}</bdi>
		<bdi class="soft">{text(r, 'source_url')}</bdi></div>;
}

function Reactions(p: { m: Message }): JSX.Element | null {
	const all = p.m.reactions ?? [];
	if (all.length === 0)
		return null;
	const by = new Map<string, number>();
	for (const r of all)
		by.set(r.emoji, (by.get(r.emoji) ?? 0) + 1);
	return <p class="reactions" role="img" aria-label={t('c.reactions') + ': ' + [...by.keys()].join(' ')}>{[...by].map(([e, n]) => <bdi key={e}>{e}{n > 1 && n}</bdi>)}</p>;
}

/* Who of ours wrote it; a customer's name stands above the thread, except in groups. */
function author(m: Message): string {
	return m.direction === 'inbound' ? m.sender_name ?? '' : m.sender_type === 'customer' ? '' : m.sender_name || word('c.sender.', m.source);
}

/* What is in a message was made by strangers: if one cannot be shown, its line of text is, and the others stay. */
class Safe extends Component<{ line: string; children: ComponentChildren }, { broken: boolean }> {
	override state = { broken: false };
	static override getDerivedStateFromError(): { broken: boolean } { return { broken: true }; }
	override componentDidCatch(e: unknown): void { console.warn('message', e); }
	override render(): ComponentChildren { return this.state.broken ? <p class="said" dir="auto">{this.props.line.slice(0, 4096)}</p> : this.props.children; }
}

const LONG_MS = 15_000;

/* One that was asked to leave later says when: only the message alone tells, and only this is worth asking for it. */
function Waits(p: { m: Message }): JSX.Element | null {
	const { m } = p, left = Date.parse(m.created_at) + LONG_MS - Date.now(), [long, setLong] = useState(left <= 0), [at, setAt] = useState<string | null>(null);
	useEffect(() => {
		const timer = setTimeout(() => {
			setLong(true);
			get<Message>('/api/v1/messages/' + m.id).then(x => setAt(x.send_at ?? null), () => { /* then it says only that it waits */ });
		}, Math.max(0, left));
		return () => clearTimeout(timer);
	}, [m.created_at]);
	return long ? <p class="soft small">{at !== null && Date.parse(at) > Date.now() ? t('c.leaves_at', { when: moment(at, 'short') }) : t('c.waits')}</p> : null;
}

export function Bubble(p: BubbleProps): JSX.Element {
	const { m } = p, ours = m.direction === 'outbound', s = stateOf(m), c = m.content_json;
	const forwarded = member(c, 'context', 'forwarded') === true || member(c, 'context', 'frequently_forwarded') === true;
	if (m.type === 'system' || m.type === 'reaction' || m.type === 'edit' || m.type === 'revoke')
		return <p class="aside" data-id={m.id}><bdi>{text(c, 'body') || line(m)}</bdi> <time dateTime={m.timestamp}>{clock(m.timestamp)}</time></p>;
	return <article class={'bubble' + (ours ? ' mine' : '') + (p.joined ? ' joined' : '') + (p.hot ? ' hot' : '') + (m.sender_type === 'ai' ? ' robot' : '')} data-id={m.id}
		aria-label={(author(m) || t(ours ? 'c.us' : 'c.customer')) + ', ' + clock(m.timestamp)}>
		{!p.joined && author(m) !== '' && <p class="author"><bdi>{author(m)}</bdi>{ours && m.source !== 'page' && m.sender_name && <small class="soft">{word('c.source.', m.source)}</small>}</p>}
		{forwarded && <p class="soft small">{t('c.forwarded')}</p>}
		<Quote {...p} /><Ad c={c} />
		{m.revoked_at ? <p class="absent">{t(ours ? 'c.revoked_us' : 'c.revoked')}</p> : <Safe line={m.content}><BodyOf m={m} open={p.open} templates={p.templates} /></Safe>}
		{!ours && list(c, 'errors').length > 0 && m.type !== 'unsupported' && <p class="absent small"><bdi>{text(list(c, 'errors')[0], 'title')}</bdi></p>}
		<p class="foot">{m.edited_at && !m.revoked_at && <a class="soft" href={'#/messages/' + m.id} title={moment(m.edited_at)}>{t('c.edited')}</a>}
			<time dateTime={m.timestamp} title={moment(m.timestamp)}>{clock(m.timestamp)}</time>{ours && <Ticks m={m} />}</p>
		{s === 'pending' && ours && <Waits m={m} />}
		<Trouble {...p} /><Reactions m={m} /><Menu {...p} />
	</article>;
}

/* Another text for a message that was sent: only providers that can are asked (the Cloud API cannot). */
export function Edit(p: { m: Message; thread: Thread; close: () => void }): JSX.Element {
	const [value, setValue] = useState(p.m.content), [busy, setBusy] = useState(false);
	async function save(e: Event) {
		e.preventDefault();
		setBusy(true);
		if (await act(p.thread, () => post<Message>(`/api/v1/messages/${p.m.id}/edit`, { text: value.trim() })))
			p.close();
		setBusy(false);
	}
	return <Dialog title={t('c.edit')} onClose={p.close}>
		<form onSubmit={e => { void save(e); }}>
			<Field id="edit-text" label={t('text')}><textarea id="edit-text" rows={4} maxLength={4096} required dir="auto" value={value} onInput={e => setValue(e.currentTarget.value)} /></Field>
			<div class="row end"><Button onClick={p.close}>{t('c.back')}</Button><Button kind="main" type="submit" disabled={busy || value.trim() === '' || value.trim() === p.m.content}>{t('c.save')}</Button></div>
		</form>
	</Dialog>;
}

/* Written here, and the box has not said yet that it has it: said so, until it does. */
export function LocalBubble(p: { l: Local; thread: Thread }): JSX.Element | null {
	const { l } = p;
	if (l.bound !== undefined)
		return null;
	const lost = isLost(l);
	return <article class={'bubble mine local' + (lost ? ' lost' : '')} aria-label={t('c.us')}>
		{l.reply && <div class="quote"><span dir="auto">{line(l.reply).slice(0, 160)}</span></div>}
		{l.preview !== undefined && <img class="picture" src={l.preview} alt="" />}
		{l.file && l.preview === undefined && <p class="paper"><Icon name="document" /><bdi>{l.file.name}</bdi></p>}
		{l.text !== '' && <p class="said" dir="auto">{l.text.slice(0, 1500)}</p>}
		{l.state === 'uploading' && <progress max={1} value={l.part} aria-label={t('c.uploading')} />}
		<p class="foot">{lost ? <span class="error" role="alert">{t(l.state === 'refused' ? 'c.refused' : 'c.unreached')} {l.state === 'refused' && <bdi>{sentence(l.error)}</bdi>}</span>
			: <span class="soft">{t(l.state === 'uploading' ? 'c.uploading' : 'c.to_box')}</span>}<Icon name={lost ? 'warning' : 'clock'} /></p>
		{lost && <p class="row end">{l.state === 'unreached' && <button type="button" class="link-button" onClick={() => p.thread.retry()}>{t('again')}</button>}
			<button type="button" class="link-button" onClick={() => p.thread.drop(l.key)}>{t('c.discard')}</button></p>}
	</article>;
}
