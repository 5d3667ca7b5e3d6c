/* outbox.ts - what was written here and of which the box has not said yet that it has it. It belongs to the page, not to the conversation
 * that is open: who looks at another one meanwhile finds it again, and it leaves by itself as soon as the box is there. */
import { signal, type Signal } from '@preact/signals';
import { Refused, post } from '../../lib/api';
import { isOver, who } from '../../lib/session';
import { link, on } from '../../lib/stream';
import { upload, type Uploaded } from '../../lib/files';
import { text, type Message } from './model';

const ANSWER_MS = 30_000, RETRY_MS = 10_000;
const NOT_YET = [0, 401, 429, 503]; /* no answer, no session (any more), too many, busy: the same may be taken later */

/* `by`: who wrote it; nobody else's session may carry it. */
export interface Local {
	key: string; type: string; text: string; file?: File; preview?: string; state: 'uploading' | 'sending' | 'unreached' | 'refused';
	part: number; error?: unknown; body: Record<string, unknown>; reply?: Message; bound?: string; by: string;
}

/* The open thread of a conversation is told what the box answered; `asked`: when (performance.now()). */
export interface Sink { readonly id: string; sent(m: Message, asked: number): void }

const waiting = new Map<string, Signal<Local[]>>();
const line = new Map<string, Promise<void>>();
const sinks = new Map<string, Sink>();
const going = new Set<string>();
let timer = 0;

export function localsOf(id: string): Signal<Local[]> {
	let l = waiting.get(id);
	if (l === undefined)
		waiting.set(id, l = signal<Local[]>([]));
	return l;
}

export const lost = (l: Local): boolean => l.state === 'unreached' || l.state === 'refused';
export const me = (): string => who.value?.user?.id ?? '';

/* How many there are, so that leaving can warn. */
export function unsent(): number {
	return [...waiting.values()].reduce((n, l) => n + l.value.length, 0);
}

export function open(sink: Sink): void { sinks.set(sink.id, sink); }
export function close(sink: Sink): void {
	if (sinks.get(sink.id) === sink)
		sinks.delete(sink.id);
}

/* Called when something could not be sent and its conversation is not open. */
let onStray: (conversation: string) => void = () => {};
export function whenStray(fn: (conversation: string) => void): void { onStray = fn; }

export function patch(id: string, key: string, to: Partial<Local>): void {
	const of = localsOf(id);
	of.value = of.value.map(l => l.key === key ? { ...l, ...to } : l);
}

export function drop(id: string, key: string): void {
	const of = localsOf(id), gone = of.value.find(l => l.key === key);
	if (gone === undefined)
		return;
	if (gone.preview !== undefined)
		URL.revokeObjectURL(gone.preview);
	of.value = of.value.filter(l => l.key !== key);
}

export function put(id: string, local: Local): void {
	const of = localsOf(id);
	of.value = [...of.value, local];
	queue(id, local.key);
}

/* One after the other, so that they arrive as they were written, however long a file takes. */
function queue(id: string, key: string): void {
	line.set(id, (line.get(id) ?? Promise.resolve()).then(() => push(id, key)));
}

/* The box is back: what it did not answer goes again, with the key that makes it one message. */
function again(): void {
	for (const [id, of] of waiting) {
		for (const l of of.value) {
			if (l.state === 'unreached')
				queue(id, l.key);
		}
	}
}
/* A box that is there and did not answer (busy, or its answer was lost) is asked once more later. */
function later(ms: number): void {
	clearTimeout(timer);
	timer = window.setTimeout(() => { if (link.value === 'live') again(); }, ms);
}

/* The same key each time: however often this is tried, the box takes it once. */
export async function push(id: string, key: string): Promise<void> {
	const find = () => localsOf(id).value.find(x => x.key === key), l = find();
	if (l === undefined || going.has(key) || isOver())
		return;
	if (l.by !== me()) { /* the session ended: it leaves when its writer is in again */
		patch(id, key, { state: 'unreached' });
		return;
	}
	going.add(key);
	try {
		let body: Record<string, unknown> = l.body;
		if (l.file !== undefined) {
			patch(id, key, { state: 'uploading', error: undefined });
			const up = await upload(l.file, l.file.name, part => patch(id, key, { part }));
			body = fileBody(body, up, l);
			patch(id, key, { type: text(body, 'type') });
		}
		patch(id, key, { state: 'sending', error: undefined });
		const asked = performance.now(), m = await post<Message>('/api/v1/messages', body, { headers: { 'Idempotency-Key': key }, signal: AbortSignal.timeout(ANSWER_MS) });
		sinks.get(id)?.sent(m, asked);
		drop(id, key);
	} catch (e) {
		failed(id, key, l.error !== undefined, e);
	} finally {
		going.delete(key);
	}
}

function failed(id: string, key: string, before: boolean, e: unknown): void {
	const l = localsOf(id).value.find(x => x.key === key);
	if (l?.bound !== undefined && e instanceof Refused && e.status === 0) { /* the stream has already told of it */
		drop(id, key);
		return;
	}
	const no = e instanceof Refused && !NOT_YET.includes(e.status);
	patch(id, key, { state: no ? 'refused' : 'unreached', error: e, bound: undefined });
	if (!sinks.has(id) && (no || !before))
		onStray(id);
	if (!no)
		later(Math.max(RETRY_MS, e instanceof Refused ? e.retryAfter * 1000 : 0));
}

function fileBody(body: Record<string, unknown>, up: Uploaded, l: Local): Record<string, unknown> {
	const { voice, ...rest } = body, type = up.send_as;
	const caption = l.text !== '' && type !== 'audio' && type !== 'sticker' ? { caption: l.text } : {};
	return { ...rest, type, [type]: { media_id: up.id, ...caption, ...(type === 'document' ? { filename: l.file!.name.slice(-240) } : {}), ...(voice ? { voice: true } : {}) } };
}

on('open', again);
addEventListener('beforeunload', e => { if (unsent() > 0 && !isOver()) e.preventDefault(); });
