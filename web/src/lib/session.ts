/* session.ts - who is sitting here, and what they may do. */
import { signal } from '@preact/signals';
import { Refused, call, credentials, dropToken, hasToken, setCsrf, setToken, shutDown, whenLost, whenStale } from './api';
import { hasChosen, isLang, lang, readIn, startLang } from './i18n';
import { go } from './route';
import * as stream from './stream';

export interface Who {
	state: 'in' | 'login' | 'setup';
	user: { id: string; login: string; name: string; role: string; language: string } | null;
	rights: string[];
	csrf?: string;
	expires_at?: string;
}

/* undefined: not asked yet; null: the box does not answer. */
export const who = signal<Who | null | undefined>(undefined);

export function may(right: string): boolean {
	return who.value?.rights.includes(right) ?? false;
}

/* Whose this page is. What was written, searched and loaded here stays in memory while the door is shown, and is that person's alone:
 * they find it again after a session that ended; for anybody else the page begins anew. */
let owner: string | null = null;
const whose = (w: Who): string => w.user?.id ?? credentials()['Authorization'] ?? '';

let over = false;
/* The page is being loaded anew for another person: nothing may leave it any more, and nothing on it is worth a question. */
export const isOver = (): boolean => over;
function anew(): void {
	over = true;
	shutDown();
	stream.stop();
	history.replaceState(null, '', '#/'); /* not go(): the screen there would ask for things before the new page has come */
	location.reload();
}

/* Once the words of this person's language are there: what is shown next is in it. */
export async function enter(w: Who): Promise<void> {
	if (over || (w.state === 'in' && owner !== null && owner !== whose(w))) {
		anew();
		return;
	}
	if (w.state === 'in')
		owner = whose(w);
	setCsrf(w.csrf ?? '');
	await startLang();
	if (w.user !== null && isLang(w.user.language) && w.user.language !== lang.value && !hasChosen())
		await readIn(w.user.language);
	who.value = w;
	if (w.state === 'in' && may('messages:read'))
		void stream.start(() => { void look(); });
	else
		stream.stop();
}

/* Pages of one browser share the cookie: who comes in or leaves here does so in all of them, at once. A tab with a token of its own is
 * nobody's but its own. */
const tabs = new BroadcastChannel('totem.who');
tabs.onmessage = e => {
	if (!hasToken() && owner !== null && e.data !== null && e.data !== owner)
		anew(); /* before anything is asked or sent as somebody else */
	else
		void check();
};

/* Somebody came in here. */
export async function came(w: Who): Promise<void> {
	tabs.postMessage(whose(w));
	await enter(w);
}

/* Still the same person? What the box says then counts; while it does not answer nothing changes. True: nothing did. */
async function check(): Promise<boolean> {
	try {
		await enter(await call<Who>('GET', '/api/v1/session'));
		return !over && who.value?.state === 'in';
	} catch {
		return false;
	}
}

/* The token of the first owner's link, while it waits for a name and a password. */
export const setup = signal<string | null>(null);

/* The token of somebody's invitation, while it waits for a password. */
export const invitation = signal<string | null>(null);

/* A link may bring a token ("#token="), be the first owner's ("#setup=") or an invitation ("#invitation="); all leave the address at once. */
export function takeLink(): void {
	const given = new URLSearchParams(location.hash.slice(1)), token = given.get('token');
	if (token !== null)
		setToken(token);
	setup.value = given.get('setup') ?? setup.value;
	invitation.value = given.get('invitation') ?? invitation.value;
	if (token !== null || given.has('setup') || given.has('invitation'))
		go(location.pathname, true);
}

/* Asks the box; also after the session was lost. */
export async function look(): Promise<void> {
	try {
		await enter(await call<Who>('GET', '/api/v1/session'));
	} catch {
		who.value = null;
	}
}

/* Throws what call() throws while the box does not answer: the session is still there then. */
export async function leave(): Promise<void> {
	if (hasToken()) {
		dropToken();
	} else {
		await call('DELETE', '/api/v1/session', {}).catch((x: unknown) => {
			if (!(x instanceof Refused) || x.status === 0 || x.status >= 500)
				throw x;
		});
		tabs.postMessage(null);
	}
	anew();
}

whenLost(() => { if (who.value?.state === 'in') void look(); });
/* Meanwhile the role may be another one, and the cookie another person's (who came in by another tab). */
stream.on('open', () => { void check(); });
whenStale(check);
/* Not every way in goes through a page (a link to the API, another program with this cookie): whoever looks at the page again is looked at. */
for (const [of, name] of [[window, 'focus'], [document, 'visibilitychange']] as const)
	of.addEventListener(name, () => { if (who.value?.state === 'in' && !document.hidden) void check(); });
