/* test_types.mjs - one conversation with every type of message, through the webhooks of Meta's and of Evolution's double: how each shows,
 * alone and as the last line in the list; what becomes of messages that are edited, deleted and reacted to; pictures in both looks. */
import { randomBytes } from 'node:crypto';
import { join } from 'node:path';
import { Box, FAST, SCREENS, assert, axe, newPage, test, until } from './lib.mjs';

const LUCIA = '34610000001', RUI = '5511955501234', GROUP = '120363025550001234@g.us';
const KEY = 'double-evolution-key', BADGE = 'double-evolution-badge';
const PNG = Buffer.from('iVBORw0KGgoAAAANSUhEUgAAAAoAAAAKCAIAAAACUFjqAAAAEklEQVR4nGP8z4APMOGVHbHSAEEsARMxDPvFAAAAAElFTkSuQmCC', 'base64');
const WEBP = Buffer.from('UklGRiIAAABXRUJQVlA4IBYAAAAwAQCdASoBAAEADsD+JaQAA3AAAAAA', 'base64');
const OGG = Buffer.concat([Buffer.from('OggS\0\x02'), Buffer.alloc(20), Buffer.from('\x01\x13OpusHead\x01\x01\x38\x01\x80\xbb\0\0\0\0\0', 'latin1')]);
const MP4 = Buffer.concat([Buffer.from([0, 0, 0, 24]), Buffer.from('ftypisom\0\0\x02\0isomiso2')]);

/* The file as the double of Meta keeps it, named by a message. */
async function file(box, bytes, mime) {
	const { id, sha256 } = await (await fetch(`http://127.0.0.1:${box.port.meta}/_double/file?mime=${encodeURIComponent(mime)}`, { method: 'POST', body: bytes })).json();
	return { id, sha256, mime_type: mime };
}
/* A film that this browser plays, made by it. */
async function filmOf(box) {
	const page = await newPage(box);
	await page.goto('/');
	const text = await page.evaluate(async () => {
		const canvas = document.createElement('canvas');
		canvas.width = canvas.height = 64;
		const kind = ['video/mp4;codecs=vp9', 'video/mp4', 'video/webm'].find(k => MediaRecorder.isTypeSupported(k)), pen = canvas.getContext('2d');
		const recorder = new MediaRecorder(canvas.captureStream(20), { mimeType: kind }), parts = [];
		recorder.ondataavailable = e => parts.push(e.data);
		const ended = new Promise(r => { recorder.onstop = r; });
		recorder.start();
		for (let i = 0; i < 8; i++) {
			pen.fillStyle = `hsl(${i * 40} 70% 50%)`;
			pen.fillRect(0, 0, 64, 64);
			await new Promise(r => setTimeout(r, 50));
		}
		recorder.stop();
		await ended;
		return kind + ' ' + btoa(String.fromCharCode(...new Uint8Array(await new Blob(parts).arrayBuffer())));
	});
	await page.context().close();
	return Buffer.from(text.split(' ')[1], 'base64');
}
const byId = async (box, wamid) => (await box.get('/api/v1/messages?limit=200')).data.find(m => m.meta_message_id?.endsWith(wamid));

