/* threads.ts - the messages of one conversation, in memory: pages that can be fetched in both directions, what the stream tells, and what
 * is on its way from here (outbox.ts). A few hundred messages are kept; what is far from the place that is looked at is let go and fetched again. */
import { computed, signal, type Signal } from '@preact/signals';
import { get, newKey, query, type Page } from '../../lib/api';
import { who } from '../../lib/session';
import { on } from '../../lib/stream';
import * as outbox from './outbox';
import type { Local, Sink } from './outbox';
import { ACTS, member, text, type Conversation, type Json, type Message } from './model';

const PAGE = 60, KEPT = 360, TOLD_MAX = 2000;

/* Rows oldest first; `older` and `newer` are the cursors at its ends, older null: nothing is before it. */
interface Chunk { rows: Message[]; older: string | null; newer: string | null }
interface Answer extends Page<Message> { prev: string | null }

function chunk(a: Answer): Chunk {
	return { rows: a.data.reverse(), older: a.next, newer: a.prev };
}

/* The event stream says less of a message than the API: what it does not mention stays. */
function merged(old: Message, fresh: Message): Message {
	const out = { ...old } as Record<string, unknown>;
	for (const [k, v] of Object.entries(fresh)) {
		if (v !== undefined)
			out[k] = v;
	}
	return out as unknown as Message;
}

function later(a: Message, b: Message): boolean {
	return a.timestamp !== b.timestamp ? a.timestamp > b.timestamp : a.created_at > b.created_at;
}

export class Thread implements Sink {
	readonly conversation = signal<Conversation | null>(null);
	readonly chunks = signal<Chunk[]>([]);
	readonly locals: Signal<Local[]>;
	readonly error = signal<unknown>(null);
	readonly state = signal<'loading' | 'ready' | 'failed'>('loading');
	readonly live = signal(true);   /* the last chunk reaches the newest message */
	readonly busy = signal<'older' | 'newer' | null>(null);
	readonly rows = computed(() => this.chunks.value.flatMap(c => c.rows));
	/* Newest message that came while this was open: for "new below". */
	readonly arrived = signal(0);
	/* What the stream said of each message, and when: it is newer than an answer to a question that was asked before. */
	private told = new Map<string, { at: number; m: Message }>();
	private stop = new AbortController();
	private offs: (() => void)[] = [];
	private timer = 0;
	private at: string | null = null;
	private anew = false; /* the box came back while this was being loaded */
	private round = 0;    /* of what is asked for: an answer that another question has overtaken is not looked at */

	constructor(readonly id: string) {
		this.locals = outbox.localsOf(id);
		outbox.open(this);
		const mine = (fn: (m: Message) => void) => (m: Message) => { if (m.conversation_id === this.id) fn(m); };
		this.offs = [
			on('whatsapp_message', mine(m => { this.take(m); })), on('whatsapp_echo', mine(m => { this.take(m); })),
			on('status', mine(m => { this.change(m); })), on('media', mine(m => { this.change(m); })),
			on('conversation', (c: Conversation) => { if (c.id === this.id) this.conversation.value = { ...c, last_content: this.conversation.value?.last_content ?? null }; }),
			on('open', () => { this.back(); }), on('reset', () => { void this.load(); }),
			on('erased', (e: { contact_id: string }) => { if (e.contact_id === this.conversation.value?.contact_id) this.gone(); }),
		];
	}

	close(): void {
		this.stop.abort();
		clearTimeout(this.timer);
		this.offs.forEach(off => off());
		outbox.close(this);
	}

	/* The stream is there (again). */
	private back(): void {
		if (this.state.value === 'failed')
			void this.load(this.at);
		else if (this.state.value === 'loading')
			this.anew = true;
		else
			this.refreshSoon(0);
	}

	get closed(): boolean { return this.stop.signal.aborted; }

	/* Ends with the thread. */
	ask<T>(path: string): Promise<T> {
		return get<T>(path, { signal: this.stop.signal });
	}
	private async page(fields: Record<string, string | number | null>): Promise<Answer> {
		const asked = performance.now(), a = await this.ask<Answer>(`/api/v1/conversations/${this.id}/messages${query({ limit: PAGE, ...fields })}`);
		a.data = a.data.map(m => this.newest(m, asked));
		return a;
	}
	/* A message of an answer, with what was told of it since the question was asked. */
	private newest(m: Message, asked: number): Message {
		const t = this.told.get(m.id);
		return t !== undefined && t.at >= asked ? merged(m, t.m) : m;
	}
	private hear(m: Message): void {
		if (this.told.size > TOLD_MAX)
			this.told.clear();
		this.told.set(m.id, { at: performance.now(), m });
	}

