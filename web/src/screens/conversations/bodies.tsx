/* bodies.tsx - what stands in a bubble, by the type of its message. A type that is not in the table shows its line of text. */
import type { JSX } from 'preact';
import { money, number } from '../../lib/format';
import { t, word } from '../../lib/i18n';
import { Icon } from '../../ui/icons';
import { Marked, Text } from './markup';
import { Film, Paper, Picture, Voice } from './media';
import { list, member, phone, rest, text, type Json, type Message, type Template } from './model';

export interface BodyProps { m: Message; open: (m: Message) => void; templates: Template[] }
type Body = (p: BodyProps) => JSX.Element;

const Caption = (p: { m: Message }): JSX.Element | null => {
	const s = text(p.m.content_json, 'caption');
	return s !== '' ? <Text s={s} /> : null;
};

function Place(p: BodyProps): JSX.Element {
	const c = p.m.content_json, lat = Number(member(c, 'latitude')), lon = Number(member(c, 'longitude'));
	const ok = Number.isFinite(lat) && Number.isFinite(lon), at = `${lat.toFixed(6)}, ${lon.toFixed(6)}`;
	return <div class="place"><Icon name="pin" /><div>
		<bdi class="strong">{text(c, 'name') || t('c.location')}</bdi>
		{text(c, 'address') !== '' && <bdi>{text(c, 'address')}</bdi>}
		{text(c, 'caption') !== '' && <bdi>{text(c, 'caption')}</bdi>}
		{member(c, 'live') === true && <small class="soft">{t('c.live_place')}</small>}
		{ok && <a href={`https://www.openstreetmap.org/?mlat=${lat}&mlon=${lon}#map=17/${lat}/${lon}`} target="_blank" rel="noopener noreferrer">{t('c.map')}</a>}
		{ok && <small class="soft">{at}</small>}
	</div></div>;
}

function Card(p: { c: Json }): JSX.Element {
	const name = text(p.c, 'name', 'formatted_name') || t('c.contact');
	return <li><Icon name="person" /><div><bdi class="strong">{name}</bdi>
		{text(p.c, 'org', 'company') !== '' && <bdi class="soft">{text(p.c, 'org', 'company')}</bdi>}
		{list(p.c, 'phones').map((n, i) => <bdi key={i}>{text(n, 'phone') || phone(text(n, 'wa_id'))}</bdi>)}
		{list(p.c, 'emails').map((n, i) => <bdi key={i}>{text(n, 'email')}</bdi>)}
		{list(p.c, 'urls').map((n, i) => <bdi key={i}>{text(n, 'url')}</bdi>)}
	</div></li>;
}

const Cards: Body = p => <ul class="cards">{list(p.m.content_json, 'contacts').map((c, i) => <Card key={i} c={c} />)}</ul>;

/* What a customer may tap, as it looks to them; here it only shows. */
function Choices(p: { names: string[] }): JSX.Element | null {
	return p.names.length === 0 ? null : <ul class="choices">{p.names.map((n, i) => <li key={i} dir="auto">{n}</li>)}</ul>;
}

function Asked(p: { c: Json }): JSX.Element {
	const c = p.c, action = member(c, 'action'), header = text(c, 'header', 'text');
	const rows = list(action, 'sections').flatMap(s => [...list(s, 'rows').map(r => text(r, 'title')), ...list(s, 'product_items').map(r => text(r, 'product_retailer_id'))]);
	const names = [...list(action, 'buttons').map(b => text(b, 'reply', 'title')), ...rows,
		text(action, 'parameters', 'display_text') || text(action, 'parameters', 'flow_cta'), text(action, 'product_retailer_id')].filter(n => n !== '');
	return <div>
		{header !== '' && <p class="strong" dir="auto">{header}</p>}
		{text(c, 'body', 'text') !== '' && <Text s={text(c, 'body', 'text')} />}
		{text(c, 'footer', 'text') !== '' && <p class="soft small" dir="auto">{text(c, 'footer', 'text')}</p>}
		{list(action, 'cards').map((card, i) => <div key={i} class="quote"><Asked c={card} /></div>)}
		<Choices names={names} />
		{text(action, 'parameters', 'url') !== '' && <p class="soft small"><Marked s={text(action, 'parameters', 'url')} /></p>}
	</div>;
}

