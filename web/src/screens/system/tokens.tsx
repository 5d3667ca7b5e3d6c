/* tokens.tsx - API tokens: made with scopes, shown once, revoked. */
import type { JSX } from 'preact';
import { useState } from 'preact/hooks';
import { call, get, post, type Page } from '../../lib/api';
import { t, word } from '../../lib/i18n';
import { who } from '../../lib/session';
import { Button, Dialog, Empty, Failed, Field, confirm, sentence, toast, useLoad, useSubmit } from '../../ui/base';
import { Copy, Time, useLive } from '../../ui/data';

const rightsOf = (k: Token): string => k.scopes.filter(s => s !== 'self').map(s => word('scope.', s)).join(', '); /* its own account every token may read */
interface Token { id: string; name: string; scopes: string[]; token?: string; created_at: string; last_used_at: string | null; revoked_at: string | null }

function Add(p: { close: () => void; done: (made: Token) => void }): JSX.Element {
	const { busy, error, wrong, submit } = useSubmit(async f => p.done(await post<Token>('/api/v1/tokens', { name: f.get('tname'), scopes: f.getAll('scope') })));
	return <Dialog title={t('token_add')} onClose={p.close}><form onSubmit={submit}>
		<Field id="tname" label={t('token_name')} hint={t('token_name_hint')} error={wrong('name')}><input id="tname" name="tname" autocomplete="off" required maxLength={100} /></Field>
		<fieldset><legend>{t('scopes')}</legend>{who.value!.rights.filter(r => r !== 'self').map(r => <label key={r} class="check line"><input type="checkbox" name="scope" value={r} />{word('scope.', r)} <small class="soft">{r}</small></label>)}</fieldset>
		{wrong('scopes') && <p class="error" role="alert">{wrong('scopes')}</p>}{error !== null && !wrong('name') && !wrong('scopes') && <p class="error" role="alert">{sentence(error)}</p>}
		<div class="row end"><Button onClick={p.close}>{t('c.back')}</Button><Button type="submit" kind="main" disabled={busy}>{t('token_add')}</Button></div></form></Dialog>;
}

export function Tokens(): JSX.Element {
	const { data, error, reload } = useLoad(signal => get<Page<Token>>('/api/v1/tokens', { signal }), 'tokens'), [adding, setAdding] = useState(false), [made, setMade] = useState<Token | null>(null);
	useLive(reload, [], 5000);
	async function revoke(k: Token) {
		if (!await confirm({ title: t('revoke_title', { name: k.name }), text: t('revoke_text'), yes: t('revoke') }))
			return;
		await call('DELETE', '/api/v1/tokens/' + k.id, {});
		toast(t('revoked'));
		reload();
	}
	if (data === undefined)
		return error !== undefined ? <Failed error={error} again={reload} /> : <p class="loading" aria-busy="true" />;
	return <div class="stack"><p class="soft">{t('tokens_text')}</p><div class="row"><Button kind="main" onClick={() => setAdding(true)}>{t('token_add')}</Button></div>
		{data.data.length === 0 ? <Empty title={t('tokens_none')} /> : <table class="card"><thead><tr><th scope="col">{t('token_name')}</th><th scope="col" class="wide">{t('scopes')}</th><th scope="col" class="wide">{t('last_used')}</th><th scope="col"><span class="hidden">{t('action')}</span></th></tr></thead>
			<tbody>{data.data.map(k => <tr key={k.id}><td><bdi>{k.name}</bdi><small class="soft">{t('created')} <Time at={k.created_at} /></small><small class="soft on-phone">{rightsOf(k)}</small></td><td class="wide"><small class="soft">{rightsOf(k)}</small></td>
				<td class="wide">{k.last_used_at ? <Time at={k.last_used_at} full /> : t('never_used')}</td><td>{k.revoked_at ? <span class="chip">{t('revoked')}</span> : <div class="row acts"><Button onClick={() => revoke(k)} label={t('revoke') + ': ' + k.name}>{t('revoke')}</Button></div>}</td></tr>)}</tbody></table>}
		{adding && <Add close={() => setAdding(false)} done={k => { setAdding(false); setMade(k); reload(); }} />}
		{made?.token && <Dialog title={t('token_made')} onClose={() => setMade(null)}><p>{t('token_once')}</p><p class="row"><code class="address">{made.token}</code><Copy text={made.token} /></p>
			<div class="row end"><Button kind="main" onClick={() => setMade(null)}>{t('token_kept')}</Button></div></Dialog>}
	</div>;
}
