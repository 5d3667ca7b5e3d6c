/* test_dialogs.mjs - every dialog, menu, sheet and panel of the conversations: axe has nothing serious in both looks, the focus goes in and
 * stays in what is modal, Escape closes, and the focus is back where it was. A new one is a row. */
import { join } from 'node:path';
import { Box, SCREENS, assert, axe, test, until } from './lib.mjs';

const PNG = Buffer.from('iVBORw0KGgoAAAANSUhEUgAAAAoAAAAKCAIAAAACUFjqAAAAEklEQVR4nGP8z4APMOGVHbHSAEEsARMxDPvFAAAAAElFTkSuQmCC', 'base64');

/* name; what opens it (a button by its words, or where it is); what is there then; modal: a dialog of the browser; then: a further step inside */
const OPEN = [
	{ name: 'emoji', by: page => page.getByRole('button', { name: 'Emojis' }), at: '.emoji', back: '#composer' },
	{ name: 'quicks', by: page => page.getByRole('button', { name: 'Respuestas rápidas' }), at: 'dialog', modal: true },
	{ name: 'quick-new', by: page => page.getByRole('button', { name: 'Respuestas rápidas' }), at: 'dialog', modal: true, then: page => page.getByRole('button', { name: 'Nueva respuesta rápida' }).click() },
	{ name: 'buttons', by: page => page.getByRole('button', { name: 'Mensaje con botones' }), at: 'dialog', modal: true },
	{ name: 'templates', by: page => page.getByRole('button', { name: 'Plantillas' }), at: 'dialog .picks', modal: true, then: page => page.locator('.picks .alarm', { hasText: 'los clientes la calificaron mal' }).waitFor() /* not in English */ },
	{ name: 'template', by: page => page.getByRole('button', { name: 'Plantillas' }), at: 'dialog', modal: true, then: async page => { await page.locator('.picks button', { hasText: 'pedido_listo' }).click(); await page.locator('.preview').waitFor(); } },
	{ name: 'snooze', by: page => page.getByRole('button', { name: 'Posponer' }).first(), at: 'dialog .picks', modal: true },
	{ name: 'message-menu', by: page => page.locator('.bubble', { hasText: 'hola' }).locator('summary'), at: '.menu[open] .menu-list' },
	{ name: 'picture', by: page => page.locator('button.picture'), at: 'dialog .viewer img', modal: true },
	{ name: 'keys', by: page => page.locator('main'), key: '?', at: 'dialog .keys', modal: true },
	{ name: 'filters', by: page => page.locator('button[aria-expanded][aria-label=Filtros]'), at: '.filters-more', stays: true },
	{ name: 'person', by: page => page.getByRole('button', { name: 'Sobre el cliente' }), at: '.side' },
	{ name: 'me', by: page => page.locator('.me summary'), at: '.me[open] .me-menu' },
];

async function look(page, name, root) {
	for (const colorScheme of ['light', 'dark']) {
		await page.emulateMedia({ colorScheme, reducedMotion: 'reduce' });
		await page.evaluate(() => new Promise(r => requestAnimationFrame(() => requestAnimationFrame(r))));
		await page.screenshot({ path: join(SCREENS, `open-${name}-${colorScheme}.png`) });
		await axe(page, `${name} ${colorScheme}`, colorScheme === 'dark' ? ['color-contrast'] : null, root);
	}
}

test('what opens is accessible, keeps the focus and gives it back', async () => {
	const box = await Box.start({ n8n: '/webhook/silent' });
	await box.post('/api/v1/templates/sync');
	const { id, sha256 } = await (await fetch(`http://127.0.0.1:${box.port.meta}/_double/file?mime=image/png`, { method: 'POST', body: PNG })).json();
	await box.say('34610000001', 'Lucía', 'hola');
	await box.say('34610000001', 'Lucía', undefined, { message: { type: 'image', image: { id, sha256, mime_type: 'image/png' } } });
	await box.idle();
	const page = await box.person('owner', { login: 'ana', name: 'Ana Díaz', screen: 'conversations' });
	await page.locator('.talk').first().click();
	await page.locator('button.picture img').waitFor();
	const inside = at => page.evaluate(s => document.activeElement === document.body || document.querySelector(s)?.contains(document.activeElement), at);
	for (const o of OPEN) {
		const opener = o.by(page), root = o.modal ? 'dialog' : o.at;
		await opener.focus();
		await page.keyboard.press(o.key ?? 'Enter');
		await page.locator(o.at).first().waitFor();
		await o.then?.(page);
		await look(page, o.name, root);
		if (o.modal) {
			for (let i = 0; i < 10; i++) {
				assert.ok(await inside(root), `${o.name}: the focus left it after ${i} tabs: ${await page.evaluate(() => document.activeElement.outerHTML.slice(0, 200))}`);
				await page.keyboard.press('Tab');
			}
		}
		if (o.stays) { /* opens beside the rest: the same button closes it */
			await opener.click();
		} else {
			await page.locator(root).evaluate(e => (e.contains(document.activeElement) ? undefined : e.querySelector('button, a, input, select')?.focus()));
			await page.keyboard.press('Escape');
		}
		await page.locator(o.at).first().waitFor({ state: o.at.includes('[open]') ? 'hidden' : 'detached' });
		const back = o.back !== undefined ? page.locator(o.back) : opener;
		await until(() => back.evaluate(e => e === document.activeElement), `${o.name}: the focus is back, not on ${await page.evaluate(() => document.activeElement.outerHTML.slice(0, 120))}`, 3000);
	}
	/* a question before something is done, from a menu that is closed by then */
	await box.double('meta', 'behave', { do: 'close', times: 1, match: '34610000001' });
	await page.locator('#composer').fill('en duda');
	await page.keyboard.press('Enter');
	await page.locator('.trouble').getByRole('button', { name: 'No llegó' }).focus();
	await page.keyboard.press('Enter');
	await page.locator('dialog').waitFor();
	await look(page, 'question', 'dialog');
	await page.keyboard.press('Escape');
	await page.locator('dialog').waitFor({ state: 'detached' });
	assert.match(await page.evaluate(() => document.activeElement.textContent), /No llegó/);
	/* on a phone: wide dialogs are there too, and Escape closes what lies above before it goes back to the list */
	await page.setViewportSize({ width: 390, height: 844 });
	await page.locator('button.picture').click();
	await page.locator('dialog .viewer img').waitFor();
	await look(page, 'picture-narrow', 'dialog');
	await page.keyboard.press('Escape');
	await page.locator('dialog').waitFor({ state: 'detached' });
	await page.getByRole('button', { name: 'Sobre el cliente' }).click();
	await page.locator('.side h2').waitFor();
	await look(page, 'person-narrow', '.side');
	await page.locator('.side').getByLabel('Estado').selectOption('snoozed');
	await page.locator('dialog .picks').waitFor();
	await look(page, 'snooze-narrow', 'dialog');
	await page.keyboard.press('Escape');
	await page.locator('dialog').waitFor({ state: 'detached' });
	assert.equal(await page.locator('#status').inputValue(), 'open', 'nothing was changed');
	await page.locator('.thread').focus();
	await page.keyboard.press('Escape');
	await page.locator('.side').waitFor({ state: 'detached' });
	assert.ok(await page.locator('.thread').isVisible());
	await page.keyboard.press('Escape');
	await page.locator('.pane').waitFor();
});

