/* message.tsx - the story of one message: every step with its time in milliseconds, each call to a peer with its answer, the raw
 * request it came with, and what one can do about it. Address: #/messages/ID. */
import type { JSX } from 'preact';
import { useState } from 'preact/hooks';
import { Refused, get, post } from '../lib/api';
import { moment } from '../lib/format';
import { lang, metaSaid, t, word } from '../lib/i18n';
import { go } from '../lib/route';
import { may } from '../lib/session';
import { Button, Empty, Failed, confirm, useLoad } from '../ui/base';
import { Facts, Raw, State, useLive } from '../ui/data';
import { line } from './conversations/bodies';
import { phone } from './conversations/model';
import { partName } from './parts';
import { DeliveryView, replayOne } from './queues/deliveries';

interface Message { id: string; conversation_id: string; channel: string; meta_message_id: string | null; direction: string; type: string; content: string | null;
	status: string; sending: string | null; wa_id: string; sender_name: string | null; source: string; failed: boolean;
	error: { code?: number; text?: string } | null; correlation_id: string | null; send_at?: string | null; replaced_by: string | null; attempt_of: string | null }
interface Step { at: string; what: string; source?: string; signature?: string; delivery_id?: string; target?: string; took_ms?: number; status?: number | string;
	class?: string; answer?: string | null; queue?: string; reason?: string; error?: unknown; id?: string; sending?: string; provider_time?: string | null; sender_name?: string | null; body_size?: number }

/* 12:00:01.250: the seconds with their milliseconds, which toLocaleTimeString can give too. */
function fine(iso: string): string {
	return new Date(iso).toLocaleTimeString(lang.value, { hour: '2-digit', minute: '2-digit', second: '2-digit', fractionalSecondDigits: 3 } as Intl.DateTimeFormatOptions);
}

function plus(ms: number): string {
	return ms < 1000 ? `+${ms} ms` : `+${(ms / 1000).toLocaleString(lang.value, { maximumFractionDigits: 1 })} s`;
}

function errorText(e: unknown): string {
	const text = typeof e === 'string' ? e : e !== null && typeof e === 'object' && 'text' in e ? String((e as { text: unknown }).text)
		: e ? JSON.stringify(e) : '';
	return metaSaid(text) ?? text;
}

function StepText(p: { s: Step; show: (delivery: string) => void }): JSX.Element {
	const { s, show } = p;
	switch (s.what) {
	case 'webhook':
		return <>{t('step_webhook', { source: word('source.', s.source ?? '') })} {s.signature && <State state={s.signature} prefix="signature." />}
			{s.delivery_id && may('queues:read') && <> <button type="button" class="plain" onClick={() => show(s.delivery_id!)}>{t('raw')}</button></>}</>;
	case 'stored':
		return <>{t('step_stored')}</>;
	case 'accepted_here':
		return <>{t('step_accepted', { source: word('by.', s.source ?? '') })}{s.sender_name && <> · <bdi>{s.sender_name}</bdi></>}</>;
	case 'call':
		return <details><summary>{t('step_call', { target: partName(s.target ?? ''), ms: s.took_ms ?? 0 })} <span class={'chip ' + (s.class === 'done' || s.class === 'accepted' ? 'good' : 'bad')}>{s.status ? String(s.status) : t('no_answer')}</span></summary>
			{s.answer ? <Raw label={t('answer')} text={s.answer} /> : <p class="soft">{t('no_answer')}</p>}</details>;
	case 'status':
		return <>{t('step_status', { status: word('status.', String(s.status ?? '')) })}{errorText(s.error) && <span class="alarm"> {errorText(s.error)}</span>}</>;
	case 'dead_letter':
		return <>{t('step_dead')} <a class="alarm" href={'#/queues/dead?queue=' + (s.queue ?? '')}><bdi>{errorText(s.error) || s.reason}</bdi></a></>;
	case 'now':
		return <>{t('step_now', { state: word('sending.', s.sending ?? '') })} {errorText(s.error)}</>;
	default:
		return <>{word('step.', s.what)}</>;
	}
}

