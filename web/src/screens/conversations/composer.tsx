/* composer.tsx - writing to a customer: text, files (button, drop, paste), voice, templates, buttons, quick answers, emoji. Inside of the
 * 24 hours after the customer's last message everything goes; outside only a template, and the clock says which of both it is. */
import type { JSX } from 'preact';
import { useEffect, useRef, useState } from 'preact/hooks';
import { signal } from '@preact/signals';
import { bytes, number, span } from '../../lib/format';
import { t } from '../../lib/i18n';
import { may } from '../../lib/session';
import { Button, Dialog, Field, toast } from '../../ui/base';
import { Icon } from '../../ui/icons';
import { line } from './bodies';
import { EMOJI } from './emoji';
import { seconds } from './media';
import type { Conversation, Message } from './model';
import { matching, Quicks } from './quick';
import { canRecord, record, type Recording } from './record';
import { Templates } from './templates';
import type { Thread } from './threads';

const TEXT_MAX = 4096, CAPTION_MAX = 1024, SOON_MS = 3 * 3_600_000, FILES_MAX = 10;
const TWICE_MS = 500; /* the second click of two was meant for the button that stood there, not for what took its place */

/* What was begun stays with its conversation while the page is open. */
const drafts = new Map<string, string>(), chosen = new Map<string, File[]>();
/* Files that were dropped on the thread of a conversation, which may still be loading. */
const dropped = signal<{ id: string; files: File[] } | null>(null);
export function drop(id: string, files: Iterable<File>): void {
	dropped.value = { id, files: [...(dropped.value?.id === id ? dropped.value.files : []), ...files] };
}

export function windowOf(c: Conversation, now: number): { state: 'open' | 'soon' | 'closed' | 'none'; left: number } {
	if (c.window_open_until === null)
		return { state: 'none', left: 0 };
	const left = Date.parse(c.window_open_until) - now;
	return { state: left <= 0 ? 'closed' : left < SOON_MS ? 'soon' : 'open', left };
}

export function WindowClock(p: { c: Conversation; now: number }): JSX.Element | null {
	const w = windowOf(p.c, p.now);
	if (w.state === 'none')
		return null;
	return <span class={'window w-' + w.state} title={t(w.state === 'closed' ? 'c.window_closed_text' : 'c.window_text')}><Icon name="clock" />
		{w.state === 'closed' ? t('c.window_closed') : t('c.window_left', { time: span(w.left) })}</span>;
}

/* Office programs put a picture of the text beside the text; a file manager puts the file's name there. */
function pasted(from: DataTransfer | null): File[] {
	const files = [...from?.files ?? []], text = from?.getData('text/plain') ?? '';
	return text.trim() === '' || files.some(f => text.includes(f.name)) ? files : [];
}

function Emoji(p: { take: (e: string) => void }): JSX.Element {
	const [group, setGroup] = useState(0), ref = useRef<HTMLDivElement>(null);
	useEffect(() => { ref.current?.querySelector('button')?.focus(); }, []);
	return <div ref={ref} class="emoji" role="dialog" aria-label={t('c.emoji')}>
		<p class="emoji-row">{EMOJI.map(([g], i) => <button key={g} type="button" aria-pressed={i === group} onClick={() => setGroup(i)}>{g}</button>)}</p>
		<p class="emoji-all">{EMOJI[group]![1].split(' ').map(e => <button key={e} type="button" onClick={() => p.take(e)}>{e}</button>)}</p>
	</div>;
}

/* Up to three answers that the customer taps. */
function Buttons(p: { text: string; close: () => void; send: (body: Record<string, unknown>, shown: string) => void }): JSX.Element {
	const [body, setBody] = useState(p.text), [titles, setTitles] = useState(['', '', '']);
	const used = titles.map(x => x.trim()).filter(x => x !== ''), same = new Set(used).size !== used.length;
	return <Dialog title={t('c.buttons')} onClose={p.close}>
		<form onSubmit={e => {
			e.preventDefault();
			p.send({ type: 'interactive', interactive: { type: 'button', body: { text: body.trim() },
				action: { buttons: used.map((title, i) => ({ type: 'reply', reply: { id: String(i + 1), title } })) } } }, body.trim());
		}}>
			<Field id="b-text" label={t('text')}><textarea id="b-text" rows={3} maxLength={1024} required dir="auto" value={body} onInput={e => setBody(e.currentTarget.value)} /></Field>
			{titles.map((x, i) => <Field key={i} id={'b' + i} label={t('c.button_n', { n: i + 1 })}><input id={'b' + i} maxLength={20} dir="auto" required={i === 0} value={x}
				onInput={e => setTitles(titles.map((y, k) => k === i ? e.currentTarget.value : y))} /></Field>)}
			{same && <p class="error" role="alert">{t('c.buttons_same')}</p>}
			<div class="row end"><Button onClick={p.close}>{t('c.back')}</Button><Button kind="main" type="submit" disabled={used.length === 0 || same || body.trim() === ''}>{t('send')}</Button></div>
		</form>
	</Dialog>;
}

