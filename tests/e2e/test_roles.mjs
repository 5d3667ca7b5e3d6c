/* test_roles.mjs - what somebody may do changes while they look: the page follows; what others change shows without a reload. */
import { Box, assert, metaHook, metaText, test } from './lib.mjs';

test('the role of somebody who looks changes: composer and rail follow, and what they write meanwhile is not lost', async () => {
	const box = await Box.start({ n8n: '/webhook/silent' });
	await box.say('595981000001', 'Lucía', 'hola');
	await box.idle();
	await box.person('owner', { login: 'duena' });
	const page = await box.person('agent', { login: 'ana', screen: 'conversations' });
	const { id } = (await box.get('/api/v1/users')).data.find(u => u.login === 'ana');
	const role = to => box.api('PATCH', '/api/v1/users/' + id, { role: to });
	const rail = page.getByRole('navigation', { name: 'Pantallas' });
	await page.locator('.talk').first().click();
	await page.locator('#composer').fill('a medio escribir');
	await role('technician');
	await rail.getByRole('link', { name: 'Colas' }).waitFor();
	assert.equal(await page.locator('#composer').inputValue(), 'a medio escribir', 'the same page');
	await role('viewer');
	await page.locator('#composer').waitFor({ state: 'detached' });
	await page.locator('.link.live').waitFor();
	await role('agent');
	await page.locator('#composer').waitFor();
	await rail.getByRole('link', { name: 'Colas' }).waitFor({ state: 'detached' });
	assert.equal(await page.locator('#composer').inputValue(), 'a medio escribir');
});

test('people, tokens, settings, the audit log and one’s own account are as they are now, without a reload', async () => {
	const box = await Box.start({ n8n: '/webhook/silent' });
	const page = await box.person('owner', { login: 'duena', name: 'Dueña' });
	await page.clock.install(); /* lists are asked for every 5 s: not waited for */
	const soon = () => page.clock.fastForward(6000);
	await page.goto('/#/system/users');
	await page.locator('tbody tr').first().waitFor();
	await box.post('/api/v1/users', { login: 'nuevo', role: 'agent' });
	await soon();
	await page.locator('tbody tr', { hasText: 'nuevo' }).waitFor();
	await page.goto('/#/system/tokens');
	await page.locator('tbody tr', { hasText: 'e2e' }).waitFor();
	await box.post('/api/v1/tokens', { name: 'otro', scopes: ['status'] });
	await soon();
	await page.locator('tbody tr', { hasText: 'otro' }).waitFor();
	await page.goto('/#/system/audit');
	await page.locator('tbody tr', { hasText: 'otro' }).waitFor();
	await box.post('/api/v1/tokens', { name: 'tercero', scopes: ['status'] });
	await soon();
	await page.locator('tbody tr', { hasText: 'tercero' }).waitFor();
	await page.goto('/#/system/settings?find=retention_events');
	const row = page.locator('tbody tr', { hasText: 'retention_events_days' });
	await row.waitFor();
	await box.api('PATCH', '/api/v1/settings', { retention_events_days: '17' });
	await soon();
	await row.getByText('17', { exact: true }).waitFor();
	await page.goto('/#/system/me');
	const name = page.getByLabel('Su nombre');
	await name.fill('La dueña'); /* what one is writing stays */
	const rows = page.locator('tbody tr');
	await rows.first().waitFor();
	assert.equal(await rows.count(), 1);
	await box.enter(await box.person('agent', { login: 'otra' }), 'duena');
	await soon();
	await rows.nth(1).waitFor();
	assert.equal(await name.inputValue(), 'La dueña');
});

test('the button of the start leads to where something can be done about it, and is not there for who may not', async () => {
	const box = await Box.start({ n8n: '/webhook/silent' });
	await box.say('595981000001', 'Lucía', 'hola');
	await box.idle();
	const [{ id }] = (await box.get('/api/v1/conversations')).data, stranger = metaHook([metaText('595981000002', 'hola')]);
	stranger.entry[0].changes[0].value.metadata.phone_number_id = '999';
	await box.hook(stranger);
	/* what cannot be provoked in a moment, as the box tells it */
	const more = [['clock', 'box', null], ['backup-check', 'backup-check', null], ['loop', 'conversation 1', id], ['whatsapp-error', 'channel.main 131000', null]]
		.map(([kind, subject, conversation_id], i) => ({ id: String(i), kind, subject, conversation_id, text: 'asunto ' + kind, cure: '', count: 1, opened_at: new Date().toISOString() }));
	const links = async page => {
		await page.route('**/api/v1/status?*', async route => {
			const answer = await route.fetch().catch(() => null), status = await answer?.json().catch(() => null); /* its page is gone, or reloads */
			await (status ? route.fulfill({ json: { ...status, incidents: [...status.incidents, ...more] } }) : route.abort()).catch(() => {});
		});
		await page.reload();
		await page.locator('.note', { hasText: 'asunto loop' }).waitFor();
		await page.locator('.note', { hasText: '999' }).waitFor();
		return Promise.all(['999', ...more.map(i => 'asunto ' + i.kind)].map(async text => {
			const link = page.locator('.note', { hasText: text }).getByRole('link');
			return await link.count() === 0 ? null : [await link.innerText(), await link.getAttribute('href')];
		}));
	};
	/* why a request was put aside, in the reader's language too */
	await box.hook({ object: 'whatsapp_business_account', x: 1 });
	const owner = await box.person('owner', { screen: 'queues/deliveries' }), agent = await box.person('agent', { screen: 'start' });
	await owner.getByRole('cell', { name: 'un número que no es nuestro' }).waitFor();
	await owner.getByRole('cell', { name: 'un cuerpo sin lista de entradas' }).waitFor();
	await owner.goto('/#/start');
	const talk = ['Ver Conversación', '#/conversations/' + id], channel = ['Ver WhatsApp main', '#/integrations/channel.main'];
	assert.deepEqual(await links(owner), [['Ver Ajustes', '#/system/settings?find=phone_number_id'], null, ['Ver Respaldos', '#/system/backups'], talk, channel]);
	assert.deepEqual(await links(agent), [null, null, null, talk, channel]);
	assert.equal(await agent.locator('td a[href^="#/system"], td a[href^="#/queues"]').count(), 0, 'no links to what an agent does not see');
});
