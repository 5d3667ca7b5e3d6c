/* test_queues.mjs - the queues screen: pause and resume, a dead letter tried again, a job looked at, raw requests processed again. */
import { Box, assert, metaHook, portrait, test, until } from './lib.mjs';

/* A state of a message that nobody knows. */
function states(id) {
	const body = metaHook([]), value = body.entry[0].changes[0].value;
	delete value.messages;
	value.statuses = [{ id, status: 'delivered', timestamp: String(Math.floor(Date.now() / 1000)), recipient_id: '595981000002' }];
	return body;
}

const send = (box, to, body) => box.post('/api/v1/messages', { to, type: 'text', text: { body } });

test('a queue is paused and resumed', async () => {
	const box = await Box.start();
	const page = await box.person('technician', { screen: 'queues' });
	await page.getByRole('button', { name: 'Pausar: Por enviar' }).click();
	await page.getByRole('dialog').getByText('nothing is lost').or(page.getByText('no se pierde nada')).waitFor();
	await page.getByRole('button', { name: 'Hasta que lo reanude' }).click();
	const row = page.locator('tr', { hasText: 'messages' }).filter({ hasText: 'Por enviar' });
	await row.getByText('en pausa').waitFor();
	await send(box, '595981000001', 'espera');
	await row.getByRole('link', { name: '1', exact: true }).first().click(); /* the number leads to what it counts */
	await page.getByRole('heading', { name: 'Trabajos' }).waitFor();
	await page.getByRole('cell', { name: 'normal' }).waitFor();
	assert.equal((await box.double('meta', 'state?brief=1')).accepted, 0, 'nothing was sent meanwhile');
	await page.getByRole('button', { name: 'Reanudar: Por enviar' }).click();
	await until(async () => (await box.double('meta', 'state?brief=1')).accepted === 1, 'sent after resuming');
	await page.getByText('Aquí no espera nada.').waitFor();

	/* until a time: the button of an hour */
	await page.getByRole('button', { name: 'Pausar: Por enviar' }).click();
	await page.getByRole('button', { name: '1 hora', exact: true }).click();
	await until(async () => { const q = await box.get('/api/v1/queues/messages'); return q.state === 'paused' && q.paused_until !== null; }, 'paused until');
	await page.getByRole('button', { name: 'Reanudar: Por enviar' }).click();

	/* a time of one's own that is over: the refusal is said, and nothing is paused */
	await page.getByRole('button', { name: 'Pausar: Por enviar' }).click();
	page.allow.push(/status of 422/);
	await page.locator('#until').fill('2020-01-01T10:00');
	await page.locator('dialog form').getByRole('button', { name: 'Pausar' }).click();
	await page.locator('.toasts .bad').waitFor();
	assert.equal((await box.get('/api/v1/queues/messages')).state, 'running');
	await page.keyboard.press('Escape');

	/* limits: a number that cannot be is refused at its field */
	await page.getByRole('button', { name: 'Límites' }).click();
	await page.getByLabel('A la vez').fill('7');
	await page.getByRole('button', { name: 'Guardar' }).click();
	await until(async () => (await box.get('/api/v1/queues/messages')).limits.concurrency === 7, 'the limit is 7');
	await page.getByText('7 a la vez').waitFor();
});

test('clearing says to how many, and only the owner may', async () => {
	const box = await Box.start();
	await box.post('/api/v1/queues/messages/pause');
	for (let i = 0; i < 3; i++)
		await send(box, '595981000001', 'uno ' + i);
	const tech = await box.person('technician', { screen: 'queues/messages' });
	await tech.getByRole('button', { name: 'Reanudar: Por enviar' }).waitFor();
	assert.equal(await tech.getByRole('button', { name: 'Descartar' }).count(), 0);
	const page = await box.person('owner', { screen: 'queues/messages' });
	/* a job whose turn is now has no time, and can be looked into all the same */
	await page.locator('tbody').getByRole('button', { name: 'ahora mismo' }).first().click();
	await page.getByRole('dialog').getByLabel('Contenido').waitFor();
	await page.keyboard.press('Escape');
	await page.getByRole('button', { name: 'Descartar' }).click();
	await page.getByText('Se descartan 3 trabajos').waitFor();
	await page.getByRole('dialog').getByRole('button', { name: 'Volver' }).click();
	assert.equal((await box.get('/api/v1/queues/messages')).waiting, 3);
	await page.getByRole('button', { name: 'Descartar' }).click();
	await page.getByRole('button', { name: 'Descartar 3' }).click();
	await page.getByText('Se descartaron 3 trabajos.').waitFor();
	const q = await box.get('/api/v1/queues/messages');
	assert.deepEqual([q.waiting, q.discarded], [0, 3]);
});

