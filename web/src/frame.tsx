/* frame.tsx - what stays when screens change: the rail with the screens, the state of the connection, who is here, the keys. */
import type { JSX } from 'preact';
import { useEffect, useRef, useState } from 'preact/hooks';
import { Dialog, chooseLang, confirm, sentence, toast } from './ui/base';
import { Icon } from './ui/icons';
import { LANG_NAMES, lang, t, type Lang } from './lib/i18n';
import { badge, go, place } from './lib/route';
import { leave, may, who } from './lib/session';
import { link } from './lib/stream';
import { setTheme, theme, type Theme } from './lib/theme';
import { SCREENS, type Screen } from './screens';
import { unsent } from './screens/conversations/outbox';

export function screensOf(): Screen[] {
	return SCREENS.filter(s => s.right === null || may(s.right));
}

const PREFIX_MS = 2000;

/* g and a letter: go there; ?: the list of the keys. Not while somebody writes. Asked before a screen's own keys: the letter is none of those. */
function useKeys(openHelp: () => void): void {
	useEffect(() => {
		let prefix = 0;
		function press(e: KeyboardEvent) {
			const at = e.target as HTMLElement;
			if (e.ctrlKey || e.metaKey || e.altKey || /^(INPUT|TEXTAREA|SELECT)$/.test(at.tagName) || at.isContentEditable || document.querySelector('dialog[open]') !== null)
				return;
			if (e.key === '?') {
				openHelp();
			} else if (Date.now() - prefix < PREFIX_MS) {
				e.stopPropagation();
				const s = screensOf().find(x => x.key === e.key);
				if (s)
					go('#/' + s.path);
			}
			prefix = e.key === 'g' ? Date.now() : 0;
		}
		addEventListener('keydown', press, true);
		return () => removeEventListener('keydown', press, true);
	}, []);
}

/* A phone has room for this many screens, and for one entry that opens the rest (frame.css). */
const SHOWN = 4;

function Entry(p: { s: Screen; here: boolean; rest: boolean }): JSX.Element {
	return <a class={p.rest ? 'rest' : undefined} href={'#/' + p.s.path} aria-current={p.here ? 'page' : undefined}><Icon name={p.s.icon} /><span>{t(p.s.title)}</span></a>;
}

function Link(): JSX.Element | null {
	if (!may('messages:read'))
		return null; /* nothing comes by itself then */
	return <p class={'link ' + link.value} role="status"><span class="dot" aria-hidden="true" />{t(('link_' + link.value) as 'link_live')}</p>;
}

function Rail(p: { at: string }): JSX.Element {
	const all = screensOf().filter(s => !s.hidden), rest = all.slice(SHOWN), [more, setMore] = useState(false);
	useEffect(() => setMore(false), [place.value]);
	return <nav class="rail" aria-label={t('screens')}>
		<a class="brand" href="#/" aria-label="Totem">Totem</a>
		{all.map((s, i) => <Entry key={s.path} s={s} here={s.path === p.at} rest={i >= SHOWN} />)}
		<button type="button" class="rail-more" aria-haspopup="dialog" aria-expanded={more} aria-current={rest.some(s => s.path === p.at) ? 'page' : undefined} onClick={() => setMore(true)}>
			<Icon name="more" /><span>{t('more_screens')}</span>{link.value !== 'live' && may('messages:read') && <span class={'dot ' + link.value} />}</button>
		<Link />
		<Me />
		{more && <Dialog title={t('more_screens')} onClose={() => setMore(false)} sheet>
			{rest.map(s => <Entry key={s.path} s={s} here={s.path === p.at} rest={false} />)}
			<p class="strong">{nameOfMe()}</p><MeMenu /><Link />
		</Dialog>}
	</nav>;
}

function nameOfMe(): string {
	const user = who.value?.user;
	return user?.name || user?.login || t('nobody');
}

function Me(): JSX.Element {
	const ref = useRef<HTMLDetailsElement>(null);
	return <details class="me" ref={ref} onKeyDown={e => {
		if (e.key !== 'Escape' || !ref.current!.open)
			return;
		e.stopPropagation();
		ref.current!.open = false;
		ref.current!.querySelector('summary')?.focus();
	}}>
		<summary>{nameOfMe()}</summary>
		<MeMenu />
	</details>;
}

/* The page is anew for whoever comes next: what has not left by then never will. */
async function out(): Promise<void> {
	const n = unsent();
	if (n > 0 && !await confirm({ title: t('leave'), text: t('leave_unsent', { n }), yes: t('leave') }))
		return;
	await leave().catch((x: unknown) => toast(sentence(x), 'bad'));
}

function MeMenu(): JSX.Element {
	return <div class="me-menu">
		<label>{t('language')}<select value={lang.value} onChange={e => { const at = e.currentTarget; void chooseLang(at.value as Lang).then(() => { at.value = lang.value; }); }}>
			{Object.entries(LANG_NAMES).map(([k, name]) => <option key={k} value={k}>{name}</option>)}</select></label>
		<label>{t('theme')}<select value={theme.value} onChange={e => setTheme(e.currentTarget.value as Theme)}>
			{(['auto', 'light', 'dark'] as const).map(k => <option key={k} value={k}>{t(('theme_' + k) as 'theme_auto')}</option>)}</select></label>
		<a href="#/system/me">{t('my_account')}</a>
		<a href="/docs">{t('docs')}</a>
		<button type="button" class="button quiet" onClick={() => { void out(); }}><Icon name="leave" />{t('leave')}</button>
	</div>;
}

function Help(p: { close: () => void; screen: Screen | undefined }): JSX.Element {
	return <Dialog title={t('keys')} onClose={p.close}>
		<dl class="keys">{screensOf().filter(s => !s.hidden).map(s => <div key={s.path}><dt><kbd>g</kbd> <kbd>{s.key}</kbd></dt><dd>{t(s.title)}</dd></div>)}
			<div><dt><kbd>?</kbd></dt><dd>{t('keys')}</dd></div>
			{(p.screen?.keys ?? []).map(([k, what]) => <div key={k}><dt>{k.split(' ').map(x => <kbd key={x}>{x}</kbd>)}</dt><dd>{t(what)}</dd></div>)}</dl>
	</Dialog>;
}

export function Frame(): JSX.Element {
	const [help, setHelp] = useState(false);
	const at = place.value.parts[0] ?? screensOf()[0]?.path ?? '';
	const screen = screensOf().find(s => s.path === at);
	useKeys(() => setHelp(true));
	useEffect(() => { document.title = (badge.value > 0 ? `(${badge.value}) ` : '') + (screen ? t(screen.title) + ' – ' : '') + 'Totem'; }, [screen, lang.value, badge.value]);
	return <div class="frame">
		<a class="skip" href="#main" onClick={e => { e.preventDefault(); document.getElementById('main')?.focus(); }}>{t('skip')}</a>
		<Rail at={at} />
		<main id="main" tabIndex={-1}>{screen ? <screen.view /> : <section class="screen"><h1>{t('not_found')}</h1><p><a class="button main" href="#/">{t('to_start')}</a></p></section>}</main>
		{help && <Help close={() => setHelp(false)} screen={screen} />}
	</div>;
}
