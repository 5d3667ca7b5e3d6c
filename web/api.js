/* The way to the box: calls in the name of who is logged in (or of a token), and the event stream over fetch (EventSource
 * cannot send a header). */
const KEY = 'totem.token';
let csrf = '', setup = null;

/* A link may bring a token ("#token=") or be the first owner's ("#setup="); both leave the address at once. */
function takeLink() {
	const given = new URLSearchParams(location.hash.slice(1));
	if (given.get('token'))
		sessionStorage.setItem(KEY, given.get('token'));
	setup = given.get('setup') ?? setup;
	if (location.hash)
		history.replaceState(null, '', location.pathname + location.search);
}

/* True: somebody is in. */
export async function arrive() {
	takeLink();
	const who = await call('GET', '/api/v1/session');
	csrf = who.csrf ?? '';
	return who.state === 'in';
}

export const isFirst = () => setup !== null;

export async function enter(login, password, code) {
	const language = document.documentElement.lang;
	const who = setup !== null ? await call('POST', '/api/v1/setup', { token: setup, login, password, language })
		: await call('POST', '/api/v1/session', { login, password, code });
	csrf = who.csrf;
	setup = null;
}

export async function leave() {
	if (!sessionStorage.getItem(KEY))
		await call('DELETE', '/api/v1/session', {});
	sessionStorage.removeItem(KEY);
}

export class Refused extends Error {
	constructor(status, problem) {
		super(problem.detail || problem.title || String(status));
		this.status = status;
		this.problem = problem;
	}
}

const bearer = () => sessionStorage.getItem(KEY) ? { Authorization: 'Bearer ' + sessionStorage.getItem(KEY) }
	: { 'X-CSRF-Token': csrf };

export async function call(method, path, body, headers = {}) {
	const init = { method, headers: { ...bearer(), ...headers }, cache: 'no-store' };
	if (body !== undefined) {
		init.body = JSON.stringify(body);
		init.headers['Content-Type'] = 'application/json';
	}
	const answer = await fetch(path, init);
	const data = await answer.json().catch(() => ({}));
	if (!answer.ok)
		throw new Refused(answer.status, data);
	return data;
}

/* 128 random bits; crypto.randomUUID does not exist on pages without TLS. */
export function newKey() {
	return Array.from(crypto.getRandomValues(new Uint8Array(16)), b => b.toString(16).padStart(2, '0')).join('');
}

/* One event of the stream's text: { event, id, data }. */
function parse(block) {
	const e = { event: 'message', id: null, data: '' };
	for (const line of block.split('\n')) {
		const at = line.indexOf(':');
		if (at <= 0)
			continue;
		const name = line.slice(0, at), value = line.slice(at + 1).replace(/^ /, '');
		if (name === 'data')
			e.data += value;
		else if (name === 'event' || name === 'id')
			e[name] = value;
	}
	return e;
}

const QUIET_MS = 40000; /* the box says something every 15 s */

async function readStream(last, on) {
	const stop = new AbortController();
	let timer = setTimeout(() => stop.abort(), QUIET_MS);
	try {
		const headers = { ...bearer(), Accept: 'text/event-stream' };
		if (last.id !== null)
			headers['Last-Event-ID'] = last.id;
		const answer = await fetch('/api/v1/whatsapp/stream', { headers, signal: stop.signal, cache: 'no-store' });
		if (!answer.ok)
			throw new Refused(answer.status, await answer.json().catch(() => ({})));
		on.state('live');
		const reader = answer.body.pipeThrough(new TextDecoderStream()).getReader();
		let text = '';
		for (;;) {
			const { done, value } = await reader.read();
			if (done)
				return;
			clearTimeout(timer);
			timer = setTimeout(() => stop.abort(), QUIET_MS);
			text += value;
			for (let at; (at = text.indexOf('\n\n')) >= 0; text = text.slice(at + 2)) {
				const e = parse(text.slice(0, at));
				if (e.id !== null)
					last.id = e.id;
				if (e.data)
					on.event(e.event, JSON.parse(e.data));
			}
		}
	} finally {
		clearTimeout(timer);
	}
}

/* For ever: reads, and resumes behind the last event after any end. `on` has state(word), event(name, data), refused(). */
export async function follow(on) {
	const last = { id: null };
	for (let wait = 500;; wait = Math.min(wait * 2, 15000)) {
		const began = Date.now();
		on.state('wait');
		try {
			await readStream(last, on);
		} catch (e) {
			if (e instanceof Refused && (e.status === 401 || e.status === 403))
				return on.refused(e);
		}
		on.state('off');
		if (Date.now() - began > 30000)
			wait = 500;
		await new Promise(r => setTimeout(r, wait + Math.random() * 300));
	}
}
