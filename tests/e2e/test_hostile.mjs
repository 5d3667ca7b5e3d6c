/* test_hostile.mjs - a hostile customer: names, texts, file names with markup, scripts, RTL and control characters, and texts of 64 KB
 * are text everywhere. Nothing of theirs becomes an element, runs, or turns the page around. */
import { Box, assert, metaHook, metaText, test, until } from './lib.mjs';

const MARK = 'x9hostile';
const NAME = `<img src=${MARK} onerror=hacked()> \u202Eevil\u0007\u200F"'><script>hacked()</script>`;
const TEXT = `<script>hacked()</script><a href="javascript:hacked()">${MARK}</a><iframe src=//${MARK}></iframe>{{7*7}}\u202E\u0000abc\u001b[31m <svg onload=hacked()>`;
const LONG = ('<b>' + MARK + '</b> &amp; &#60; ' + '𝕏'.repeat(20) + ' ').repeat(800).slice(0, 64_000);
const FILE = `"><img src=${MARK} onerror=hacked()>\u202Efdp.exe`;

test('a hostile customer is text everywhere', async () => {
	const box = await Box.start({ n8n: '/webhook/silent' });
	const { id } = await (await fetch(`http://127.0.0.1:${box.port.meta}/_double/file?mime=application/pdf`, { method: 'POST', body: '%PDF-1.4 hello' })).json();
	await box.hook(metaHook([metaText('595981000001', TEXT)], NAME));
	await box.hook(metaHook([metaText('595981000001', LONG)], NAME));
	await box.hook(metaHook([{ ...metaText('595981000001', ''), type: 'document', text: undefined, document: { id, mime_type: 'application/pdf', filename: FILE, caption: TEXT } }], NAME));
	await box.hook(metaHook([{ ...metaText('595981000001', ''), type: 'contacts', text: undefined, contacts: [{ name: { formatted_name: NAME, first_name: NAME }, phones: [{ phone: 'javascript:hacked()', wa_id: '1' }],
		urls: [{ url: 'javascript:hacked()' }] }] }], NAME));
	await box.hook(metaHook([{ ...metaText('595981000001', ''), type: 'location', text: undefined, location: { latitude: 1, longitude: 2, name: NAME, address: TEXT, url: 'javascript:hacked()' } }], NAME));
	await box.double('meta', 'behave', { do: 'meta_error', code: 131026, status: 400, times: 1 });
	await box.post('/api/v1/messages', { to: '595981000001', type: 'text', text: { body: TEXT.replace(/\u0000/g, '') } });
	await box.idle();
	const { data: [talk] } = await box.get('/api/v1/conversations'), { data: messages } = await box.get('/api/v1/messages');
	assert.ok(messages.length >= 6, `${messages.length} messages`);
	const page = await box.person('owner', { name: NAME.replace(/[\u0000-\u001f]/g, '').slice(0, 90), login: 'ana' });
	await page.exposeFunction('hacked', () => { throw new Error('hacked'); });
	let ran = false;
	page.on('pageerror', () => { ran = true; });
	const screens = ['start', 'conversations', 'conversations/' + talk.id, 'messages', ...messages.map(m => 'messages/' + m.id), 'queues/dead', 'queues/deliveries', 'integrations', 'system/me', 'system/users', 'system/audit'];
	for (const screen of screens) {
		await page.goto('/#/' + screen);
		await page.locator('main').waitFor();
		await page.locator('main [aria-busy=true]').first().waitFor({ state: 'detached' });
		if (/deliveries|dead/.test(screen)) {
			await page.locator('button.plain').first().click();
			await page.locator('dialog .facts').waitFor();
		}
		if (screen === 'conversations/' + talk.id)
			await page.locator('.thread article').nth(4).waitFor();
		if (screen === 'messages')
			await until(async () => (await page.locator('main').innerText()).includes(`<img src=${'x9hostile'}`), 'the name is there as text');
		const found = await page.evaluate(mark => ({
			elements: document.querySelectorAll(`img[src*="${mark}"], iframe, script:not([src]), a[href^="javascript:" i], [onerror], [onload], svg[onload], main b b`).length,
			scripts: document.scripts.length, dir: getComputedStyle(document.documentElement).direction, over: document.documentElement.scrollWidth - innerWidth,
		}), MARK);
		assert.deepEqual(found, { elements: 0, scripts: 1, dir: 'ltr', over: found.over }, screen);
		assert.ok(found.over <= 0, `${screen} is ${found.over} px too wide`);
	}
	/* what opens in a conversation: beside it, above it, below it, and what is found */
	const clean = async what => assert.equal(await page.evaluate(mark =>
		document.querySelectorAll(`img[src*="${mark}"], iframe, script:not([src]), a[href^="javascript:" i], [onerror], [onload], svg[onload], main b b`).length, MARK), 0, what);
	await box.post(`/api/v1/conversations/${talk.id}/labels`, { labels: [`<img src=${MARK}>`.slice(0, 40)] });
	await page.goto('/#/conversations/' + talk.id);
	await page.locator('.thread article').nth(4).waitFor();
	await page.getByRole('button', { name: 'Sobre el cliente' }).click();
	await page.locator('.side .chip', { hasText: `<img src=${MARK}>` }).waitFor();
	await page.locator('.side h2', { hasText: `<img src=${MARK}` }).waitFor();
	await page.locator('.side').getByPlaceholder('Buscar aquí').fill(MARK);
	await page.locator('.side .results li', { hasText: '<' }).first().waitFor();
	await clean('beside it');
	await page.keyboard.press('Escape');
	await page.locator('#search').fill(MARK);
	await page.locator('a.talk[href*="?m="]', { hasText: '<' }).first().waitFor();
	await clean('found');
	await page.locator('#search').press('Escape');
	const menu = page.locator('.thread article', { hasText: '<script>hacked()' }).first().locator('.menu');
	await menu.locator('summary').click();
	await menu.getByText('Responder').click();
	await page.locator('.replying', { hasText: '<script>hacked()' }).waitFor();
	await page.locator('#composer').fill(TEXT.replace(/\u0000/g, ''));
	await page.keyboard.press('Enter');
	await page.locator('.thread .bubble.mine:not(.local) button.quote', { hasText: '<script>hacked()' }).waitFor();
	await clean('answered');
	assert.equal(ran, false, 'nothing ran');
});

