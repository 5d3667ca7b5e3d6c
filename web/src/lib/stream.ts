/* stream.ts - the event stream of the box, read over fetch: EventSource hides the heartbeat (a comment line every 15 s),
 * and without it a proxy that swallows the stream would not be noticed. Resumes behind the last event after any end. */
import { signal } from '@preact/signals';
import { Refused, credentials } from './api';

export type Link = 'wait' | 'live' | 'off';
export const link = signal<Link>('wait');

const QUIET_MS = 40_000, WAIT_MIN_MS = 500, WAIT_MAX_MS = 15_000;
/* eslint-disable-next-line @typescript-eslint/no-explicit-any -- each event has its own shape; its listener names it */
type Listener = (data: any, id: string) => void;
const listeners = new Map<string, Set<Listener>>();

/* Calls fn for each event of that name until the returned function is called. 'open': the stream is there (again);
 * 'reset': the asked place is not kept any more, what is shown has to be loaded anew. */
export function on(name: string, fn: Listener): () => void {
	let set = listeners.get(name);
	if (set === undefined)
		listeners.set(name, set = new Set());
	set.add(fn);
	return () => { set.delete(fn); };
}

function emit(name: string, data: unknown, id: string): void {
	for (const fn of [...(listeners.get(name) ?? [])])
		fn(data, id);
}

let last = '';

/* One block of the stream's text: lines of "name: value". */
function take(block: string): void {
	let event = 'message', data = '', id = '';
	for (const line of block.split('\n')) {
		const at = line.indexOf(':');
		if (at <= 0)
			continue;
		const name = line.slice(0, at), value = line.slice(at + 1).replace(/^ /, '');
		if (name === 'data')
			data += value;
		else if (name === 'event')
			event = value;
		else if (name === 'id')
			id = last = value;
	}
	if (data === '' && event === 'message')
		return;
	try {
		emit(event, data === '' ? {} : JSON.parse(data), id);
	} catch (e) {
		console.error('stream', event, e);
	}
}

async function read(stop: AbortController): Promise<void> {
	let timer = setTimeout(() => stop.abort(), QUIET_MS);
	try {
		const headers: Record<string, string> = { Accept: 'text/event-stream', ...credentials() };
		if (last !== '')
			headers['Last-Event-ID'] = last;
		const answer = await fetch('/api/v1/whatsapp/stream', { headers, signal: stop.signal, cache: 'no-store' });
		if (!answer.ok || answer.body === null)
			throw new Refused(answer.status, {});
		link.value = 'live';
		emit('open', {}, '');
		const reader = answer.body.pipeThrough(new TextDecoderStream()).getReader();
		let text = '';
		for (;;) {
			const { done, value } = await reader.read();
			if (done)
				return;
			clearTimeout(timer);
			timer = setTimeout(() => stop.abort(), QUIET_MS);
			text += value;
			for (let at: number; (at = text.indexOf('\n\n')) >= 0; text = text.slice(at + 2))
				take(text.slice(0, at));
		}
	} finally {
		clearTimeout(timer);
	}
}

let running: AbortController | null = null;

/* Does nothing while the stream is there already. onLost: the box refuses it; who is told ends it by stop() if this session is over,
 * else it is tried again later, as after any other end. */
export async function start(onLost: () => void): Promise<void> {
	if (running !== null)
		return;
	const mine = running = new AbortController();
	for (let wait = WAIT_MIN_MS; !mine.signal.aborted; wait = Math.min(wait * 2, WAIT_MAX_MS)) {
		const one = new AbortController(), began = Date.now();
		const cut = () => one.abort();
		mine.signal.addEventListener('abort', cut);
		link.value = 'wait';
		try {
			await read(one);
		} catch (e) {
			if (e instanceof Refused && (e.status === 401 || e.status === 403))
				onLost();
		} finally {
			mine.signal.removeEventListener('abort', cut);
		}
		if (mine.signal.aborted)
			return;
		link.value = 'off';
		if (Date.now() - began > 30_000)
			wait = WAIT_MIN_MS;
		await new Promise(r => setTimeout(r, wait + Math.random() * 300));
	}
}

export function stop(): void {
	running?.abort();
	running = null;
	last = '';
}
