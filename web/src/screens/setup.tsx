/* setup.tsx - the first run: from an empty box to a message sent and answered. Each step has a test whose failure is told in one
 * sentence with what to do; each can be skipped; what waits for somebody outside turns green by itself. */
import type { ComponentChildren, JSX } from 'preact';
import { useState } from 'preact/hooks';
import { signal } from '@preact/signals';
import { Refused, get, newKey, post } from '../lib/api';
import { lang, t, word } from '../lib/i18n';
import { loadSettings, type Settings } from '../lib/settings';
import { Button, Failed, Field, sentence, useLoad } from '../ui/base';
import { Copy, useLive } from '../ui/data';
import { SettingsForm } from '../ui/form';

interface Step { step: string; state: 'ok' | 'failed' | 'waiting' | 'testing' | 'todo'; code?: string; text?: string; at: string | null }
interface Setup { callback_url: string | null; callback_path: string; steps: Step[] }
interface Channel { facts: { qr_image?: string; pairing_code?: string; connection?: string } }

const EVERY_MS = 1500, SLUG = 'main', BRIDGE = 'chatwoot', MARK = 'totem.setup.skipped';
const ORDER = ['company', 'whatsapp', 'handshake', 'chatwoot', 'n8n', 'message'];

/* The box keeps it as a secret; as long as this page is open it can be shown for Meta's form. */
const chosenVerify = signal('');

function Result(p: { step: Step }): JSX.Element | null {
	const s = p.step;
	return s.state === 'testing' ? <p class="result" role="status" aria-busy="true">{t('testing')}</p>
		: s.text === undefined ? null : <p class={'result ' + s.state} role="status"><bdi>{s.text}</bdi></p>;
}

/* The address that Meta needs; without a public one, what it will look like. */
function Callback(p: { of: Setup; settings: Settings; reload: () => void; test: () => Promise<unknown> }): JSX.Element {
	const verify = chosenVerify.value, set = p.settings.value(`channel.${SLUG}.verify_token`) !== '';
	return <>
		<p>{t('callback_text')}</p>
		{p.of.callback_url !== null && <><div class="row"><code class="address">{p.of.callback_url}</code><Copy text={p.of.callback_url} /></div>
			</>}
		{verify !== '' ? <p class="row">{t('verify_now')} <code class="address">{verify}</code><Copy text={verify} /></p> : <p class="soft">{t(set ? 'verify_same' : 'verify_missing')}</p>}
		<SettingsForm of={p.settings} submit={t('save_and_test')} after={async () => { await p.test(); p.reload(); }}
			inputs={[{ key: 'public_url', label: t('public_url'), hint: t('public_url_hint'), placeholder: 'https://totem.example.com', type: 'url' }]} />
	</>;
}

/* Evolution is told the address by the box, together with a key of its own by which it is known. */
function EvolutionHook(p: { settings: Settings; reload: () => void }): JSX.Element {
	const key = (name: string) => `channel.${SLUG}.${name}`, [made] = useState(newKey);
	const known = ['webhook_header_value', 'webhook_jwt_key'].some(name => p.settings.value(key(name)) !== '');
	return <><p>{t('evolution_hook_text')}</p><SettingsForm of={p.settings} submit={t('save_and_connect')} fixed={known ? {} : { [key('webhook_header_name')]: 'X-Totem-Key', [key('webhook_header_value')]: made }}
		after={async () => { await post(`/api/v1/channels/${SLUG}/connect`); p.reload(); }}
		inputs={[{ key: key('webhook_url'), label: t('evolution_hook'), hint: t('evolution_hook_hint'), placeholder: `http://192.168.1.10:8081/webhooks/evolution/${SLUG}`, type: 'url', required: true }]} /></>;
}

function Qr(): JSX.Element {
	const { data, reload } = useLoad(signal => get<Channel>('/api/v1/channels/' + SLUG, { signal }), SLUG);
	useLive(reload, [], EVERY_MS);
	const f = data?.facts;
	return <div class="qr">{f?.connection === 'open' ? <p class="result ok">{t('qr_done')}</p>
		: f?.qr_image ? <><img src={f.qr_image} alt={t('qr_alt')} width={240} height={240} />{f.pairing_code && <p>{t('pairing')} <code>{f.pairing_code}</code></p>}</> : <p class="soft">{t('qr_wait')}</p>}</div>;
}

