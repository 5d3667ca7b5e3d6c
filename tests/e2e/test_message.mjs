/* test_message.mjs - a message tells its story: each step with milliseconds, each call with its answer, the raw request; replay. */
import { Box, PHONE_ID, WABA, assert, portrait, test, until } from './lib.mjs';

test('a message tells its story and is processed again', async () => {
	const box = await Box.start();
	await box.say('595981000001', 'Lucía', 'hola');
	await box.idle();
	await until(async () => (await box.get('/api/v1/messages')).data.some(m => m.status === 'read'), 'the answer was read');
	const page = await box.person('technician', { screen: 'messages' });
	await page.locator('.bubble', { hasText: 'eco: hola' }).getByRole('link').click();
	const story = page.locator('.story');
	await story.getByText(/Llamada a WhatsApp main, \d+ ms/).waitFor();
	await story.getByText('Estado: leído').or(story.getByText('Estado: visto')).waitFor();
	await story.getByText(/^\d\d:\d\d:\d\d[.,]\d{3}$/).first().waitFor();
	await story.getByText(/Llamada a WhatsApp main/).click();
	await story.getByLabel('Respuesta').getByText('wamid.').waitFor();

	await page.goto('/#/messages');
	await page.locator('.bubble:not(.mine)', { hasText: 'hola' }).getByRole('link').click();
	await story.getByText('Meta avisó a la caja').waitFor();
	await page.getByRole('button', { name: 'Tal como llegó' }).first().click();
	await page.getByRole('dialog').getByLabel('Cuerpo').getByText('"hola"').waitFor();
	await page.keyboard.press('Escape');
	await page.getByRole('button', { name: 'Procesar de nuevo' }).click();
	await page.getByText('No cambiaría nada').waitFor(); /* the difference comes first */
	await page.locator('.diff li', { hasText: 'Mensaje' }).getByText('nada: ya se conoce').waitFor();
	await page.getByRole('dialog').getByRole('button', { name: 'Procesar de nuevo' }).click();
	await page.getByText('Se procesa de nuevo 1 aviso.').waitFor();
	await box.idle();
	const state = await box.double('meta', 'state?brief=1');
	assert.deepEqual([(await box.get('/api/v1/messages')).data.length, state.accepted, state.doubled], [2, 1, 0], 'nothing appears or goes twice');
});

test('a replay shows first which field of which message it would change', async () => {
	const box = await Box.start({ n8n: '/webhook/silent' });
	const sent = await box.post('/api/v1/messages', { to: '595981000001', type: 'text', text: { body: 'buenas' } });
	const mine = await until(async () => { const m = await box.get('/api/v1/messages/' + sent.id); return m.status === 'read' && m; }, 'sent and read');
	await box.idle();
	await box.post('/api/v1/queues/webhooks/pause'); /* what comes now is kept and not processed */
	const value = more => ({ object: 'whatsapp_business_account', entry: [{ id: WABA, changes: [{ field: 'messages', value: { messaging_product: 'whatsapp',
		metadata: { display_phone_number: '5511400000000', phone_number_id: PHONE_ID }, ...more } }] }] });
	const at = String(Math.floor(Date.now() / 1000));
	await box.hook(value({ contacts: [{ profile: { name: 'Luz' }, wa_id: '595981000002' }], messages: [{ from: '595981000002', id: 'wamid.NEW', timestamp: at, type: 'text', text: { body: 'hola' } }],
		statuses: [{ id: mine.meta_message_id, status: 'read', timestamp: at, recipient_id: '595981000001' }, { id: mine.meta_message_id, status: 'played', timestamp: at, recipient_id: '595981000001' }] }));
	const page = await box.person('technician', { screen: 'queues/deliveries' });
	await page.locator('button.plain').first().click();
	await page.getByRole('dialog').getByRole('button', { name: 'Procesar de nuevo' }).click();
	const diff = page.locator('.diff');
	await diff.locator('li', { hasText: 'Mensaje' }).filter({ hasText: 'se agregaría' }).getByText('1 contacto').waitFor();
	await diff.locator('li', { hasText: 'nada: ya se conoce' }).waitFor(); /* it was read already */
	const change = diff.locator('li', { hasText: 'cambiaría' });
	assert.match(await change.locator('dd').innerText(), /leído\s*→\s*escuchado/);
	await portrait(page, 'replay');
	await page.getByRole('dialog').filter({ has: diff }).getByRole('button', { name: 'Volver' }).click();
	assert.equal((await box.get('/api/v1/messages/' + sent.id)).status, 'read', 'only looked at');
	await box.post('/api/v1/queues/webhooks/resume');
	await until(async () => (await box.get('/api/v1/messages/' + sent.id)).status === 'played', 'what was told happens');
});
