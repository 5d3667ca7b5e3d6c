/* markup.tsx - what people wrote, as elements: WhatsApp's marks (*bold*, _italic_, ~struck~, `code`, ```block```, "> quote") and addresses.
 * Everything stays text: nothing here makes HTML out of it. An address becomes a link only with http or https, shown in full as it was
 * written; it opens without a referrer and cannot reach this page. */
import type { ComponentChildren, JSX } from 'preact';
import { useState } from 'preact/hooks';
import { t } from '../../lib/i18n';

const REACH = 2000, DEPTH = 4; /* how far a closing mark is looked for; marks inside marks */
const ADDRESS = /https?:\/\/[^\s<>"'`]{3,2000}/giu;
const LETTER = /[\p{L}\p{N}]/u;

function address(url: string, key: number): ComponentChildren {
	try {
		return <a key={key} href={new URL(url).href} title={new URL(url).host} target="_blank" rel="noopener noreferrer nofollow" dir="ltr">{url}</a>;
	} catch {
		return url;
	}
}

function withAddresses(s: string, out: ComponentChildren[]): void {
	let from = 0;
	for (const m of s.matchAll(ADDRESS)) {
		const url = m[0].replace(/[.,;:!?)\]}*_~]+$/, '');
		out.push(s.slice(from, m.index), address(url, out.length));
		from = m.index + url.length;
	}
	out.push(s.slice(from));
}

function closing(s: string, at: number): number {
	const mark = s[at]!, end = Math.min(s.length, at + REACH);
	if (/\s/.test(s[at + 1] ?? ' ') || (at > 0 && LETTER.test(s[at - 1]!)))
		return -1;
	for (let i = at + 2; i < end; i++) {
		if (s[i] === mark && !/\s/.test(s[i - 1]!) && !LETTER.test(s[i + 1] ?? ' '))
			return i;
	}
	return -1;
}

function inline(s: string, depth: number): ComponentChildren[] {
	const out: ComponentChildren[] = [];
	let plain = 0;
	for (let i = 0; i < s.length; i++) {
		if (s[i] === 'h' && /^https?:\/\//i.test(s.slice(i, i + 8))) { /* marks inside an address are part of it */
			while (i < s.length && !/\s/.test(s[i]!))
				i++;
			continue;
		}
		if (!'*_~`'.includes(s[i]!))
			continue;
		const end = depth < DEPTH ? closing(s, i) : -1;
		if (end < 0)
			continue;
		withAddresses(s.slice(plain, i), out);
		const inner = s.slice(i + 1, end), key = out.length;
		out.push(s[i] === '`' ? <code key={key}>{inner}</code> : s[i] === '*' ? <strong key={key}>{inline(inner, depth + 1)}</strong>
			: s[i] === '_' ? <em key={key}>{inline(inner, depth + 1)}</em> : <s key={key}>{inline(inner, depth + 1)}</s>);
		plain = i = end + 1;
		i--;
	}
	withAddresses(s.slice(plain), out);
	return out;
}

function Lines(p: { s: string }): JSX.Element {
	const out: ComponentChildren[] = [];
	p.s.split('\n').forEach((line, i, all) => {
		if (line.startsWith('> ') && line.length > 2) {
			out.push(<span key={i} class="quoted-line" dir="auto">{inline(line.slice(2), 0)}</span>);
		} else {
			if (i > 0 && !all[i - 1]!.startsWith('> ')) /* a quoted line ends by itself */
				out.push('\n');
			out.push(...inline(line, 0));
		}
	});
	return <>{out}</>;
}

export function Marked(p: { s: string }): JSX.Element {
	return <>{p.s.split('```').map((part, i, all) => i % 2 === 1 && i < all.length - 1 ? <code key={i} class="block">{part.replace(/^\n|\n$/g, '')}</code>
		: <Lines key={i} s={(i % 2 === 1 ? '```' : '') + part} />)}</>;
}

const FOLD_CHARS = 1500, FOLD_LINES = 25;

/* The text of a bubble; a long one is folded, so that one message cannot fill the day. */
export function Text(p: { s: string }): JSX.Element {
	const [open, setOpen] = useState(false);
	const lines = p.s.split('\n', FOLD_LINES + 1), long = p.s.length > FOLD_CHARS || lines.length > FOLD_LINES;
	const shown = !long || open ? p.s : lines.slice(0, FOLD_LINES).join('\n').slice(0, FOLD_CHARS).replace(/[\uD800-\uDBFF]$/, '') + '…';
	return <>
		<p class="said" dir="auto"><Marked s={shown} /></p>
		{long && <button type="button" class="fold" aria-expanded={open} onClick={() => setOpen(!open)}>
			{open ? t('c.less') : t('c.more', { n: p.s.length })}</button>}
	</>;
}
