/* integrations.tsx - the outside: numbers, Chatwoot, n8n, lookups. State, last call in and out, test, pause, settings; secrets are
 * write-only. The list is #/integrations, one of them #/integrations/KIND.NAME. */
import type { JSX } from 'preact';
import { useState } from 'preact/hooks';
import { get, post, query, type Page } from '../lib/api';
import { moment, number } from '../lib/format';
import { answered, lang, t, word } from '../lib/i18n';
import { place } from '../lib/route';
import { may } from '../lib/session';
import { helpOf, isSecret, loadSettings, type Settings } from '../lib/settings';
import { Button, Dialog, Empty, Failed, confirm, toast, useLoad } from '../ui/base';
import { Facts, Raw, State, Time, useLive } from '../ui/data';
import { Qr } from '../ui/qr';
import { SettingsForm } from '../ui/form';
import { CallCount, Calls, Recovered, RecoveredCount, type Totals } from './calls';
import { partName } from './parts';

interface Part { part: string; state: string; why: string | null; since: string | null; breaker: string;
	last_ok_at: string | null; last_in_at: string | null; paused_until: string | null; caught_up_at?: string | null; recovered_messages?: number }
interface Incident { code: string; text: string; cure: string; opened_at: string }
interface Channel { channel: string; provider: string; state: string; reason: string | null; paused_until: string | null; breaker: string; breaker_open_until: string | null;
	restricted_until: string | null; last_call_ok_at: string | null; incidents: Incident[];
	limits: { rate_per_second: number; rate_now_per_second: number; usage_percent: number; messaging_limit_tier: string | null };
	check: { ran_at: string | null; failed_at: string | null; error: string | null };
	facts: Record<string, string | number | boolean | null | object>; events: { field: string; event: string; at: string; detail: unknown }[] }
interface Import { workflow: string; state: string; detail: string | null; webhook_url: string | null; updated_at: string | null }
interface Lookup { name: string; state: string; fault: string | null; answers: Record<string, number>; cached: number; logins: number; session_expires_at: string | null }

const EVERY_MS = 5000;
const KINDS = ['channel', 'chatwoot', 'n8n', 'lookup'];

/* All settings of one target, as a form: the table of settings knows their names, kinds and help. */
function Edit(p: { of: Settings; part: string; close: () => void; done: () => void }): JSX.Element {
	const [kind = '', slug = ''] = p.part.split('.');
	const mine = p.of.all.filter(s => s.key.startsWith(kind + '.*.'));
	return <Dialog title={t('settings_of', { part: partName(p.part) })} onClose={p.close} wide>
		<SettingsForm of={p.of} submit={t('save')} after={() => { toast(t('saved')); p.done(); p.close(); }}
			inputs={mine.map(s => ({ key: s.key.replace('*', slug), label: s.key.replace(/^.*\./, ''), hint: helpOf(s), secret: isSecret(s), placeholder: s.default }))} />
	</Dialog>;
}

const TESTED = ['channel', 'chatwoot', 'n8n'];

/* The live test of the first run, here of this one part. */
function Test(p: { part: string }): JSX.Element | null {
	const [asked, setAsked] = useState(false);
	const { data, reload } = useLoad(signal => asked ? get<{ part: { state: string; text?: string } }>('/api/v1/setup' + query({ lang: lang.value, part: p.part }), { signal }) : Promise.resolve(undefined), p.part + String(asked) + lang.value);
	useLive(() => { if (asked) reload(); }, [], 1500);
	if (!TESTED.includes(p.part.split('.')[0]!) || !may('settings'))
		return null;
	const found = data?.part;
	async function test() {
		await post('/api/v1/setup/test/' + encodeURIComponent(p.part));
		setAsked(true);
		reload();
	}
	return <><Button onClick={test}>{t('test_now')}</Button>
		{found !== undefined && <p class={'result ' + found.state} role="status" aria-busy={found.state === 'testing'}><bdi>{found.state === 'testing' ? t('testing') : found.text}</bdi></p>}</>;
}

