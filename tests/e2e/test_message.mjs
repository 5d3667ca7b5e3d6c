/* test_message.mjs - a message tells its story: each step with milliseconds, each call with its answer, the raw request; replay. */
import { Box, assert, test, until } from './lib.mjs';

test('a message tells its story and is processed again', async () => {
	const box = await Box.start();
	await box.say('595981000001', 'Lucía', 'hola');
	await box.idle();
	await until(async () => (await box.get('/api/v1/messages')).data.some(m => m.status === 'read'), 'the answer was read');
	const page = await box.person('technician', { screen: 'messages' });
	await page.locator('.bubble', { hasText: 'eco: hola' }).getByRole('link').click();
	const story = page.locator('.story');
	await story.getByText(/Llamada a channel\.main, \d+ ms/).waitFor();
	await story.getByText('Estado: leído').or(story.getByText('Estado: visto')).waitFor();
	await story.getByText(/^\d\d:\d\d:\d\d[.,]\d{3}$/).first().waitFor();
	await story.getByText(/Llamada a channel\.main/).click();
	await story.getByLabel('Respuesta').getByText('wamid.').waitFor();

	await page.goto('/#/messages');
	await page.locator('.bubble:not(.mine)', { hasText: 'hola' }).getByRole('link').click();
	await story.getByText('Meta avisó a la caja').waitFor();
	await page.getByRole('button', { name: 'Tal como llegó' }).first().click();
	await page.getByRole('dialog').getByLabel('Cuerpo').getByText('"hola"').waitFor();
	await page.keyboard.press('Escape');
	await page.getByRole('button', { name: 'Procesar de nuevo' }).click();
	await page.getByText('No cambiaría nada').waitFor(); /* the difference comes first */
	await page.getByRole('dialog').getByRole('button', { name: 'Procesar de nuevo' }).click();
	await page.getByText('Se procesa de nuevo 1 pedido.').waitFor();
	await box.idle();
	const state = await box.double('meta', 'state?brief=1');
	assert.deepEqual([(await box.get('/api/v1/messages')).data.length, state.accepted, state.doubled], [2, 1, 0], 'nothing appears or goes twice');
});
