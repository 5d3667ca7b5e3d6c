/* users.tsx - accounts: who, with which role; invitation links, shown once; disable, reset, sessions. */
import type { JSX } from 'preact';
import { useState } from 'preact/hooks';
import { call, get, post, type Page } from '../../lib/api';
import { moment } from '../../lib/format';
import { LANG_NAMES, lang, t, word } from '../../lib/i18n';
import { who } from '../../lib/session';
import { Button, Dialog, Failed, Field, confirm, sentence, toast, tried, useLoad, useSubmit } from '../../ui/base';
import { Copy, Time, useLive } from '../../ui/data';
import { Sessions } from './me';

interface User { id: string; login: string; name: string; role: string; language: string; disabled: boolean; has_password: boolean; totp: boolean; created_at: string; last_login_at: string | null;
	invitation?: { path: string; expires_at: string } }

const ROLES = ['owner', 'technician', 'agent', 'viewer'];

function Link(p: { user: User; close: () => void }): JSX.Element {
	const url = location.origin + p.user.invitation!.path;
	return <Dialog title={t('invitation')} onClose={p.close}>
		<p>{t('invitation_text', { name: p.user.name || p.user.login, time: moment(p.user.invitation!.expires_at) })}</p>
		<p class="row"><code class="address">{url}</code><Copy text={url} /></p>
		<div class="row end"><Button kind="main" onClick={p.close}>{t('link_kept')}</Button></div>
	</Dialog>;
}

function Add(p: { close: () => void; done: (u: User) => void }): JSX.Element {
	const { busy, error, wrong, submit } = useSubmit(async f => p.done(await post<User>('/api/v1/users', { login: f.get('ulogin'), name: f.get('uname') || f.get('ulogin'), role: f.get('urole'), language: f.get('ulang') })));
	return <Dialog title={t('user_add')} onClose={p.close}><form onSubmit={submit}>
		<Field id="ulogin" label={t('login')} hint={t('login_hint')} error={wrong('login')}><input id="ulogin" name="ulogin" autocapitalize="none" autocomplete="off" required /></Field>
		<Field id="uname" label={t('full_name')} error={wrong('name')}><input id="uname" name="uname" autocomplete="off" /></Field>
		<Field id="urole" label={t('role')} hint={t('role_hint')}><select id="urole" name="urole" defaultValue="agent">{ROLES.map(r => <option key={r} value={r} selected={r === 'agent'}>{word('role.', r)}: {word('role_text.', r)}</option>)}</select></Field>
		<Field id="ulang" label={t('language')}><select id="ulang" name="ulang">{Object.entries(LANG_NAMES).map(([k, n]) => <option key={k} value={k} selected={k === lang.value}>{n}</option>)}</select></Field>
		{error !== null && !wrong('login') && !wrong('name') && <p class="error" role="alert">{sentence(error)}</p>}
		<div class="row end"><Button onClick={p.close}>{t('c.back')}</Button><Button type="submit" kind="main" disabled={busy}>{t('user_invite')}</Button></div></form></Dialog>;
}

function One(p: { u: User; close: () => void; changed: () => void; linked: (u: User) => void }): JSX.Element {
	const { u } = p, self = who.value?.user?.login === u.login;
	async function change(body: Record<string, unknown>, said: string) {
		await call('PATCH', '/api/v1/users/' + u.id, body);
		toast(said);
		p.changed();
		p.close();
	}
	async function setRole(el: HTMLSelectElement) {
		if (!await tried(change({ role: el.value }, t('saved'))))
			el.value = u.role; /* what holds */
	}
	async function disable() {
		if (await confirm({ title: t('user_disable_title', { name: u.login }), text: t('user_disable_text'), yes: t('user_disable') }))
			await change({ disabled: true }, t('user_disabled'));
	}
	async function reset() {
		if (!await confirm({ title: t('user_reset_title', { name: u.login }), text: t('user_reset_text'), yes: t('user_reset') }))
			return;
		const made = await post<User>(`/api/v1/users/${u.id}/reset`);
		p.close();
		p.changed();
		p.linked({ ...u, ...made });
	}
	async function factor() {
		if (!await confirm({ title: t('totp_off'), text: t('user_totp_text', { name: u.login }), yes: t('totp_off') }))
			return;
		await call('DELETE', `/api/v1/users/${u.id}/totp`, {});
		toast(t('totp_off_done'));
		p.changed();
		p.close();
	}
	return <Dialog title={u.name || u.login} onClose={p.close} wide>
		<Field id="role" label={t('role')}><select id="role" value={u.role} disabled={self} onChange={e => { void setRole(e.currentTarget); }}>
			{ROLES.map(r => <option key={r} value={r}>{word('role.', r)}: {word('role_text.', r)}</option>)}</select></Field>
		<h2>{t('sessions')}</h2><Sessions path={`/api/v1/users/${u.id}/sessions`} />
		<div class="row end">{self ? <a class="button quiet" href="#/system/me">{t('my_account')}</a> : <>{u.totp && <Button onClick={factor}>{t('totp_off')}</Button>}<Button onClick={reset}>{t('user_reset')}</Button>
			{u.disabled ? <Button kind="main" onClick={() => change({ disabled: false }, t('user_enabled'))}>{t('user_enable')}</Button> : <Button kind="danger" onClick={disable}>{t('user_disable')}</Button>}</>}</div>
	</Dialog>;
}

export function Users(): JSX.Element {
	const { data, error, reload } = useLoad(signal => get<Page<User>>('/api/v1/users', { signal }), 'users');
	useLive(reload, [], 5000);
	const [adding, setAdding] = useState(false), [link, setLink] = useState<User | null>(null), [shown, setShown] = useState<string | null>(null);
	if (data === undefined)
		return error !== undefined ? <Failed error={error} again={reload} /> : <p class="loading" aria-busy="true" />;
	const one = data.data.find(u => u.id === shown);
	return <div class="stack"><div class="row"><Button kind="main" onClick={() => setAdding(true)}>{t('user_add')}</Button></div>
		<table class="card"><thead><tr><th scope="col">{t('login')}</th><th scope="col">{t('role')}</th><th scope="col" class="wide">{t('totp')}</th><th scope="col" class="wide">{t('last_login')}</th></tr></thead>
			<tbody>{data.data.map(u => <tr key={u.id}><td><button type="button" class="plain" onClick={() => setShown(u.id)}><bdi>{u.name || u.login}</bdi></button><small class="soft"><bdi>{u.login}</bdi>
				{u.disabled && <> <span class="chip bad">{t('user_is_disabled')}</span></>}{!u.has_password && !u.disabled && <> <span class="chip warn">{t('user_invited')}</span></>}</small></td>
				<td>{word('role.', u.role)}</td><td class="wide">{t(u.totp ? 'yes' : 'no')}</td><td class="wide"><Time at={u.last_login_at} full /></td></tr>)}</tbody></table>
		{adding && <Add close={() => setAdding(false)} done={u => { setAdding(false); reload(); setLink(u); }} />}
		{link?.invitation && <Link user={link} close={() => setLink(null)} />}
		{one !== undefined && <One u={one} close={() => setShown(null)} changed={reload} linked={setLink} />}
	</div>;
}
