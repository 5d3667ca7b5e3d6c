/* snooze.tsx - for how long a conversation is put aside. It wakes at that time, and whenever its customer writes. */
import type { JSX } from 'preact';
import { useState } from 'preact/hooks';
import { moment } from '../../lib/format';
import { t, type Words } from '../../lib/i18n';
import { Button, Dialog, Field, sentence, toast } from '../../ui/base';
import { put } from './side';
import type { Thread } from './threads';

const HOUR_MS = 3_600_000, OPENS_AT = 9, DAYS_MAX = 365, MONDAY = 1;

function at9(now: Date, days: number): Date {
	return new Date(now.getFullYear(), now.getMonth(), now.getDate() + days, OPENS_AT);
}

/* What is offered, in the time of this device; on a Sunday tomorrow is Monday. */
export function offers(now: Date): [name: keyof Words, at: Date][] {
	const monday = (MONDAY - now.getDay() + 7) % 7 || 7;
	return [['c.snooze_hour', new Date(now.getTime() + HOUR_MS)], ['c.snooze_tomorrow', at9(now, 1)], ...(monday > 1 ? [['c.snooze_monday', at9(now, monday)] as [keyof Words, Date]] : [])];
}

/* As an input of type datetime-local has it. */
function local(d: Date): string {
	return new Date(d.getTime() - d.getTimezoneOffset() * 60_000).toISOString().slice(0, 16);
}

export function Snooze(p: { thread: Thread; close: () => void }): JSX.Element {
	const [now] = useState(() => new Date()), [own, setOwn] = useState(local(at9(now, 2))), [busy, setBusy] = useState(false);
	async function choose(until: Date | null) {
		setBusy(true);
		try {
			await put(p.thread, 'status', { status: 'snoozed', until: until?.toISOString() ?? null });
			p.close();
		} catch (e) {
			toast(sentence(e), 'bad');
			setBusy(false);
		}
	}
	return <Dialog title={t('c.snooze')} onClose={p.close}>
		<p class="soft small">{t('c.snooze_text')}</p>
		<ul class="picks">{offers(now).map(([name, at]) => <li key={name}><button type="button" disabled={busy} onClick={() => { void choose(at); }}>
			<span class="strong">{t(name)}</span> <small class="soft">{moment(at.toISOString(), 'short')}</small></button></li>)}
			<li><button type="button" disabled={busy} onClick={() => { void choose(null); }}><span class="strong">{t('c.snooze_open')}</span></button></li></ul>
		<form onSubmit={e => { e.preventDefault(); void choose(new Date(own)); }}>
			<Field id="snooze-own" label={t('c.snooze_own')}><input id="snooze-own" type="datetime-local" required value={own} min={local(now)} max={local(at9(now, DAYS_MAX))}
				onInput={e => setOwn(e.currentTarget.value)} /></Field>
			<div class="row end"><Button onClick={p.close}>{t('c.back')}</Button><Button kind="main" type="submit" disabled={busy}>{t('c.snooze')}</Button></div>
		</form>
	</Dialog>;
}