function Form(p: { c: Json }): JSX.Element {
	const form = member(p.c, 'form');
	if (typeof form !== 'object' || form === null)
		return <></>;
	return <dl class="form">{Object.entries(form).filter(([k]) => k !== 'flow_token').map(([k, v]) =>
		<div key={k}><dt><bdi>{k}</bdi></dt><dd><bdi>{typeof v === 'string' ? v : JSON.stringify(v)}</bdi></dd></div>)}</dl>;
}

const Interactive: Body = p => {
	const c = p.m.content_json;
	if (p.m.direction === 'outbound' && member(c, 'action') !== undefined)
		return <Asked c={c} />;
	const about = text(c, 'list_reply', 'description');
	if (member(c, 'form') !== undefined) /* its line says the same in one row */
		return <div class="answer"><small class="soft">{t('c.filled_in')}</small><Form c={c} /></div>;
	return <div class="answer"><small class="soft">{t('c.tapped')}</small><Text s={p.m.content} />
		{about !== '' && <p class="soft small" dir="auto">{about}</p>}</div>;
};

/* Meta tells the things, Evolution how many they are and what they cost together, in thousandths. */
const Order: Body = p => {
	const c = p.m.content_json, items = list(c, 'product_items'), currency = text(items[0], 'currency') || text(c, 'currency');
	const all = items.reduce<number>((n, i) => n + Number(member(i, 'item_price') ?? 0) * Number(member(i, 'quantity') ?? 1), 0);
	const total = items.length > 0 ? all : Number(member(c, 'total_1000')) / 1000, count = Number(member(c, 'item_count'));
	return <div>
		<p class="strong">{t('c.order')} {text(c, 'title') !== '' && <bdi>{text(c, 'title')}</bdi>}</p>
		{items.length > 0 && <ul class="bare">{items.map((i, k) => <li key={k}><bdi>{number(Number(member(i, 'quantity') ?? 1))} × {text(i, 'product_retailer_id')}</bdi>{' '}
			<span class="soft">{money(Number(member(i, 'item_price')), text(i, 'currency'))}</span></li>)}</ul>}
		{items.length === 0 && count > 0 && <p class="soft small">{t('c.pieces', { n: count })}</p>}
		{Number.isFinite(total) && <p class="strong">{money(total, currency)}</p>}
		{text(c, 'text') !== '' && <Text s={text(c, 'text')} />}
	</div>;
};

const Product: Body = p => {
	const c = p.m.content_json, price = Number(member(c, 'price_1000')) / 1000;
	return <div>
		<small class="soft">{t('c.kind.product')}</small>
		<p class="strong" dir="auto">{text(c, 'title') || text(c, 'product_retailer_id')}</p>
		{text(c, 'description') !== '' && <Text s={text(c, 'description')} />}
		{Number.isFinite(price) && <p class="strong">{money(price, text(c, 'currency'))}</p>}
		{text(c, 'product_retailer_id') !== '' && text(c, 'title') !== '' && <small class="soft"><bdi>{text(c, 'product_retailer_id')}</bdi></small>}
	</div>;
};

/* The parameters of one part of a template that was sent, put into its text. */
export function filled(template: string, parameters: Json[]): string {
	return template.replace(/\{\{\s*(\w+)\s*\}\}/g, (whole, name: string) => {
		const p = /^\d+$/.test(name) ? parameters[Number(name) - 1] : parameters.find(x => text(x, 'parameter_name') === name);
		return text(p, 'text') || text(p, 'currency', 'fallback_value') || text(p, 'date_time', 'fallback_value') || whole;
	});
}