function WhatsApp(p: { step: Step; settings: Settings; test: () => Promise<unknown>; reload: () => void }): JSX.Element {
	const key = (name: string) => `channel.${SLUG}.${name}`;
	const [provider, setProvider] = useState(p.settings.value(key('provider')) || 'meta'), [verify] = useState(newKey), [asked, setAsked] = useState(false);
	const after = async (sent: Record<string, string>) => {
		chosenVerify.value = sent[key('verify_token')] ?? chosenVerify.value;
		await p.test();
		p.reload();
	};
	return <>
		<fieldset class="row choice"><legend class="hidden">{t('provider')}</legend>{['meta', 'evolution'].map(v => <label key={v} class="check">
			<input type="radio" name="provider" checked={provider === v} onChange={() => setProvider(v)} />{word('provider.', v)}</label>)}</fieldset>
		{provider === 'meta' ? <SettingsForm key="meta" of={p.settings} submit={t('save_and_test')} fixed={{ [key('provider')]: 'meta' }} after={after} inputs={[
			{ key: key('token'), label: t('meta_token'), hint: t('meta_token_hint'), secret: true, required: true },
			{ key: key('phone_number_id'), label: t('phone_number_id'), hint: t('phone_number_id_hint'), required: true },
			{ key: key('waba_id'), label: t('waba_id'), hint: t('waba_id_hint') },
			{ key: key('app_secret'), label: t('app_secret'), hint: t('app_secret_hint'), secret: true, required: true },
			{ key: key('verify_token'), label: t('verify_token'), hint: t('verify_token_hint'), secret: true, plain: true, required: true, initial: verify }]} />
			: <><SettingsForm key="evolution" of={p.settings} submit={t('save_and_connect')} fixed={{ [key('provider')]: 'evolution' }}
				after={async () => { await p.test(); await post(`/api/v1/channels/${SLUG}/connect`); setAsked(true); p.reload(); }} inputs={[
					{ key: key('base_url'), label: t('evolution_url'), placeholder: 'http://192.168.1.20:8080', type: 'url', required: true },
					{ key: key('instance'), label: t('evolution_instance'), required: true },
					{ key: key('api_key'), label: t('evolution_key'), secret: true, required: true }]} />
			{(asked ? p.step.state !== 'failed' && p.step.state !== 'testing' : p.step.state === 'waiting') && <Qr />}</>}
	</>;
}

interface Chatwoot { state: 'todo' | 'by_hand' | 'wanted' | 'waiting' | 'done' | 'failed'; detail: string | null; version: string | null; inbox: { name: string } | null;
	accounts: { id: number; name: string }[] | null; warnings: { name: string; text: string }[] }

