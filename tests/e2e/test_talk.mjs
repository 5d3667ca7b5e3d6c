/* test_talk.mjs - conversations: live, optimistic and honest sending, search, scrolling, hostile customers. */
import { Box, assert, axe, metaHook, metaText, test, until } from './lib.mjs';

const LUCIA = '34610000001';
const bubble = (page, text) => page.locator('.thread .bubble', { hasText: text });
const open = async (page, name) => {
	await page.locator('.talk', { hasText: name }).first().click();
	await page.locator('.thread-head', { hasText: name }).waitFor();
};
/* What the customer got from people (the double of n8n does not answer in these boxes). */
const got = async box => (await box.double('meta', 'state')).messages.filter(m => m.type !== 'read' && m.to === LUCIA);

test('two browsers, one customer: live, one message each, no count of one\'s own', async () => {
	const box = await Box.start({ n8n: '/webhook/silent' });
	const ana = await box.person('owner', { login: 'ana', name: 'Ana', screen: 'conversations' });
	const beto = await box.person('agent', { login: 'beto', name: 'Beto', screen: 'conversations', lang: 'en' });
	await ana.getByText('Todavía no hay conversaciones').waitFor();
	await box.say(LUCIA, 'Lucía', 'hola');
	for (const page of [ana, beto])
		await open(page, 'Lucía');
	await box.say(LUCIA, 'Lucía', '¿hay pan?');
	for (const page of [ana, beto])
		await bubble(page, '¿hay pan?').waitFor();
	await ana.locator('#composer').fill('Sí, *recién* hecho');
	await ana.keyboard.press('Shift+Enter');
	await ana.keyboard.type('de hoy');
	await ana.keyboard.press('Enter');
	await bubble(ana, 'recién').locator('.ticks.read').waitFor();
	await bubble(beto, 'recién').locator('strong').waitFor();
	assert.equal(await bubble(ana, 'recién').count(), 1, 'one bubble');
	assert.equal(await ana.locator('.bubble.local').count(), 0);
	const sent = await got(box);
	assert.equal(sent.length, 1, JSON.stringify(sent));
	await ana.locator('.thread-head .others', { hasText: 'Beto también' }).waitFor();
	await beto.locator('#composer').pressSequentially('yo también');
	await ana.locator('.thread-head .others', { hasText: 'Beto está escribiendo' }).waitFor();
	await ana.locator('.talk', { hasText: 'Beto está escribiendo' }).waitFor();
	for (const page of [ana, beto])
		assert.equal(await page.locator('.talk .count').count(), 0, 'what is looked at is read, and an echo counts nothing');
	await beto.goto('/#/queues');
	await ana.locator('.thread-head .others').waitFor({ state: 'detached' });
	await ana.keyboard.press('Escape');
	await box.say('34610000009', 'Otra persona', 'una');
	await box.say('34610000009', 'Otra persona', 'dos');
	await ana.locator('.talk', { hasText: 'Otra persona' }).locator('.count', { hasText: '2' }).waitFor();
	await until(async () => (await ana.title()) === '(1) Conversaciones – Totem', 'the title counts it');
	await box.post('/api/v1/messages', { to: '+34610000009', text: 'nuestra' });
	await ana.locator('.talk', { hasText: 'nuestra' }).locator('.count', { hasText: '2' }).waitFor();
});

