/* templates.tsx - choosing a template of WhatsApp, filling its places, seeing what the customer will see. */
import type { JSX } from 'preact';
import { useState } from 'preact/hooks';
import { signal } from '@preact/signals';
import { get, post, query, type Page } from '../../lib/api';
import { upload } from '../../lib/files';
import { t, word } from '../../lib/i18n';
import { langName } from '../../lib/format';
import { may } from '../../lib/session';
import { Button, Dialog, Empty, Failed, Field, sentence, toast, useLoad } from '../../ui/base';
import { filled } from './bodies';
import { list, text, type Json, type Template } from './model';

/* Of each channel, once for the page: bubbles of sent templates show their text with it. */
export const known = signal<Record<string, Template[]>>({});
const asked = new Set<string>();

export function want(channel: string | null): void {
	if (channel === null || asked.has(channel))
		return;
	asked.add(channel);
	get<Page<Template>>('/api/v1/templates' + query({ channel, limit: 500 })).then(p => { known.value = { ...known.value, [channel]: p.data }; }, () => { asked.delete(channel); });
}

interface Hole { part: 'HEADER' | 'BODY' | 'BUTTON'; name: string; index: number; label: string; media?: string; code?: boolean }

/* What has to be filled in: {{1}} or {{name}} in header and body, a file in the header, the end of a button's address, a coupon. */
export function holesOf(template: Template): Hole[] {
	const out: Hole[] = [];
	for (const c of list(template.components)) {
		const type = text(c, 'type'), format = text(c, 'format');
		if (type === 'HEADER' && /^(IMAGE|VIDEO|DOCUMENT)$/.test(format))
			out.push({ part: 'HEADER', name: 'file', index: 0, label: format.toLowerCase(), media: format.toLowerCase() });
		else if (type === 'HEADER' || type === 'BODY')
			for (const m of new Set([...text(c, 'text').matchAll(/\{\{\s*(\w+)\s*\}\}/g)].map(x => x[1]!)))
				out.push({ part: type, name: m, index: 0, label: m });
		else if (type === 'BUTTONS')
			list(c, 'buttons').forEach((b, i) => {
				if (text(b, 'url').includes('{{'))
					out.push({ part: 'BUTTON', name: 'url', index: i, label: text(b, 'text') });
				else if (text(b, 'type') === 'COPY_CODE')
					out.push({ part: 'BUTTON', name: 'code', index: i, label: text(b, 'text') || t('c.coupon'), code: true });
			});
	}
	return out;
}

function parameter(h: Hole, value: string): Json {
	if (h.media !== undefined)
		return { type: h.media, [h.media]: { media_id: value } };
	if (h.code)
		return { type: 'coupon_code', coupon_code: value };
	return { type: 'text', text: value, ...(/^\d+$/.test(h.name) || h.part === 'BUTTON' ? {} : { parameter_name: h.name }) };
}

export function bodyOf(template: Template, holes: Hole[], values: string[]): Record<string, unknown> {
	const of = (part: string) => holes.map((h, i) => ({ h, v: values[i] ?? '' })).filter(x => x.h.part === part);
	const components: Json[] = [];
	for (const part of ['HEADER', 'BODY']) {
		if (of(part).length > 0)
			components.push({ type: part.toLowerCase(), parameters: of(part).map(x => parameter(x.h, x.v)) });
	}
	for (const x of of('BUTTON'))
		components.push({ type: 'button', sub_type: x.h.code ? 'copy_code' : 'url', index: String(x.h.index), parameters: [parameter(x.h, x.v)] });
	return { type: 'template', template: { name: template.name, language: { code: template.language }, ...(components.length > 0 ? { components } : {}) } };
}

function Preview(p: { template: Template; holes: Hole[]; values: string[] }): JSX.Element {
	const parts = list(p.template.components);
	const words = (type: string) => filled(text(parts.find(c => text(c, 'type') === type), 'text'),
		p.holes.map((h, i) => ({ h, v: p.values[i] ?? '' })).filter(x => x.h.part === type).map(x => ({ text: x.v, parameter_name: x.h.name })));
	return <div class="bubble mine preview" aria-label={t('c.preview')}>
		{words('HEADER') !== '' && <p class="strong" dir="auto">{words('HEADER')}</p>}
		<p class="said" dir="auto">{words('BODY')}</p>
		{words('FOOTER') !== '' && <p class="soft small" dir="auto">{words('FOOTER')}</p>}
		<ul class="choices">{parts.filter(c => text(c, 'type') === 'BUTTONS').flatMap(c => list(c, 'buttons')).map((b, i) => <li key={i}>{text(b, 'text')}</li>)}</ul>
	</div>;
}