test('dead letters are tried again, all of a kind, and thrown away', async () => {
	const box = await Box.start();
	await box.double('meta', 'behave', { do: 'meta_error', code: 131026, status: 400, times: 3 });
	for (let i = 1; i <= 3; i++)
		await send(box, '59598100000' + i, 'falla ' + i);
	await until(async () => (await box.get('/api/v1/dead-letters')).total === 3, 'three failed');
	const page = await box.person('owner', { screen: 'queues' });
	const tab = page.getByRole('link', { name: 'Fallidos definitivos' });
	await tab.getByText('3').waitFor();
	await tab.click();
	const kind = page.getByRole('row', { name: /meta 131026/ }).first();
	await kind.getByRole('cell', { name: '3', exact: true }).waitFor();

	/* one is thrown away */
	await page.locator('button.plain').first().click();
	await page.getByRole('dialog').getByText('not deliverable').first().waitFor();
	await page.getByRole('dialog').getByRole('button', { name: 'Descartar' }).click();
	await page.getByRole('dialog').filter({ hasText: '¿Descartar este?' }).getByRole('button', { name: 'Descartar' }).click();
	await kind.getByRole('cell', { name: '2', exact: true }).waitFor();

	/* all of a kind, counted first */
	await kind.getByRole('button', { name: /Reintentar todos/ }).click();
	await page.getByText('Se intentan de nuevo 2 trabajos').first().waitFor();
	await page.getByRole('button', { name: 'Reintentar 2' }).click();
	await page.getByText('Nada falló definitivamente.').waitFor();
	await until(async () => (await box.double('meta', 'state?brief=1')).accepted === 2, 'both went');
	assert.equal((await box.double('meta', 'state?brief=1')).doubled, 0);
});

test('raw requests are shown and processed again', async () => {
	const box = await Box.start({ n8n: '/webhook/silent' });
	await box.say('595981000001', 'Lucía', 'hola');
	for (let i = 0; i < 24; i++) /* more than one page of what a range would change */
		await box.hook(states('wamid.E2ENOBODYS' + i));
	await box.idle();
	const page = await box.person('technician', { screen: 'queues/deliveries' });
	await until(async () => await page.locator('tbody button.plain').count() >= 25, 'all rows');
	await page.locator('tbody button.plain').last().click();
	await page.getByRole('dialog').getByLabel('Cuerpo').getByText('"hola"').waitFor();
	await page.getByRole('dialog').getByRole('button', { name: 'Procesar de nuevo' }).click();
	await page.getByRole('dialog').filter({ hasText: 'No cambiaría nada' }).getByRole('button', { name: 'Procesar de nuevo' }).click();
	await page.getByText('Se procesa de nuevo 1 aviso.').waitFor();
	await page.keyboard.press('Escape');
	await page.getByRole('dialog').waitFor({ state: 'detached' });
	await page.getByRole('button', { name: 'Procesar de nuevo un rango de tiempo' }).click();
	await page.getByLabel('Comienzo').fill('2020-01-01T00:00:00');
	await page.getByLabel('Fin').fill('2099-01-01T00:00:00');
	await page.getByRole('button', { name: 'Contar' }).click();
	/* each of them says what it would change */
	const told = page.locator('.many > li'), all = (await box.get('/api/v1/deliveries?limit=500')).data.length;
	await until(async () => await told.count() === 20, 'a page of them');
	await told.first().locator('summary').click();
	await told.first().locator('.chip').first().waitFor();
	assert.ok(all > 20 && all <= 40, `${all} requests`);
	await page.getByText(`y ${all - 20} más`).waitFor();
	await page.getByRole('dialog').getByRole('button', { name: 'Mostrar más' }).click();
	await until(async () => await told.count() === all, 'the rest');
	await portrait(page, 'replay-range');
	await told.last().scrollIntoViewIfNeeded();
	await page.getByRole('button', { name: /^Procesar \d+ de nuevo$/ }).click();
	await page.getByText(/^Se procesan? de nuevo \d+ avisos?\.$/).last().waitFor();
	await box.idle();
	assert.equal((await box.get('/api/v1/messages')).data.filter(m => m.direction === 'inbound').length, 1, 'nothing appears twice');
});

test('a dead letter is edited and tried again', async () => {
	const box = await Box.start({ n8n: '/webhook/silent', peers: ['--evolution-hook', '/webhooks/evolution/tienda'], settings: b => ({ 'channel.tienda.provider': 'evolution',
		'channel.tienda.base_url': `http://127.0.0.1:${b.port.evolution}`, 'channel.tienda.instance': 'loja', 'channel.tienda.api_key': 'double-evolution-key',
		'channel.tienda.webhook_header_name': 'X-Totem-Key', 'channel.tienda.webhook_header_value': 'double-evolution-badge', 'queue.message-acts.attempts': '1' }) });
	const { id } = await box.post('/api/v1/messages', { channel: 'tienda', to: '5511955501234', type: 'text', text: { body: 'son 5 mil' } });
	const message = () => box.get('/api/v1/messages/' + id);
	await until(async () => (await message()).status === 'read', 'sent');
	await box.double('evolution', 'behave', { do: '400', match: 'updateMessage', times: 1 });
	await box.post(`/api/v1/messages/${id}/edit`, { text: 'son 6 mil' });
	await until(async () => (await box.get('/api/v1/dead-letters')).total === 1, 'the edit failed');
	const page = await box.person('technician', { screen: 'queues/dead' });
	await page.locator('button.plain').first().click();
	const dialog = page.getByRole('dialog');
	await dialog.getByLabel('Contenido').getByText('"son 6 mil"').waitFor();
	await dialog.getByRole('button', { name: 'Editar' }).click();
	const field = dialog.getByRole('textbox', { name: 'Contenido' });
	await field.fill('{"act":');
	await dialog.getByRole('button', { name: 'Intentar con los cambios' }).click();
	await dialog.getByRole('alert').waitFor(); /* what is no JSON does not leave the page */
	await portrait(page, 'dead-edit');
	await field.fill(JSON.stringify({ act: 'edit', text: 'son 7 mil' }));
	await dialog.getByRole('button', { name: 'Intentar con los cambios' }).click();
	await page.getByText('Nada falló definitivamente.').waitFor();
	await until(async () => (await message()).content === 'son 7 mil', 'what was edited was done');
	assert.equal((await box.get('/api/v1/dead-letters')).total, 0);
});