function Acts(p: { m: Message; steps: Step[]; reload: () => void; show: (id: string) => void }): JSX.Element | null {
	const { m } = p, delivery = p.steps.find(s => s.delivery_id)?.delivery_id;
	if (!may('messages:send'))
		return null;
	async function again() {
		if (!await confirm({ title: t('resend'), text: t('resend_text'), yes: t('resend'), danger: false }))
			return;
		go('#/messages/' + (await post<Message>(`/api/v1/messages/${m.id}/resend`)).id);
	}
	async function resolve(as: 'sent' | 'not_sent', resend: boolean) {
		if (!await confirm({ title: t('resolve_title'), text: t(as === 'sent' ? 'resolve_sent_text' : 'resolve_resend_text'), yes: t(as === 'sent' ? 'it_arrived' : 'it_did_not'), danger: false }))
			return;
		const made = await post<Message>(`/api/v1/messages/${m.id}/resolve`, { as, resend });
		p.reload();
		if (made.id !== m.id)
			go('#/messages/' + made.id);
	}
	async function cancel() {
		if (!await confirm({ title: t('cancel_send'), text: t('cancel_send_text'), yes: t('cancel_send') }))
			return;
		await post(`/api/v1/messages/${m.id}/cancel`);
		p.reload();
	}
	async function replay() {
		if (await replayOne(delivery!))
			p.reload();
	}
	return <div class="row">
		{m.direction === 'outbound' && m.failed && !m.replaced_by && <Button kind="main" onClick={again}>{t('resend')}</Button>}
		{m.sending === 'unknown' && <><Button onClick={() => resolve('sent', false)}>{t('it_arrived')}</Button><Button onClick={() => resolve('not_sent', true)}>{t('it_did_not')}</Button></>}
		{m.sending === 'queued' && <Button onClick={cancel}>{t('cancel_send')}</Button>}
		{delivery !== undefined && may('queues:control') && <Button onClick={replay}>{t('replay')}</Button>}
		{delivery !== undefined && may('queues:read') && <Button onClick={() => p.show(delivery)}>{t('raw')}</Button>}
	</div>;
}

function Story(p: { id: string }): JSX.Element {
	const m = useLoad(signal => get<Message>('/api/v1/messages/' + encodeURIComponent(p.id), { signal }), p.id);
	const story = useLoad(signal => get<{ data: Step[] }>(`/api/v1/messages/${encodeURIComponent(p.id)}/timeline`, { signal }), p.id);
	const [shown, setShown] = useState<string | null>(null);
	const reload = () => { m.reload(); story.reload(); };
	useLive(reload, ['status', 'whatsapp_echo', 'whatsapp_message'], 5000);
	if (m.data === undefined || story.data === undefined) {
		const e = m.error ?? story.error;
		return e instanceof Refused && (e.status === 404 || e.status === 422) ? <Empty title={t('message_gone')} /> : e !== undefined ? <Failed error={e} again={reload} /> : <p class="loading" aria-busy="true" />;
	}
	const d = m.data, steps = story.data.data, began = steps.length > 0 ? Date.parse(steps[0]!.at) : 0, out = d.direction === 'outbound';
	return <>
		<div class="card">
			<p class={out ? 'bubble mine' : 'bubble'}><span class="body" dir="auto">{d.content !== null ? line({ type: d.type, content: d.content }) : '[' + word('type.', d.type) + ']'}</span></p>
			{d.error?.text && <p class="error"><bdi>{errorText(d.error)}</bdi></p>}
			<Facts rows={[[out ? t('message_to') : t('from'), <bdi>{phone(d.wa_id)}</bdi>], [t('state'), word('status.', d.sending === 'unknown' || d.sending === 'cancelled' ? d.sending : d.status)], [t('send_at'), d.send_at ? moment(d.send_at) : null], [t('by'), word('by.', d.source)],
				[t('conversation'), <a href={`#/conversations/${d.conversation_id}?m=${d.id}`}>{t('look')}</a>], [t('channel'), d.channel], [t('replaced_by'), d.replaced_by ? <a href={'#/messages/' + d.replaced_by}>{t('look')}</a> : null],
				[t('attempt_of'), d.attempt_of ? <a href={'#/messages/' + d.attempt_of}>{t('look')}</a> : null], [t('whatsapp_id'), d.meta_message_id], [t('request'), d.correlation_id]]} />
			<Acts m={d} steps={steps} reload={reload} show={setShown} />
		</div>
		<div class="card"><h2>{t('story')}</h2>
			<ol class="story">{steps.map((s, i) => <li key={i} class={s.what}>
				<span class="at"><time dateTime={s.at}>{fine(s.at)}</time><small class="soft">{i === 0 ? '' : plus(Date.parse(s.at) - began)}</small></span>
				<div><StepText s={s} show={setShown} /></div></li>)}</ol>
		</div>
		{shown !== null && <DeliveryView id={shown} close={() => setShown(null)} />}
	</>;
}

export function MessageStory(p: { id: string }): JSX.Element {
	return <section class="screen stack"><h1><a href="#/messages">{t('messages')}</a> / {t('message')}</h1><Story key={p.id} id={p.id} /></section>;
}
