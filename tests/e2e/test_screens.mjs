/* test_screens.mjs - every screen with real data, in both looks, wide and narrow: a picture (build/screens), axe, nothing wider
 * than the window. A new screen is a row of SCREENS. */
import { Box, portrait, test } from './lib.mjs';

/* name of the picture, address, what is there when it has loaded; more: what to do before the picture */
const SCREENS = [
	{ name: 'start', at: '#/start', ready: 'h1' },
	{ name: 'conversations', at: '#/conversations', ready: '.talk' },
	{ name: 'conversation', at: '#/conversations', ready: '.talk', more: async page => { await page.locator('.talk').last().click(); await page.locator('.thread .bubble').first().waitFor(); } },
	{ name: 'messages', at: '#/messages', ready: '.bubble' },
	{ name: 'queues', at: '#/queues', ready: 'tbody tr' },
	{ name: 'queue', at: '#/queues/messages', ready: '.facts' },
	{ name: 'dead', at: '#/queues/dead', ready: 'tbody tr' },
	{ name: 'dead-one', at: '#/queues/dead', ready: 'tbody tr', more: async page => { await page.locator('button.plain').first().click(); await page.locator('dialog .facts').waitFor(); } },
	{ name: 'deliveries', at: '#/queues/deliveries', ready: 'tbody tr' },
];

test('every screen in both looks', async () => {
	const box = await Box.start();
	for (const [i, [who, text]] of [['Lucía Fernández', '¿Tienen cemento de 50 kg?'], ['João Pereira', 'Bom dia! Vocês entregam hoje?'], ['Rosa', 'Gracias 🙏']].entries())
		await box.say(`59598100000${i}`, who, text);
	await box.double('meta', 'behave', { do: 'meta_error', code: 131026, status: 400, times: 1 });
	await box.post('/api/v1/messages', { to: '595981000001', type: 'text', text: { body: 'no llega' } });
	await box.idle();
	const page = await box.person('owner', { login: 'ana', name: 'Ana Díaz' });
	for (const s of SCREENS) {
		await page.goto('/' + s.at);
		await page.locator(s.ready).first().waitFor();
		await s.more?.(page, box);
		await portrait(page, s.name);
		await page.goto('about:blank');
	}
});