test('a conversation is put aside until a time, and wakes when its customer writes', async () => {
	const box = await Box.start({ n8n: '/webhook/silent' });
	await box.say('34610000001', 'Lucía', 'mañana paso');
	await box.idle();
	const page = await box.person('agent', { login: 'beto', screen: 'conversations' });
	const chip = page.locator('.talk .chip.snoozed'), until9 = page.locator('.thread-head', { hasText: 'pospuesta hasta' });
	const state = async () => (await box.get('/api/v1/conversations')).data[0];
	await page.locator('.talk').click();
	await page.locator('.thread .bubble').waitFor();
	for (const name of ['En 1 hora', 'Mañana a las 9:00', 'El lunes a las 9:00']) {
		await page.locator('.thread').focus();
		await page.keyboard.press('z');
		const offer = page.locator('.picks button', { hasText: name });
		await page.locator('.picks').waitFor();
		if (await offer.count() === 0) { /* on a Sunday tomorrow is Monday */
			await page.keyboard.press('Escape');
			continue;
		}
		await offer.click();
		await page.locator('dialog').waitFor({ state: 'detached' });
		await chip.waitFor();
		await until9.waitFor();
		const { status, snoozed_until: at } = await state(), there = new Date(at).toLocaleString('en-GB', { timeZone: 'America/Asuncion', weekday: 'long', hour: '2-digit', minute: '2-digit' });
		assert.equal(status, 'snoozed');
		if (name.includes('9:00'))
			assert.match(there, name.includes('lunes') ? /^Monday.*09:00$/ : /09:00$/);
		else
			assert.ok(Math.abs(Date.parse(at) - Date.now() - 3_600_000) < 60_000, at);
	}
	await box.say('34610000001', 'Lucía', 'ya llegué');
	await chip.waitFor({ state: 'detached' });
	assert.deepEqual([(await state()).status, (await state()).snoozed_until], ['open', null]);
	await until9.waitFor({ state: 'detached' });
	/* a day of one's own; what is not ahead is refused by the box too */
	await page.locator('.thread').focus();
	await page.keyboard.press('z');
	await page.locator('#snooze-own').fill('2020-01-01T10:00');
	await page.locator('dialog form').getByRole('button', { name: 'Posponer' }).click();
	assert.equal(await page.locator('#snooze-own').evaluate(e => e.validity.rangeUnderflow), true);
	const far = new Date(Date.now() + 40 * 86_400_000).toISOString().slice(0, 11) + '10:30';
	await page.locator('#snooze-own').fill(far);
	await page.locator('dialog form').getByRole('button', { name: 'Posponer' }).click();
	await chip.waitFor();
	assert.equal((await state()).snoozed_until, new Date(far + ':00-03:00').toISOString());
	await box.post(`/api/v1/conversations/${(await state()).id}/status`, { status: 'snoozed', until: new Date(Date.now() - 1000).toISOString() }, 422);
	await box.post(`/api/v1/conversations/${(await state()).id}/status`, { status: 'open', until: new Date(Date.now() + 60_000).toISOString() }, 422);
	/* its time comes: it opens by itself */
	await box.post(`/api/v1/conversations/${(await state()).id}/status`, { status: 'snoozed', until: new Date(Date.now() + 1200).toISOString() });
	await chip.waitFor();
	await chip.waitFor({ state: 'detached' });
	assert.equal((await state()).status, 'open');
});
