/* frame.tsx - what stays when screens change: the rail with the screens, the state of the connection, who is here, the keys. */
import type { JSX } from 'preact';
import { useEffect, useState } from 'preact/hooks';
import { Dialog } from './ui/base';
import { Icon } from './ui/icons';
import { LANG_NAMES, lang, setLang, t, type Lang } from './lib/i18n';
import { go, place } from './lib/route';
import { leave, may, who } from './lib/session';
import { link } from './lib/stream';
import { setTheme, theme, type Theme } from './lib/theme';
import { SCREENS, type Screen } from './screens';

export function screensOf(): Screen[] {
	return SCREENS.filter(s => s.right === null || may(s.right));
}

/* g and a letter: go there; ?: the list of the keys. Not while somebody writes. */
function useKeys(openHelp: () => void): void {
	useEffect(() => {
		let prefix = false;
		function press(e: KeyboardEvent) {
			const at = e.target as HTMLElement;
			if (e.ctrlKey || e.metaKey || e.altKey || /^(INPUT|TEXTAREA|SELECT)$/.test(at.tagName) || at.isContentEditable)
				return;
			if (e.key === '?') {
				openHelp();
			} else if (prefix) {
				const s = screensOf().find(x => x.key === e.key);
				if (s)
					go('#/' + s.path);
			}
			prefix = e.key === 'g';
		}
		addEventListener('keydown', press);
		return () => removeEventListener('keydown', press);
	}, []);
}

function Rail(p: { at: string }): JSX.Element {
	return <nav class="rail" aria-label={t('screens')}>
		<a class="brand" href="#/" aria-label="Totem">Totem</a>
		{screensOf().filter(s => !s.hidden).map(s => <a key={s.path} href={'#/' + s.path} aria-current={s.path === p.at ? 'page' : undefined}>
			<Icon name={s.icon} /><span>{t(s.title)}</span></a>)}
		<p class={'link ' + link.value} role="status"><span class="dot" aria-hidden="true" />{t(('link_' + link.value) as 'link_live')}</p>
		<Me />
	</nav>;
}

function Me(): JSX.Element {
	const user = who.value?.user;
	return <details class="me">
		<summary>{user?.name || user?.login || t('nobody')}</summary>
		<div class="me-menu">
			<label>{t('language')}<select value={lang.value} onChange={e => setLang(e.currentTarget.value as Lang)}>
				{Object.entries(LANG_NAMES).map(([k, name]) => <option key={k} value={k}>{name}</option>)}</select></label>
			<label>{t('theme')}<select value={theme.value} onChange={e => setTheme(e.currentTarget.value as Theme)}>
				{(['auto', 'light', 'dark'] as const).map(k => <option key={k} value={k}>{t(('theme_' + k) as 'theme_auto')}</option>)}</select></label>
			<a href="#/system/me">{t('my_account')}</a>
			<a href="/docs">{t('docs')}</a>
			<button type="button" class="button quiet" onClick={() => { void leave(); }}><Icon name="leave" />{t('leave')}</button>
		</div>
	</details>;
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
	useEffect(() => { document.title = (screen ? t(screen.title) + ' – ' : '') + 'Totem'; }, [screen, lang.value]);
	return <div class="frame">
		<a class="skip" href="#main" onClick={e => { e.preventDefault(); document.getElementById('main')?.focus(); }}>{t('skip')}</a>
		<Rail at={at} />
		<main id="main" tabIndex={-1}>{screen ? <screen.view /> : <p class="empty">{t('not_found')}</p>}</main>
		{help && <Help close={() => setHelp(false)} screen={screen} />}
	</div>;
}
