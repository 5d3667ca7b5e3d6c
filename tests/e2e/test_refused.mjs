/* test_refused.mjs - what the box refuses or does not answer is said where it was asked, and the page goes on showing what holds. */
import { Box, assert, newPage, test, until } from './lib.mjs';

const AWAY = [/ERR_FAILED|Failed to fetch/];

test('what was not done is said, what was typed stays, and what holds is shown', async () => {
	const box = await Box.start({ n8n: '/webhook/silent' });
	await box.say('595981000001', 'Lucía', 'hola');
	await box.idle();
	box.cli(['user', 'add', 'beto', '--role', 'agent', '--password', '-'], 'correcto caballo\n');
	const page = await box.person('owner', { login: 'ana', name: 'Ana', screen: 'conversations', allow: AWAY });
	await page.locator('.talk').first().click();
	await page.getByRole('button', { name: 'Sobre el cliente' }).click();
	const said = page.locator('.toasts .bad', { hasText: 'La caja no responde' });
	await page.locator('#assigned option', { hasText: 'Ana' }).waitFor({ state: 'attached' });
	await page.route(/\/(assign|status|labels)$|\/contacts\/[^/]+$|\/users\/[^/]+$/, route => route.request().method() === 'GET' ? route.continue() : route.abort());

	await page.locator('#assigned').selectOption({ label: 'Ana (yo)' });
	await said.nth(0).waitFor();
	await until(async () => await page.locator('#assigned').inputValue() === '', 'nobody is assigned');
	await page.locator('#status').selectOption('resolved');
	await said.nth(1).waitFor();
	await until(async () => await page.locator('#status').inputValue() === 'open', 'it is open');
	await page.getByLabel('Etiqueta nueva').fill('vip');
	await page.keyboard.press('Enter');
	await said.nth(2).waitFor();
	assert.equal(await page.getByLabel('Etiqueta nueva').inputValue(), 'vip');
	await page.getByRole('button', { name: 'Renombrar' }).click();
	await page.locator('.side input[name=name]').fill('Lucía Paz');
	await page.keyboard.press('Enter');
	await page.locator('.side [role=alert]', { hasText: 'La caja no responde' }).waitFor();
	assert.equal(await page.locator('.side input[name=name]').inputValue(), 'Lucía Paz');

	/* a quick answer made elsewhere is offered to who has had the page open */
	await page.keyboard.press('Escape');
	await box.post('/api/v1/quick-answers', { shortcut: 'horario', title: 'Horario', text: 'De 8 a 18' }, 201);
	await until(async () => {
		await page.locator('#composer').fill('');
		await page.locator('#composer').fill('/hor');
		return await page.getByText('De 8 a 18').count() > 0;
	}, 'the new answer is offered');

	/* people: a role that was not taken; nobody makes themselves a link that ends their own way in */
	await page.goto('/#/system/users');
	await page.getByRole('button', { name: 'beto' }).click();
	await page.locator('#role').selectOption('viewer');
	await said.first().waitFor();
	await until(async () => await page.locator('#role').inputValue() === 'agent', 'the role that he has');
	await page.getByRole('button', { name: 'Contraseña nueva por enlace' }).waitFor();
	await page.keyboard.press('Escape');
	await page.getByRole('button', { name: 'Ana', exact: true }).click();
	await page.getByRole('dialog').getByRole('link', { name: 'Mi cuenta' }).waitFor();
	assert.equal(await page.getByRole('button', { name: 'Contraseña nueva por enlace' }).count(), 0);
	await page.keyboard.press('Escape');

	/* a double click makes one token: a second one would never be shown */
	await page.goto('/#/system/tokens');
	await page.getByRole('button', { name: 'Crear un token' }).click();
	await page.getByLabel('Nombre', { exact: true }).fill('caja registradora');
	await page.getByLabel(/enviar mensajes/).check();
	await page.route('**/api/v1/tokens', async route => { await new Promise(r => setTimeout(r, 300)); await route.continue(); });
	await page.getByRole('dialog').getByRole('button', { name: 'Crear un token' }).dblclick();
	await page.getByRole('button', { name: 'Ya lo tengo' }).click();
	assert.equal((await box.get('/api/v1/tokens')).data.filter(k => k.name === 'caja registradora').length, 1);

	/* so do the forms of one's own account and of a setting */
	const writes = [], slow = async route => { await new Promise(r => setTimeout(r, 300)); await route.continue(); };
	page.on('request', r => { if (/^(PUT|PATCH)$/.test(r.method())) writes.push(new URL(r.url()).pathname.replace('/api/v1', '')); });
	await page.route(/\/me\/password$|\/me$|\/settings$/, slow);
	await page.goto('/#/system/me');
	await page.getByLabel('Contraseña actual').fill('correcto caballo');
	await page.getByLabel('Contraseña nueva').fill('correcto caballo dos');
	await page.getByRole('button', { name: 'Cambiar contraseña' }).dblclick();
	await page.locator('.toasts').getByText('La contraseña está cambiada.').first().waitFor();
	await page.getByRole('button', { name: 'Guardar' }).dblclick();
	await page.locator('.toasts').getByText('Guardado').first().waitFor();
	await page.goto('/#/system/settings?find=company_name');
	await page.getByRole('button', { name: 'company_name' }).click();
	await page.getByRole('dialog').getByRole('button', { name: 'Guardar' }).dblclick();
	await page.getByRole('dialog').waitFor({ state: 'detached' });
	assert.deepEqual(writes, ['/me/password', '/me', '/settings']);

	/* a file that is dropped beside the places for files does not take the page away */
	const taken = await page.locator('main').evaluate(at => ['dragover', 'drop'].map(kind => {
		const data = new DataTransfer();
		data.items.add(new File(['x'], 'a.txt', { type: 'text/plain' }));
		return at.dispatchEvent(new DragEvent(kind, { dataTransfer: data, bubbles: true, cancelable: true }));
	}));
	assert.deepEqual(taken, [false, false]);
});

test('the door opens by itself when the box is back', async () => {
	const box = await Box.start(), page = await newPage(box, { allow: AWAY });
	await page.route('**/api/v1/session', route => route.abort());
	await page.goto('/');
	await page.getByText('La caja no responde').waitFor();
	await page.unroute('**/api/v1/session');
	await page.getByText('Esta caja aún no tiene dueño').waitFor();
});