const Templated: Body = p => {
	const c = p.m.content_json, name = text(c, 'name'), code = text(c, 'language', 'code');
	const made = p.templates.find(x => x.name === name && x.language === code), sent = list(c, 'components');
	const part = (type: string): Json[] => list(sent.find(x => text(x, 'type').toLowerCase() === type), 'parameters');
	const parts = list(made?.components), words = (type: string) => filled(text(parts.find(x => text(x, 'type') === type), 'text'), part(type.toLowerCase()));
	return <div>
		<small class="soft">{t('c.template')} <bdi>{name}</bdi></small>
		{text(c, 'text') !== '' && <Text s={text(c, 'text')} />}
		{made === undefined ? sent.flatMap(x => list(x, 'parameters')).map((x, i) => text(x, 'text') === '' ? null : <p key={i} dir="auto">{text(x, 'text')}</p>)
			: <>{words('HEADER') !== '' && <p class="strong" dir="auto">{words('HEADER')}</p>}<Text s={words('BODY')} />
				{words('FOOTER') !== '' && <p class="soft small" dir="auto">{words('FOOTER')}</p>}
				<Choices names={parts.filter(x => text(x, 'type') === 'BUTTONS').flatMap(x => list(x, 'buttons')).map(b => text(b, 'text'))} /></>}
	</div>;
};

const Poll: Body = p => <div><p class="strong" dir="auto">{text(p.m.content_json, 'name')}</p>
	<Choices names={list(p.m.content_json, 'options').map(o => text(o, 'title') || (typeof o === 'string' ? o : ''))} /></div>;

const Voted: Body = p => {
	const chosen = list(p.m.content_json, 'options').map(o => text(o, 'title') || (typeof o === 'string' ? o : '')).filter(o => o !== '');
	return <div class="answer"><small class="soft">{t(chosen.length > 0 ? 'c.voted' : 'c.voted_secret')}</small>{chosen.map((o, i) => <p key={i} class="said" dir="auto">{o}</p>)}</div>;
};

const Invited: Body = p => <div><p class="strong">{t('c.invited')} <bdi>{text(p.m.content_json, 'name')}</bdi></p><Caption m={p.m} /></div>;

const Unknown: Body = p => <div class="absent"><p>{t('c.unsupported')}</p>
	{list(p.m.content_json, 'errors').map((e, i) => <small key={i}><bdi>{text(e, 'error_data', 'details') || text(e, 'title')}</bdi></small>)}</div>;

const BODIES: Record<string, Body> = {
	image: p => <><Picture {...p} /><Caption m={p.m} /></>,
	sticker: p => <Picture {...p} sticker />,
	video: p => <><Film m={p.m} /><Caption m={p.m} /></>,
	audio: p => <><Voice m={p.m} />{text(p.m.content_json, 'transcript') !== '' && <Text s={text(p.m.content_json, 'transcript')} />}</>,
	document: p => <><Paper m={p.m} /><Caption m={p.m} /></>,
	location: Place, contacts: Cards, interactive: Interactive, order: Order, product: Product, template: Templated, poll: Poll, poll_vote: Voted, group_invite: Invited, unsupported: Unknown, unknown: Unknown,
	button: p => <div class="answer"><small class="soft">{t('c.tapped')}</small><Text s={p.m.content} /></div>,
};
BODIES['voice'] = BODIES['audio']!;

/* A kind of which we know only its name says so, instead of showing "[name]". */
const bare = (m: Message): boolean => m.type !== 'text' && m.content.trim() === `[${m.type}]`;

export function BodyOf(p: BodyProps): JSX.Element {
	const known = p.m.content_json === undefined && p.m.type !== 'text' && p.m.media === null ? undefined : BODIES[p.m.type], B = known ?? (bare(p.m) ? Unknown : undefined);
	return B !== undefined ? <B {...p} /> : <Text s={p.m.content} />;
}

/* One line about a message, for quotes and lists. */
export function line(m: { type?: string; content: string }): string {
	const kind = /^\[([a-z_]+)/.exec(m.content)?.[1];
	if (kind === undefined || (m.type !== undefined && m.type === 'text'))
		return m.content;
	const name = word('c.kind.', kind);
	return (name === kind ? m.content : `${name} ${rest(m.content)}`).trim();
}
