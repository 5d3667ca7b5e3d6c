/* outbox.ts - what was written here and of which the box has not said yet that it has it. It belongs to the page, not to the conversation
 * that is open: who looks at another one meanwhile finds it again, and it leaves by itself as soon as the box is there. */
import { signal, type Signal } from '@preact/signals';
import { Refused, newKey, post } from '../../lib/api';
import { t } from '../../lib/i18n';
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

/* The open thread of a conversation is told what the box answered. */
export interface Sink { readonly id: string; sent(m: Message): void }

const waiting = new Map<string, Signal<Local[]>>();
const line = new Map<string, Promise<void>>();
const sinks = new Map<string, Sink>();
let timer = 0;

export function localsOf(id: string): Signal<Local[]> {
	let l = waiting.get(id);
	if (l === undefined)
		waiting.set(id, l = signal<Local[]>([]));
	return l;
}

/* `bound`: the stream has told of a message like it, and that one is shown; only the box's answer says that it was this one. */
export const lost = (l: Local): boolean => l.bound === undefined && (l.state === 'unreached' || l.state === 'refused');
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
	inLine(id, () => of.value.some(l => l.key === local.key && !lost(l)));
}

/* One after the other, so that they arrive as they were written, however long a file takes. */
function inLine(id: string, needed: () => boolean): void {
	line.set(id, (line.get(id) ?? Promise.resolve()).then(() => needed() ? flush(id) : undefined));
}

/* What waits here goes in the order in which it was written: what the box does not answer holds back what was written after it. */
async function flush(id: string): Promise<void> {
	const tried = new Set<string>();
	for (let l: Local | undefined; (l = localsOf(id).value.find(x => x.state !== 'refused' && !tried.has(x.key))) !== undefined;) {
		tried.add(l.key);
		if (!await push(id, l))
			break;
	}
	for (const l of localsOf(id).value.filter(x => !lost(x) && !tried.has(x.key)))
		patch(id, l.key, { state: 'unreached' });
}

/* What the box did not answer goes again, with the key that makes it one message. */
export function retry(id: string): void {
	inLine(id, () => localsOf(id).value.some(l => l.state === 'unreached'));
}
function again(): void {
	for (const id of waiting.keys())
		retry(id);
}
/* A box that is there and did not answer (busy, or its answer was lost) is asked once more later. */
function later(ms: number): void {
	clearTimeout(timer);
	timer = window.setTimeout(() => { if (link.value === 'live') again(); }, ms);
}

/* The same key each time: however often this is tried, the box takes it once. False: it is not known to have it. */
async function push(id: string, l: Local): Promise<boolean> {
	const { key } = l;
	if (isOver() || l.by !== me()) { /* the session ended: it leaves when its writer is in again */
		patch(id, key, { state: 'unreached' });
		return false;
	}
	try {
		let body: Record<string, unknown> = l.body;
		if (l.file !== undefined) {
			patch(id, key, { state: 'uploading', error: undefined });
			const up = await upload(l.file, l.file.name, part => patch(id, key, { part })).catch((e: unknown) => unreadable(l.file!, e));
			if (up.send_as === 'audio' || up.send_as === 'sticker')
				apart(id, l);
			body = fileBody(body, up, l);
			patch(id, key, { type: text(body, 'type') });
		}
		patch(id, key, { state: 'sending', error: undefined });
		const m = await post<Message>('/api/v1/messages', body, { headers: { 'Idempotency-Key': key }, signal: AbortSignal.timeout(ANSWER_MS) });
		sinks.get(id)?.sent(m);
		drop(id, key);
		return true;
	} catch (e) {
		return failed(id, key, l.error !== undefined, e);
	}
}

/* A file that was changed or taken away since it was chosen cannot be read any more: no box is to blame, and no further try helps. */
async function unreadable(file: File, e: unknown): Promise<never> {
	if (e instanceof Refused && e.status === 0)
		await file.slice(0, 1).arrayBuffer().catch(() => { throw new Refused(422, { detail: t('c.file_gone') }); });
	throw e;
}

/* These show no text: what was written with one goes behind it, as a message of its own. */
function apart(id: string, l: Local): void {
	if (l.text === '')
		return;
	const { key, by, text, body } = l, of = localsOf(id);
	const own: Local = { key: newKey(), type: 'text', text, state: 'sending', part: 0, by, body: { conversation_id: body['conversation_id'], type: 'text', text: { body: text } } };
	of.value = of.value.flatMap(x => x.key === key ? [{ ...x, text: '' }, own] : [x]);
}

/* True: it will never be taken; what was written after it may go. */
function failed(id: string, key: string, before: boolean, e: unknown): boolean {
	const no = e instanceof Refused && !NOT_YET.includes(e.status);
	patch(id, key, { state: no ? 'refused' : 'unreached', error: e, ...(no ? { bound: undefined } : {}) });
	if (!sinks.has(id) && (no || !before))
		onStray(id);
	if (!no)
		later(Math.max(RETRY_MS, e instanceof Refused ? e.retryAfter * 1000 : 0));
	return no;
}

function fileBody(body: Record<string, unknown>, up: Uploaded, l: Local): Record<string, unknown> {
	const { voice, ...rest } = body, type = up.send_as;
	const caption = l.text !== '' && type !== 'audio' && type !== 'sticker' ? { caption: l.text } : {};
	return { ...rest, type, [type]: { media_id: up.id, ...caption, ...(type === 'document' ? { filename: l.file!.name.slice(-240) } : {}), ...(voice ? { voice: true } : {}) } };
}

on('open', again);
addEventListener('beforeunload', e => { if (unsent() > 0 && !isOver()) e.preventDefault(); });
