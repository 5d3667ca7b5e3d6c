/* messages.tsx - the last messages of all conversations, live, and a way to write to a number; each leads to its story (message.tsx). */
import type { JSX } from 'preact';
import { useEffect, useState } from 'preact/hooks';
import { Refused, get, newKey, post, type Page } from '../lib/api';
import { clock, moment } from '../lib/format';
import { t, word } from '../lib/i18n';
import { place } from '../lib/route';
import { may } from '../lib/session';
import { on } from '../lib/stream';
import { MessageStory } from './message';
import { Button, Empty, Failed, Field, sentence, useLoad } from '../ui/base';

interface Message { id: string; direction: string; content: string; status: string; sending: string | null; wa_id: string; sender_name: string | null; timestamp: string }

const SHOWN_MAX = 100;

function stateOf(m: Message): string {
	return m.sending === 'unknown' || m.sending === 'cancelled' ? m.sending : m.status;
}

function Row(p: { m: Message }): JSX.Element {
	const { m } = p, out = m.direction === 'outbound', state = stateOf(m);
	return <li class={out ? 'bubble mine' : 'bubble'}>
		<p class="meta"><bdi>{m.sender_name ?? m.wa_id}</bdi>{m.sender_name && <bdi>{m.wa_id}</bdi>}
			<a href={'#/messages/' + m.id}><time dateTime={m.timestamp} title={moment(m.timestamp)}>{clock(m.timestamp)}</time></a>
			{out && <span class={'state ' + state}>{word('status.', state)}</span>}</p>
		<p class="body" dir="auto">{m.content}</p>
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

function Last(): JSX.Element {
	const { data, error, reload } = useLoad(signal => get<Page<Message>>('/api/v1/messages?limit=60', { signal }), 'messages');
	useEffect(() => {
		let timer = 0;
		const soon = () => { timer ||= window.setTimeout(() => { timer = 0; reload(); }, 300); };
		const offs = ['whatsapp_message', 'whatsapp_echo', 'status', 'media', 'open', 'reset'].map(name => on(name, soon));
		return () => { clearTimeout(timer); offs.forEach(off => off()); };
	}, []);
	return <section class="screen messages">
		<h1>{t('messages')}</h1>
		{may('messages:send') && <Send />}
		{data === undefined ? error !== undefined ? <Failed error={error} again={reload} /> : <p class="loading" aria-busy="true" />
			: data.data.length === 0 ? <Empty title={t('messages_none')} />
				: <ol class="bubbles">{data.data.slice(0, SHOWN_MAX).map(m => <Row key={m.id} m={m} />)}</ol>}
	</section>;
}

export function Messages(): JSX.Element {
	const id = place.value.parts[1];
	return id === undefined ? <Last /> : <MessageStory id={id} />;
}
