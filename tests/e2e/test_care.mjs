/* test_care.mjs - looking after the box: a backup is made and read back, a number of Evolution is connected by its QR code. */
import { readFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { Box, assert, portrait, test, until } from './lib.mjs';

/* A picture of one point. */
const PNG = Buffer.from('iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==', 'base64');

test('a backup is made and read back from the page', async () => {
	const box = await Box.start({ settings: { backup_every_hours: '0' } });
	const photo = await fetch(box.url + '/api/v1/media?filename=a.png', { method: 'POST', body: PNG, headers: { Authorization: 'Bearer ' + box.token, 'Content-Type': 'image/png' } });
	assert.ok(photo.ok, `media: ${photo.status}`);
	await box.say('595981000001', 'Lucía', 'hola');
	await box.idle();
	const page = await box.person('technician', { screen: 'system/backups' });
	await page.getByText('Todavía no hay respaldo').waitFor();
	await page.getByRole('button', { name: 'Hacer un respaldo ahora' }).click();
	const row = page.locator('tbody tr');
	await row.locator('.chip.good time').waitFor(); /* it counts only after it was read back */
	const [{ name, media_files: files, media_bytes: size }] = (await box.get('/api/v1/backups')).data;
	assert.deepEqual([files, size], [1, PNG.length], 'files of messages, and their bytes');
	await row.locator('td.n small', { hasText: new RegExp(`^${PNG.length}\\s?B`) }).waitFor();
	await page.getByRole('button', { name: 'Verificar' }).click();
	await row.getByText('Se leyó ahora: está entero.').waitFor();
	assert.equal((await box.get('/api/v1/backups')).data.length, 1);
	await row.getByText(name).waitFor();
	await page.getByText('totem restore').first().waitFor();
	await portrait(page, 'backup-made');
});

test('a backup is downloaded from the page and restored on another box', async () => {
	const box = await Box.start({ settings: { backup_every_hours: '0' } });
	await box.say('595981000001', 'Lucía', 'guardado para siempre');
	await box.idle();
	const page = await box.person('owner', { screen: 'system/backups' });
	await page.getByRole('button', { name: 'Hacer un respaldo ahora' }).click();
	await page.locator('tbody tr .chip.good time').waitFor();
	const [{ name }] = (await box.get('/api/v1/backups')).data;
	const [download] = await Promise.all([page.waitForEvent('download'), page.getByRole('link', { name: 'Descargar ' + name }).click()]);
	assert.equal(download.suggestedFilename(), name + '.tar');
	assert.equal(await download.failure(), null);
	const file = join(box.dir, download.suggestedFilename());
	await download.saveAs(file);
	const said = (await box.get('/api/v1/messages')).data.map(m => [m.id, m.content]);
	assert.equal((await box.get('/api/v1/audit?action=backups.download')).data[0].subject, name);
	await page.context().close();
	await box.down();
	box.data = join(box.dir, 'other');
	box.cli(['verify', file]);
	box.cli(['restore', file, '--without-key']);
	assert.deepEqual(readdirSync(box.data).filter(f => f.startsWith('.')), []); /* nothing of the unpacking stays */
	await box.up();
	assert.deepEqual((await box.get('/api/v1/messages')).data.map(m => [m.id, m.content]), said);
});

test('a number of Evolution is connected by its QR code', async () => {
	const box = await Box.start({ peers: ['--evolution-hook', '/webhooks/evolution/tienda'], settings: b => ({ 'channel.tienda.provider': 'evolution', 'channel.tienda.base_url': `http://127.0.0.1:${b.port.evolution}`, 'channel.tienda.instance': 'loja',
		'channel.tienda.api_key': 'double-evolution-key', 'channel.tienda.webhook_header_name': 'X-Totem-Key', 'channel.tienda.webhook_header_value': 'double-evolution-badge',
		'channel.tienda.webhook_url': `http://127.0.0.1:${b.hooks}/webhooks/evolution/tienda` }) });
	const page = await box.person('technician', { screen: 'integrations/channel.tienda' });
	await page.getByRole('button', { name: /QR/ }).waitFor();
	await box.double('evolution', 'connection', { state: 'close', reason: 401 });
	await until(async () => (await box.get('/api/v1/channels/tienda')).facts.connection === 'close', 'closed');
	await page.getByRole('button', { name: /QR/ }).click();
	const picture = page.locator('.qr img');
	await picture.waitFor();
	await until(() => picture.evaluate(i => i.complete && i.naturalWidth === 29), 'the picture is one');
	await page.getByText(/WZYE\d/).waitFor(); /* the code for who has no camera */
	await portrait(page, 'evolution-qr');
	await box.double('evolution', 'connection', { state: 'open' });
	await picture.waitFor({ state: 'detached' }); /* by itself */
});

test('what is known of one person is taken as a file, and erased; the log shows it', async () => {
	const box = await Box.start({ n8n: '/webhook/silent' });
	await box.say('595981000001', 'Lucía', 'una frase que solo ella dijo');
	await box.say('595981000002', 'Rosa', 'hola');
	await box.idle();
	const page = await box.person('owner', { screen: 'system/privacy' });
	await page.getByLabel('Días que se guarda un archivo').fill('90');
	await page.getByRole('button', { name: 'Guardar' }).click();
	await until(async () => (await box.get('/api/v1/settings')).data.find(s => s.key === 'retention_media_days').values[0].value === '90', 'the setting is kept');
	await page.getByLabel('Nombre o número').fill('lucía');
	await page.getByRole('button', { name: 'Buscar' }).click();
	const row = page.locator('tbody tr', { hasText: 'Lucía' });
	const [download] = await Promise.all([page.waitForEvent('download'), row.getByRole('link', { name: 'Sacar como archivo' }).click()]);
	const taken = readFileSync(await download.path(), 'utf8');
	assert.match(download.suggestedFilename(), /^totem-person-[0-9a-f-]{36}\.tar$/);
	assert.ok(taken.includes('totem-person/messages-0001.jsonl'), taken.slice(0, 200));
	assert.equal((await box.get('/api/v1/audit?action=contacts.export')).data.length, 1);
	assert.ok(taken.includes('una frase que solo ella dijo') && !taken.includes('Rosa'), taken);
	const other = await box.person('agent', { login: 'beto', screen: 'conversations', allow: [/status of 404/] });
	await other.locator('.talk', { hasText: 'Lucía' }).click();
	await other.locator('.thread .bubble', { hasText: 'solo ella' }).waitFor();
	await row.getByRole('button', { name: 'Borrar' }).click();
	await page.getByRole('dialog').getByText('Se borra 1 mensaje con archivos').waitFor(); /* how much it touches */
	await page.getByRole('dialog').getByRole('button', { name: 'Borrar' }).click();
	await page.getByText('Borrado: 1 mensaje, 0 archivos.').waitFor();
	await row.waitFor({ state: 'detached' });
	await page.getByRole('status', { name: 'Personas borradas' }).filter({ hasText: 'Lucía' }).getByText('listo').waitFor(); /* where it was asked, until it is done */
	await until(async () => !(await other.content()).includes('Lucía') && !(await other.content()).includes('solo ella'), 'who has the person open sees it go');
	await other.locator('.talk', { hasText: 'Rosa' }).waitFor();
	const gone = page.locator('tr', { hasText: 'listo' }); /* and in the list: who asked, when, when it was done */
	await gone.getByText('owner', { exact: true }).waitFor();
	assert.equal(await gone.locator('time').count(), 2);
	await page.getByText('Todavía nada era bastante viejo.').waitFor();
	assert.deepEqual((await box.get('/api/v1/messages')).data.map(m => m.sender_name), ['Rosa']);
	await page.goto('/#/system/logs');
	await page.getByText('contact.erased', { exact: true }).waitFor();
	assert.ok(!(await page.content()).includes('595981000001'), 'no numbers in the log');
	await page.getByLabel('Mostrar').selectOption('error');
	await page.getByText('Nada de esto desde el arranque.').waitFor();
	await page.goto('/#/system/certificates');
	await page.getByText('Esta caja no tiene certificado propio.').waitFor();
});

test('the numbers of a part lead to as many calls as they say, of which the failed ones', async () => {
	const box = await Box.start({ n8n: '/webhook/silent' });
	await box.say('595981000001', 'Lucía', 'hola');
	await box.idle();
	const page = await box.person('viewer', { screen: 'integrations' });
	const row = page.locator('tbody tr', { hasText: 'chatwoot' }).first(), calls = row.locator('td.n a').first();
	await calls.waitFor();
	const n = Number(await calls.textContent());
	assert.ok(n > 0, 'called');
	await calls.click();
	await page.getByRole('heading', { name: 'Llamadas', exact: true }).waitFor();
	await until(async () => await page.locator('table tbody tr').count() === n, 'as many rows');
	assert.ok(!(await page.content()).includes('595981000001'), 'numbers stay masked');
	await portrait(page, 'calls');
	await page.getByRole('link', { name: 'Ver', exact: true }).first().click();
	await page.waitForURL(/#\/messages\//);
});
