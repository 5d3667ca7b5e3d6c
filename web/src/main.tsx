/* main.tsx - the page: the door for who is not in, else the frame with the screen of the address. */
import { render, type JSX } from 'preact';
import { useEffect } from 'preact/hooks';
import 'uplot/dist/uPlot.min.css';
import './styles/base.css';
import './styles/parts.css';
import './styles/frame.css';
import './styles/screens.css';
import './styles/conversations.css';
import { Questions, Toasts } from './ui/base';
import { lang, ready, startLang, stuck } from './lib/i18n';
import { invitation, look, takeLink, who } from './lib/session';
import { Door } from './screens/door';
import { Frame } from './frame';
import { startTheme } from './lib/theme';

/* A file that is dropped beside a place for files goes nowhere: the browser would leave the page and show it. */
const noDrop = (e: DragEvent): void => {
	if (e.dataTransfer?.types.includes('Files') !== true || e.defaultPrevented || (e.target instanceof HTMLInputElement && e.target.type === 'file'))
		return;
	e.preventDefault();
	e.dataTransfer.dropEffect = 'none';
};
addEventListener('dragover', noDrop);
addEventListener('drop', noDrop);

/* In all three, as no words could be loaded. */
const NO_WORDS = 'La caja no responde; se vuelve a intentar. · A caixa não responde; nova tentativa em breve. · The box does not answer; trying again.';

function Page(): JSX.Element {
	useEffect(() => { document.documentElement.lang = lang.value; }, [lang.value]);
	if (who.value === undefined || !ready.value)
		return <><p class="boot">Totem</p>{stuck.value && !ready.value && <p class="boot" role="alert">{NO_WORDS}</p>}</>; /* asked, not answered yet: as in index.html, so that nothing jumps */
	return <>{who.value?.state === 'in' && invitation.value === null ? <Frame /> : <Door />}<Questions /><Toasts /></>;
}

/* make dev (dev.mjs): a save builds and loads the page anew. */
declare const DEV: boolean;
if (DEV)
	new EventSource('/-/reload').onmessage = () => location.reload();

startTheme();
takeLink();
void startLang();
addEventListener('hashchange', () => { if (/^#(token|setup|invitation)=/.test(location.hash)) { takeLink(); void look(); } });
render(<Page />, document.getElementById('page')!);
void look();
