/* messages.tsx - the last messages of all conversations, live, and a way to write to a number; each leads to its story (message.tsx). */
import type { JSX } from 'preact';
import { useMemo, useState } from 'preact/hooks';
import { Refused, newKey, post, query } from '../lib/api';
import { clock, moment } from '../lib/format';
import { t, word } from '../lib/i18n';
import { go, place } from '../lib/route';
import { may } from '../lib/session';
import { line } from './conversations/bodies';
import { phone } from './conversations/model';
import { MessageStory } from './message';
import { Button, Empty, Failed, Field, sentence } from '../ui/base';
import { More, useLive, usePages } from '../ui/data';

interface Message { id: string; direction: string; type: string; content: string; status: string; sending: string | null; wa_id: string; sender_name: string | null; timestamp: string }

function stateOf(m: Message): string {
	return m.sending === 'unknown' || m.sending === 'cancelled' ? m.sending : m.status;
}

function Row(p: { m: Message }): JSX.Element {
	const { m } = p, out = m.direction === 'outbound', state = stateOf(m);
	return <li class={out ? 'bubble mine' : 'bubble'}>
		<p class="meta"><bdi>{m.sender_name ?? phone(m.wa_id)}</bdi>{m.sender_name && <bdi>{phone(m.wa_id)}</bdi>}
			<a href={'#/messages/' + m.id}><time dateTime={m.timestamp} title={moment(m.timestamp)}>{clock(m.timestamp)}</time></a>
			{out && <span class={'state ' + state}>{word('status.', state)}</span>}</p>
		<p class="body" dir="auto">{line(m)}</p>
	</li>;
}

function Send(): JSX.Element {
	const [error, setError] = useState<unknown>(null), [busy, setBusy] = useState(false), [key, setKey] = useState(newKey);
	const wrong = (field: string) => error instanceof Refused ? error.field(field) : undefined;
	async function submit(e: Event) {
		e.preventDefault();
		const form = e.currentTarget as HTMLFormElement, data = new FormData(form);
		setBusy(true);
		setError(null);
		try {
			await post('/api/v1/messages', { to: data.get('to'), type: 'text', text: { body: data.get('text') } }, { headers: { 'Idempotency-Key': key } });
			setKey(newKey());
			(form.elements.namedItem('text') as HTMLTextAreaElement).value = '';
		} catch (x) {
			if (x instanceof Refused && x.status !== 0)
				setKey(newKey()); /* no answer: the same key again, so that it cannot go twice */
			setError(x);
		} finally {
			setBusy(false);
		}
	}
	return <form class="card send" onSubmit={e => { void submit(e); }}>
		<h2>{t('send_title')}</h2>
		<Field id="to" label={t('to')} error={wrong('to')}><input id="to" name="to" inputMode="tel" autocomplete="off" maxLength={160} required /></Field>
		<Field id="text" label={t('text')} error={wrong('text.body')}><textarea id="text" name="text" rows={3} maxLength={4096} required /></Field>
		{error !== null && !wrong('to') && !wrong('text.body') && <p class="error" role="alert">{sentence(error)}</p>}
		<Button type="submit" kind="main" disabled={busy}>{t('send')}</Button>
	</form>;
}

const HOURS_MAX = 24 * 366;

/* A time out of an address; '' when it is none. */
const time = (v: string | null): string => v !== null && Number.isFinite(Date.parse(v)) ? new Date(v).toISOString() : '';

/* A time in the form that <input type=datetime-local> has. */
function local(iso: string | null): string {
	return iso === null ? '' : new Date(Date.parse(iso) - new Date(iso).getTimezoneOffset() * 60_000).toISOString().slice(0, 16);
}

/* The address says which: from, to (times), hours (the last ones), direction, sending (in doubt). */
function Filters(p: { from: string; to: string; direction: string }): JSX.Element {
	const set = (change: Record<string, string>) => {
		const iso = (v: string) => v === '' ? '' : new Date(v).toISOString(), next = { from: p.from, to: p.to, direction: p.direction, ...change };
		go('#/messages' + query({ from: iso(next.from), to: iso(next.to), direction: next.direction }));
	};
	return <div class="row filters">
		<label class="check">{t('time_from')}<input type="datetime-local" value={local(p.from || null)} onChange={e => set({ from: e.currentTarget.value })} /></label>
		<label class="check">{t('time_to')}<input type="datetime-local" value={local(p.to || null)} onChange={e => set({ to: e.currentTarget.value })} /></label>
		<select aria-label={t('direction')} value={p.direction} onChange={e => set({ direction: e.currentTarget.value })}>
			{['', 'inbound', 'outbound'].map(d => <option key={d} value={d}>{d === '' ? t('all') : word('direction.', d)}</option>)}</select>
		{(p.from || p.to || p.direction) && <Button onClick={() => go('#/messages')}>{t('show_all')}</Button>}
	</div>;
}

function Last(): JSX.Element {
	const q = place.value.query, hours = Math.min(Number(q.get('hours')) || 0, HOURS_MAX), to = time(q.get('to'));
	const direction = q.get('direction') ?? '', sending = q.get('sending') ?? '';
	const from = useMemo(() => hours > 0 ? new Date(Date.now() - hours * 3_600_000).toISOString() : time(q.get('from')), [place.value]);
	const list = usePages<Message>('/api/v1/messages', { from, to, direction, sending });
	useLive(list.reload, ['whatsapp_message', 'whatsapp_echo', 'status', 'media']);
	return <section class="screen messages">
		<h1>{t('messages')}</h1>
		{may('messages:send') && <Send />}
		<Filters from={from} to={to} direction={direction} />
		{list.rows === undefined ? list.error !== undefined ? <Failed error={list.error} again={list.reload} /> : <p class="loading" aria-busy="true" />
			: list.rows.length === 0 ? <Empty title={t(from || to || direction ? 'messages_none_then' : 'messages_none')} />
				: <ol class="bubbles">{list.rows.map(m => <Row key={m.id} m={m} />)}</ol>}
		<More of={list} />
	</section>;
}

export function Messages(): JSX.Element {
	const id = place.value.parts[1];
	return id === undefined ? <Last /> : <MessageStory id={id} />;
}
