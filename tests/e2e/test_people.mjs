/* test_people.mjs - each role sees and can do only its own; an invitation from its link to a closed session; the second factor. */
import { createHmac } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { Box, PASSWORD, assert, need, newPage, portrait, test, until } from './lib.mjs';

const SEES = {
	owner: ['Inicio', 'Conversaciones', 'Mensajes', 'Colas', 'Integraciones', 'Sistema'],
	technician: ['Inicio', 'Conversaciones', 'Mensajes', 'Colas', 'Integraciones', 'Sistema'],
	agent: ['Inicio', 'Conversaciones', 'Mensajes', 'Integraciones', 'Sistema'],
	viewer: ['Inicio', 'Conversaciones', 'Mensajes', 'Colas', 'Integraciones', 'Sistema'],
};
const PARTS = {
	owner: ['Mi cuenta', 'Personas', 'Tokens de API', 'Registro de cambios', 'Respaldos', 'Ajustes', 'Privacidad', 'Certificados', 'Sucesos', 'Acerca de'],
	technician: ['Mi cuenta', 'Tokens de API', 'Registro de cambios', 'Respaldos', 'Ajustes', 'Privacidad', 'Certificados', 'Sucesos', 'Acerca de'],
	agent: ['Mi cuenta', 'Acerca de'],
	viewer: ['Mi cuenta', 'Acerca de'],
};
/* Every screen and who it is for, by its address; * is everybody. */
const SCREENS = { start: '*', conversations: '*', messages: '*', integrations: '*', system: '*', queues: 'owner technician viewer', 'queues/dead': 'owner technician viewer',
	'queues/deliveries': 'owner technician viewer', setup: 'owner technician', 'system/me': '*', 'system/users': 'owner', 'system/tokens': 'owner technician', 'system/audit': 'owner technician',
	'system/backups': 'owner technician', 'system/settings': 'owner technician', 'system/privacy': 'owner technician', 'system/certificates': 'owner technician', 'system/logs': 'owner technician', 'system/about': '*' };
/* What a role may not, asked of the box itself with the role's own session: the page hiding it is not what keeps it. */
const REFUSED = {
	technician: [['GET', '/api/v1/users'], ['POST', '/api/v1/users'], ['POST', '/api/v1/queues/messages/clear']],
	agent: [['GET', '/api/v1/users'], ['GET', '/api/v1/queues'], ['GET', '/api/v1/settings'], ['GET', '/api/v1/audit'], ['GET', '/api/v1/tokens'], ['GET', '/api/v1/logs'], ['GET', '/api/v1/certificates'], ['POST', '/api/v1/queues/messages/pause'], ['GET', '/api/v1/deliveries']],
	viewer: [['GET', '/api/v1/users'], ['GET', '/api/v1/settings'], ['POST', '/api/v1/messages'], ['POST', '/api/v1/queues/messages/pause'], ['POST', '/api/v1/dead-letters/retry'], ['GET', '/api/v1/backups'], ['GET', '/api/v1/logs'], ['GET', '/api/v1/certificates']],
};

test('each role sees and can do only its own', async () => {
	const box = await Box.start();
	await box.say('595981234567', 'Lucía', 'hola');
	await box.idle();
	for (const role of Object.keys(SEES)) {
		const page = await box.person(role, { screen: 'system', allow: [/status of 403/] });
		const links = page.getByRole('navigation', { name: 'Pantallas' }).getByRole('link');
		await until(async () => (await links.allInnerTexts()).map(x => x.trim()).filter(x => x !== 'Totem').join() === SEES[role].join(), `the rail of ${role}`);
		assert.deepEqual(await page.locator('.tabs a').allInnerTexts(), PARTS[role], `the system of ${role}`);
		for (const [method, path] of REFUSED[role] ?? []) {
			const status = await page.evaluate(async ([method, path]) => {
				const { csrf } = await (await fetch('/api/v1/session')).json();
				return (await fetch(path, { method, headers: { 'X-CSRF-Token': csrf, 'Content-Type': 'application/json' }, body: method === 'GET' ? undefined : '{}' })).status;
			}, [method, path]);
			assert.equal(status, 403, `${role}: ${method} ${path}`);
		}
		if (role === 'viewer') {
			await page.goto('/#/queues');
			await page.locator('tbody tr').first().waitFor();
			assert.equal(await page.getByRole('button', { name: /Pausar/ }).count(), 0, 'a viewer pauses nothing');
			await page.goto('/#/messages');
			await page.locator('.bubble').first().waitFor();
			assert.equal(await page.getByRole('button', { name: 'Enviar' }).count(), 0, 'a viewer sends nothing');
			assert.ok(!(await page.content()).includes('595981234567'), 'a viewer sees no numbers');
		}
	}
});

