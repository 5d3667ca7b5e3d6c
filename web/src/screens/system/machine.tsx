/* machine.tsx - the box as a machine: its certificates, the newest lines of its log, and what is kept of customers for how long. */
import type { JSX } from 'preact';
import { useState } from 'preact/hooks';
import { call, get, hasToken, query, type Page } from '../../lib/api';
import { moment } from '../../lib/format';
import { t, word } from '../../lib/i18n';
import { helpOf, loadSettings, valueOf } from '../../lib/settings';
import { Button, Empty, Failed, Field, confirm, sentence, toast, useLoad } from '../../ui/base';
import { Raw, Time, useLive } from '../../ui/data';
import { SettingsForm } from '../../ui/form';
import { Gone, Progress, type Erasure } from './gone';

interface Certificate { setting: string; file: string; ends_at: string | null; error: string | null }
const WARN_DAYS = 14;

export function Certificates(): JSX.Element {
	const { data, error, reload } = useLoad(signal => get<Page<Certificate>>('/api/v1/certificates', { signal }), 'certificates');
	if (data === undefined)
		return error !== undefined ? <Failed error={error} again={reload} /> : <p class="loading" aria-busy="true" />;
	const look = (c: Certificate) => c.error !== null ? <span class="error"><bdi>{c.error}</bdi></span>
		: <span class={'chip ' + (Date.parse(c.ends_at!) < Date.now() ? 'bad' : Date.parse(c.ends_at!) < Date.now() + WARN_DAYS * 86_400_000 ? 'warn' : 'good')}>{moment(c.ends_at!)}</span>;
	return <div class="stack">
		{data.data.length === 0 ? <Empty title={t('certificates_none')}><p>{t('certificates_none_text')}</p></Empty>
			: <table class="card"><thead><tr><th scope="col">{t('setting')}</th><th scope="col">{t('certificate_ends')}</th><th scope="col" class="wide">{t('file')}</th></tr></thead>
				<tbody>{data.data.map(c => <tr key={c.setting}><td>{word('certificate.', c.setting)}<small class="soft">{c.setting}</small></td><td>{look(c)}</td><td class="wide break"><code class="address">{c.file}</code></td></tr>)}</tbody></table>}
		<p class="soft">{t('certificates_text')} <code class="address">systemctl reload totem</code></p>
		<p><a href="#/system/settings?find=tls">{t('settings')}</a></p>
	</div>;
}

interface Line { id: number; level: string; line: string }
const LEVELS: Record<string, string> = { error: 'bad', warn: 'warn', info: '' };

/* What a line says: its time, its event, and the rest of its fields. */
function read(line: string): { at: string | null; event: string; rest: string } {
	try {
		const { at, level: _, event, thread: __, ...rest } = JSON.parse(line) as Record<string, string>;
		return { at: at ?? null, event: event ?? '', rest: Object.entries(rest).map(([k, v]) => `${k}=${String(v)}`).join(' ') };
	} catch { /* a long one was cut */
		return { at: null, event: '', rest: line };
	}
}

export function Logs(): JSX.Element {
	const [level, setLevel] = useState('info'), { data, error, reload } = useLoad(signal => get<Page<Line>>('/api/v1/logs?level=' + level, { signal }), level);
	useLive(reload, [], 5000);
	return <div class="stack">
		<div class="row filters"><label for="level">{t('log_level')}</label><select id="level" value={level} onChange={e => setLevel(e.currentTarget.value)}>{Object.keys(LEVELS).reverse().map(l => <option key={l} value={l}>{word('level.', l)}</option>)}</select></div>
		{data === undefined ? error !== undefined ? <Failed error={error} again={reload} /> : <p class="loading" aria-busy="true" /> : data.data.length === 0 ? <Empty title={t('logs_none')} />
			: <table class="card log"><thead><tr><th scope="col">{t('when')}</th><th scope="col">{t('event')}</th><th scope="col" class="wide">{t('details')}</th></tr></thead>
				<tbody>{data.data.map(l => { const r = read(l.line); return <tr key={l.id}><td><Time at={r.at} full /></td><td><span class={'chip ' + (LEVELS[l.level] ?? '')}>{r.event || word('level.', l.level)}</span><small class="soft on-phone break"><bdi>{r.rest}</bdi></small></td><td class="wide break"><bdi>{r.rest}</bdi></td></tr>; })}</tbody></table>}
		<p class="soft">{t('logs_text')} <code class="address">journalctl -u totem</code></p>
		{data !== undefined && data.data.length > 0 && <details><summary>{t('logs_plain')}</summary><Raw label={t('logs')} text={data.data.map(l => l.line).reverse().join('\n')} /></details>}
	</div>;
}

interface Contact { id: string; name: string | null; wa_id?: string | null; aliases?: { kind: string; alias: string }[] }
/* What is held of a person, in numbers: what is taken, and what erasing takes away. */
interface Holdings { conversations: number; messages: number; files: number; file_bytes: number }