/* The box makes inbox and webhook itself; or all is filled in by hand. */
function ChatwootStep(p: { settings: Settings; test: () => Promise<unknown>; reload: () => void }): JSX.Element {
	const key = (name: string) => `chatwoot.${BRIDGE}.${name}`, path = '/api/v1/chatwoot/' + BRIDGE, ask = { headers: { 'Accept-Language': lang.value } };
	const [hand, setHand] = useState(false), [asked, setAsked] = useState(false), [error, setError] = useState(''), [busy, setBusy] = useState(false);
	const found = useLoad(signal => asked ? get<Chatwoot>(path, { ...ask, signal }) : Promise.resolve(undefined), String(asked) + lang.value);
	useLive(() => { if (asked) found.reload(); }, [], EVERY_MS);
	async function go(e: Event) {
		e.preventDefault();
		const f = new FormData(e.currentTarget as HTMLFormElement), account = Number(f.get('account') ?? 0);
		setBusy(true);
		setError('');
		try {
			await post(path + '/setup', { url: f.get('url'), ...(f.get('token') ? { token: f.get('token') } : {}), webhook_base: f.get('base'), language: lang.value,
				...(account > 0 ? { account_id: account } : {}) });
			setAsked(true);
			found.reload();
		} catch (x) {
			setError(sentence(x));
		} finally {
			setBusy(false);
		}
	}
	if (hand)
		return <><p>{t('chatwoot_text')}</p><SettingsForm of={p.settings} submit={t('save_and_test')} after={async () => { await p.test(); p.reload(); }} inputs={[
			{ key: key('url'), label: t('chatwoot_url'), placeholder: 'https://chat.example.com', type: 'url', required: true },
			{ key: key('token'), label: t('chatwoot_token'), hint: t('chatwoot_token_hint'), secret: true, required: true },
			{ key: key('account_id'), label: t('chatwoot_account'), hint: t('chatwoot_account_hint'), type: 'number', required: true },
			{ key: key('inbox_id'), label: t('chatwoot_inbox'), hint: t('chatwoot_inbox_hint'), type: 'number', required: true },
			{ key: key('secret'), label: t('chatwoot_secret'), hint: t('chatwoot_secret_hint'), secret: true }]} /></>;
	const d = found.data, kept = p.settings.value(key('token')) !== '';
	return <form onSubmit={e => { void go(e); }}>
		<p>{t('chatwoot_text')} {t('chatwoot_auto')}</p>
		<Field id="url" label={t('chatwoot_url')}><input id="url" name="url" defaultValue={p.settings.value(key('url'))} placeholder="https://chat.example.com" required /></Field>
		<Field id="token" label={t('chatwoot_token')} hint={t('chatwoot_token_hint') + (kept ? ' ' + t('secret_kept') : '')}><input id="token" name="token" type="password" autocomplete="new-password" required={!kept} /></Field>
		<Field id="base" label={t('chatwoot_base')} hint={t('chatwoot_base_hint')}><input id="base" name="base" defaultValue={p.settings.value('public_url')} placeholder="http://192.168.1.10:8081" required /></Field>
		{d?.accounts && d.accounts.length > 1 && <Field id="account" label={t('chatwoot_account')}><select id="account" name="account">{d.accounts.map(a => <option key={a.id} value={a.id}>{a.name}</option>)}</select></Field>}
		{error !== '' && <p class="error" role="alert">{error}</p>}
		{d !== undefined && <p class={'result ' + (d.state === 'done' ? 'ok' : d.detail !== null ? 'failed' : 'waiting')} role="status"><bdi>{d.state === 'done' ? t('chatwoot_made', { inbox: d.inbox?.name ?? '', version: d.version ?? '' }) : d.detail ?? t('testing')}</bdi></p>}
		{d?.warnings.map(w => <p key={w.name} class="result waiting"><bdi>{w.text}</bdi></p>)}
		<div class="row end"><Button onClick={() => setHand(true)}>{t('by_hand')}</Button>{d?.state === 'done' && <Button onClick={async () => { await p.test(); p.reload(); }}>{t('test_now')}</Button>}
			<Button type="submit" kind="main" disabled={busy}>{t('chatwoot_go')}</Button></div>
	</form>;
}

function FirstMessage(p: { reload: () => void }): JSX.Element {
	const [said, setSaid] = useState(''), [key, setKey] = useState(newKey), [busy, setBusy] = useState(false);
	async function send(e: Event) {
		e.preventDefault();
		const form = new FormData(e.currentTarget as HTMLFormElement);
		setBusy(true);
		try {
			await post('/api/v1/messages', { to: form.get('to'), type: 'text', text: { body: form.get('text') } }, { headers: { 'Idempotency-Key': key } });
			setSaid('');
			setKey(newKey());
			p.reload();
		} catch (x) {
			if (x instanceof Refused && x.status !== 0)
				setKey(newKey()); /* no answer: the same key again, so that it cannot go twice */
			setSaid(sentence(x));
		} finally {
			setBusy(false);
		}
	}
	return <form onSubmit={e => { void send(e); }}>
		<p>{t('first_message_text')}</p>
		<Field id="to" label={t('to')}><input id="to" name="to" inputMode="tel" autocomplete="off" required /></Field>
		<Field id="text" label={t('text')}><input id="text" name="text" defaultValue={t('first_message')} required maxLength={1000} /></Field>
		{said !== '' && <p class="error" role="alert">{said}</p>}
		<div class="row end"><Button type="submit" kind="main" disabled={busy}>{t('send')}</Button></div>
	</form>;
}