	/* The newest messages, or those around `at`. */
	/* The person was erased: nothing of them stays on the screen, and what the box says of it is shown. */
	private gone(): void {
		this.conversation.value = null;
		this.chunks.value = [];
		void this.load();
	}

	async load(at: string | null = null): Promise<void> {
		this.state.value = 'loading';
		this.at = at;
		this.anew = false;
		const round = ++this.round, old = () => round !== this.round;
		try {
			const about = this.ask<Conversation>('/api/v1/conversations/' + this.id);
			about.catch(() => {}); /* told below, or by what fails before it */
			if (at === null) {
				const first = await this.page({});
				if (old())
					return;
				this.live.value = true;
				this.chunks.value = [chunk(first)];
			} else {
				const before = await this.page({ from: at }), after = before.prev === null ? null : await this.page({ before: before.prev });
				if (old())
					return;
				this.live.value = after === null || after.data.length < PAGE;
				this.chunks.value = [chunk(before), ...(after !== null && after.data.length > 0 ? [chunk(after)] : [])];
			}
			const c = await about;
			if (old())
				return;
			this.conversation.value = c;
			this.state.value = 'ready';
			this.error.value = null;
		} catch (e) {
			if (!this.stop.signal.aborted && !old()) {
				this.error.value = e;
				this.state.value = 'failed';
				if (this.anew)
					void this.load(at);
			}
		}
	}

	get atStart(): boolean {
		return this.chunks.value[0]?.older === null;
	}

	async more(way: 'older' | 'newer'): Promise<void> {
		const all = this.chunks.value, end = way === 'older' ? all[0] : all[all.length - 1];
		const place = way === 'older' ? end?.older : end?.newer;
		if (this.busy.value !== null || end === undefined || place === null || place === undefined || (way === 'newer' && this.live.value))
			return;
		const round = this.round;
		this.busy.value = way;
		try {
			const answer = await this.page(way === 'older' ? { after: place } : { before: place });
			if (round !== this.round)
				return;
			const known = new Set(this.rows.value.map(m => m.id)), full = answer.data.length >= PAGE, next = chunk(answer);
			next.rows = next.rows.filter(m => !known.has(m.id));
			this.chunks.value = way === 'older' ? [next, ...this.chunks.value] : [...this.chunks.value, ...(next.rows.length > 0 ? [next] : [])];
			if (way === 'newer' && (!full || next.newer === null))
				this.live.value = true;
			this.trim(way);
		} catch { /* the next scroll asks again; the frame shows that the box is away */
		} finally {
			this.busy.value = null;
		}
	}

	/* Lets go of whole pages at the end that is not looked at. */
	private trim(way: 'older' | 'newer'): void {
		const all = [...this.chunks.value];
		const count = () => all.reduce((n, c) => n + c.rows.length, 0);
		if (way === 'older') {
			while (all.length > 2 && count() > KEPT) {
				all.pop();
				this.live.value = false;
			}
		} else {
			while (all.length > 2 && count() > KEPT && all[1]!.older !== null)
				all.shift();
		}
		this.chunks.value = all;
	}

	private set(m: Message): boolean {
		let found = false;
		this.chunks.value = this.chunks.value.map(c => {
			const i = c.rows.findIndex(r => r.id === m.id);
			if (i < 0)
				return c;
			found = true;
			return { ...c, rows: c.rows.map((r, k) => k === i ? merged(r, m) : r) };
		});
		return found;
	}

	private add(m: Message): void {
		if (this.set(m) || !this.live.value || this.state.value !== 'ready')
			return;
		const all = [...this.chunks.value], last = all.pop() ?? { rows: [], older: null, newer: null };
		let i = last.rows.length;
		while (i > 0 && later(last.rows[i - 1]!, m))
			i--;
		if (i === 0 && all.length > 0)
			return; /* older than this page: it is found when that part is looked at */
		this.chunks.value = [...all, { ...last, rows: [...last.rows.slice(0, i), m, ...last.rows.slice(i)] }];
	}