function fact(name: string, v: unknown): string | JSX.Element {
	return name === 'connection' ? word('connection.', String(v)) : typeof v === 'boolean' ? t(v ? 'yes' : 'no') : /_at$|_until$/.test(name) && typeof v === 'string' ? <Time at={v} full /> : typeof v === 'number' ? number(v) : /_name$/.test(name) ? String(v) : word('is.', String(v));
}

const QUALITY: Record<string, string> = { GREEN: 'good', YELLOW: 'warn', RED: 'bad' };

/* Calls and failures of the last day. */
function Count(p: { of: Totals | undefined; part: string }): JSX.Element | null {
	return p.of === undefined ? null : <><CallCount of={p.of} part={p.part} />, <CallCount of={p.of} part={p.part} failed /> {t('calls_bad')}</>;
}

function ChannelView(p: { slug: string; part: Part | undefined; totals: Totals | undefined; edit: () => void }): JSX.Element {
	const { data: c, error, reload } = useLoad(signal => get<Channel>(`/api/v1/channels/${encodeURIComponent(p.slug)}?lang=${lang.value}`, { signal }), p.slug + lang.value);
	useLive(reload, ['alert'], EVERY_MS);
	if (c === undefined)
		return error !== undefined ? <Failed error={error} again={reload} /> : <p class="loading" aria-busy="true" />;
	const f = c.facts, shown = Object.entries(f).filter(([k, v]) => v !== null && typeof v !== 'object' && !/^qr_|^pairing|^quality_rating$|^messaging_limit_tier$|^override/.test(k));
	const act = async (verb: string, said: string, body: unknown = {}) => { await post(`/api/v1/channels/${c.channel}/${verb}`, body); toast(said); reload(); };
	async function pause() {
		if (await confirm({ title: t('hold_title', { part: c!.channel }), text: t('hold_text'), yes: t('hold'), danger: false }))
			await act('pause', t('held'));
	}
	return <div class="stack">
		{c.incidents.map(i => <div class="card note" key={i.code}><p><bdi>{answered(i.text)}</bdi></p><p class="soft"><bdi>{i.cure}</bdi></p></div>)}
		<div class="card"><div class="row"><h2>{partName('channel.' + c.channel)}</h2><State state={c.state === 'up' && c.incidents.length > 0 ? 'attention' : c.state} />{c.reason && <span class="soft"><bdi>{c.reason}</bdi></span>}
			{c.paused_until && <span>{t('until')} {moment(c.paused_until)}</span>}</div>
			<Facts rows={[[t('provider'), word('provider.', c.provider)], [t('quality'), f['quality_rating'] ? <span class={'chip ' + (QUALITY[String(f['quality_rating'])] ?? '')}>{word('quality.', String(f['quality_rating']))}</span> : null],
				[t('limit_day'), c.limits.messaging_limit_tier ? word('tier.', c.limits.messaging_limit_tier) : null], [t('rate'), t('rate_text', { n: c.limits.rate_now_per_second, of: c.limits.rate_per_second })],
				[t('usage'), c.limits.usage_percent > 0 ? c.limits.usage_percent + ' %' : null], [t('breaker'), word('breaker.', c.breaker)], [t('calls'), <Count of={p.totals} part={'channel.' + c.channel} />],
				[t('recovered'), p.part?.recovered_messages ? <RecoveredCount part={p.part.part} n={p.part.recovered_messages} /> : null],
				[t('last_out'), <Time at={c.last_call_ok_at} full />], [t('restricted'), c.restricted_until ? moment(c.restricted_until) : null]]} />
			<div class="row">
				<Test part={'channel.' + c.channel} />
				{may('queues:control') && <>
					<Button onClick={() => act('check', t('asked'))}>{t('ask_provider')}</Button>
					{c.provider === 'evolution' && <Button onClick={() => act('connect', t('asked'))}>{t('connect_qr')}</Button>}
					{c.state === 'paused' ? <Button kind="main" onClick={() => act('resume', t('released'))}>{t('resume')}</Button> : <Button onClick={pause}>{t('hold')}</Button>}</>}
				{may('settings') && <Button onClick={p.edit}>{t('settings')}</Button>}
			</div>
			{c.provider === 'evolution' && (f['qr_image'] || f['qr_code']) && <div class="qr">{f['qr_image'] ? <img src={String(f['qr_image'])} alt={t('qr_alt')} width={240} height={240} /> : <Qr text={String(f['qr_code'])} label={t('qr_alt')} size={240} />}
				{f['pairing_code'] ? <p>{t('pairing')} <code>{String(f['pairing_code'])}</code></p> : null}</div>}
		</div>
		<div class="card"><h2>{t('known')}</h2>{c.check.error && <p class="error"><bdi>{answered(c.check.error)}</bdi></p>}
			{shown.length === 0 ? <p class="soft">{t('known_none')}</p> : <Facts rows={shown.map(([k, v]) => [word('fact.', k), fact(k, v)])} />}</div>
		{c.events.length > 0 && <div class="card"><h2>{t('journal')}</h2><table><tbody>{c.events.map((e, i) => <tr key={i}><td><Time at={e.at} full /></td><td>{e.field}</td><td>{e.event}</td>
			<td><details><summary>{t('look')}</summary><Raw label={e.field} text={JSON.stringify(e.detail ?? {})} /></details></td></tr>)}</tbody></table></div>}
	</div>;
}