function Fill(p: { template: Template; back: () => void; send: (body: Record<string, unknown>, shown: string) => void }): JSX.Element {
	const holes = holesOf(p.template), [values, setValues] = useState<string[]>(() => holes.map(() => '')), [busy, setBusy] = useState(false);
	const set = (i: number, v: string) => setValues(old => old.map((x, k) => k === i ? v : x));
	async function file(i: number, f: File | undefined) {
		if (f === undefined)
			return;
		setBusy(true);
		try {
			set(i, (await upload(f, f.name, () => {})).id);
		} catch (e) {
			toast(sentence(e), 'bad');
		} finally {
			setBusy(false);
		}
	}
	return <form onSubmit={e => { e.preventDefault(); p.send(bodyOf(p.template, holes, values), p.template.name); }}>
		<Preview template={p.template} holes={holes} values={values} />
		{holes.map((h, i) => <Field key={i} id={'hole' + i} label={h.media !== undefined ? t('c.hole_file') : h.part === 'BUTTON' ? t('c.hole_button', { name: h.label }) : t('c.hole', { name: h.label })}>
			{h.media !== undefined ? <input id={'hole' + i} type="file" required accept={h.media === 'document' ? undefined : h.media + '/*'} onChange={e => { void file(i, e.currentTarget.files?.[0]); }} />
				: <input id={'hole' + i} required maxLength={1024} dir="auto" value={values[i]} onInput={e => set(i, e.currentTarget.value)} />}</Field>)}
		<div class="row end"><Button onClick={p.back}>{t('c.back')}</Button><Button kind="main" type="submit" disabled={busy || values.some(v => v.trim() === '')}>{t('send')}</Button></div>
	</form>;
}

/* Why Meta would refuse it: by its state, or as the box says it. */
function why(x: Template): string {
	const said = word('c.template_is.', x.status);
	return said !== x.status ? said : x.why ?? x.status;
}

export function Templates(p: { channel: string | null; close: () => void; send: (body: Record<string, unknown>, shown: string) => void }): JSX.Element {
	const { data, error, reload } = useLoad(signal => get<Page<Template>>('/api/v1/templates' + query({ channel: p.channel, limit: 500 }), { signal }), 'templates' + p.channel);
	const [chosen, setChosen] = useState<Template | null>(null), [typed, setTyped] = useState('');
	const shown = data?.data.filter(x => (x.name + ' ' + JSON.stringify(x.components ?? '')).toLowerCase().includes(typed.toLowerCase())) ?? [];
	async function sync() {
		await post('/api/v1/templates/sync', p.channel === null ? {} : { channel: p.channel });
		toast(t('c.templates_asked'));
		setTimeout(reload, 2500);
	}
	return <Dialog title={t('c.templates')} onClose={p.close}>
		{chosen !== null ? <Fill template={chosen} back={() => setChosen(null)} send={p.send} /> : <>
			<div class="row"><input type="search" aria-label={t('c.find')} placeholder={t('c.find')} value={typed} onInput={e => setTyped(e.currentTarget.value)} autofocus />
				{may('messages:send') && <Button onClick={sync}>{t('c.templates_sync')}</Button>}</div>
			{data === undefined ? error !== undefined ? <Failed error={error} again={reload} /> : <p class="loading" aria-busy="true" />
				: shown.length === 0 ? <Empty title={t('c.templates_none')} /> : <ul class="picks">{shown.map(x => <li key={x.id}>
					<button type="button" disabled={!x.usable} onClick={() => setChosen(x)}><bdi class="strong">{x.name}</bdi> <small class="soft">{langName(x.language)} · {word('c.category.', x.category ?? '')}</small>
						<span class="two-lines" dir="auto">{text(list(x.components).find(c => text(c, 'type') === 'BODY'), 'text')}</span>
						{!x.usable && <small class="alarm">{why(x)}</small>}</button></li>)}</ul>}
		</>}
	</Dialog>;
}