/* The owner's are all in test_screens.mjs; a technician's differ in one. */
test('each address shows its screen or says that there is none, by role', async () => {
	const box = await Box.start({ n8n: '/webhook/silent' });
	await box.say('595981234567', 'Lucía', 'hola');
	await box.idle();
	for (const [role, at] of [['agent', Object.keys(SCREENS)], ['viewer', Object.keys(SCREENS)], ['technician', ['system/users', 'system/audit', 'setup']]]) {
		const page = await box.person(role, { screen: 'start' });
		for (const path of at) {
			const who = SCREENS[path], sees = who === '*' || who.split(' ').includes(role), none = page.getByText('Esa pantalla no existe.');
			await page.evaluate(path => { location.hash = '#/' + path; }, path);
			await until(async () => await page.locator('main [aria-busy=true]').count() === 0 && (await page.locator('main').innerText()).trim() !== '' && (await none.count() > 0) === !sees, `${role} at ${path}: ${sees ? 'shown' : 'not there'}`);
			assert.equal(await page.locator('main [role=alert]').count(), 0, `${role} at ${path}`);
		}
	}
});

test('somebody is invited, comes in, and is put out while looking', async () => {
	const box = await Box.start();
	const page = await box.person('owner', { screen: 'system/users' });
	await page.getByRole('button', { name: 'Agregar una persona' }).click();
	await page.getByLabel('Nombre', { exact: true }).fill('beto');
	await page.getByLabel('Nombre como lo ven los colegas').fill('Beto <b>Ruiz</b>');
	await page.getByRole('button', { name: 'Crear el enlace' }).click();
	const link = await page.locator('dialog code').innerText();
	await page.getByRole('button', { name: 'Listo' }).click();

	const beto = await newPage(box, { allow: [/status of (401|403)/] });
	await beto.goto(link);
	await beto.getByText('Hola, Beto <b>Ruiz</b>').waitFor();
	await beto.getByLabel('Contraseña').fill(PASSWORD);
	await beto.keyboard.press('Enter');
	await beto.locator('.link.live').waitFor();
	const again = await newPage(box, { allow: [/status of 403/] });
	await again.goto(link);
	await again.getByText('Este enlace ya se usó').waitFor();

	/* disabled: the stream is cut, the page shows the door, without a click */
	await page.getByRole('button', { name: /Beto/ }).click();
	await page.getByRole('dialog').getByText('Chrome, Linux').waitFor();
	await page.getByRole('dialog').getByRole('button', { name: 'Desactivar' }).click();
	await page.getByRole('dialog').filter({ hasText: '¿Desactivar a beto?' }).getByRole('button', { name: 'Desactivar' }).click();
	await beto.getByLabel('Contraseña').waitFor();
	await page.getByText('desactivado', { exact: true }).waitFor();
});

function code(secret, at) {
	const bits = [...secret.replace(/[\s=]/g, '')].map(c => 'ABCDEFGHIJKLMNOPQRSTUVWXYZ234567'.indexOf(c).toString(2).padStart(5, '0')).join('');
	const key = Buffer.from(bits.match(/.{8}/g).map(b => parseInt(b, 2))), step = Buffer.alloc(8);
	step.writeBigUInt64BE(BigInt(Math.floor(at / 30_000)));
	const mac = createHmac('sha1', key).update(step).digest(), o = mac[19] & 15;
	return String((mac.readUInt32BE(o) & 0x7fffffff) % 1_000_000).padStart(6, '0');
}