test('the box does not answer: said so, and the message goes once', async () => {
	const box = await Box.start({ n8n: '/webhook/silent' });
	await box.say(LUCIA, 'Lucía', 'hola');
	const page = await box.person('agent', { login: 'beto', screen: 'conversations', allow: [/net::ERR_/] });
	await open(page, 'Lucía');
	let tries = 0;
	await page.route('**/api/v1/messages', async route => {
		if (++tries === 1)
			await route.abort();               /* it never arrives */
		else if (tries === 2) {
			await route.fetch();               /* it arrives, its answer is lost */
			await route.abort();
		} else
			await route.continue();
	});
	await page.locator('#composer').fill('una sola vez');
	await page.keyboard.press('Enter');
	await page.locator('.bubble.lost', { hasText: 'aún no respondió' }).waitFor();
	await page.locator('.bubble.lost').getByRole('button', { name: 'Reintentar' }).click();
	await until(() => tries >= 2, 'a second try');
	const again = page.locator('.bubble.lost').getByRole('button', { name: 'Reintentar' }), there = bubble(page, 'una sola vez').locator('.ticks');
	await again.or(there).first().waitFor();
	if (await again.isVisible())
		await again.click({ timeout: 1000 }).catch(() => {}); /* the stream may tell of it in this moment */
	await there.waitFor();
	await page.locator('.bubble.lost').waitFor({ state: 'detached' });
	await box.idle();
	assert.equal(await bubble(page, 'una sola vez').count(), 1);
	const sent = await got(box);
	assert.equal(sent.length, 1, JSON.stringify(sent));
	/* an answer that comes late says less than the stream has told meanwhile */
	await page.unroute('**/api/v1/messages');
	await page.route('**/api/v1/messages', async route => {
		const answer = await route.fetch();
		if (route.request().postData()?.includes('tardía')) /* the one before may still be asked about with its key */
			await bubble(page, 'respuesta tardía').locator('.ticks.read').waitFor().catch(() => {}); /* the end of the test says so */
		await route.fulfill({ response: answer });
	});
	await page.locator('#composer').fill('respuesta tardía');
	const answered = page.waitForResponse(r => r.url().endsWith('/api/v1/messages') && !!r.request().postData()?.includes('tardía'));
	await page.keyboard.press('Enter');
	await answered;
	await page.evaluate(() => new Promise(r => requestAnimationFrame(() => requestAnimationFrame(r))));
	await bubble(page, 'respuesta tardía').locator('.ticks.read').waitFor({ timeout: 1000 });
	assert.equal(await bubble(page, 'respuesta tardía').count(), 1);
});

test('the line is cut and comes back: nothing is missing, nothing is there twice', async () => {
	const box = await Box.start({ n8n: '/webhook/silent' });
	await box.say(LUCIA, 'Lucía', 'antes');
	const page = await box.person('agent', { login: 'beto', screen: 'conversations', allow: [/net::ERR_/] });
	await open(page, 'Lucía');
	await bubble(page, 'antes').waitFor();
	await box.down();
	await page.locator('.rail .link.off').waitFor();
	await box.up();
	await box.hook(metaHook(Array.from({ length: 90 }, (_, i) => metaText(LUCIA, `perdido ${i}.`))));
	await bubble(page, 'perdido 89.').waitFor();
	await box.say(LUCIA, 'Lucía', 'después');
	await bubble(page, 'después').waitFor();
	assert.equal(await bubble(page, 'perdido 89.').count(), 1);
	await page.locator('.thread').evaluate(e => { e.scrollTop = 0; });
	await bubble(page, 'antes').waitFor();
	for (const i of [0, 30, 60])
		assert.equal(await bubble(page, `perdido ${i}.`).count(), 1, `perdido ${i}`);
});

