/* settings.tsx - every setting: what it is, what it does, where its value comes from; found by a word. Secrets are write-only. */
import type { JSX } from 'preact';
import { useState } from 'preact/hooks';
import { t, word } from '../../lib/i18n';
import { place } from '../../lib/route';
import { helpOf, isSecret, loadSettings, saveSettings, valueOf, type Setting, type Value } from '../../lib/settings';
import { Button, Dialog, Empty, Failed, Field, sentence, toast, useLoad, useSubmit } from '../../ui/base';
import { useLive } from '../../ui/data';
import { AnyInput } from '../../ui/form';

function Edit(p: { s: Setting; v: Value; close: () => void; done: () => void }): JSX.Element {
	const { s, v } = p, secret = isSecret(s);
	async function save(value: string | null) {
		const a = await saveSettings({ [v.key]: value });
		toast(a.restart_needed.length > 0 ? t('saved_restart') : t('saved'));
		p.done();
		p.close();
	}
	const { busy, error, wrong: wrongOf, submit } = useSubmit(form => save(String(form.get('value')))), wrong = wrongOf(v.key);
	return <Dialog title={v.key} onClose={p.close}><form onSubmit={submit}>
		<p>{helpOf(s)}</p>
		<Field id="value" label={t('value')} hint={t('default_is', { value: valueOf(s.key, s.default) || '–' }) + (s.kind === 'int' && s.high > s.low ? ' ' + t('range_is', { low: s.low, high: s.high }) : '') + (s.restart ? ' ' + t('needs_restart') : '') + (secret && v.value ? ' ' + t('secret_kept') : '')} error={wrong}>
			{s.kind === 'bool' || s.kind === 'boolean' ? <select id="value" name="value">{['true', 'false'].map(x => <option key={x} value={x} selected={v.value === x}>{x}</option>)}</select>
				: <AnyInput id="value" name="value" type={secret ? 'password' : 'text'} autocomplete={secret ? 'new-password' : 'off'} spellcheck={false} defaultValue={secret ? '' : v.value} required={secret} />}</Field>
		{v.source === 'argument' || v.source === 'environment' ? <p class="result waiting">{t('set_outside', { source: word('from.', v.source.split(':')[0]!) })}</p> : null}
		{error !== null && wrong === undefined && <p class="error" role="alert">{sentence(error)}</p>}
		<div class="row end">{v.source === 'database' && <Button onClick={() => save(null)}>{t('take_away')}</Button>}<Button onClick={p.close}>{t('c.back')}</Button><Button type="submit" kind="main" disabled={busy}>{t('save')}</Button></div></form></Dialog>;
}

export function SettingsTable(): JSX.Element {
	const { data, error, reload } = useLoad(signal => loadSettings(signal), 'settings');
	useLive(reload, [], 5000);
	const [find, setFind] = useState(place.value.query.get('find') ?? ''), [changed, setChanged] = useState(false), [editing, setEditing] = useState<{ s: Setting; v: Value } | null>(null);
	if (data === undefined)
		return error !== undefined ? <Failed error={error} again={reload} /> : <p class="loading" aria-busy="true" />;
	const words = find.toLowerCase().split(/\s+/).filter(w => w !== '');
	const rows = data.all.flatMap(s => s.values.map(v => ({ s, v }))).filter(({ s, v }) => (!changed || v.source !== 'default') && words.every(w => v.key.includes(w) || helpOf(s).toLowerCase().includes(w)));
	return <div class="stack">
		<div class="row filters"><input type="search" aria-label={t('find_setting')} placeholder={t('find_setting')} value={find} onInput={e => setFind(e.currentTarget.value)} class="find" />
			<label class="check"><input type="checkbox" checked={changed} onChange={e => setChanged(e.currentTarget.checked)} />{t('only_changed')}</label>
			{['retention', 'queue', 'backup', 'tls'].map(w => <Button key={w} onClick={() => setFind(w)} pressed={find === w}>{word('find.', w)}</Button>)}</div>
		{rows.length === 0 ? <Empty title={t('settings_none')} /> : <table class="card"><thead><tr><th scope="col">{t('setting')}</th><th scope="col">{t('value')}</th><th scope="col" class="wide">{t('source')}</th></tr></thead>
			<tbody>{rows.map(r => <tr key={r.v.key}><td><button type="button" class="plain" onClick={() => setEditing(r)}>{r.v.key}</button><small class="soft">{helpOf(r.s)}</small></td>
				<td class="break"><bdi>{isSecret(r.s) ? (r.v.value ? t('is_set') : '–') : valueOf(r.v.key, r.v.value) || '–'}</bdi></td><td class="wide">{word('from.', r.v.source.split(':')[0]!)}</td></tr>)}</tbody></table>}
		{editing && <Edit {...editing} close={() => setEditing(null)} done={reload} />}
	</div>;
}
