/* test_first_run.mjs - from an empty box to a message sent and answered, by the pages alone: the one-time link, the owner, each step
 * with its live test, wrong first and right then. */
import { Box, META_TOKEN, PASSWORD, PHONE_ID, SECRET, VERIFY, WABA, assert, newPage, portrait, test, until } from './lib.mjs';

test('from an empty box to a message sent and answered', async () => {
	const box = await Box.start({ bare: true, settings: b => ({ 'channel.main.base_url': `http://127.0.0.1:${b.port.meta}` }) });
	const link = await until(() => /http\S+#setup=\S+/.exec(box.said + box.log())?.[0].replace(/["\\].*$/, ''), 'the link');
	const page = await newPage(box, { allow: [/status of (4|5)\d\d/] });
	await page.goto(link);
	await page.getByRole('button', { name: 'Português' }).click();
	await page.getByRole('button', { name: 'Começar' }).waitFor();
	await page.getByRole('button', { name: 'Español' }).click();
	assert.ok(!page.url().includes('setup='), 'the link leaves the address');
	await portrait(page, 'first-owner');
	await page.getByLabel('Nombre', { exact: true }).fill('ana');
	await page.getByLabel('Contraseña').fill('corta');
	await page.getByLabel('Nombre de la empresa').fill('Ferretería Ñandutí');
	await page.getByRole('button', { name: 'Empezar' }).click(); /* the browser itself refuses what is too short */
	await page.getByLabel('Contraseña').fill(PASSWORD);
	await page.getByRole('button', { name: 'Empezar' }).click();
	await page.getByRole('heading', { name: 'Puesta en marcha' }).waitFor();
	const step = name => page.locator('.step').filter({ hasText: name });
	await step('Su empresa').getByText('listo').waitFor();

	/* WhatsApp: a wrong token is told in a sentence with what to do */
	const whatsapp = step('Número de WhatsApp');
	await whatsapp.getByLabel('Token de acceso').fill('wrong-token');
	await whatsapp.getByLabel('Identificador del número de teléfono').fill(PHONE_ID);
	await whatsapp.getByLabel('Identificador de la cuenta').fill(WABA);
	await whatsapp.getByLabel('Clave secreta de la app').fill(SECRET);
	await whatsapp.getByLabel('Token de verificación').fill(VERIFY);
	await whatsapp.getByRole('button', { name: 'Guardar y probar' }).click();
	await whatsapp.getByText('El token no es aceptado').waitFor();
	await whatsapp.getByText('todavía no anda').waitFor();
	await portrait(page, 'setup-failed');
	/* what is refused is told with what to do, and what the test said of the value before is not shown beside it */
	await whatsapp.getByLabel('Identificador del número de teléfono').fill('+55 11 4000-0000');
	await whatsapp.getByRole('button', { name: 'Guardar y probar' }).click();
	await whatsapp.getByText('Acá van solo cifras').waitFor();
	assert.ok(!await whatsapp.getByText('El token no es aceptado').isVisible());
	await whatsapp.getByLabel('Identificador del número de teléfono').fill(PHONE_ID);
	await whatsapp.getByLabel('Token de acceso').fill(META_TOKEN);
	await whatsapp.getByRole('button', { name: 'Guardar y probar' }).click();
	await whatsapp.getByText('listo', { exact: true }).waitFor();

	/* Meta's verification call: the step waits and turns green by itself */
	const calls = step('Mensajes hacia esta caja');
	if (await calls.getByText('Token de verificación:').count() === 0)
		await calls.getByRole('button').first().click();
	await calls.getByText(VERIFY).waitFor();
	await calls.getByText('esperando', { exact: true }).waitFor();
	await box.double('meta', `handshake?verify_token=${VERIFY}`);
	await calls.getByText('listo', { exact: true }).waitFor();

	/* Chatwoot: nothing listens there; then the right address */
	const open = async (card, label) => { if (await card.getByLabel(label).count() === 0) await card.getByRole('button').first().click(); };
	const chatwoot = step('Chatwoot');
	await open(chatwoot, 'Dirección de Chatwoot');
	await portrait(page, 'setup-chatwoot');
	await chatwoot.getByRole('button', { name: 'A mano' }).click();
	await chatwoot.getByLabel('Dirección de Chatwoot').fill('http://127.0.0.1:1');
	await chatwoot.getByLabel('Token de acceso').fill('double-chatwoot-token');
	await chatwoot.getByLabel('Número de cuenta').fill('1');
	await chatwoot.getByLabel('Número de la bandeja').fill('1');
	await chatwoot.getByLabel('Secreto del webhook').fill('double-chatwoot-secret');
	await chatwoot.getByRole('button', { name: 'Guardar y probar' }).click();
	await chatwoot.getByText('No se puede llegar a 127.0.0.1:1').waitFor();
	await chatwoot.getByLabel('Dirección de Chatwoot').fill(`http://127.0.0.1:${box.port.chatwoot}`);
	await chatwoot.getByLabel('Número de la bandeja').fill('77');
	await chatwoot.getByRole('button', { name: 'Guardar y probar' }).click();
	await chatwoot.getByText('Chatwoot no conoce esta cuenta o bandeja').waitFor();
	await chatwoot.getByLabel('Número de la bandeja').fill('1');
	await chatwoot.getByRole('button', { name: 'Guardar y probar' }).click();
	await chatwoot.getByText('SAFE_FETCH_ALLOWED_PRIVATE_NETWORKS').or(chatwoot.getByText('direcciones privadas')).first().waitFor(); /* until an agent was heard */

	/* n8n: the workflow is not active; then one that answers */
	const n8n = step('Asistente (n8n)');
	await open(n8n, 'Webhook del workflow');
	await n8n.getByLabel('Webhook del workflow').fill('n8n:5678/webhook/totem');
	await n8n.getByRole('button', { name: 'Guardar y probar' }).click();
	await n8n.getByText('con http:// o https:// adelante').waitFor();
	await n8n.getByLabel('Webhook del workflow').fill(`http://127.0.0.1:${box.port.n8n}/webhook/json404`);
	await n8n.getByRole('button', { name: 'Guardar y probar' }).click();
	await n8n.getByText('todavía no anda').waitFor();
	await n8n.getByLabel('Webhook del workflow').fill(`http://127.0.0.1:${box.port.n8n}/webhook/echo`);
	await n8n.getByRole('button', { name: 'Guardar y probar' }).click();
	await n8n.getByText('listo', { exact: true }).waitFor();

	/* a customer writes and is answered; a message of ours goes out */
	const first = step('Primer mensaje');
	await open(first, 'Para');
	await box.say('595981000001', 'Lucía', 'hola');
	await first.getByText('listo', { exact: true }).waitFor();
	await box.double('chatwoot', 'say', { conversation: 1, content: 'soy Ana, la atiendo' });
	/* heard before its secret changes: Chatwoot's webhook may be late, and is signed with the one of now */
	await until(async () => (await box.double('meta', 'state?brief=1')).accepted >= 2, 'the agent was heard');
	/* the same by itself: the box finds or makes inbox and webhook */
	await open(chatwoot, 'Dirección de Chatwoot');
	await chatwoot.getByLabel('Dirección de Chatwoot').fill(`http://127.0.0.1:${box.port.chatwoot}`);
	await chatwoot.getByLabel('Dirección de esta caja').fill(`http://127.0.0.1:${box.hooks}`);
	await chatwoot.getByRole('button', { name: 'Configurar Chatwoot' }).click();
	await chatwoot.getByText(/Listo: la bandeja/).waitFor();
	await chatwoot.getByRole('button', { name: 'A mano' }).click();
	await chatwoot.getByRole('button', { name: 'Guardar y probar' }).click();
	await chatwoot.getByText('listo', { exact: true }).waitFor();
	await open(first, 'Para');
	await first.getByLabel('Para').fill('595981000001');
	/* its answer is lost: another text is not sent in its place unseen, but it can be sent */
	page.allow.push(/ERR_FAILED/);
	await page.route('**/api/v1/messages', async route => { await route.fetch(); await route.abort(); }, { times: 1 });
	await first.getByRole('button', { name: 'Enviar' }).click();
	await first.getByText('La caja no responde').waitFor();
	await first.getByLabel('Texto').fill('otro texto');
	await first.getByRole('button', { name: 'Enviar' }).click();
	await first.getByText('Esto ya se envió, con otro contenido').waitFor();
	await first.getByRole('button', { name: 'Enviar' }).click();
	const state = await until(async () => { const s = await box.double('meta', 'state?brief=1'); return s.accepted >= 4 && s; }, 'the answers and ours are at Meta');
	assert.equal(state.doubled, 0);
	await portrait(page, 'setup-done');
	await first.getByRole('button', { name: 'A la página de inicio' }).click();
	await page.getByText('Ferretería Ñandutí').waitFor();

	/* the link was good once */
	const late = await newPage(box, { allow: [/status of 403/] });
	await late.goto(link);
	await late.locator('form').waitFor();
});

test('an Evolution shop: what is wrong is told, the phone and its messages turn the steps green', async () => {
	const box = await Box.start({ bare: true, peers: ['--evolution-instance', 'loja'] });
	box.token = box.newToken();
	const page = await box.person('owner', { login: 'ana', screen: 'setup', allow: [/status of (4|5)\d\d/] });
	const step = name => page.locator('.step').filter({ hasText: name });
	const open = async (card, label) => { if (await card.getByLabel(label).count() === 0) await card.getByRole('button').first().click(); };
	const whatsapp = step('Número de WhatsApp'), save = whatsapp.getByRole('button', { name: 'Guardar y conectar' });
	await box.double('evolution', 'connection', { state: 'close' });
	if (await whatsapp.getByRole('radio').count() === 0)
		await whatsapp.getByRole('button').first().click();
	await whatsapp.getByRole('radio', { name: 'Evolution API' }).check();
	const fields = whatsapp.locator('.step-body form input');
	const fill = async (...values) => { for (const [i, v] of values.entries()) await fields.nth(i).fill(v); await save.click(); };
	const there = `http://127.0.0.1:${box.port.evolution}`;
	await fill('http://127.0.0.1:1', 'loja', 'wrong-key');
	await whatsapp.getByText('No se puede llegar a 127.0.0.1:1').waitFor();
	await fill(there, 'loja', 'wrong-key');
	await whatsapp.getByText('Evolution no acepta la clave').waitFor();
	await whatsapp.getByText('todavía no anda').waitFor();
	assert.equal(await whatsapp.getByText('El código llega en un momento').count(), 0, 'nobody waits for a code');
	await fill(there, 'otra', 'double-evolution-key');
	await whatsapp.getByText('Evolution no conoce la instancia otra').waitFor();
	await fill(`http://127.0.0.1:${box.port.meta}`, 'loja', 'double-evolution-key');
	await whatsapp.getByText('Evolution no acepta la clave').or(whatsapp.getByText('no es Evolution API')).first().waitFor();
	await fill(there, 'loja', 'double-evolution-key');
	await whatsapp.getByText('escanee el código con WhatsApp').waitFor();
	await whatsapp.locator('.qr img').waitFor();

	/* the next step asks for nothing of Meta's; what is saved there is written into Evolution */
	const calls = step('Mensajes hacia esta caja');
	await open(calls, 'Dirección de esta caja para Evolution');
	assert.equal(await calls.getByText('Meta').count(), 0);
	await calls.getByText('Esperando el primer mensaje de Evolution').waitFor();
	await calls.getByLabel('Dirección de esta caja para Evolution').fill(`http://127.0.0.1:${box.hooks}/webhooks/evolution/main`);
	await calls.getByRole('button', { name: 'Guardar y conectar' }).click();
	await until(async () => (await box.double('evolution', 'state?brief=1')).hook_path === '/webhooks/evolution/main', 'Evolution knows the address');
	await box.double('evolution', 'connection', { state: 'open' });
	await calls.getByText('listo', { exact: true }).waitFor();
	await whatsapp.getByText('listo', { exact: true }).waitFor();
	await box.double('evolution', 'say', { from: '595981000001', text: 'hola' });
	await until(async () => (await box.get('/api/v1/messages')).data.length === 1, 'the message came');

	/* Chatwoot by the box itself: what is wrong is told as by hand, and as failed */
	const chatwoot = step('Chatwoot');
	await open(chatwoot, 'Dirección de Chatwoot');
	const go = async (url, token) => {
		await chatwoot.getByLabel('Dirección de Chatwoot').fill(url);
		await chatwoot.getByLabel('Token de acceso').fill(token);
		await chatwoot.getByLabel('Dirección de esta caja').fill(`http://127.0.0.1:${box.hooks}`);
		await chatwoot.getByRole('button', { name: 'Configurar Chatwoot' }).click();
	};
	await go('http://127.0.0.1:1', 'x');
	await chatwoot.locator('.result.failed').getByText('No se puede llegar a 127.0.0.1').waitFor();
	await go(`http://127.0.0.1:${box.port.chatwoot}`, 'x');
	await chatwoot.locator('.result.failed').getByText('El token no es aceptado').waitFor();
});

test('the test on the page of a part tests this part', async () => {
	const box = await Box.start({ settings: { 'n8n.zeta.url': 'http://127.0.0.1:1/webhook/x' } });
	const page = await box.person('owner', { login: 'ana', screen: 'integrations/n8n.zeta' });
	let asked = 0; /* the first answers are too early: the page has to go on asking */
	await page.route('**/api/v1/setup?*', route => (asked++ < 2 ? route.fulfill({ json: { part: { state: 'testing' } } }) : route.continue()).catch(() => {}));
	await page.getByRole('button', { name: 'Probar', exact: true }).click();
	await page.getByText('No se puede llegar a 127.0.0.1:1').waitFor();
	await page.goto(box.url + '/#/integrations/n8n.main');
	await page.getByRole('button', { name: 'Probar', exact: true }).click();
	await page.getByText(/^Funciona/).waitFor();
});
