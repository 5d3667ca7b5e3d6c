/* me.tsx - one's own account: name, password, second factor, where one is logged in. */
import type { JSX } from 'preact';
import { useRef, useState } from 'preact/hooks';
import { call, get, post, type Page } from '../../lib/api';
import { number } from '../../lib/format';
import { t, word } from '../../lib/i18n';
import { hasToken } from '../../lib/api';
import { look } from '../../lib/session';
import { Button, Dialog, Empty, Failed, Field, confirm, sentence, toast, useLoad, useSubmit } from '../../ui/base';
import { Copy, Facts, Time, useLive } from '../../ui/data';
import { Qr } from '../../ui/qr';

interface Account { login: string; name: string; role: string; language: string; totp: boolean; recovery_codes_left: number; password_changed_at: string | null; last_login_at: string | null }
export interface Session { id: string; this: boolean; client: string; agent: string; created_at: string; last_used_at: string; expires_at: string }

/* "Firefox, Linux" of what browsers call themselves. */
export function browserOf(agent: string): string {
	const name = /(Firefox|Edg|OPR|Chrome|Safari)\//.exec(agent)?.[1] ?? agent.slice(0, 40), system = /(Windows|Android|iPhone|iPad|Mac OS X|Linux)/.exec(agent)?.[1];
	return (name === 'Edg' ? 'Edge' : name === 'OPR' ? 'Opera' : name) + (system ? ', ' + system : '');
}

export function Sessions(p: { path: string }): JSX.Element {
	const { data, error, reload } = useLoad(signal => get<Page<Session>>(p.path, { signal }), p.path);
	useLive(reload, [], 5000);
	async function endOne(s: Session) {
		if (!await confirm({ title: t('end_session'), text: t(s.this ? 'end_this_text' : 'end_session_text', { browser: browserOf(s.agent) }), yes: t('end_session') }))
			return;
		await call('DELETE', `${p.path}/${s.id}`, {});
		toast(t('session_ended'));
		if (s.this)
			await look();
		else
			reload();
	}
	if (data === undefined)
		return error !== undefined ? <Failed error={error} again={reload} /> : <p aria-busy="true" />;
	return data.data.length === 0 ? <p class="soft">{t('sessions_none')}</p> : <table><thead><tr><th scope="col">{t('browser')}</th><th scope="col" class="wide">{t('address')}</th><th scope="col">{t('last_used')}</th><th scope="col"><span class="hidden">{t('action')}</span></th></tr></thead>
		<tbody>{data.data.map(s => <tr key={s.id}><td><bdi>{browserOf(s.agent)}</bdi>{s.this && <> <span class="chip good">{t('this_one')}</span></>}</td><td class="wide"><bdi>{s.client}</bdi></td><td><Time at={s.last_used_at} full /></td>
			<td><div class="row acts"><Button onClick={() => endOne(s)}>{t('end_session')}</Button></div></td></tr>)}</tbody></table>;
}

