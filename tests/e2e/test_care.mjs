/* test_care.mjs - looking after the box: a backup is made and read back, a number of Evolution is connected by its QR code. */
import { Box, assert, portrait, test, until } from './lib.mjs';

test('a backup is made and read back from the page', async () => {
	const box = await Box.start({ settings: { backup_every_hours: '0' } });
	await box.say('595981000001', 'Lucía', 'hola');
	await box.idle();
	const page = await box.person('technician', { screen: 'system/backups' });
	await page.getByText('Todavía no hay respaldo').waitFor();
	await page.getByRole('button', { name: 'Hacer un respaldo ahora' }).click();
	const row = page.locator('tbody tr');
	await row.locator('.chip.good time').waitFor(); /* it counts only after it was read back */
	const [{ name }] = (await box.get('/api/v1/backups')).data;
	await page.getByRole('button', { name: 'Verificar' }).click();
	await row.getByText('Se leyó ahora: está entero.').waitFor();
	assert.equal((await box.get('/api/v1/backups')).data.length, 1);
	await row.getByText(name).waitFor();
	await page.getByText('totem restore').waitFor();
	await portrait(page, 'backup-made');
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