function Workflows(p: { slug: string }): JSX.Element {
	const { data, error, reload } = useLoad(signal => get<Page<Import>>(`/api/v1/n8n/${p.slug}/workflows`, { signal }), p.slug);
	useLive(reload, [], EVERY_MS);
	const put = async (workflow: string) => { await post(`/api/v1/n8n/${p.slug}/workflows`, { workflow }); toast(t('asked')); reload(); };
	return <div class="card"><h2>{t('workflows')}</h2><p class="soft">{t('workflows_text')}</p>
		{error !== undefined ? <Failed error={error} again={reload} /> : data !== undefined && data.data.length > 0 && <table><tbody>{data.data.map(i => <tr key={i.workflow}><td>{i.workflow}</td><td><State state={i.state} /></td>
			<td class="break"><bdi>{i.detail ?? i.webhook_url}</bdi></td><td class="wide"><Time at={i.updated_at} full /></td></tr>)}</tbody></table>}
		<div class="row">{['dni', 'echo'].map(w => <Button key={w} onClick={() => put(w)}>{t('put_workflow', { name: w })}</Button>)}</div>
	</div>;
}

function TargetView(p: { part: Part; totals: Totals | undefined; edit: () => void }): JSX.Element {
	const { part } = p, [kind = '', slug = ''] = part.part.split('.');
	return <div class="stack"><div class="card"><div class="row"><h2>{partName(part.part)}</h2><State state={part.state} />{part.why && <span class="soft"><bdi>{part.why}</bdi></span>}</div>
		<Facts rows={[[t('breaker'), word('breaker.', part.breaker)], [t('calls'), <Count of={p.totals} part={part.part} />], [t('last_out'), <Time at={part.last_ok_at} full />],
			[t('last_in'), <Time at={part.last_in_at} full />], [t('since'), part.since ? moment(part.since) : null], [t('caught_up'), part.caught_up_at ? moment(part.caught_up_at) : null],
			[t('recovered'), part.recovered_messages ? <RecoveredCount part={part.part} n={part.recovered_messages} /> : null]]} />
		<div class="row"><Test part={part.part} />{may('settings') && <Button onClick={p.edit}>{t('settings')}</Button>}</div></div>
		{kind === 'n8n' && may('settings') && <Workflows slug={slug} />}
	</div>;
}

function LookupView(p: { l: Lookup; edit: () => void }): JSX.Element {
	const { l } = p;
	return <div class="card"><div class="row"><h2>{partName('lookup.' + l.name)}</h2><State state={l.state} />{l.fault && <span class="alarm"><bdi>{l.fault}</bdi></span>}</div>
		<Facts rows={[...Object.entries(l.answers).filter(([, n]) => n > 0).map(([k, n]): [string, string] => [word('lookup.', k), number(n)]), [t('cached'), number(l.cached)], [t('logins'), number(l.logins)]]} />
		{may('settings') && <div class="row"><Button onClick={p.edit}>{t('settings')}</Button></div>}</div>;
}