function Totp(p: { on: boolean; close: () => void; done: () => void }): JSX.Element {
	const [step, setStep] = useState<{ secret: string; uri: string } | null>(null), [codes, setCodes] = useState<string[] | null>(null);
	const begin = async (f: FormData) => setStep(await post('/api/v1/me/totp', { password: f.get('password') }));
	const check = async (f: FormData) => { setCodes((await post<{ recovery_codes: string[] }>('/api/v1/me/totp/confirm', { code: String(f.get('code')).replace(/\s/g, '') })).recovery_codes); p.done(); };
	const off = async (f: FormData) => { await call('DELETE', '/api/v1/me/totp', { password: f.get('password') }); toast(t('totp_off_done')); p.done(); p.close(); };
	const { busy, error, submit } = useSubmit(form => (step !== null ? check : p.on ? off : begin)(form)), said = error !== null && <p class="error" role="alert">{sentence(error)}</p>;
	return <Dialog title={t('totp')} onClose={p.close}>
		{codes !== null ? <><p>{t('totp_codes')}</p><pre class="code codes">{codes.join('\n')}</pre><div class="row end"><Copy text={codes.join('\n')} /><Button kind="main" onClick={p.close}>{t('codes_kept')}</Button></div></>
			: step !== null ? <form key="code" onSubmit={submit}><p>{t('totp_add')}</p><div class="qr"><Qr text={step.uri} label={t('totp_qr')} /></div><p class="row"><code class="address">{step.secret.replace(/(.{4})/g, '$1 ')}</code><Copy text={step.secret} /></p>
				<p><a href={step.uri}>{t('totp_open')}</a></p><Field id="code" label={t('login_code')}><input id="code" name="code" inputMode="numeric" autocomplete="one-time-code" required /></Field>{said}
				<div class="row end"><Button type="submit" kind="main" disabled={busy}>{t('totp_on')}</Button></div></form>
				: <form key="password" onSubmit={submit}><p>{t(p.on ? 'totp_off_text' : 'totp_text')}</p><Field id="tpassword" label={t('password')}><input id="tpassword" name="password" type="password" autocomplete="current-password" required /></Field>{said}
					<div class="row end"><Button type="submit" kind={p.on ? 'danger' : 'main'} disabled={busy}>{t(p.on ? 'totp_off' : 'next')}</Button></div></form>}
	</Dialog>;
}

function Password(): JSX.Element {
	const ref = useRef<HTMLFormElement>(null);
	const { busy, error, wrong, submit } = useSubmit(async form => {
		await call('PUT', '/api/v1/me/password', { password: form.get('old'), new_password: form.get('new') });
		ref.current?.reset();
		toast(t('password_changed'));
	});
	return <form ref={ref} class="card" onSubmit={submit}><h2>{t('change_password')}</h2>
		<Field id="old" label={t('password_now')} error={wrong('password')}><input id="old" name="old" type="password" autocomplete="current-password" required /></Field>
		<Field id="new" label={t('password_new')} hint={t('password_hint')} error={wrong('new_password')}><input id="new" name="new" type="password" autocomplete="new-password" minLength={10} required /></Field>
		{error !== null && !wrong('password') && !wrong('new_password') && <p class="error" role="alert">{sentence(error)}</p>}
		<div class="row end"><Button type="submit" kind="main" disabled={busy}>{t('change_password')}</Button></div></form>;
}

export function Me(): JSX.Element {
	const { data: me, error, reload } = useLoad(signal => hasToken() ? Promise.resolve(null) : get<Account>('/api/v1/me', { signal }), 'me'), [totp, setTotp] = useState(false);
	useLive(reload, [], 5000);
	const rename = useSubmit(form => call('PATCH', '/api/v1/me', { name: form.get('name') }).then(() => { toast(t('saved')); reload(); void look(); }, (x: unknown) => toast(sentence(x), 'bad')));
	if (me === null)
		return <Empty title={t('no_account')}><p>{t('no_account_text')}</p></Empty>;
	if (me === undefined)
		return error !== undefined ? <Failed error={error} again={reload} /> : <p class="loading" aria-busy="true" />;
	return <div class="stack"><div class="two">
		<form class="card" onSubmit={rename.submit}><h2><bdi>{me.login}</bdi> <span class="chip">{word('role.', me.role)}</span></h2>
			<Field id="name" label={t('your_name')}><input id="name" name="name" defaultValue={me.name} maxLength={100} required /></Field>
			<Facts rows={[[t('last_login'), <Time at={me.last_login_at} full />], [t('password_since'), <Time at={me.password_changed_at} full />],
				[t('totp'), me.totp ? t('totp_is_on', { n: number(me.recovery_codes_left) }) : t('totp_is_off')]]} />
			<div class="row end"><Button onClick={() => setTotp(true)}>{t(me.totp ? 'totp_off' : 'totp_on')}</Button><Button type="submit" kind="main" disabled={rename.busy}>{t('save')}</Button></div></form>
		<Password /></div>
		<div class="card"><h2>{t('sessions')}</h2><Sessions path="/api/v1/me/sessions" /></div>
		{totp && <Totp on={me.totp} close={() => setTotp(false)} done={reload} />}
	</div>;
}
