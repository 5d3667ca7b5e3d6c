/* form.tsx - settings as a form: names, values from the box, what is wrong at its field. Secrets are write-only. */
import type { ComponentChildren, JSX } from 'preact';
import { useState } from 'preact/hooks';
import { Refused } from '../lib/api';
import { t } from '../lib/i18n';
import { saveSettings, type Settings } from '../lib/settings';
import { Button, Field, sentence } from './base';

export interface Input { key: string; label: string; hint?: string; secret?: boolean; plain?: boolean; placeholder?: string; required?: boolean; initial?: string; type?: 'text' | 'url' | 'number' }

/* An input whose kind is known only when it is drawn. */
export function AnyInput(p: Record<string, unknown>): JSX.Element { return <input {...p} />; }

/* plain: a secret that its reader has to copy elsewhere, so it is shown while it is typed. `fixed`: goes with what was filled in. `after` runs when it is saved. */
export function SettingsForm(p: { of: Settings; inputs: Input[]; fixed?: Record<string, string>; submit: string; after?: (sent: Record<string, string>) => Promise<unknown> | void; children?: ComponentChildren }): JSX.Element {
	const [error, setError] = useState<unknown>(null), [busy, setBusy] = useState(false);
	const wrong = (field: string) => error instanceof Refused ? error.field(field) : undefined;
	async function save(e: Event) {
		e.preventDefault();
		const form = new FormData(e.currentTarget as HTMLFormElement), body: Record<string, string> = { ...p.fixed };
		for (const i of p.inputs) {
			const v = String(form.get(i.key) ?? '').trim();
			if (i.secret ? v !== '' : v !== p.of.value(i.key))
				body[i.key] = v;
		}
		for (const [k, v] of Object.entries(p.fixed ?? {}))
			if (p.of.value(k) === v)
				delete body[k];
		setBusy(true);
		setError(null);
		try {
			if (Object.keys(body).length > 0)
				await saveSettings(body);
			await p.after?.(body);
		} catch (x) {
			setError(x);
		} finally {
			setBusy(false);
		}
	}
	return <form onSubmit={e => { void save(e); }}>
		{p.inputs.map(i => <Field key={i.key} id={i.key} label={i.label} error={wrong(i.key)}
			hint={[i.hint, i.secret && p.of.value(i.key) !== '' ? t('secret_kept') : ''].filter(Boolean).map(s => s!.replace(/[^.;:!?…]$/, '$&.')).join(' ')}>
			<AnyInput id={i.key} name={i.key} type={i.secret && !i.plain ? 'password' : i.type === 'number' ? 'number' : 'text'} autocomplete={i.secret ? 'new-password' : 'off'} spellcheck={false}
				inputMode={i.type === 'url' ? 'url' : undefined} placeholder={i.placeholder} required={i.required && !(i.secret && p.of.value(i.key) !== '')}
				defaultValue={i.secret ? p.of.value(i.key) === '' ? i.initial : '' : p.of.value(i.key) || i.initial} /></Field>)}
		{p.children}
		{error !== null && !p.inputs.some(i => wrong(i.key)) && <p class="error" role="alert">{sentence(error)}</p>}
		<div class="row end"><Button type="submit" kind="main" disabled={busy}>{p.submit}</Button></div>
	</form>;
}