test('a link from a stranger leads to no other call of the API', async () => {
	const box = await Box.start();
	await box.post('/api/v1/queues/messages/pause');
	await box.post('/api/v1/messages', { to: '595981000001', type: 'text', text: { body: 'sigue ahí' } });
	const page = await box.person('owner', { login: 'ana', allow: [/status of 4\d\d/] });
	const asked = [];
	page.on('request', r => { const at = new URL(r.url()).pathname; if (r.method() !== 'GET' || /clear|cancel/.test(at)) asked.push(r.method() + ' ' + at); });
	for (const link of ['messages/%2e%2e%2fqueues%2fmessages%2fclear%3f', 'messages/x%2Fcancel%3F', 'messages/%', 'messages/%E0%A4%A', 'queues/..%2Fqueues%2Fmessages%2Fclear%3F',
		'queues/dead?letter=../queues/messages/clear?', 'queues/messages?job=../clear%3F', 'queues/deliveries?delivery=..%2Fx%2Fcancel%23', 'conversations/..%2F..%2Fx?m=../y',
		'start/receipt/..%2Fmessages?of=__proto__', 'integrations/channel...%2f', 'messages?hours=1e99', 'messages?from=garbage&to=%00', 'messages?hours=-5&direction=%3Cb%3E']) {
		await page.evaluate(at => { location.hash = at; }, '#/' + link);
		await page.locator('main h1').or(page.locator('main .empty')).first().waitFor();
		for (const name of ['Intentar de nuevo', 'Reintentar', 'Reanudar', 'Cargar de nuevo']) /* what one would press then */
			if (await page.locator('dialog, main .empty').getByRole('button', { name, exact: true }).count() > 0)
				await page.locator('dialog, main .empty').getByRole('button', { name, exact: true }).first().click();
	}
	assert.deepEqual(asked.filter(a => !a.endsWith('/presence')), [], 'no call that changes anything');
	assert.equal((await box.get('/api/v1/queues/messages')).waiting, 1);
});
