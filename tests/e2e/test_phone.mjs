/* test_phone.mjs - a phone shows what a wide window shows, under each other; and what is said on the way is said as a person says it. */
import { Box, assert, test } from './lib.mjs';

const PHONE = { width: 390, height: 844 };

test('a phone shows the details of the log, what the audit is about, the rights of a token, and whole names in the rail', async () => {
	const box = await Box.start({ n8n: '/webhook/silent' });
	const page = await box.person('owner', { size: PHONE, screen: 'system/logs' });
	await page.locator('tbody tr', { hasText: 'totem.started' }).getByText(/version=/).filter({ visible: true }).waitFor();
	await page.goto('/#/system/tokens');
	await page.locator('tbody tr', { hasText: 'e2e' }).getByText('leer conversaciones y mensajes').filter({ visible: true }).first().waitFor();
	const { token } = await box.post('/api/v1/tokens', { name: 'otro', scopes: ['status'] });
	assert.ok(token.length > 20);
	await page.goto('/#/system/audit');
	await page.locator('tbody tr', { hasText: 'Tokens · crear' }).getByText('otro').filter({ visible: true }).first().waitFor();
	for (const width of [390, 320]) {
		await page.setViewportSize({ width, height: 844 });
		const cut = await page.locator('.rail > a:visible span, .rail-more span:not(.dot)').evaluateAll(all => all.filter(e => e.scrollWidth > e.clientWidth).map(e => e.textContent));
		assert.deepEqual(cut, [], `at ${width}`);
		assert.ok(await page.locator('.rail').evaluate(e => e.scrollWidth <= e.clientWidth), 'nothing to scroll sideways');
	}
});

test('with failed jobs the start has the button to them; files that do not go are named', async () => {
	const box = await Box.start({ n8n: '/webhook/silent' });
	await box.say('595981000001', 'Lucía', 'hola');
	await box.idle();
	await box.double('meta', 'behave', { do: 'meta_error', code: 131026, status: 400, times: 1 });
	await box.post('/api/v1/messages', { to: '595981000009', type: 'text', text: { body: 'no llega' } });
	const page = await box.person('owner', { screen: 'start' });
	await page.getByRole('heading', { level: 1, name: '1 trabajo fallido espera a una persona' }).waitFor();
	await page.locator('p > a.button.main', { hasText: 'Ver' }).click();
	await page.locator('tbody tr', { hasText: '131026' }).first().waitFor();
	await page.goto('/#/conversations');
	await page.locator('.talk', { hasText: 'Lucía' }).click();
	const put = files => page.locator('.composer input[type=file]').setInputFiles(files);
	const file = (name, text = 'x') => ({ name, mimeType: 'text/plain', buffer: Buffer.from(text) });
	await page.locator('#composer').waitFor();
	await put([file('vacio.txt', ''), ...Array.from({ length: 8 }, (_, i) => file(`a${i}.txt`))]);
	await page.locator('.toasts').getByText('vacío no se puede enviar: vacio.txt').waitFor();
	await put([file('b1.txt'), file('b2.txt'), file('once.txt'), file('doce.txt')]);
	await page.locator('.toasts').getByText('Quedaron afuera: once.txt, doce.txt').waitFor();
	assert.equal(await page.locator('.composer .files li').count(), 10);
	await put([file('trece.txt')]);
	await page.locator('.toasts').getByText('Quedaron afuera: trece.txt').waitFor();
});

test('a dialog fits on a phone, and a finger closes it', async () => {
	const box = await Box.start({ n8n: '/webhook/silent' });
	const page = await box.person('owner', { size: PHONE, screen: 'conversations' });
	await page.locator('main').focus();
	await page.keyboard.press('?');
	await page.locator('dialog .keys').waitFor();
	assert.equal(await page.locator('dialog').evaluate(e => e.scrollWidth - e.clientWidth), 0, 'the keys are all to be seen');
	await page.getByRole('dialog').getByRole('button', { name: 'Cerrar' }).click();
	await page.locator('dialog').waitFor({ state: 'detached' });
	/* one as long as this has no ground beside it that could be tapped */
	await page.goto('/#/integrations/channel.main');
	const opener = page.getByRole('button', { name: 'Ajustes' });
	await opener.click();
	assert.equal(await page.getByLabel('provider').evaluate(e => e === document.activeElement), true, 'the focus begins at what the dialog is for');
	await page.getByRole('dialog').getByRole('button', { name: 'Cerrar' }).click();
	await page.locator('dialog').waitFor({ state: 'detached' });
	assert.equal(await opener.evaluate(e => e === document.activeElement), true, 'the focus is back');
});

test('before a number is connected the start says so and leads to the first run; an address of nothing leads on', async () => {
	const box = await Box.start({ bare: true });
	const page = await box.person('owner', { size: PHONE, screen: 'start' });
	await page.getByRole('heading', { level: 1, name: 'Todavía no hay ningún número de WhatsApp conectado.' }).waitFor();
	await page.goto('/#/nothing');
	await page.getByRole('heading', { level: 1, name: 'Esa pantalla no existe.' }).waitFor();
	await page.getByRole('link', { name: 'A la página de inicio' }).click();
	await page.locator('main').getByRole('link', { name: 'Puesta en marcha' }).click();
	await page.locator('.steps').waitFor();
});

test('the widest tables fit on the smallest phone', async () => {
	const box = await Box.start({ n8n: '/webhook/silent' });
	await box.say('595981000001', 'Lucía', 'hola');
	await box.idle();
	await box.post('/api/v1/queues/messages/pause');
	await box.post('/api/v1/messages', { to: '595981000001', type: 'text', text: { body: 'espera' } });
	await box.post('/api/v1/backups');
	const look = { size: { width: 320, height: 640 }, screen: 'queues' };
	let page;
	const over = () => page.locator('main').evaluate(e => e.scrollWidth - e.clientWidth);
	for (const lang of ['en', 'es', 'pt']) {
		page = await box.person('owner', { ...look, lang, login: lang });
		await page.locator('tr.paused').waitFor();
		assert.equal(await over(), 0, 'queues, ' + lang);
		await page.goto('/#/system/backups');
		await page.locator('tbody tr').first().waitFor();
		assert.equal(await over(), 0, 'backups, ' + lang);
	}
	await page.goto('/#/queues/messages');
	await page.locator('tbody tr').first().waitFor();
	assert.equal(await over(), 0, 'a queue');
	await page.goto('/#/system/privacy');
	await page.getByLabel('Nome ou número').fill('luc');
	await page.keyboard.press('Enter');
	await page.locator('tbody tr', { hasText: 'Lucía' }).waitFor();
	assert.equal(await over(), 0, 'a person');
});
