/* test_live.mjs - two browsers see each other live; the stream breaks and resumes without a gap; the receipt of an
 * outage; a stream ends with its session; many at once. */
import { Box, PASSWORD, assert, metaHook, metaText, newPage, portrait, test, until } from './lib.mjs';

test('two browsers see each other’s messages live', async () => {
	const box = await Box.start({ n8n: '/webhook/silent' });
	await box.say('595981000001', 'Lucía', 'buenas');
	await box.idle();
	const { data: [one] } = await box.get('/api/v1/conversations');
	const ana = await box.person('agent', { login: 'ana', screen: 'conversations/' + one.id });
	const beto = await box.person('agent', { login: 'beto', screen: 'conversations/' + one.id });
	for (const page of [ana, beto])
		await page.locator('.thread').getByText('buenas').waitFor();
	await ana.getByRole('textbox', { name: 'Escrib' }).fill('¿en qué la ayudo?');
	await ana.keyboard.press('Enter');
	await beto.locator('.thread').getByText('¿en qué la ayudo?').waitFor();
	await beto.getByRole('textbox', { name: 'Escrib' }).fill('yo me encargo');
	await beto.keyboard.press('Enter');
	await ana.locator('.thread').getByText('yo me encargo').waitFor();
	await box.say('595981000001', 'Lucía', 'quiero pintura');
	for (const page of [ana, beto])
		await page.locator('.thread').getByText('quiero pintura').waitFor();
	assert.equal(await ana.locator('.thread').getByText('¿en qué la ayudo?').count(), 1, 'once in the writer’s own page');
});

test('the stream breaks and resumes without a gap', async () => {
	const box = await Box.start({ n8n: '/webhook/silent' });
	await box.say('595981000001', 'Lucía', 'antes');
	await box.idle();
	const { data: [one] } = await box.get('/api/v1/conversations');
	const page = await box.person('agent', { screen: 'conversations/' + one.id, allow: [/ERR_|Failed to (fetch|load)|stream/] });
	await page.locator('.thread').getByText('antes').waitFor();
	await page.locator('.link.live').waitFor();
	await box.kill();
	await page.locator('.link.off, .link.wait').first().waitFor();
	await box.up();
	/* all of it comes while the page is away or just coming back */
	for (let i = 1; i <= 30; i++)
		await box.hook(metaHook([metaText('595981000001', `durante ${i}.`)]));
	await page.locator('.link.live').waitFor();
	await page.locator('.thread').getByText('durante 30.').waitFor();
	const texts = await until(async () => {
		const found = (await page.locator('.thread').innerText()).match(/durante \d+\./g) ?? [];
		return found.length >= 30 && found;
	}, 'all that came meanwhile');
	assert.deepEqual(texts, Array.from({ length: 30 }, (_, i) => `durante ${i + 1}.`), 'each once, in order');
});

