/* test_outbox.mjs - what was written while the box was away leaves by itself, once, whatever is looked at; and only as its writer's. */
import { utimesSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { Box, PASSWORD, assert, test, until } from './lib.mjs';

const LUCIA = '595981000001', AWAY = [/ERR_|Failed to (fetch|load)|stream|status of 401/];
const row = (page, name) => page.locator('.talk', { hasText: name }).first();
const open = async (page, name) => {
	await row(page, name).click();
	await page.locator('.thread-head', { hasText: name }).waitFor();
};
const got = async box => (await box.double('meta', 'state')).messages.filter(m => m.type === 'text');

/* Lucía and Beto have written; somebody looks at Lucía. */
async function begin() {
	const box = await Box.start({ n8n: '/webhook/silent' });
	await box.say(LUCIA, 'Lucía', 'hola');
	await box.say('595981000002', 'Beto', 'buenas');
	await box.idle();
	box.cli(['user', 'add', 'duena', '--role', 'owner', '--password', '-'], PASSWORD + '\n');
	const page = await box.person('agent', { login: 'ana', name: 'Ana', screen: 'conversations', allow: AWAY });
	await open(page, 'Lucía');
	await page.locator('.link.live').waitFor();
	await page.locator('.thread .bubble').first().waitFor();
	return { box, page };
}

async function writeToTheDead(box, page, text) {
	await box.kill();
	await page.locator('#composer').fill(text);
	await page.keyboard.press('Enter');
	await page.locator('.bubble.lost', { hasText: 'aún no respondió' }).waitFor();
}

test('what was written while the box was away leaves when it is back, though another conversation is open', async () => {
	const { box, page } = await begin();
	await writeToTheDead(box, page, 'mientras no estaba');
	await row(page, 'Beto').click(); /* opened while the box is away: it comes by itself too */
	await page.locator('.open .failed, .open [role=alert]').first().waitFor();
	await row(page, 'Lucía').locator('.chip.bad', { hasText: 'sin enviar' }).waitFor();
	await box.up();
	await page.locator('.thread .bubble', { hasText: 'buenas' }).waitFor();
	await until(async () => (await got(box)).length > 0, 'it is sent');
	await row(page, 'Lucía').locator('.chip.bad').waitFor({ state: 'detached' });
	await open(page, 'Lucía');
	await page.locator('.thread .bubble:not(.local)', { hasText: 'mientras no estaba' }).waitFor();
	await box.idle();
	assert.deepEqual((await got(box)).map(m => m.to), [LUCIA], 'once');
	assert.equal(await page.locator('.thread .bubble', { hasText: 'mientras no estaba' }).count(), 1);
});

test('what the box did not take while it was there is tried again without a click, and without its conversation', async () => {
	const { box, page } = await begin();
	let tries = 0;
	await page.route('**/api/v1/messages', route => ++tries === 1 ? route.abort() : tries === 2 ? route.fulfill({ status: 401, json: {} }) : route.continue());
	await page.clock.install();
	await page.locator('#composer').fill('pedido perdido');
	await page.keyboard.press('Enter');
	await until(() => tries === 1, 'a first try');
	await open(page, 'Beto');
	await until(async () => { await page.clock.runFor(1000); return tries >= 3; }, 'a third try'); /* one without a session is refused for now, not for good */
	await open(page, 'Lucía');
	await page.locator('.thread .bubble:not(.local)', { hasText: 'pedido perdido' }).waitFor();
	await until(async () => await page.locator('.bubble.local').count() === 0, 'nothing waits');
	await box.idle();
	assert.equal((await got(box)).length, 1, 'once');
});

async function comeIn(page, login) {
	await page.getByLabel('Nombre').fill(login);
	await page.getByLabel('Contraseña').fill(PASSWORD);
	await page.keyboard.press('Enter');
	await page.locator('.link.live').waitFor();
}

test('another person in the same tab finds nothing of who sat there before, and sends nothing of theirs', async () => {
	const { box, page } = await begin();
	box.cli(['user', 'add', 'beto', '--role', 'agent', '--password', '-', '--name', 'Beto'], PASSWORD + '\n');
	await page.locator('#composer').fill('borrador de Ana');
	await open(page, 'Beto');
	await page.locator('#search').fill('Lucía');
	await row(page, 'Lucía').waitFor();
	/* a message that the box does not take, and the session ends: Ana's own login finds it again */
	await page.route('**/api/v1/messages', route => route.abort());
	await page.locator('#search').fill('');
	await open(page, 'Beto');
	await page.locator('#composer').fill('de Ana');
	await page.keyboard.press('Enter');
	await page.locator('.bubble.lost').waitFor();
	box.cli(['user', 'disable', 'ana']);
	await page.getByLabel('Contraseña').waitFor();
	await page.unroute('**/api/v1/messages');
	await comeIn(page, 'beto');
	assert.match(page.url(), /#\/$/, 'not at the place of who sat there');
	await page.goto('/#/conversations');
	await open(page, 'Beto');
	await page.locator('.thread .bubble', { hasText: 'buenas' }).waitFor();
	assert.equal(await page.locator('.bubble.local').count(), 0, 'nothing waits here');
	await open(page, 'Lucía');
	assert.equal(await page.locator('#composer').inputValue(), '', 'no draft');
	await box.idle();
	assert.deepEqual(await got(box), [], 'nothing was sent');
});

test('who logs out is told what was not sent; the page begins anew', async () => {
	const { box, page } = await begin();
	await page.locator('#composer').fill('borrador');
	await writeToTheDead(box, page, 'no salió');
	await page.locator('.me summary').click();
	await page.locator('.me').getByRole('button', { name: 'Salir' }).click();
	const ask = page.getByRole('dialog').filter({ hasText: '1 mensaje' });
	await ask.getByRole('button', { name: 'Salir' }).click();
	await page.locator('.toasts').getByText('La caja no responde').waitFor(); /* the session is still there: said so */
	await page.locator('.frame').waitFor();
	await page.route('**/api/v1/messages', route => route.abort());
	await box.up();
	await page.locator('.link.live').waitFor();
	await page.evaluate(() => { globalThis.before = true; });
	await page.locator('.me').getByRole('button', { name: 'Salir' }).click();
	await ask.getByRole('button', { name: 'Salir' }).click();
	await page.getByLabel('Contraseña').waitFor();
	assert.equal(await page.evaluate(() => globalThis.before), undefined, 'a page of its own');
	await page.unroute('**/api/v1/messages');
	await comeIn(page, 'ana');
	await page.goto('/#/conversations');
	await open(page, 'Lucía');
	await page.locator('.thread .bubble').first().waitFor();
	assert.equal(await page.locator('#composer').inputValue(), '');
	assert.equal(await page.locator('.bubble.local').count(), 0);
});

/* What another tab of this browser does to the cookie, without any page of ours in it. */
const cookieOf = (page, login) => page.evaluate(async ([login, password]) => (await fetch('/api/v1/session', { method: 'POST',
	headers: { 'Content-Type': 'application/json' }, body: JSON.stringify({ login, password }) })).status, [login, PASSWORD]);

test('who comes in by another tab is noticed in all of them at once; nothing leaves under the wrong name', async () => {
	const { box, page } = await begin();
	box.cli(['user', 'add', 'beto', '--role', 'agent', '--password', '-', '--name', 'Beto'], PASSWORD + '\n');
	page.allow.push(/status of 403/);
	await page.route('**/whatsapp/stream', route => route.abort()); /* the stream tells nothing */
	await page.reload();
	await open(page, 'Lucía');
	await page.locator('.thread .bubble').first().waitFor();
	const tab = await page.context().newPage();
	await tab.goto('/');
	await tab.locator('.link.live').waitFor();

	/* the same person, in again: what is written meanwhile leaves, in their name */
	assert.equal(await cookieOf(tab, 'ana'), 200);
	await page.locator('#composer').fill('de Ana');
	await page.keyboard.press('Enter');
	await page.locator('.thread .bubble:not(.local)', { hasText: 'de Ana' }).waitFor();

	/* another one, by nothing that a page could tell of: a look at this one is enough, and a write too */
	await page.locator('#composer').fill('borrador');
	assert.equal(await cookieOf(tab, 'beto'), 200);
	await page.evaluate(() => { globalThis.before = true; dispatchEvent(new Event('focus')); });
	await page.locator('.me summary', { hasText: 'Beto' }).waitFor();
	assert.equal(await page.evaluate(() => globalThis.before), undefined, 'a page of its own');
	await page.goto('/#/conversations');
	await open(page, 'Lucía');
	assert.equal(await page.locator('#composer').inputValue(), '', 'no draft');
	assert.equal(await cookieOf(tab, 'ana'), 200);
	await page.locator('#composer').fill('de Beto');
	await page.keyboard.press('Enter');
	await page.locator('.me summary', { hasText: 'Ana' }).waitFor();

	/* by the door of the other tab: this one goes with it */
	await tab.reload();
	await tab.locator('.me summary', { hasText: 'Ana' }).click();
	await tab.locator('.me').getByRole('button', { name: 'Salir' }).click();
	await tab.getByLabel('Contraseña').waitFor();
	await page.getByLabel('Contraseña').waitFor();
	await comeIn(tab, 'beto');
	await page.locator('.me summary', { hasText: 'Beto' }).waitFor();
	await box.idle();
	assert.deepEqual((await got(box)).map(m => m.to), [LUCIA], "only Ana's");
});

test('what the box did not take holds back what was written after it: they arrive as they were written', async () => {
	const { box, page } = await begin();
	const write = async text => { await page.locator('#composer').fill(text); await page.keyboard.press('Enter'); };
	let cut = 1;
	await page.route('**/api/v1/messages', route => cut-- > 0 ? route.abort() : route.continue());
	await write('El precio es 100');
	await page.locator('.bubble.lost').waitFor();
	await write('Perdón: es 200');
	await until(async () => (await got(box)).length === 2, 'both are sent');
	assert.deepEqual((await got(box)).map(m => m.text), ['El precio es 100', 'Perdón: es 200']);
	/* its answer was lost: asked again, the box says how it was when it was made; what is known since is newer */
	await page.unroute('**/api/v1/messages');
	let lost = 1;
	await page.route('**/api/v1/messages', async route => {
		if (lost-- > 0) {
			await route.fetch();
			await page.locator('.bubble:not(.local)', { hasText: 'leído ya' }).locator('.ticks.read').waitFor().catch(() => {});
			await route.abort();
		} else {
			await route.continue();
		}
	});
	const answered = page.waitForResponse(r => r.url().endsWith('/api/v1/messages') && r.request().postData().includes('leído ya'));
	await write('leído ya');
	await (await answered).finished();
	await page.waitForTimeout(100);
	await page.locator('.bubble', { hasText: 'leído ya' }).locator('.ticks.read').waitFor({ timeout: 500 });
	await page.unroute('**/api/v1/messages');
	await page.route('**/api/v1/messages', route => cut-- > 0 ? route.abort() : route.continue());
	/* the line is away: what is tried again by hand takes with it what was written before */
	cut = 1000;
	for (const text of ['uno', 'dos', 'tres'])
		await write(text);
	await until(async () => await page.locator('.bubble.lost').count() === 3, 'all three wait');
	cut = 0;
	await page.locator('.bubble.lost', { hasText: 'tres' }).getByRole('button', { name: 'Reintentar' }).click();
	await until(async () => (await got(box)).length === 6, 'all are sent');
	assert.deepEqual((await got(box)).slice(3).map(m => m.text), ['uno', 'dos', 'tres']);
	await page.locator('.bubble.local').waitFor({ state: 'detached' });
});

test('what was written is kept: texts beside files that show none, long ones, drafts, files of another conversation, files that are gone', async () => {
	const { box, page } = await begin();
	const choose = files => page.locator('.composer input[type=file]').setInputFiles(files), composer = page.locator('#composer');
	const write = async text => { await composer.fill(text); await composer.press('Enter'); };
	const ogg = Buffer.concat([Buffer.from('OggS\0\x02'), Buffer.alloc(20), Buffer.from('\x01\x13OpusHead\x01\x01\x38\x01\x80\xbb\0\0\0\0\0', 'latin1')]);
	await choose({ name: 'nota', mimeType: 'application/octet-stream', buffer: ogg });
	await write('lo de la nota');
	await page.locator('.bubble:not(.local)', { hasText: 'lo de la nota' }).waitFor();
	await choose({ name: 'lista.pdf', mimeType: 'application/pdf', buffer: Buffer.from('%PDF-1.4\n%%EOF\n') });
	await write('largo '.repeat(200));
	await page.locator('.bubble:not(.local)', { hasText: 'largo largo' }).waitFor();
	await until(async () => await page.locator('.bubble.local').count() === 0, 'all have left');
	assert.deepEqual((await box.get('/api/v1/messages?limit=4')).data.map(m => m.type), ['text', 'document', 'text', 'audio']);
	/* Office programs put a picture beside the text */
	await composer.evaluate(at => {
		const data = new DataTransfer();
		data.setData('text/plain', 'celda');
		data.items.add(new File(['x'], 'image.png', { type: 'image/png' }));
		at.dispatchEvent(new ClipboardEvent('paste', { clipboardData: data, bubbles: true, cancelable: true }));
	});
	assert.equal(await page.locator('.composer .files').count(), 0, 'the picture of the text is not taken');
	/* files stay with their conversation, as the draft does; one dropped while it loads too */
	await choose({ name: 'de-lucia.txt', mimeType: 'text/plain', buffer: Buffer.from('hola') });
	await composer.fill('borrador');
	let go;
	const held = new Promise(r => { go = r; });
	await page.route('**/api/v1/conversations/*/messages**', async route => { await held; await route.continue(); }, { times: 1 });
	await row(page, 'Beto').click();
	await page.locator('.thread .loading').waitFor();
	await page.locator('section.open').evaluate(at => {
		const data = new DataTransfer();
		data.items.add(new File(['x'], 'de-beto.txt', { type: 'text/plain' }));
		at.dispatchEvent(new DragEvent('drop', { dataTransfer: data, bubbles: true, cancelable: true }));
	});
	await open(page, 'Lucía');
	await page.locator('.composer .files', { hasText: 'de-lucia.txt' }).waitFor();
	assert.equal(await page.locator('.composer .files li').count(), 1, 'none of another customer');
	assert.equal(await composer.inputValue(), 'borrador');
	/* what else is sent meanwhile leaves the draft alone */
	await page.getByRole('button', { name: 'Mensaje con botones' }).click();
	await page.locator('#b-text').fill('¿Hoy?');
	await page.locator('#b0').fill('Sí');
	await page.locator('dialog').getByRole('button', { name: 'Enviar', exact: true }).click();
	await page.locator('.bubble:not(.local)', { hasText: '¿Hoy?' }).waitFor();
	assert.equal(await composer.inputValue(), 'borrador');
	assert.equal(await page.locator('.composer .files li').count(), 1);
	go();
	await open(page, 'Beto');
	await page.locator('.composer .files', { hasText: 'de-beto.txt' }).waitFor();
	/* a file that was changed since */
	const path = join(box.dir, 'precios.txt');
	writeFileSync(path, 'antes');
	await page.getByRole('button', { name: 'Quitar de-beto.txt' }).click();
	await choose(path);
	writeFileSync(path, 'después, y más largo');
	utimesSync(path, new Date(), new Date(Date.now() + 60_000));
	await page.getByRole('button', { name: 'Enviar', exact: true }).click();
	await page.locator('.bubble.lost', { hasText: 'se cambió o se quitó' }).waitFor();
});

test('a second click does not start a recording, and a recording ends with its conversation', async () => {
	const { box, page } = await begin();
	const recorder = page.locator('.recorder'), tracks = () => page.evaluate(() => globalThis.tracks.map(t => t.readyState));
	await page.evaluate(() => {
		const ask = navigator.mediaDevices.getUserMedia.bind(navigator.mediaDevices);
		globalThis.tracks = [];
		navigator.mediaDevices.getUserMedia = async c => { const s = await ask(c); globalThis.tracks.push(...s.getTracks()); return s; };
	});
	await page.locator('#composer').fill('dos veces');
	await page.locator('.composer').getByRole('button', { name: 'Enviar' }).dblclick();
	await page.locator('.bubble:not(.local)', { hasText: 'dos veces' }).waitFor();
	await box.idle();
	assert.deepEqual(await tracks(), [], 'nothing listens');
	await until(async () => { await page.getByRole('button', { name: 'Grabar una nota de voz' }).click(); return recorder.waitFor({ timeout: 700 }).then(() => true, () => false); }, 'it records');
	await row(page, 'Beto').click();
	await recorder.waitFor({ state: 'detached' });
	await until(async () => (await tracks()).join() === 'ended', 'nothing listens any more');
});

test('a file of which nothing moves any more does not hold back what was written after it for ever', async () => {
	const { box, page } = await begin();
	let stuck = 0;
	await page.route('**/api/v1/media?**', () => { stuck++; }, { times: 1 }); /* no answer, and no end */
	await page.clock.install();
	await page.locator('.composer input[type=file]').setInputFiles({ name: 'lista.txt', mimeType: 'text/plain', buffer: Buffer.from('lista') });
	await page.locator('#composer').press('Enter');
	await page.locator('#composer').fill('después de la lista');
	await page.locator('#composer').press('Enter');
	await until(() => stuck === 1, 'it is on its way');
	await page.clock.runFor(31_000);
	await until(async () => { await page.clock.runFor(1000); return await page.locator('.bubble:not(.local)', { hasText: 'después de la lista' }).count() > 0; }, 'both are sent');
	assert.deepEqual((await box.get('/api/v1/messages?limit=2')).data.map(m => m.type), ['text', 'document']);
	/* one that was asked to leave later says when */
	const { id } = await box.post('/api/v1/messages', { to: LUCIA, text: 'mañana', send_at: new Date(Date.now() + 86_400_000).toISOString() });
	const later = page.locator('.bubble', { hasText: 'mañana' });
	await later.waitFor();
	await until(async () => { await page.clock.runFor(1000); return await later.getByText('Sale el').count() > 0; }, 'it says when it leaves');
	await page.goto('/#/messages/' + id);
	await page.locator('dt', { hasText: 'Sale' }).waitFor();
});
