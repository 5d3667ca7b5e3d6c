/* door.tsx - for who is not in: name and password, or a sentence about what is in the way. The first run (setup link) opens here too. */
import type { JSX } from 'preact';
import { useEffect, useState } from 'preact/hooks';
import { Refused, call } from '../lib/api';
import { LANG_NAMES, lang, t, type Lang } from '../lib/i18n';
import { go } from '../lib/route';
import { came, invitation, look, setup, who, type Who } from '../lib/session';
import { Button, chooseLang, Failed, Field, sentence, useLoad } from '../ui/base';

const AGAIN_MS = 3000;

function Login(): JSX.Element {
	const [needsCode, setNeedsCode] = useState(false), [error, setError] = useState(''), [busy, setBusy] = useState(false);
	async function submit(e: Event) {
		e.preventDefault();
		const form = new FormData(e.currentTarget as HTMLFormElement), code = form.get('code');
		setBusy(true);
		setError('');
		try {
			await came(await call<Who>('POST', '/api/v1/session', { login: form.get('login'), password: form.get('password'), ...(code ? { code } : {}) }));
		} catch (x) {
			if (x instanceof Refused && x.problem.type?.endsWith('code-needed')) {
				setNeedsCode(true);
				if (code)
					setError(sentence(x));
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
			await came(await call<Who>('POST', '/api/v1/setup', { token: p.token, login: form.get('login'), password: form.get('password'), language: lang.value,
				company_name: form.get('company') }));
			setup.value = null;
			go('#/setup');
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
		<Field label={t('company')} id="company" hint={t('company_hint')} error={wrong('company_name')}><input id="company" name="company" autocomplete="organization" maxLength={100} /></Field>
		{error !== null && !wrong('login') && !wrong('password') && !wrong('company_name') && <p class="error" role="alert">{sentence(error)}</p>}
		<Button type="submit" kind="main" disabled={busy}>{t('setup_go')}</Button>
	</form>;
}

/* Somebody was invited, or gets a new password: whose link it is, and a password. */
function Invited(p: { token: string }): JSX.Element {
	const whose = useLoad(() => call<{ login: string; name: string; language: string }>('POST', '/api/v1/invitation', { token: p.token }), p.token);
	const [error, setError] = useState<unknown>(null), [busy, setBusy] = useState(false);
	const wrong = error instanceof Refused ? error.field('password') : undefined;
	const out = () => { invitation.value = null; };
	async function submit(e: Event) {
		e.preventDefault();
		setBusy(true);
		try {
			const w = await call<Who>('POST', '/api/v1/invitation', { token: p.token, password: new FormData(e.currentTarget as HTMLFormElement).get('password') });
			out();
			await came(w);
		} catch (x) {
			setError(x);
		} finally {
			setBusy(false);
		}
	}
	if (whose.data === undefined)
		return <div class="card door">{whose.error instanceof Refused && whose.error.status === 403 ? <><h1>Totem</h1><p role="alert">{t('invite_gone')}</p><Button kind="main" onClick={out}>{t('enter')}</Button></>
			: whose.error !== undefined ? <Failed error={whose.error} again={whose.reload} /> : <p aria-busy="true" />}</div>;
	return <form class="card door" onSubmit={e => { void submit(e); }}>
		<h1>Totem</h1>
		<p>{t('invite_text', { name: whose.data.name || whose.data.login })}</p>
		<input type="hidden" name="username" autocomplete="username" value={whose.data.login} />
		<Field label={t('password')} id="password" error={wrong}><input id="password" name="password" type="password" autocomplete="new-password" minLength={10} required autofocus /></Field>
		{error !== null && wrong === undefined && <p class="error" role="alert">{sentence(error)}</p>}
		<Button type="submit" kind="main" disabled={busy}>{t('enter')}</Button>
	</form>;
}

/* The language can be chosen before one is in. */
function Languages(): JSX.Element {
	return <p class="row languages">{Object.entries(LANG_NAMES).map(([k, name]) => <button key={k} type="button" class="plain" lang={k} aria-pressed={lang.value === k} onClick={() => { void chooseLang(k as Lang); }}>{name}</button>)}</p>;
}

/* The box does not answer: it is asked again by itself. */
function Away(): JSX.Element {
	useEffect(() => {
		let timer = 0, over = false;
		const later = () => { timer = window.setTimeout(() => { void look().then(() => { if (!over) later(); }); }, AGAIN_MS); };
		later();
		return () => { over = true; clearTimeout(timer); };
	}, []);
	return <main><div class="card door" role="alert"><h1>Totem</h1><p>{t('no_net')}</p><Button kind="main" onClick={look}>{t('again')}</Button></div></main>;
}

export function Door(): JSX.Element {
	if (who.value === null)
		return <Away />;
	return <main>{invitation.value !== null ? <Invited token={invitation.value} /> : setup.value !== null ? <First token={setup.value} /> : who.value?.state === 'setup' ? <div class="card door"><h1>Totem</h1><p>{t('setup_link')}</p></div> : <Login />}<Languages /></main>;
}