test('the second factor, a token shown once, the audit log', async () => {
	const box = await Box.start();
	const page = await box.person('owner', { screen: 'system/me' });
	await page.getByRole('button', { name: 'Activar el segundo factor' }).click();
	await page.getByRole('dialog').getByLabel('Contraseña').fill(PASSWORD);
	await page.getByRole('button', { name: 'Siguiente' }).click();
	const secret = await page.locator('dialog code').innerText(), uri = await page.locator('dialog a[href^="otpauth:"]').getAttribute('href');
	assert.ok(uri.includes('secret=' + secret.replace(/\s/g, '')), uri);
	/* the picture holds that text: module by module what the library makes of it, with white around */
	const drawn = await page.locator('dialog svg.qr-code').evaluate(svg => ({ all: svg.viewBox.baseVal.width, dark: svg.querySelector('path').getAttribute('d').match(/M\d+ \d+/g) }));
	const wanted = need('qrcode-generator')(0, 'M');
	wanted.addData(uri);
	wanted.make();
	const n = wanted.getModuleCount(), modules = [];
	for (let y = 0; y < n; y++)
		for (let x = 0; x < n; x++)
			if (wanted.isDark(y, x))
				modules.push(`M${x + 4} ${y + 4}`);
	assert.deepEqual([drawn.all, drawn.dark], [n + 8, modules], 'the code');
	assert.equal(await page.getByLabel('Código de su teléfono').inputValue(), '', 'the password does not stand in the next field');
	await portrait(page, 'totp');
	await page.getByLabel('Código de su teléfono').fill(code(secret, Date.now()));
	await page.getByRole('dialog').getByRole('button', { name: 'Activar el segundo factor' }).click();
	const codes = (await page.locator('dialog pre').innerText()).trim().split('\n');
	await page.getByRole('button', { name: 'Ya los tengo' }).click();
	await page.getByText('activo, quedan').waitFor();

	const other = await newPage(box, { allow: [/status of 401/] });
	await other.goto('/');
	await other.getByLabel('Nombre', { exact: true }).fill('owner');
	await other.getByLabel('Contraseña').fill(PASSWORD);
	await other.keyboard.press('Enter');
	await other.getByLabel('Código de su teléfono').fill('wrong-wrong');
	await other.keyboard.press('Enter');
	await other.getByRole('alert').filter({ hasText: 'El código no es correcto o ya se usó.' }).waitFor();
	await other.getByLabel('Código de su teléfono').fill(codes[0]);
	await other.keyboard.press('Enter');
	await other.locator('.frame').waitFor();

	await page.goto('/#/system/tokens');
	await page.getByRole('button', { name: 'Crear un token' }).click();
	await page.getByLabel('Nombre', { exact: true }).fill('caja registradora');
	await page.getByLabel(/enviar mensajes/).check();
	await page.getByRole('dialog').getByRole('button', { name: 'Crear un token' }).click();
	const token = await page.locator('dialog code').innerText();
	await page.getByRole('button', { name: 'Ya lo tengo' }).click();
	assert.ok(!(await page.content()).includes(token), 'shown once');
	const ask = async () => (await fetch(box.url + '/api/v1/messages', { method: 'POST', headers: { Authorization: 'Bearer ' + token }, body: '{}' })).status;
	assert.notEqual(await ask(), 401);
	await page.getByRole('button', { name: 'Revocar: caja registradora' }).click();
	await page.getByRole('dialog').getByRole('button', { name: 'Revocar' }).click();
	await page.getByRole('row', { name: /caja registradora/ }).getByText('Revocado').waitFor();
	assert.equal(await ask(), 401);

	await page.goto('/#/system/audit');
	await page.getByText(/El registro está entero: \d+ entradas/).waitFor();
	await page.getByRole('cell', { name: 'tokens.create' }).first().waitFor();
	assert.ok(!(await page.content()).includes(token.slice(4)), 'no token in the log');

	/* the list as a file for a spreadsheet */
	const [file] = await Promise.all([page.waitForEvent('download'), page.getByRole('link', { name: 'Como archivo (CSV)' }).click()]);
	assert.equal(file.suggestedFilename(), 'audit.csv');
	const text = readFileSync(await file.path(), 'utf8');
	assert.ok(/^\uFEFFid,at,/.test(text) && text.includes('tokens.create'), text.slice(0, 200));

	/* a setting is found by a word, changed, and a wrong value is refused at its field */
	page.allow.push(/status of 422/);
	await page.goto('/#/system/settings');
	await page.getByRole('searchbox').fill('retention_deliveries');
	await page.getByRole('button', { name: 'retention_deliveries_days' }).click();
	await page.getByLabel('Valor', { exact: true }).fill('-4');
	await page.getByRole('button', { name: 'Guardar' }).click();
	await page.getByRole('dialog').getByRole('alert').waitFor();
	await page.getByLabel('Valor', { exact: true }).fill('11');
	await page.getByRole('button', { name: 'Guardar' }).click();
	await page.getByRole('row', { name: /retention_deliveries_days/ }).getByText('11').waitFor();
});

test('a token that may not read messages has no stream to ask for, and one whose stream is refused asks seldom', async () => {
	const box = await Box.start({ n8n: '/webhook/silent' });
	const look = async scopes => {
		const page = await newPage(box, { allow: [/status of 403/] }), calls = [];
		page.on('request', r => { if (r.url().endsWith('/whatsapp/stream')) calls.push(r.url()); });
		if (scopes === 'status messages:read')
			await page.route('**/whatsapp/stream', route => route.fulfill({ status: 403, json: {} }));
		await page.goto('/#token=' + JSON.parse(box.cli(['token', 'create', 'st', '--json', '--scopes', scopes])).token);
		await page.locator('.frame').waitFor();
		return [page, calls];
	};
	const [, none] = await look('status'), [page, refused] = await look('status messages:read');
	await until(() => refused.length > 0, 'the stream is asked for');
	await page.waitForTimeout(1000);
	assert.deepEqual(none, []);
	assert.ok(refused.length <= 3, `asked ${refused.length} times`);
});