/* Each message of `rows` has in its bubble what its row says. */
async function shown(box, page, rows, ids) {
	const { data } = await box.get('/api/v1/messages?limit=200');
	for (const [i, [message, wanted]] of rows.entries()) {
		const m = data.find(x => x.meta_message_id?.endsWith(ids[i])), what = JSON.stringify(message).slice(0, 60);
		assert.ok(m, `${what} was kept`);
		const bubble = page.locator(`[data-id="${m.id}"]`);
		for (const [selector, text] of wanted)
			await (selector === '' ? bubble : bubble.locator(selector)).filter({ hasText: text }).first().waitFor({ timeout: 5000 })
				.catch(async e => { throw new Error(`${what}: no ${selector} with "${text}" in: ${(await bubble.innerHTML().catch(() => String(e))).split('<details')[0]}`); });
		assert.ok(!/undefined|null|NaN|\[object|\[[a-z_]+\]/.test(await bubble.innerText()), `${what}: ${await bubble.innerText()}`);
	}
}

test('every type of message of the Cloud API, and how it shows', async () => {
	const box = await Box.start({ settings: FAST, n8n: '/webhook/silent' });
	await box.post('/api/v1/templates/sync');
	const say = async message => (await box.say(LUCIA, 'Lucía Fernández', undefined, { message })).ids[0];
	const film = await filmOf(box);
	const rows = [ /* what comes; what its bubble has (selector, text); what the list says of it */
		[{ type: 'text', text: { body: 'hola *fuerte* https://tienda.example/a?b=1' } }, [['strong', 'fuerte'], ['a[href="https://tienda.example/a?b=1"]', 'https://tienda.example/a?b=1']], 'hola *fuerte*'],
		[{ type: 'image', image: { ...await file(box, PNG, 'image/png'), caption: 'mi caja' } }, [['button.picture img', ''], ['.said', 'mi caja']], 'Imagen mi caja'],
		[{ type: 'sticker', sticker: { ...await file(box, WEBP, 'image/webp'), animated: false } }, [['button.picture.sticker img', '']], 'Sticker'],
		[{ type: 'video', video: { ...await file(box, film, 'video/mp4'), caption: 'el ruido' } }, [['video.film', ''], ['.said', 'el ruido']], 'Video el ruido'],
		[{ type: 'video', video: { ...await file(box, MP4, 'video/mp4') } }, [['.paper', 'no puede reproducirlo'], ['a[download]', '']], 'Video'],
		[{ type: 'audio', audio: { ...await file(box, OGG, 'audio/ogg; codecs=opus'), voice: true } }, [['.voice input[type=range]', ''], ['.voice button', '']], 'Nota de voz'],
		[{ type: 'document', document: { ...await file(box, '%PDF-1.4\n%%EOF\n', 'application/pdf'), filename: 'plano.pdf', caption: 'el plano' } }, [['.paper-name', 'plano.pdf'], ['.said', 'el plano'], ['a[download="plano.pdf"]', '']], 'Documento'],
		[{ type: 'document', document: { ...await file(box, '%PDF-1.4\n%%EOF\n', 'application/pdf'), filename: 'factura\u202efdp.exe' } }, [['.paper-name', 'factura\ufffdfdp.exe']], null], /* a name cannot turn its ending around */
		[{ type: 'location', location: { latitude: -25.2637, longitude: -57.5759, name: 'Obra', address: 'Palma 123' } }, [['.place', 'Obra'], ['.place', 'Palma 123'], ['.place a[href^="https://www.openstreetmap.org/"]', '']], 'Ubicación Obra'],
		[{ type: 'contacts', contacts: [{ name: { formatted_name: 'Juan Peña' }, org: { company: 'Plomeros SA' }, phones: [{ phone: '+34 611 22 33 44', wa_id: '34611223344' }], emails: [{ email: 'juan@example.com' }] }, { name: { formatted_name: 'Eva' } }] },
			[['.cards li', 'Juan Peña'], ['.cards li', 'Plomeros SA'], ['.cards li', '+34 611 22 33 44'], ['.cards li', 'juan@example.com'], ['.cards li:nth-child(2)', 'Eva']], 'Contacto Juan Peña'],
		[{ type: 'interactive', interactive: { type: 'button_reply', button_reply: { id: 'si', title: 'Sí, gracias' } } }, [['.answer', 'Sí, gracias'], ['.answer', 'Tocó']], 'Sí, gracias'],
		[{ type: 'interactive', interactive: { type: 'list_reply', list_reply: { id: '9', title: 'A las 9', description: 'con Ana' } } }, [['.answer', 'A las 9'], ['.answer', 'con Ana']], 'A las 9'],
		[{ type: 'interactive', interactive: { type: 'nfm_reply', nfm_reply: { name: 'flow', body: 'Sent', response_json: '{"flow_token":"t","talle":"42","color":"rojo"}' } } }, [['.form', 'talle'], ['.form', '42'], ['.form', 'rojo']], null],
		[{ type: 'button', button: { text: 'Confirmo', payload: 'ok' } }, [['.answer', 'Confirmo']], 'Confirmo'],
		[{ type: 'order', order: { catalog_id: '1', text: 'para hoy', product_items: [{ product_retailer_id: 'clavo-10', quantity: 2, item_price: 3.5, currency: 'EUR' }, { product_retailer_id: 'martillo', quantity: 1, item_price: 12, currency: 'EUR' }] } },
			[['li', '2 × clavo-10'], ['.strong', '19,00'], ['.said', 'para hoy']], 'Pedido'],
		[{ type: 'unsupported', errors: [{ code: 131051, title: 'Message type unknown', error_data: { details: 'Message type is currently not supported.' } }] }, [['.absent', 'WhatsApp no entrega'], ['.absent', 'currently not supported']], null],
		[{ type: 'novelty', novelty: { shape: 'round' } }, [['.absent', 'WhatsApp no entrega']], null],
		[{ type: 'text', text: { body: 'del anuncio' }, referral: { source_url: 'https://fb.me/x', source_type: 'ad', source_id: '1', headline: 'Mitad de precio', body: 'hoy' } }, [['.quote', 'Mitad de precio']], 'del anuncio'],
		[{ type: 'text', text: { body: 'reenviado' }, context: { forwarded: true } }, [['', 'Reenviado']], 'reenviado'],
	];
	const ids = [];
	for (const [message] of rows)
		ids.push(await say(message));
	await box.idle();
	const page = await box.person('agent', { login: 'beto', name: 'Beto', screen: 'conversations' });
	await page.locator('.talk').first().click();
	await page.locator('.thread article').nth(rows.length - 1).waitFor();
	await shown(box, page, rows, ids);
	/* a reaction is shown at its message */
	await say({ type: 'reaction', reaction: { message_id: ids[1], emoji: '🎉' } });
	await page.locator(`[data-id="${(await byId(box, ids[1])).id}"] .reactions`, { hasText: '🎉' }).waitFor();
	assert.equal(await page.locator('.thread .aside', { hasText: '🎉' }).count(), 0);
	/* an answer to a message leads to it; a picture opens; what we ask shows as the customer sees it */
	await say({ type: 'text', text: { body: 'sobre la caja' }, context: { from: LUCIA, id: ids[1] } });
	await page.locator('.bubble', { hasText: 'sobre la caja' }).locator('button.quote', { hasText: 'mi caja' }).click();
	await page.locator('.bubble.hot', { hasText: 'mi caja' }).waitFor();
	await page.locator('.bubble .picture:not(.sticker)').click();
	await page.locator('dialog .viewer img').waitFor();
	await page.keyboard.press('Escape');
	await box.post('/api/v1/messages', { to: '+' + LUCIA, type: 'interactive', interactive: { type: 'button', body: { text: '¿sirve?' }, action: { buttons: [{ type: 'reply', reply: { id: '1', title: 'Claro' } }] } } });
	await page.locator('.bubble.mine', { hasText: '¿sirve?' }).locator('.choices li', { hasText: 'Claro' }).waitFor();
	/* each as the last word of another conversation: the list names its kind, in no brackets */
	let n = 0;
	for (const [message, , line] of rows.filter(r => r[2] !== null)) {
		const from = '346200000' + String(10 + n++);
		await box.say(from, 'Nadie ' + n, undefined, { message });
		await page.locator('.talk', { hasText: 'Nadie ' + n + ' ' }).or(page.locator('.talk', { has: page.locator('.talk-name', { hasText: new RegExp(`^Nadie ${n}$`) }) }))
			.locator('.talk-last', { hasText: line }).waitFor({ timeout: 5000 })
			.catch(async () => { throw new Error(`${message.type}: not "${line}" in the list: ${await page.locator('.talk-last').first().innerText()}`); });
	}
	await portraits(page, 'types');
});

/* All of a thread on one picture: wide and light, on a phone and dark. */
async function portraits(page, name) {
	for (const [size, width, height, colorScheme] of [['wide', 1100, 3400, 'light'], ['narrow', 390, 3800, 'dark']]) {
		await page.setViewportSize({ width, height });
		await page.emulateMedia({ colorScheme, reducedMotion: 'reduce' });
		await page.evaluate(() => new Promise(r => requestAnimationFrame(() => requestAnimationFrame(r))));
		await page.screenshot({ path: join(SCREENS, `${name}-${colorScheme}-${size}.png`) });
		await axe(page, `${name} ${colorScheme} ${size}`, colorScheme === 'dark' ? ['color-contrast'] : null, '.thread');
		const wide = await page.locator('.thread *').evaluateAll(all => all.filter(e => !e.closest('.menu-list, .hidden') && e.getBoundingClientRect().right > innerWidth + 1).length);
		assert.equal(wide, 0, `${name} ${size}: nothing is cut off`);
	}
	await page.emulateMedia({ colorScheme: 'light' });
}

function evolution(box) {
	return { 'channel.main.provider': null, ...Object.fromEntries(['phone_number_id', 'waba_id', 'token', 'app_secret', 'verify_token', 'rate_per_second', 'recipient_every_ms', 'timeout_ms', 'window_hours', 'base_url'].map(k => [`channel.main.${k}`, null])),
		'channel.evo.provider': 'evolution', 'channel.evo.base_url': `http://127.0.0.1:${box.port.evolution}`, 'channel.evo.instance': 'loja', 'channel.evo.api_key': KEY,
		'channel.evo.webhook_header_name': 'X-Totem-Key', 'channel.evo.webhook_header_value': BADGE, 'channel.evo.rate_per_second': '1000', 'channel.evo.recipient_every_ms': '0', 'channel.evo.timeout_ms': '2000' };
}

test('every type of message of Evolution, changed and deleted ones, and a group', async () => {
	const box = await Box.start({ n8n: '/webhook/silent', settings: evolution });
	const event = (event, data) => box.double('evolution', 'hook', { event, instance: 'loja', data, apikey: KEY });
	const upsert = async (message, { jid = RUI + '@s.whatsapp.net', mine = false, who = 'Rui Prado', more = {}, key = {} } = {}) => {
		const id = '3EB0' + randomBytes(8).toString('hex').toUpperCase();
		await event('messages.upsert', { key: { remoteJid: jid, fromMe: mine, id, ...key }, pushName: who, message, messageType: Object.keys(message)[0], messageTimestamp: Math.floor(Date.now() / 1000), ...more });
		return id;
	};
	const inline = (bytes, mime) => ({ mimetype: mime, fileLength: String(bytes.length) });
	const rows = [
		[{ conversation: 'bom dia' }, [['.said', 'bom dia']]],
		[{ imageMessage: { ...inline(PNG, 'image/png'), caption: 'só uma foto' }, base64: PNG.toString('base64') }, [['.picture img', ''], ['.said', 'só uma foto']]],
		[{ stickerMessage: { mimetype: 'image/webp' }, base64: WEBP.toString('base64') }, [['.picture.sticker img', '']]],
		[{ videoMessage: { mimetype: 'video/mp4', seconds: 4, caption: 'veja' }, base64: MP4.toString('base64') }, [['.paper', 'não consegue'], ['.said', 'veja']]],
		[{ audioMessage: { mimetype: 'audio/ogg; codecs=opus', seconds: 7, ptt: true }, speechToText: 'quero cancelar', base64: OGG.toString('base64') }, [['.voice input', ''], ['.said', 'quero cancelar']]],
		[{ documentMessage: { mimetype: 'application/pdf', fileName: 'boleto 07.pdf', caption: 'segue' }, base64: Buffer.from('%PDF-1.4\n%%EOF\n').toString('base64') }, [['.paper-name', 'boleto 07.pdf'], ['.said', 'segue']]],
		[{ locationMessage: { degreesLatitude: -23.5505, degreesLongitude: -46.6333, name: 'Loja Centro', address: 'Rua A, 10' } }, [['.place', 'Loja Centro']]],
		[{ liveLocationMessage: { degreesLatitude: -23.5, degreesLongitude: -46.6, caption: 'a caminho' } }, [['.place', 'a caminho'], ['.place', 'tempo real']]],
		[{ contactMessage: { displayName: 'Ana Sá', vcard: 'BEGIN:VCARD\nVERSION:3.0\nFN:Ana Sá\nitem1.TEL;waid=5511944440000:+55 11 94444-0000\nEND:VCARD' } }, [['.cards li', 'Ana Sá'], ['.cards li', '+55 11 94444-0000']]],
		[{ buttonsResponseMessage: { selectedButtonId: 'sim-1', selectedDisplayText: 'Sim, quero' } }, [['.answer', 'Sim, quero']]],
		[{ listResponseMessage: { title: 'Entrega', description: 'até 18h', listType: 1, singleSelectReply: { selectedRowId: 'r2' } } }, [['.answer', 'Entrega'], ['.answer', 'até 18h']]],
		[{ pollCreationMessageV3: { name: 'Qual dia?', options: [{ optionName: 'seg' }, { optionName: 'ter' }], selectableOptionsCount: 1 } }, [['.strong', 'Qual dia?'], ['.choices li', 'seg'], ['.choices li', 'ter']]],
		[{ pollUpdateMessage: { pollCreationMessageKey: { id: '3EB0POLL' }, vote: { selectedOptions: ['ter'] } } }, [['.answer', 'ter'], ['.answer', 'Votou']], { more: { pollUpdates: [{ name: 'ter', voters: [RUI + '@s.whatsapp.net'] }] } }],
		[{ groupInviteMessage: { groupJid: GROUP, groupName: 'Vizinhos', caption: 'entra aí' } }, [['', 'Vizinhos'], ['.said', 'entra aí']]],
		[{ orderMessage: { orderId: 'O-1', itemCount: 3, message: 'quero isto', orderTitle: 'Loja', totalAmount1000: { low: 125000, high: 0 }, totalCurrencyCode: 'BRL' } }, [['.said', 'quero isto'], ['', '125,00'], ['', '3 itens']]],
		[{ productMessage: { product: { productId: '77', title: 'Caneca', currencyCode: 'BRL', priceAmount1000: '39900' } } }, [['', 'Caneca'], ['', '39,90']]],
		[{ ephemeralMessage: { message: { viewOnceMessageV2: { message: { imageMessage: { mimetype: 'image/png', caption: 'só uma vez', viewOnce: true } } } } }, base64: PNG.toString('base64') }, [['.said', 'só uma vez']]],
		[{ strangeMessage: { x: 1 } }, [['.absent', 'não entrega']]],
	];
	const ids = [];
	for (const [message, , more] of rows)
		ids.push(await upsert(message, more));
	ids.push(await upsert({ conversation: 'já saiu sim' }, { mine: true, who: 'Você' }));
	await box.idle();
	const page = await box.person('agent', { login: 'beto', name: 'Beto', screen: 'conversations', lang: 'pt' });
	const { data: all } = await box.get('/api/v1/messages?limit=200');
	await page.locator('.talk', { hasText: 'Rui Prado' }).locator('.count', { hasText: String(all.filter(m => m.direction === 'inbound').length) }).waitFor();
	assert.equal(all.filter(m => m.direction === 'outbound').length, 1, 'what was written on the phone is no unread message');
	await page.locator('.talk', { hasText: 'Rui Prado' }).click();
	await until(async () => await page.locator('.thread article').count() >= rows.length - 1, 'all there');
	await shown(box, page, rows, ids);
	await portraits(page, 'types-evolution');
	await page.setViewportSize({ width: 1280, height: 860 });
	/* the customer changes one and deletes another, and reacts; then takes it back */
	const bubble = text => page.locator('.thread .bubble', { hasText: text }), key = id => ({ remoteJid: RUI + '@s.whatsapp.net', fromMe: false, id });
	await event('messages.edited', { key: key(ids[0]), type: 'MESSAGE_EDIT', editedMessage: { conversation: 'boa tarde' }, timestampMs: Date.now() });
	await bubble('boa tarde').locator('a', { hasText: 'editada' }).waitFor();
	assert.equal(await bubble('bom dia').count(), 0, 'the old text is in its story only');
	await event('messages.delete', { remoteJid: RUI + '@s.whatsapp.net', fromMe: false, id: ids[6], participant: '', status: 'DELETED' });
	await page.locator('.thread .bubble .absent', { hasText: 'apagou' }).waitFor();
	assert.equal(await bubble('Loja Centro').count(), 0, 'what was deleted is not shown');
	const react = text => upsert({ reactionMessage: { key: key(ids[5]), text, senderTimestampMs: String(Date.now()) } });
	await react('👍');
	await bubble('boleto 07').locator('.reactions', { hasText: '👍' }).waitFor();
	await react('');
	await bubble('boleto 07').locator('.reactions').waitFor({ state: 'detached' });
	assert.equal(await page.locator('.thread .aside', { hasText: /👍|boa tarde/ }).count(), 0, 'none of these is a line of its own');
	/* ours: changed and deleted from the page */
	await page.locator('#composer').fill('sai amanhã');
	await page.keyboard.press('Enter');
	await bubble('sai amanhã').locator('.ticks.sent, .ticks.delivered, .ticks.read').waitFor();
	const menu = async (text, item) => {
		await bubble(text).locator('.menu summary').click();
		await bubble(text).locator('.menu-list').getByText(item).click();
	};
	await menu('sai amanhã', 'Alterar o texto');
	await page.locator('#edit-text').fill('sai hoje');
	page.allow.push(/net::ERR_FAILED/);
	await page.route('**/edit', route => route.abort(), { times: 1 });
	await page.locator('dialog').getByRole('button', { name: 'Salvar' }).click();
	await page.locator('.toasts .bad').waitFor();
	assert.equal(await page.locator('#edit-text').inputValue(), 'sai hoje', 'what was written is still there');
	await page.locator('dialog').getByRole('button', { name: 'Salvar' }).click();
	await bubble('sai hoje').locator('a', { hasText: 'editada' }).waitFor();
	await page.locator('dialog').waitFor({ state: 'detached' });
	await menu('sai hoje', 'Apagar para todos');
	await page.locator('dialog').getByRole('button', { name: 'Apagar para todos' }).click();
	await page.locator('.thread .bubble.mine .absent', { hasText: 'Apagada para todos' }).waitFor();
	assert.equal(await page.locator('.thread .bubble.mine a', { hasText: 'editada' }).count(), 0, 'what is gone says no more');
	assert.equal(await bubble('sai hoje').count(), 0);
	await page.screenshot({ path: join(SCREENS, 'types-changed.png') });
	/* a group: who wrote stands above each, and what we write goes to all */
	const group = { jid: GROUP, key: { participant: '123456789012345@lid', participantAlt: RUI + '@s.whatsapp.net', addressingMode: 'lid' } };
	await upsert({ conversation: 'bom dia grupo' }, group);
	await upsert({ conversation: 'oi gente' }, { jid: GROUP, who: 'Ana Sá', key: { participant: '223456789012345@lid', participantAlt: '5511944440000@s.whatsapp.net', addressingMode: 'lid' } });
	await page.locator('.talk', { hasText: 'Grupo …1234' }).filter({ hasText: 'oi gente' }).click();
	for (const [text, who] of [['bom dia grupo', 'Rui Prado'], ['oi gente', 'Ana Sá']])
		await bubble(text).locator('.author', { hasText: who }).waitFor();
	await page.locator('#composer').fill('para o grupo');
	await page.keyboard.press('Enter');
	await bubble('para o grupo').locator('.ticks.sent, .ticks.delivered, .ticks.read').waitFor();
	assert.ok((await box.double('evolution', 'state')).messages.some(m => JSON.stringify(m).includes(GROUP)), 'it went to the group');
	await page.screenshot({ path: join(SCREENS, 'types-group.png') });
});