function Recorder(p: { rec: Recording; end: () => void; send: (f: File) => void }): JSX.Element {
	const [s, setS] = useState(0), ended = useRef(false);
	useEffect(() => { const timer = setInterval(() => setS(n => n + 1), 1000); return () => clearInterval(timer); }, []);
	useEffect(() => () => { if (!ended.current) p.rec.drop(); }, []); /* another conversation: nothing listens any more */
	async function send() {
		if (ended.current)
			return;
		ended.current = true;
		const f = await p.rec.stop().finally(p.end);
		p.send(f);
	}
	return <div class="recorder row" role="status"><span class="dot bad" aria-hidden="true" />{t('c.recording')} {seconds(s)}
		<Button onClick={p.end}>{t('c.discard')}</Button>
		<Button kind="main" onClick={send}>{t('send')}</Button></div>;
}

type Open = 'emoji' | 'templates' | 'buttons' | 'quicks' | null;

export function Composer(p: { thread: Thread; c: Conversation; now: number; reply: Message | null; setReply: (m: Message | null) => void; typing: () => void; sent: () => void }): JSX.Element {
	const { thread, c } = p, box = useRef<HTMLTextAreaElement>(null), picker = useRef<HTMLInputElement>(null);
	const [value, setValue] = useState(drafts.get(c.id) ?? ''), [files, showFiles] = useState(chosen.get(c.id) ?? []), [open, setOpen] = useState<Open>(null);
	const [rec, setRec] = useState<Recording | null>(null), [pick, setPick] = useState(0), here = useRef(true), clickedAt = useRef(0);
	const closed = windowOf(c, p.now).state === 'closed';
	const slash = /^\/(\S*)$/.exec(value), offers = slash !== null ? matching(slash[1]!) : [];
	const write = (v: string) => { setValue(v); drafts.set(c.id, v); setPick(0); };
	const setFiles = (of: File[]) => { showFiles(of); chosen.set(c.id, of); };
	useEffect(() => () => { here.current = false; }, []);
	useEffect(() => {
		const at = box.current;
		if (at !== null) { /* as high as its text, up to a third of the window */
			at.style.height = 'auto';
			at.style.height = Math.min(at.scrollHeight + 2, innerHeight / 3) + 'px';
		}
	}, [value, closed]);
	useEffect(() => { if (p.reply !== null) box.current?.focus(); }, [p.reply]);
	useEffect(() => {
		const got = dropped.value;
		if (got?.id === c.id) {
			dropped.value = null;
			addFiles(got.files);
		}
	}, [dropped.value]);
	function addFiles(more: Iterable<File>) {
		const given = [...more], list = given.filter(f => f.size > 0), empty = given.filter(f => f.size === 0), fit = list.slice(0, Math.max(0, FILES_MAX - files.length));
		const names = (of: File[]) => of.map(f => f.name).join(', ').slice(0, 200);
		if (closed && given.length > 0)
			toast(t('c.window_closed_text'), 'bad');
		else if (!closed) {
			setFiles([...files, ...fit]);
			if (empty.length > 0)
				toast(t('c.files_empty', { names: names(empty) }), 'bad');
			if (fit.length < list.length)
				toast(t('c.files_many', { max: FILES_MAX, names: names(list.slice(fit.length)) }), 'bad');
		}
		box.current?.focus();
	}
	/* What was written stays, unless it was that what was sent. */
	function done(draft = false) {
		if (draft) {
			write('');
			setFiles([]);
		}
		setOpen(null);
		p.setReply(null);
		p.sent();
		box.current?.focus();
	}
	const answer = () => p.reply !== null ? { reply: p.reply } : {};
	function send() {
		const text = value.trim();
		if (closed || text.length > TEXT_MAX || (text === '' && files.length === 0))
			return;
		const apart = files.length > 0 && (files[0]!.type.startsWith('audio/') || text.length > CAPTION_MAX);
		files.forEach((file, i) => thread.send({ type: 'file', text: i === 0 && !apart ? text : '', file, ...(i === 0 ? answer() : {}) }));
		if (text !== '' && (files.length === 0 || apart))
			thread.send({ type: 'text', text, body: { type: 'text', text: { body: text } }, ...(apart ? {} : answer()) });
		done(true);
	}
	function insert(s: string) {
		const at = box.current, from = at?.selectionStart ?? value.length, to = at?.selectionEnd ?? from;
		write(value.slice(0, from) + s + value.slice(to));
		requestAnimationFrame(() => { at?.focus(); at?.setSelectionRange(from + s.length, from + s.length); });
	}
	function key(e: KeyboardEvent) {
		if (e.isComposing)
			return;
		if (offers.length > 0 && (e.key === 'ArrowDown' || e.key === 'ArrowUp')) {
			e.preventDefault();
			setPick((pick + (e.key === 'ArrowDown' ? 1 : offers.length - 1)) % offers.length);
		} else if (offers.length > 0 && (e.key === 'Enter' || e.key === 'Tab')) {
			e.preventDefault();
			write(offers[pick]!.text);
		} else if (e.key === 'Enter' && !e.shiftKey) {
			e.preventDefault();
			send();
		} else if (e.key === 'Escape' && open !== 'emoji') {
			e.stopPropagation();
			if (p.reply !== null)
				p.setReply(null);
			else if (slash !== null)
				write('');
			else
				box.current?.blur();
		}
	}
	async function voice() {
		if (Date.now() - clickedAt.current < TWICE_MS)
			return;
		try {
			const got = await record();
			if (here.current)
				setRec(got);
			else
				got.drop();
		} catch {
			toast(t('c.no_microphone'), 'bad');
		}
	}
	const over = value.length > TEXT_MAX;
	return <div class="composer" onKeyDown={e => { if (e.key === 'Escape' && open === 'emoji') { e.stopPropagation(); setOpen(null); box.current?.focus(); } }}>
		{p.reply !== null && <div class="replying"><Icon name="reply" /><span class="one-line" dir="auto">{line(p.reply).slice(0, 200)}</span>
			<Button label={t('c.no_reply')} onClick={() => p.setReply(null)}>×</Button></div>}
		{files.length > 0 && <ul class="files">{files.map((f, i) => <li key={i}><Icon name="document" /><bdi>{f.name}</bdi><small class="soft">{bytes(f.size)}</small>
			<Button label={t('c.take_away') + ' ' + f.name} onClick={() => setFiles(files.filter((_, k) => k !== i))}>×</Button></li>)}</ul>}
		{offers.length > 0 && <ul class="offers" role="listbox" aria-label={t('c.quicks')}>{offers.map((q, i) => <li key={q.id} role="option" aria-selected={i === pick}
			onMouseDown={e => { e.preventDefault(); write(q.text); }}><kbd>/{q.shortcut}</kbd> <bdi class="strong">{q.title}</bdi> <span class="one-line soft" dir="auto">{q.text}</span></li>)}</ul>}
		{open === 'emoji' && <Emoji take={insert} />}
		{rec !== null ? <Recorder rec={rec} end={() => { clickedAt.current = Date.now(); setRec(null); }} send={f => { thread.send({ type: 'file', text: '', file: f, voice: true, ...answer() }); done(); }} />
			: closed ? <div class="closed" role="status"><p>{t('c.window_closed_text')}</p><Button kind="main" onClick={() => setOpen('templates')}>{t('c.choose_template')}</Button></div>
				: <div class="writing">
					<div class="tools">
						<Button label={t('c.attach')} onClick={() => picker.current?.click()}><Icon name="clip" /></Button>
						<Button label={t('c.emoji')} pressed={open === 'emoji'} onClick={() => setOpen(open === 'emoji' ? null : 'emoji')}><Icon name="smile" /></Button>
						<Button label={t('c.quicks')} onClick={() => setOpen('quicks')}><Icon name="bolt" /></Button>
						<Button label={t('c.buttons')} onClick={() => setOpen('buttons')}><Icon name="buttons" /></Button>
						<Button label={t('c.templates')} onClick={() => setOpen('templates')}><Icon name="template" /></Button>
					</div>
					<textarea ref={box} id="composer" rows={1} value={value} dir="auto" placeholder={t('c.write')} aria-label={t('c.write')} aria-invalid={over}
						aria-autocomplete="list" onInput={e => { write(e.currentTarget.value); p.typing(); }} onKeyDown={key}
						onPaste={e => { const got = pasted(e.clipboardData); if (got.length > 0) { e.preventDefault(); addFiles(got); } }} />
					{value.trim() === '' && files.length === 0 && canRecord() ? <Button label={t('c.record')} onClick={voice}><Icon name="mic" /></Button>
						: <Button kind="main" label={t('send')} onClick={() => { clickedAt.current = Date.now(); send(); }} disabled={over || (value.trim() === '' && files.length === 0)}><Icon name="send" /></Button>}
				</div>}
		{value.length > TEXT_MAX - 500 && <p class={over ? 'error' : 'soft small'} role={over ? 'alert' : undefined}>{number(value.length)} / {number(TEXT_MAX)}</p>}
		<input ref={picker} type="file" multiple hidden onChange={e => { addFiles(e.currentTarget.files ?? []); e.currentTarget.value = ''; }} />
		{open === 'templates' && <Templates channel={c.channel} close={() => setOpen(null)} send={(body, shown) => { thread.send({ type: 'template', text: shown, body, ...answer() }); done(); }} />}
		{open === 'buttons' && <Buttons text={value} close={() => setOpen(null)} send={(body, shown) => { thread.send({ type: 'interactive', text: shown, body, ...answer() }); done(files.length === 0 && shown.includes(value.trim())); }} />}
		{open === 'quicks' && <Quicks text={value} mayEdit={may('conversations')} close={() => setOpen(null)} take={q => { insert(q.text); setOpen(null); }} />}
	</div>;
}