function Card(p: { n: number; step: Step; open: boolean; last: boolean; onOpen: () => void; next: () => void; children: ComponentChildren }): JSX.Element {
	const s = p.step;
	return <li class={'card step ' + s.state}>
		<h2><button type="button" class="plain" aria-expanded={p.open} onClick={p.onOpen}><span class="n" aria-hidden="true">{s.state === 'ok' ? '✓' : p.n}</span>{word('setup.', s.step)}</button>
			<span class={'chip ' + (s.state === 'ok' ? 'good' : s.state === 'failed' ? 'bad' : 'warn')}>{word('setup_state.', s.state)}</span></h2>
		{p.open && <div class="step-body">{p.children}<Result step={s} />
			<div class="row end"><Button kind={s.state === 'ok' ? 'main' : 'quiet'} onClick={p.next}>{s.state === 'ok' ? t(p.last ? 'to_start' : 'next') : t('skip_step')}</Button></div></div>}
	</li>;
}

export function Setup(): JSX.Element {
	const { data, error, reload } = useLoad(signal => get<Setup>('/api/v1/setup?lang=' + lang.value, { signal }), 'setup' + lang.value);
	const settings = useLoad(signal => loadSettings(signal), 'settings');
	const [chosen, setChosen] = useState<string | null>(null), [skipped, setSkipped] = useState<string[]>(JSON.parse(sessionStorage.getItem(MARK) ?? '[]') as string[]);
	useLive(reload, ['whatsapp_message', 'whatsapp_echo', 'status'], EVERY_MS);
	if (data === undefined || settings.data === undefined) {
		const e = error ?? settings.error;
		return e !== undefined ? <Failed error={e} again={() => { reload(); settings.reload(); }} /> : <p class="loading" aria-busy="true" />;
	}
	const s = settings.data, by = new Map(data.steps.map(x => [x.step, x])), steps = ORDER.map(name => by.get(name)!).filter(x => x !== undefined);
	/* the address is tested by the box, its verification comes from Meta: one step for people */
	const url = by.get('url'), open = chosen ?? steps.find(x => x.state !== 'ok' && !skipped.includes(x.step))?.step ?? '';
	const test = (step: string) => post('/api/v1/setup/test/' + step);
	const all = () => { reload(); settings.reload(); };
	function next(step: Step) {
		if (step.state !== 'ok') {
			const now = [...skipped, step.step];
			setSkipped(now);
			sessionStorage.setItem(MARK, JSON.stringify(now));
		}
		if (step.step === ORDER.at(-1))
			location.hash = '#/start';
		setChosen(ORDER[ORDER.indexOf(step.step) + 1] ?? null);
	}
	const body = (name: string): JSX.Element => {
		switch (name) {
		case 'company':
			return <SettingsForm of={s} submit={t('save')} after={all} inputs={[{ key: 'company_name', label: t('company'), hint: t('company_hint'), required: true }]} />;
		case 'whatsapp':
			return <WhatsApp step={by.get('whatsapp')!} settings={s} test={() => test('whatsapp')} reload={all} />;
		case 'handshake':
			if (s.value(`channel.${SLUG}.provider`) === 'evolution')
				return <EvolutionHook settings={s} reload={all} />;
			return <><Callback of={data} settings={s} reload={all} test={() => test('url')} />{url !== undefined && url.state !== 'todo' && <Result step={url} />}</>;
		case 'chatwoot':
			return <ChatwootStep settings={s} test={() => test('chatwoot')} reload={all} />;
		case 'n8n':
			return <><p>{t('n8n_text')}</p><SettingsForm of={s} submit={t('save_and_test')} after={async () => { await test('n8n'); all(); }} inputs={[
				{ key: `n8n.${SLUG}.url`, label: t('n8n_url'), hint: t('n8n_url_hint'), placeholder: 'http://n8n:5678/webhook/totem', type: 'url', required: true }]} /></>;
		default:
			return <FirstMessage reload={reload} />;
		}
	};
	const done = steps.filter(x => x.state === 'ok').length;
	return <section class="screen narrow">
		<h1>{t('setup')}</h1>
		<p class="soft">{t('setup_progress', { n: done, of: steps.length })}</p>
		<progress value={done} max={steps.length} aria-label={t('setup')} />
		<ol class="steps">{steps.map((x, i) => <Card key={x.step} n={i + 1} step={x} open={open === x.step} last={i === steps.length - 1}
			onOpen={() => setChosen(open === x.step ? '' : x.step)} next={() => next(x)}>{body(x.step)}</Card>)}</ol>
	</section>;
}
