/* door.tsx - for who is not in: name and password, or a sentence about what is in the way. The first run (setup link) opens here too. */
import type { JSX } from 'preact';
import { useState } from 'preact/hooks';
import { Refused, call } from '../lib/api';
import { lang, t } from '../lib/i18n';
import { enter, look, setup, who, type Who } from '../lib/session';
import { Button, Field, sentence } from '../ui/base';

function Login(): JSX.Element {
	const [needsCode, setNeedsCode] = useState(false), [error, setError] = useState(''), [busy, setBusy] = useState(false);
	async function submit(e: Event) {
		e.preventDefault();
		const form = new FormData(e.currentTarget as HTMLFormElement), code = form.get('code');
		setBusy(true);
		setError('');
		try {
			enter(await call<Who>('POST', '/api/v1/session', { login: form.get('login'), password: form.get('password'), ...(code ? { code } : {}) }));
		} catch (x) {
			if (x instanceof Refused && x.problem.type?.endsWith('code-needed')) {
				setNeedsCode(true);
			} else {
				setError(x instanceof Refused && x.status === 401 ? t('login_wrong') :
					x instanceof Refused && x.status === 429 ? t('login_slow', { n: x.retryAfter }) : sentence(x));
			}
		} finally {
			setBusy(false);
		}
	}
	return <form class="card door" onSubmit={e => { void submit(e); }}>
		<h1>Totem</h1>
		<Field label={t('login')} id="login"><input id="login" name="login" autocomplete="username" autocapitalize="none" required autofocus /></Field>
		<Field label={t('password')} id="password"><input id="password" name="password" type="password" autocomplete="current-password" required /></Field>
		{needsCode && <Field label={t('login_code')} id="code"><input id="code" name="code" inputMode="numeric" autocomplete="one-time-code" required autofocus /></Field>}
		{error !== '' && <p class="error" role="alert">{error}</p>}
		<Button type="submit" kind="main" disabled={busy}>{t('enter')}</Button>
	</form>;
}

/* The first owner: the box was just installed, and whoever has its link chooses name and password. */
function First(p: { token: string }): JSX.Element {
	const [error, setError] = useState<unknown>(null), [busy, setBusy] = useState(false);
	const wrong = (field: string) => error instanceof Refused ? error.field(field) : undefined;
	async function submit(e: Event) {
		e.preventDefault();
		const form = new FormData(e.currentTarget as HTMLFormElement);
		setBusy(true);
		try {
			enter(await call<Who>('POST', '/api/v1/setup', { token: p.token, login: form.get('login'), password: form.get('password'), language: lang.value }));
			setup.value = null;
		} catch (x) {
			setError(x);
		} finally {
			setBusy(false);
		}
	}
	return <form class="card door" onSubmit={e => { void submit(e); }}>
		<h1>Totem</h1>
		<p>{t('setup_text')}</p>
		<Field label={t('login')} id="login" error={wrong('login')}><input id="login" name="login" autocomplete="username" autocapitalize="none" required autofocus /></Field>
		<Field label={t('password')} id="password" error={wrong('password')}><input id="password" name="password" type="password" autocomplete="new-password" minLength={10} required /></Field>
		{error !== null && !wrong('login') && !wrong('password') && <p class="error" role="alert">{sentence(error)}</p>}
		<Button type="submit" kind="main" disabled={busy}>{t('setup_go')}</Button>
	</form>;
}

export function Door(): JSX.Element {
	if (who.value === null)
		return <main><div class="card door" role="alert"><h1>Totem</h1><p>{t('no_net')}</p><Button kind="main" onClick={look}>{t('again')}</Button></div></main>;
	return <main>{setup.value !== null ? <First token={setup.value} /> : who.value?.state === 'setup' ? <div class="card door"><h1>Totem</h1><p>{t('setup_link')}</p></div> : <Login />}</main>;
}