test('the numbers of a queue and of the start lead to what they count', async () => {
	const box = await Box.start();
	await box.post('/api/v1/queues/messages/pause');
	await box.post('/api/v1/queues/orchestrator-inbound/pause'); /* nobody answers */
	for (let i = 1; i <= 3; i++)
		await send(box, '59598100000' + i, 'ahora ' + i);
	for (let i = 1; i <= 2; i++)
		await box.post('/api/v1/messages', { to: '595981000004', type: 'text', text: { body: 'luego ' + i }, send_at: new Date(Date.now() + 86_400_000).toISOString() });
	await box.say('595981000001', 'Lucía', 'hola');
	const page = await box.person('technician', { screen: 'queues/messages' });
	const jobs = page.locator('.card', { hasText: 'Trabajos' }).locator('tbody tr'), facts = page.locator('.facts');
	for (const [name, n, state] of [['En espera', 3, 'en espera'], ['Después', 2, 'después']]) {
		await facts.locator('div', { hasText: name }).getByRole('link', { name: String(n), exact: true }).click();
		await until(async () => await jobs.count() === n, `${n} jobs: ${name}`);
		for (const row of await jobs.all())
			await row.getByText(state, { exact: true }).waitFor();
	}
	await page.getByLabel('Estado').selectOption('');
	await until(async () => await jobs.count() === 5, 'all');
	await page.goto('/#/queues');
	await page.locator('tr', { hasText: 'Por enviar' }).getByRole('link', { name: '2', exact: true }).click();
	await until(async () => await jobs.count() === 2, 'from the list of queues too');
	/* what was done is a chart: it comes into view, with the focus */
	await page.goto('/#/queues/webhooks');
	await facts.locator('div', { hasText: 'Hechos' }).getByRole('link').click();
	await until(() => page.evaluate(() => document.activeElement.querySelector('.chart') !== null), 'the chart has the focus');

	/* the traffic of the start leads to its messages */
	await page.goto('/#/start');
	await page.getByRole('link', { name: 'Llegaron' }).click();
	await page.locator('.bubble', { hasText: 'hola' }).waitFor();
	assert.equal(await page.locator('.bubble').count(), 1);
	await page.getByLabel('Sentido').selectOption('outbound');
	await until(async () => await page.locator('.bubble.mine').count() === 5, 'the other way');
	await portrait(page, 'messages-of-a-time');
	await page.getByLabel('Comienzo').fill('2020-01-01T00:00');
	await page.getByLabel('Fin').fill('2020-01-02T00:00');
	await page.getByText('No hay mensajes en ese tiempo.').waitFor();
	await page.getByRole('button', { name: 'Ver todos' }).click();
	await until(async () => await page.locator('.bubble').count() === 6, 'all again');
});

test('a dead letter says to whom, what, and leads to the message and its conversation', async () => {
	const box = await Box.start({ n8n: '/webhook/silent' });
	await box.double('meta', 'behave', { do: 'meta_error', code: 131026, status: 400, times: 1 });
	await box.post('/api/v1/messages', { to: '595981000009', type: 'text', text: { body: 'su pedido está listo' } });
	const letter = await until(async () => (await box.get('/api/v1/dead-letters')).data[0], 'a dead letter');
	const page = await box.person('owner', { login: 'ana', screen: 'queues/dead?letter=' + letter.id });
	const dialog = page.getByRole('dialog');
	await dialog.getByText('su pedido está listo').waitFor();
	await dialog.getByText('WhatsApp no puede entregar a este número').waitFor(); /* the reader's words, and Meta's beside them */
	await dialog.getByText('Meta error 131026').waitFor();
	await dialog.getByText('595981000009').first().waitFor();
	await dialog.getByText('Mensaje', { exact: true }).locator('..').getByRole('link').click();
	await page.getByText('Conversación', { exact: true }).locator('..').getByRole('link').click();
	await page.waitForURL(/#\/conversations\//);
});