test('a hostile customer shows as text', async () => {
	const box = await Box.start({ n8n: '/webhook/silent' });
	const name = '<img src=x onerror=hacked()>\u202elive', script = '<script>hacked()</script><b>no</b> javascript:hacked() "onmouseover="hacked()';
	await box.say(LUCIA, name, script);
	await box.say(LUCIA, name, 'https://x.example/"><img/src=x onerror=hacked()> http://a.example/?q=1).');
	await box.say(LUCIA, name, '\u202e\u0001\u0007\u2066 مرحبا *عريض* \u0000');
	await box.say(LUCIA, name, 'palabra larga '.repeat(4600));
	await box.say(LUCIA, name, '*'.repeat(3000) + '_~`'.repeat(500));
	await box.idle();
	const page = await box.person('agent', { login: 'beto', screen: 'conversations' });
	await page.locator('.talk').first().click();
	await bubble(page, script).waitFor();
	await page.locator('.thread-head', { hasText: '<img src=x' }).waitFor();
	assert.equal(await page.locator('.thread img, .thread script, .thread b, .pane img').count(), 0, 'no element came out of a text');
	for (const a of await page.locator('.thread .said a').all()) {
		assert.match(await a.getAttribute('href'), /^https?:\/\//);
		assert.equal(await a.getAttribute('rel'), 'noopener noreferrer nofollow');
	}
	assert.equal(await page.locator('.thread .said a').last().textContent(), 'http://a.example/?q=1');
	const long = bubble(page, 'palabra larga');
	assert.ok((await long.locator('.said').textContent()).length < 2000, 'folded');
	await long.locator('.fold').click();
	assert.ok((await long.locator('.said').textContent()).length > 60000);
	await page.locator('#search').fill('onerror');
	await page.locator('.talk', { hasText: '<img src=x' }).first().waitFor();
});

test('search, filters, labels, who works on it, keys', async () => {
	const box = await Box.start({ n8n: '/webhook/silent' });
	await box.say(LUCIA, 'Ángela Núñez', '¿Cuándo llega el camión?');
	await box.idle(); /* hers is the oldest of the three: requests of one second are read by several at once */
	await box.say('5511910000002', 'João', 'pedido 778899 não chegou');
	await box.say('5511910000003', 'Rosa', 'gracias');
	await box.idle();
	const page = await box.person('agent', { login: 'beto', name: 'Beto', screen: 'conversations' });
	const talks = page.locator('.talk');
	await until(async () => await talks.count() === 3, 'three');
	for (const [typed, who] of [['nunez', 'Ángela'], ['10000003', 'Rosa'], ['778899', 'João'], ['camion', 'Ángela']]) {
		await page.locator('#search').fill(typed);
		await until(async () => await talks.count() === 1 && (await talks.first().textContent()).includes(who), `${typed} finds ${who}`);
	}
	await page.locator('.talk').click();
	await page.locator('.bubble.hot', { hasText: 'camión' }).waitFor();
	await page.locator('#search').press('Escape');
	await until(async () => await talks.count() === 3, 'three again');
	await page.locator('.thread').focus();
	await page.keyboard.press('a');
	await page.locator('.talk', { hasText: 'Ángela' }).locator('.chip', { hasText: 'Beto' }).waitFor();
	await page.keyboard.press('e');
	await page.locator('.talk', { hasText: 'Ángela' }).locator('.chip.resolved').waitFor();
	await page.keyboard.press('i');
	const label = page.getByPlaceholder('Etiqueta nueva');
	await label.fill('vip');
	await label.press('Enter');
	await page.locator('.side .chip', { hasText: 'vip' }).waitFor();
	await page.getByRole('button', { name: 'Mías' }).click();
	await until(async () => await talks.count() === 1, 'mine');
	await page.getByRole('button', { name: 'Todas' }).click();
	await until(async () => await talks.count() === 3, 'all');
	await page.locator('.thread').focus();
	const first = await page.locator('.talk[aria-current]').textContent();
	for (let n = 0; n < 3 && await page.locator('.talk[aria-current]').textContent() === first; n++) {
		await page.keyboard.press('k'); /* a list that is just drawn anew does not hear it */
		await page.waitForTimeout(1000);
	}
	assert.notEqual(await page.locator('.talk[aria-current]').textContent(), first, 'the one before');
	/* quicker than threads can be drawn that are long enough to scroll: nothing on the console */
	for (const to of [LUCIA, '5511910000002'])
		await box.hook(metaHook(Array.from({ length: 30 }, (_, i) => metaText(to, `línea ${i}`))));
	await bubble(page, 'línea 29').waitFor();
	for (let i = 0; i < 24; i++)
		await page.keyboard.press(i % 4 < 2 ? 'k' : 'j');
	await bubble(page, /./).first().waitFor();
	/* a letter behind g leads to a screen and does nothing else; one that is held does it once */
	const calls = [];
	page.on('request', r => { if (r.method() === 'POST' && /\/(assign|status)$/.test(r.url())) calls.push(r.url().replace(/.*\//, '')); });
	await page.locator('.thread-head').waitFor();
	for (const key of ['g', 'a', 'g', 'e'])
		await page.keyboard.press(key);
	const done = page.waitForResponse('**/status');
	for (let i = 0; i < 4; i++)
		await page.keyboard.down('e');
	await page.keyboard.up('e');
	await done;
	assert.deepEqual(calls, ['status']);
	await page.keyboard.press('?');
	await page.locator('dialog', { hasText: 'Conversación siguiente' }).waitFor();
	await page.keyboard.press('Escape');
	await page.keyboard.press('r');
	assert.equal(await page.evaluate(() => document.activeElement.id), 'composer');
	const vera = await box.person('viewer', { login: 'vera', screen: 'conversations' });
	await vera.locator('.talk').first().click();
	await vera.getByText('Su rol puede leer, no escribir.').waitFor();
	assert.equal(await vera.locator('#composer').count(), 0);
});

test('a long conversation scrolls both ways, and a search result opens in its place', async () => {
	/* Nobody writes so much: an assistant would be asked in its own time, and then no more. */
	const box = await Box.start({ settings: { 'n8n.main.url': null } });
	const now = Math.floor(Date.now() / 1000);
	for (let k = 0; k < 3; k++)
		await box.hook(metaHook(Array.from({ length: 200 }, (_, i) => ({ ...metaText(LUCIA, `mensaje ${k * 200 + i}.`), timestamp: String(now - 7000 + k * 2000 + i * 10) }))));
	await box.idle();
	const page = await box.person('agent', { login: 'beto', screen: 'conversations' });
	await open(page, 'Lucía');
	await bubble(page, 'mensaje 599.').waitFor();
	const texts = () => page.locator('.thread .said').allTextContents();
	for (let i = 0; i < 12 && !(await texts()).includes('mensaje 0.'); i++) {
		await page.locator('.thread').evaluate(e => { e.scrollTop = 0; });
		await page.waitForFunction(n => document.querySelector('.thread .said')?.textContent !== n, (await texts())[0], { timeout: 3000 }).catch(() => {});
	}
	const top = await texts();
	assert.equal(top[0], 'mensaje 0.');
	assert.deepEqual(top, top.map((_, i) => `mensaje ${i}.`), 'in order and without a gap');
	assert.ok(top.length < 500, `only a part is kept: ${top.length}`);
	await page.locator('#search').fill('mensaje 123');
	await page.locator('a.talk[href*="?m="]').first().click();
	await page.locator('.bubble.hot', { hasText: 'mensaje 123' }).waitFor();
	for (let i = 0; i < 14 && !(await texts()).includes('mensaje 599.'); i++) {
		await page.locator('.thread').evaluate(e => { e.scrollTop = e.scrollHeight; });
		await page.waitForTimeout(50);
	}
	const end = await texts(), from = Number(/\d+/.exec(end[0])[0]);
	assert.equal(end[end.length - 1], 'mensaje 599.');
	assert.deepEqual(end, end.map((_, i) => `mensaje ${from + i}.`), 'in order and without a gap');
	/* who looks further up is told what came below, by eye and by ear */
	await until(() => page.locator('.thread').evaluate(e => { e.scrollTop = e.scrollHeight; return document.querySelector('.to-end') === null; }), 'at the end');
	await page.locator('.thread').evaluate(e => { e.scrollTop -= 700; });
	await page.locator('.to-end').waitFor();
	await box.say(LUCIA, 'Lucía', 'mensaje 600.');
	await page.getByRole('button', { name: '1 nuevo, Al más nuevo', exact: true }).waitFor();
	await axe(page, 'told of a new one below', null, '.thread');
	await page.getByRole('button', { name: '1 nuevo, Al más nuevo' }).click();
	await page.locator('.to-end').waitFor({ state: 'detached' });
	assert.equal((await texts()).at(-1), 'mensaje 600.');
	/* two jumps: the second is where one stays, however late the answers to the first come */
	const hit = async n => (await box.get('/api/v1/messages/search?q=' + encodeURIComponent(`mensaje ${n}`))).data.find(m => m.content === `mensaje ${n}.`);
	const [slow, quick] = [await hit(20), await hit(300)];
	let go, held = 0;
	const late = new Promise(r => { go = r; });
	await page.route(url => url.search.includes(slow.id), async route => { held++; await late; await route.continue(); });
	await page.goto(`/#/conversations/${slow.conversation_id}?m=${slow.id}`);
	await until(() => held === 1, 'the first one waits');
	await page.goto(`/#/conversations/${slow.conversation_id}?m=${quick.id}`);
	await page.locator('.bubble.hot', { hasText: 'mensaje 300.' }).waitFor();
	const answered = page.waitForResponse(a => a.url().includes('from=' + slow.id));
	go();
	await (await answered).finished();
	await page.waitForTimeout(400);
	assert.ok((await texts()).includes('mensaje 300.'), `where one jumped to last: ${(await texts())[0]}`);
	/* one to a message that is far away ends with its conversation: nobody is pulled back */
	await box.hook(metaHook([{ ...metaText(LUCIA, 'como dije'), context: { from: LUCIA, id: slow.meta_message_id } }]));
	await box.say('5511910000009', 'Gil', 'otra cosa');
	await page.locator('#search').fill('');
	await open(page, 'Gil');
	await open(page, 'Lucía');
	await bubble(page, 'como dije').waitFor();
	let off, asked = 0;
	const far = new Promise(r => { off = r; });
	await page.route(/limit=500/, async route => { asked++; await far; await route.continue().catch(() => {}); });
	await bubble(page, 'como dije').locator('.quote').click();
	await until(() => asked === 1, 'it looks for it');
	await open(page, 'Gil');
	off();
	await page.waitForTimeout(300);
	await page.locator('.thread-head', { hasText: 'Gil' }).waitFor();
});

test('files, templates, quick answers, buttons; what failed and what is in doubt', async () => {
	const box = await Box.start({ n8n: '/webhook/silent', settings: { 'channel.main.window_hours': '24' } });
	await box.say(LUCIA, 'Lucía', 'hola');
	await box.post('/api/v1/templates/sync');
	await box.idle();
	const page = await box.person('agent', { login: 'beto', screen: 'conversations' });
	await open(page, 'Lucía');
	await page.locator('.composer input[type=file]').setInputFiles({ name: 'lista.pdf', mimeType: 'application/pdf', buffer: Buffer.from('%PDF-1.4\n%%EOF\n') });
	await page.locator('.files', { hasText: 'lista.pdf' }).waitFor();
	for (const [where, kind, name] of [['section.open', 'drop', 'soltado.txt'], ['#composer', 'paste', 'pegado.txt']]) {
		await page.locator(where).evaluate((at, [kind, name]) => {
			const data = new DataTransfer();
			data.items.add(new File(['texto'], name, { type: 'text/plain' }));
			at.dispatchEvent(kind === 'drop' ? new DragEvent(kind, { dataTransfer: data, bubbles: true, cancelable: true })
				: new ClipboardEvent(kind, { clipboardData: data, bubbles: true, cancelable: true }));
		}, [kind, name]);
		await page.locator('.files', { hasText: name }).waitFor();
	}
	await page.locator('#composer').fill('la lista');
	await page.keyboard.press('Enter');
	await page.locator('.bubble:not(.local)', { hasText: 'lista.pdf' }).locator('.said', { hasText: 'la lista' }).waitFor();
	for (const name of ['soltado.txt', 'pegado.txt'])
		await page.locator('.bubble:not(.local)', { hasText: name }).waitFor();
	await page.getByRole('button', { name: 'Grabar una nota de voz' }).click();
	await page.locator('.recorder', { hasText: /0:0[1-9]/ }).waitFor();
	await page.locator('.recorder').getByRole('button', { name: 'Enviar' }).click();
	await page.locator('.bubble:not(.local) .voice .time', { hasText: /0:0[1-9]/ }).waitFor(); /* it is Ogg with Opus: the box took it as a voice note, and it plays */
	await page.getByRole('button', { name: 'Respuestas rápidas' }).click();
	await page.getByRole('button', { name: 'Nueva respuesta rápida' }).click();
	await page.locator('#q-shortcut').fill('horario');
	await page.locator('#q-title').fill('Horario');
	await page.locator('#q-text').fill('De 9 a 20 h');
	await page.getByRole('button', { name: 'Guardar' }).click();
	await page.locator('.picks', { hasText: 'De 9 a 20 h' }).waitFor();
	await page.keyboard.press('Escape');
	await page.locator('#composer').fill('');
	await page.locator('#composer').pressSequentially('/hor');
	await page.locator('.offers li', { hasText: 'De 9 a 20 h' }).waitFor();
	await page.keyboard.press('Enter');
	assert.equal(await page.locator('#composer').inputValue(), 'De 9 a 20 h');
	await page.keyboard.press('Enter');
	await bubble(page, 'De 9 a 20 h').locator('.ticks.read').waitFor();
	await page.getByRole('button', { name: 'Plantillas' }).click();
	await page.locator('.picks button', { hasText: 'pedido_listo' }).click();
	await page.locator('#hole0').fill('A-77');
	await page.locator('.preview', { hasText: 'Tu pedido A-77 está listo.' }).waitFor();
	await page.locator('dialog').getByRole('button', { name: 'Enviar', exact: true }).click();
	await bubble(page, 'Tu pedido A-77 está listo.').locator('.ticks').waitFor();
	await page.getByRole('button', { name: 'Mensaje con botones' }).click();
	await page.locator('#b-text').fill('¿Hoy?');
	await page.locator('#b0').fill('Sí');
	await page.locator('dialog').getByRole('button', { name: 'Enviar', exact: true }).click();
	await bubble(page, '¿Hoy?').locator('.choices li', { hasText: 'Sí' }).waitFor();
	await box.idle();
	await box.double('meta', 'behave', { do: 'meta_error', code: 131026, status: 400, times: 1, match: LUCIA });
	await page.locator('#composer').fill('no llega');
	await page.keyboard.press('Enter');
	await bubble(page, 'no llega').locator('.trouble', { hasText: 'WhatsApp no puede entregar a este número' }).getByRole('button', { name: 'Enviar de nuevo' }).dblclick();
	await until(async () => await bubble(page, 'no llega').locator('.ticks.read').count() === 1, 'it went as a new message');
	await bubble(page, 'no llega').locator('.trouble', { hasText: 'Se envió de nuevo' }).waitFor();
	await page.reload();
	await bubble(page, 'no llega').locator('.trouble', { hasText: 'Se envió de nuevo' }).waitFor();
	assert.equal(await bubble(page, 'no llega').getByRole('button', { name: 'Enviar de nuevo' }).count(), 0, 'what was sent again is not offered once more');
	await box.double('meta', 'behave', { do: 'close', times: 1, match: LUCIA });
	await page.locator('#composer').fill('en duda');
	await page.keyboard.press('Enter');
	await bubble(page, 'en duda').locator('.trouble').getByRole('button', { name: 'Llegó', exact: true }).click();
	await bubble(page, 'en duda').locator('.trouble').waitFor({ state: 'detached' });
	/* 24 hours later only a template goes */
	const day = 86_400, old = '34610000005';
	await box.hook(metaHook([{ ...metaText(old, 'hace días'), timestamp: String(Math.floor(Date.now() / 1000) - 2 * day) }], 'Antigua'));
	await open(page, 'Antigua');
	await page.locator('.thread-head .window.w-closed').waitFor();
	assert.equal(await page.locator('#composer').count(), 0);
	await page.getByRole('button', { name: 'Elegir una plantilla' }).click();
	await page.locator('.picks button', { hasText: 'oferta' }).click();
	await page.locator('dialog').getByRole('button', { name: 'Enviar', exact: true }).click();
	await bubble(page, 'Hoy todo a mitad de precio').waitFor();
});

test('each state on the way is said as it is: going, waiting, held back, sent, read; emoji; a picture is there at once', async () => {
	const box = await Box.start({ n8n: '/webhook/silent' });
	await box.say(LUCIA, 'Lucía', 'hola');
	await box.idle();
	const page = await box.person('owner', { login: 'ana', screen: 'conversations' });
	await open(page, 'Lucía');
	await page.getByRole('button', { name: 'Emojis' }).click();
	await page.locator('.emoji-all button').first().click();
	const emoji = await page.locator('#composer').inputValue();
	assert.match(emoji, /^\p{Extended_Pictographic}/u);
	await page.locator('#composer').press('End');
	await page.keyboard.type(' uno');
	/* the box has not answered: it is shown, and says so */
	let go;
	const held = new Promise(r => { go = r; });
	await page.route('**/api/v1/messages', async route => { await held; await route.continue(); });
	await box.post('/api/v1/queues/messages/pause');
	await page.keyboard.press('Enter');
	const local = page.locator('.bubble.local', { hasText: 'uno' });
	await local.locator('.foot', { hasText: 'yendo a la caja' }).waitFor();
	assert.equal(await page.locator('#composer').inputValue(), '', 'one can go on writing');
	go();
	/* the box has it, and it waits there; it can be held back */
	await bubble(page, emoji + ' uno').locator('.ticks.pending').waitFor();
	await local.waitFor({ state: 'detached' });
	await page.unroute('**/api/v1/messages');
	await page.locator('#composer').fill('mejor no');
	await page.keyboard.press('Enter');
	await bubble(page, 'mejor no').locator('.ticks.pending').waitFor();
	await bubble(page, 'mejor no').locator('.menu summary').click();
	await bubble(page, 'mejor no').locator('.menu-list').getByText('No enviar').click();
	await bubble(page, 'mejor no').locator('.ticks.cancelled').waitFor();
	await box.double('meta', 'options', { delivered_ms: -1 });
	await box.post('/api/v1/queues/messages/resume');
	await bubble(page, emoji + ' uno').locator('.ticks.sent, .ticks.accepted').waitFor();
	await box.idle();
	assert.deepEqual((await got(box)).map(m => m.type), ['text'], 'what was held back did not go');
	/* a picture shows before it has been uploaded */
	let up;
	const uploads = new Promise(r => { up = r; });
	await page.route('**/api/v1/media?**', async route => { if (route.request().method() === 'POST') await uploads; await route.continue(); });
	await page.locator('.composer input[type=file]').setInputFiles({ name: 'foto.png', mimeType: 'image/png',
		buffer: Buffer.from('iVBORw0KGgoAAAANSUhEUgAAAAoAAAAKCAIAAAACUFjqAAAAEklEQVR4nGP8z4APMOGVHbHSAEEsARMxDPvFAAAAAElFTkSuQmCC', 'base64') });
	await page.locator('#composer').fill('así quedó');
	await page.keyboard.press('Enter');
	await page.locator('.bubble.local', { hasText: 'así quedó' }).locator('img.picture').waitFor();
	await page.locator('.bubble.local progress').waitFor();
	up();
	await page.locator('.bubble:not(.local)', { hasText: 'así quedó' }).locator('button.picture img').waitFor();
	await page.locator('.bubble.local').waitFor({ state: 'detached' });
});