/* Who was erased here, how far that is: until it is done, the person can still be read in the files. */
function Asked({ of }: { of: { id: number; name: string }[] }): JSX.Element | null {
	const first = of[0]?.id, { data, reload } = useLoad(signal => first === undefined ? Promise.resolve({ data: [], next: null })
		: get<Page<Erasure>>('/api/v1/erasures?limit=50', { signal }), String(of.length));
	const seen = of.map(a => ({ ...a, now: data?.data.find(x => x.id === a.id) }));
	useLive(() => { if (seen.some(a => a.now?.state !== 'done')) reload(); }, [], 1500);
	return first === undefined ? null : <div class="stack" role="status" aria-label={t('gone_persons')}>{seen.map(a => <p key={a.id} class="row"><bdi>{a.name}</bdi>
		{a.now === undefined ? <span class="loading" aria-busy="true" /> : <><Progress of={a.now} /><Time at={a.now.done_at} full /></>}</p>)}</div>;
}

/* One person's data: found by name or number, taken as a file, or erased. */
function Person({ erased }: { erased: () => void }): JSX.Element {
	const [found, setFound] = useState<Contact[] | null>(null), [error, setError] = useState(''), [asked, setAsked] = useState<{ id: number; name: string }[]>([]);
	async function find(e: Event) {
		e.preventDefault();
		const search = String(new FormData(e.currentTarget as HTMLFormElement).get('person') ?? '').trim();
		try {
			setError('');
			setFound(search === '' ? null : (await get<Page<Contact>>('/api/v1/contacts' + query({ search, limit: 10 }))).data);
		} catch (x) {
			setError(sentence(x));
		}
	}
	async function erase(c: Contact) {
		const { messages: n } = await get<Holdings>(`/api/v1/contacts/${c.id}/holdings`);
		if (!await confirm({ title: t('erase_title', { name: nameOf(c) }), text: t('erase_text', { n }), yes: t('erase') }))
			return;
		const r = await call<{ erasure_id: number; messages: number; files: number; backups: string[]; copies: string[]; store: { keeps?: number } }>('DELETE', '/api/v1/contacts/' + c.id, {});
		const older = r.backups.length + r.copies.length;
		toast(t('erased', { n: r.messages, files: r.files }) + (older > 0 ? ' ' + t('erased_backups', { n: older }) : '')
			+ (r.store.keeps !== undefined ? ' ' + t('erased_store', { n: r.store.keeps }) : ''));
		setAsked(a => [{ id: r.erasure_id, name: nameOf(c) }, ...a]);
		setFound(f => f?.filter(x => x.id !== c.id) ?? null);
		erased();
	}
	return <div class="card"><h2>{t('one_person')}</h2><p class="soft">{t('one_person_text')}</p>
		<form onSubmit={e => { void find(e); }}><Field id="person" label={t('person_find')} error={error}><input id="person" name="person" type="search" autocomplete="off" /></Field>
			<div class="row end"><Button type="submit">{t('find_it')}</Button></div></form>
		{found !== null && (found.length === 0 ? <p role="status">{t('nobody_found')}</p> : <table><tbody>{found.map(c => <tr key={c.id}><td><bdi>{nameOf(c)}</bdi><small class="soft">{c.aliases?.map(a => a.alias).join(', ') ?? c.wa_id}</small></td>
			<td><div class="row acts">{!hasToken() && <a class="button quiet" href={`/api/v1/contacts/${c.id}/export`} download={`totem-person-${c.id}.tar`}>{t('take_data')}</a>}<Button kind="danger" onClick={() => erase(c)}>{t('erase')}</Button></div></td></tr>)}</tbody></table>)}
		<Asked of={asked} />
	</div>;
}

const nameOf = (c: Contact): string => c.name || c.aliases?.[0]?.alias || c.wa_id || c.id;

const KEPT = ['retention_messages_days', 'retention_media_days', 'retention_deliveries_days', 'retention_dead_letters_days', 'retention_events_days', 'media_max_bytes', 'database_max_mib'];

export function Privacy(): JSX.Element {
	const { data, error, reload } = useLoad(signal => loadSettings(signal), 'privacy'), [erasures, setErasures] = useState(0);
	if (data === undefined)
		return error !== undefined ? <Failed error={error} again={reload} /> : <p class="loading" aria-busy="true" />;
	return <div class="stack">
		<div class="card"><h2>{t('kept_how_long')}</h2>
			<SettingsForm of={data} submit={t('save')} after={() => { toast(t('saved')); reload(); }} inputs={KEPT.map(key => {
				const s = data.all.find(x => x.key === key)!;
				return { key, label: helpOf(s), hint: t('default_is', { value: valueOf(key, s.default) }), type: 'number' as const, required: true };
			})} /></div>
		<Person erased={() => setErasures(n => n + 1)} />
		<Gone key={erasures} />
		<div class="card"><h2>{t('who_sees')}</h2><p>{t('who_sees_text')}</p><p class="row"><Button onClick={() => { location.hash = '#/system/audit'; }}>{t('audit')}</Button></p></div>
	</div>;
}
