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
];

test('every screen in both looks', async () => {
	const box = await Box.start();
	for (const [i, [who, text]] of [['Lucía Fernández', '¿Tienen cemento de 50 kg?'], ['João Pereira', 'Bom dia! Vocês entregam hoje?'], ['Rosa', 'Gracias 🙏']].entries())
		await box.say(`59598100000${i}`, who, text);
	await box.idle();
	const page = await box.person('owner', { login: 'ana', name: 'Ana Díaz' });
	for (const s of SCREENS) {
		await page.goto('/' + s.at);
		await page.locator(s.ready).first().waitFor();
		await s.more?.(page, box);
		await portrait(page, s.name);
	}
});