test('after an outage the start page shows its receipt, and each of its numbers leads to so many rows', async () => {
	const box = await Box.start();
	await box.say('595981000001', 'Lucía', 'antes');
	await box.idle();
	await box.post('/api/v1/queues/messages/pause'); /* something is under way when the power fails */
	await box.post('/api/v1/messages', { to: '595981000009', type: 'text', text: { body: 'mañana' }, send_at: new Date(Date.now() + 86_400_000).toISOString() });
	for (let i = 1; i <= 3; i++)
		await box.post('/api/v1/messages', { to: '59598100000' + i, type: 'text', text: { body: 'sale ' + i } });
	await box.idle('messages'); /* what else a new message sets going is no part of the receipt */
	await box.kill();
	await box.up();
	const page = await box.person('technician', { screen: 'start' });
	const receipt = page.locator('.note.calm', { hasText: 'La caja se cortó y volvió' });
	await receipt.getByText('4 recuperados').waitFor();
	await receipt.getByText('4 todavía en camino').waitFor();
	await page.getByText('Antes no se había apagado bien').waitFor();
	await box.double('meta', 'behave', { do: 'meta_error', code: 131026, status: 400, times: 1 });
	await box.post('/api/v1/queues/messages/resume'); /* two are sent, one fails for good, and one is for tomorrow */
	await receipt.getByText('1 todavía en camino').waitFor();
	await receipt.getByText('1 espera a una persona').waitFor();
	await receipt.getByText('2 atendidos').waitFor();
	await receipt.getByText('0 perdidos').waitFor();
	await portrait(page, 'start-after-outage');

	for (const [number, first] of [['4 recuperados', 'mañana'], ['2 atendidos', 'sale'], ['1 todavía en camino', 'mañana'], ['1 espera a una persona', 'sale']]) {
		await page.locator('.numbers a', { hasText: number }).first().click();
		await page.locator('.numbers a[aria-current]', { hasText: number }).waitFor();
		await page.locator('tbody tr', { hasText: first }).first().waitFor();
		assert.equal(await page.locator('tbody tr').count(), Number(number[0]), number);
		if (number.includes('recuperados'))
			await portrait(page, 'receipt');
	}
	/* each row leads on: the failed one to its dead letter */
	await page.locator('tbody').getByRole('link', { name: 'Ver' }).click();
	await page.getByRole('dialog', { name: 'Fallido definitivo' }).getByText('131026').first().waitFor();
	await page.goBack();
	await page.locator('.numbers a', { hasText: 'todavía en camino' }).click();
	await page.locator('tbody tr', { hasText: 'mañana' }).getByRole('link', { name: 'Ver' }).click();
	await page.getByRole('dialog').getByText('"state": "delayed"').waitFor();
	await page.goBack();
	/* nothing lost is a sum that one can see */
	await page.locator('.numbers a', { hasText: '0 perdidos' }).click();
	await page.getByText('Todo lo aceptado está en algún lado').waitFor();
	await portrait(page, 'receipt-lost');
	for (const lost of await page.locator('tbody tr td:last-child').allTextContents())
		assert.equal(lost, '0');

	/* who sees no queues sees the numbers and their messages */
	const agent = await box.person('agent', { screen: 'start' });
	await agent.locator('.numbers a', { hasText: '4 recuperados' }).click();
	await agent.locator('tbody tr', { hasText: 'mañana' }).waitFor();
	await agent.locator('tbody tr', { hasText: 'sale 1' }).getByRole('link', { name: 'Ver' }).click();
	await agent.locator('.story').waitFor();

	/* who looked after it sees that: nobody is waited for any more */
	await box.post('/api/v1/dead-letters/retry', {});
	await page.goto('/#/start');
	await receipt.getByText('0 esperan a una persona').waitFor();
	await receipt.getByText('3 atendidos').waitFor();
	await page.getByRole('heading', { level: 1, name: 'Todo anda; 1 trabajo del corte sigue en camino.' }).waitFor();
});

/* A stream as a browser holds it, over fetch. */
async function openStream(box, cookie, stop) {
	const answer = await fetch(box.url + '/api/v1/whatsapp/stream', { headers: { Cookie: cookie, Accept: 'text/event-stream', 'Sec-Fetch-Site': 'same-origin' }, signal: stop });
	assert.equal(answer.status, 200);
	const reader = answer.body.getReader();
	const ended = (async () => { try { for (;;) if ((await reader.read()).done) return true; } catch { return true; } })();
	return { ended }; /* not the promise itself: it would be waited for */
}

test('streams end with their session; fifty open browsers cost little', async () => {
	const box = await Box.start();
	box.cli(['user', 'add', 'ana', '--role', 'agent', '--password', '-'], PASSWORD + '\n');
	const page = await newPage(box);
	await box.enter(page, 'ana');
	const cookie = (await page.context().cookies()).map(c => `${c.name}=${c.value}`).join('; ');
	const before = box.rssMb(), stop = new AbortController();
	const streams = [];
	for (let i = 0; i < 50; i++)
		streams.push(await openStream(box, cookie, stop.signal));
	await box.say('595981000001', 'Lucía', 'hola a todos');
	await box.idle();
	const after = box.rssMb();
	console.log(`     memory: ${before.toFixed(1)} MB, with 50 streams ${after.toFixed(1)} MB`);
	assert.ok(after - before < 64, `${after - before} MB for 50 streams`);
	let ended = 0;
	streams.forEach(s => void s.ended.then(() => { ended++; }));
	box.cli(['user', 'disable', 'ana']);
	await until(() => ended === 50, 'all streams of the ended session end');
	stop.abort();
});