	/* A message came or goes out. Its text is there at once; structure, reactions and edits are asked for. */
	private take(m: Message): void {
		this.hear(m);
		if (m.direction === 'outbound')
			this.bind(m);
		if (!ACTS.has(m.type)) {
			const known = this.rows.value.some(r => r.id === m.id);
			this.add(m);
			if (!known && m.direction === 'inbound')
				this.arrived.value++;
		}
		if (m.type !== 'text' || m.direction === 'inbound')
			this.refreshSoon(120);
	}

	private change(m: Message): void {
		this.hear(m);
		this.set(m);
	}

	refreshSoon(ms: number): void {
		clearTimeout(this.timer);
		this.timer = window.setTimeout(() => { void this.refresh(); }, ms);
	}

	/* The newest page again: closes every gap, and brings what the stream does not tell. */
	private async refresh(): Promise<void> {
		if (this.state.value !== 'ready')
			return;
		try {
			const answer = await this.page({}), fresh = chunk(answer), known = new Set(this.rows.value.map(m => m.id));
			for (const m of fresh.rows)
				this.bind(m);
			if (this.live.value && known.size > 0 && !fresh.rows.some(m => known.has(m.id))) {
				this.chunks.value = [fresh]; /* more came than one page holds: what was shown is too far away */
				return;
			}
			const acts = fresh.rows.filter(m => ACTS.has(m.type) && !known.has(m.id));
			for (const m of fresh.rows)
				this.add(m);
			const ids = new Set(fresh.rows.map(m => m.id));
			const far = this.rows.value.filter(r => !ids.has(r.id) && r.meta_message_id !== null && acts.some(a => targetOf(a) === r.meta_message_id));
			for (const r of far) {
				const asked = performance.now();
				this.set(this.newest(await this.ask<Message>('/api/v1/messages/' + r.id), asked));
			}
			this.conversation.value = await this.ask<Conversation>('/api/v1/conversations/' + this.id);
		} catch { /* the stream says when the box is back */ }
	}

	/* One message as it is now, after something was done to it; `asked`: when that was asked for. */
	took(m: Message, asked: number): void {
		this.add(this.newest(m, asked));
	}

	/* --- sending --- */

	/* The stream may tell of our message before the answer to our request does: it is the same one. */
	private bind(m: Message): void {
		if (m.direction !== 'outbound' || this.rows.value.some(r => r.id === m.id))
			return;
		const me = who.value?.user?.id, mine = this.locals.value.find(l => l.bound === undefined && (l.state === 'sending' || l.state === 'unreached') &&
			l.type === m.type && (m.type !== 'text' || l.text === m.content) && (me === undefined || m.sender_user_id === me));
		if (mine !== undefined)
			outbox.patch(this.id, mine.key, { bound: m.id });
		if (mine?.state === 'unreached') /* it seems to be there, only its answer was lost: the same key asks */
			this.retry();
	}

	/* The box has it; `m`: as it was when it was made, however often it was asked for. Whatever else is known of it is newer. */
	sent(m: Message): void {
		const told = this.told.get(m.id), row = this.rows.value.find(r => r.id === m.id);
		this.add([told?.m, row].reduce<Message>((old, fresh) => fresh === undefined ? old : merged(old, fresh), m));
		if (!this.live.value)
			void this.load();
	}

	retry(): void { outbox.retry(this.id); }
	drop(key: string): void { outbox.drop(this.id, key); }

	/* Shown at once; `body` is the message without its address. A file is uploaded first and decides by its bytes as what it goes. */
	send(what: { type: string; text: string; body?: Record<string, unknown>; file?: File; voice?: boolean; reply?: Message }): void {
		const local: Local = {
			key: newKey(), type: what.type, text: what.text, state: what.file ? 'uploading' : 'sending', part: 0, by: outbox.me(),
			body: { ...what.body, conversation_id: this.id, ...(what.reply ? { reply_to: what.reply.id } : {}) },
		};
		if (what.reply)
			local.reply = what.reply;
		if (what.file) {
			local.file = what.file;
			if (what.file.type.startsWith('image/'))
				local.preview = URL.createObjectURL(what.file);
			local.body['voice'] = what.voice === true;
		}
		outbox.put(this.id, local);
	}
}

/* Provider id of the message that an act is about. */
export function targetOf(m: Message): string {
	return m.reply_to ?? (text(m.content_json as Json, 'message_id') || text(member(m.content_json as Json), 'original_message_id'));
}