export function Integrations(): JSX.Element {
	const at = place.value.parts[1] ?? '', list = place.value.parts[2] ?? '', [editing, setEditing] = useState(false);
	const status = useLoad(signal => get<{ parts: Part[] }>('/api/v1/status?lang=' + lang.value, { signal }), 'status' + lang.value);
	const lookups = useLoad(signal => may('lookups') ? get<Page<Lookup>>('/api/v1/lookups', { signal }) : Promise.resolve({ data: [], next: null }), 'lookups');
	const settings = useLoad(signal => may('settings') ? loadSettings(signal) : Promise.resolve(null), 'settings');
	const totals = useLoad(signal => get<Totals>('/api/v1/calls/totals', { signal }), 'totals');
	useLive(() => { status.reload(); lookups.reload(); totals.reload(); }, ['alert'], EVERY_MS);
	if (status.data === undefined)
		return status.error !== undefined ? <Failed error={status.error} again={status.reload} /> : <p class="loading" aria-busy="true" />;
	const parts = status.data.parts.filter(x => KINDS.includes(x.part.split('.')[0]!)), mine = parts.find(x => x.part === at), look = lookups.data?.data.find(l => 'lookup.' + l.name === at);
	const [kind = '', slug = ''] = at.split('.');
	const edit = () => { settings.reload(); setEditing(true); };
	return <section class="screen stack">
		<h1>{at === '' ? t('integrations') : <><a href="#/integrations">{t('integrations')}</a> / {list === '' ? partName(at) : <a href={'#/integrations/' + at}>{partName(at)}</a>}</>}</h1>
		{at === '' ? parts.length + (lookups.data?.data.length ?? 0) === 0 ? <Empty title={t('integrations_none')}>{may('settings') && <p><a class="button main" href="#/setup">{t('setup')}</a></p>}</Empty>
			: <><table class="card"><thead><tr><th scope="col">{t('part')}</th><th scope="col">{t('state')}</th><th scope="col" class="wide">{t('last_out')}</th><th scope="col" class="wide">{t('last_in')}</th>
				<th scope="col" class="n wide">{t('calls')}</th><th scope="col" class="n">{t('failures')}</th></tr></thead>
				<tbody>{parts.map(x => <tr key={x.part}><td><a href={'#/integrations/' + x.part}>{partName(x.part)}</a>{x.why && <small class="soft"><bdi>{x.why}</bdi></small>}</td>
					<td><State state={x.state} /></td><td class="wide"><Time at={x.last_ok_at} /></td><td class="wide"><Time at={x.last_in_at} /></td><td class="n wide"><CallCount of={totals.data} part={x.part} /></td>
					<td class="n"><CallCount of={totals.data} part={x.part} failed /></td></tr>)}
				{lookups.data?.data.map(l => <tr key={l.name}><td><a href={'#/integrations/lookup.' + l.name}>{partName('lookup.' + l.name)}</a></td><td><State state={l.state} /></td><td class="wide" /><td class="wide" />
					<td class="n wide">{number(Object.values(l.answers).reduce((a, b) => a + b, 0))}</td><td class="n">{number(l.answers['unavailable'] ?? 0)}</td></tr>)}</tbody></table>
			{may('settings') && <p><a class="button quiet" href="#/setup">{t('setup')}</a></p>}</>
			: mine !== undefined && list === 'calls' ? <Calls key={at} part={at} /> : mine !== undefined && list === 'recovered' ? <Recovered key={at} part={at} />
			: kind === 'channel' && may('queues:read') ? <ChannelView key={slug} slug={slug} part={mine} totals={totals.data} edit={edit} /> : look !== undefined ? <LookupView l={look} edit={edit} />
				: mine !== undefined ? <TargetView key={at} part={mine} totals={totals.data} edit={edit} /> : <Empty title={t('not_found')} />}
		{editing && settings.data && <Edit of={settings.data} part={at} close={() => setEditing(false)} done={settings.reload} />}
	</section>;
}
