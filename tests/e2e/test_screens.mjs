/* test_screens.mjs - every screen with real data, in both looks, wide and narrow: a picture (build/screens), axe, nothing wider
 * than the window. A new screen is a row of SCREENS. */
import { Box, portrait, test } from './lib.mjs';

/* name of the picture, address, what is there when it has loaded; more: what to do before the picture */
const SCREENS = [
	{ name: 'start', at: '#/start', ready: 'h1' },
	{ name: 'conversations', at: '#/conversations', ready: '.talk' },
	{ name: 'conversation', at: '#/conversations', ready: '.talk', more: async page => { await page.locator('.talk').last().click(); await page.locator('.thread .bubble').first().waitFor(); } },
	{ name: 'messages', at: '#/messages', ready: '.bubble' },
	{ name: 'message', at: '#/messages', ready: '.bubble', more: async page => {
		await page.locator('.bubble.mine a').last().click();
		await page.locator('.story li').nth(2).waitFor();
		await page.locator('.story summary').first().click();
	} },
	{ name: 'queues', at: '#/queues', ready: 'tbody tr', more: async (page, box) => { await box.post('/api/v1/queues/support-bridge-media/pause'); await page.locator('tr.paused').waitFor(); } },
	{ name: 'queue', at: '#/queues/messages', ready: '.facts' },
	{ name: 'dead', at: '#/queues/dead', ready: 'tbody tr' },
	{ name: 'dead-one', at: '#/queues/dead', ready: 'tbody tr', more: async page => { await page.locator('button.plain').first().click(); await page.locator('dialog .facts').waitFor(); } },
	{ name: 'deliveries', at: '#/queues/deliveries', ready: 'tbody tr' },
	{ name: 'setup', at: '#/setup', ready: '.step-body, .steps' },
	{ name: 'integrations', at: '#/integrations', ready: 'tbody tr' },
	{ name: 'channel', at: '#/integrations/channel.main', ready: '.facts' },
	{ name: 'channel-settings', at: '#/integrations/channel.main', ready: '.facts', more: async page => { await page.getByRole('button', { name: 'Ajustes' }).click(); await page.locator('dialog form').waitFor(); } },
	{ name: 'chatwoot', at: '#/integrations/chatwoot.chatwoot', ready: '.facts' },
	{ name: 'n8n', at: '#/integrations/n8n.main', ready: '.facts' },
	{ name: 'me', at: '#/system/me', ready: 'tbody tr' },
	{ name: 'users', at: '#/system/users', ready: 'tbody tr' },
	{ name: 'invitation', at: '#/system/users', ready: 'tbody tr', more: async page => {
		await page.getByRole('button', { name: 'Agregar una persona' }).click();
		await page.getByLabel('Nombre', { exact: true }).fill('beto');
		await page.getByRole('button', { name: 'Crear el enlace' }).click();
		await page.locator('dialog code').waitFor();
	} },
	{ name: 'tokens', at: '#/system/tokens', ready: 'tbody tr' },
	{ name: 'audit', at: '#/system/audit', ready: 'tbody tr' },
	{ name: 'backups', at: '#/system/backups', ready: '.facts' },
	{ name: 'settings', at: '#/system/settings', ready: 'tbody tr' },
	{ name: 'setting', at: '#/system/settings', ready: 'tbody tr', more: async page => { await page.locator('tbody button').first().click(); await page.locator('dialog form').waitFor(); } },
	{ name: 'privacy', at: '#/system/privacy', ready: 'form' },
	{ name: 'certificates', at: '#/system/certificates', ready: '.empty' },
	{ name: 'logs', at: '#/system/logs', ready: 'tbody tr' },
	{ name: 'about', at: '#/system/about', ready: 'tbody tr' },
	{ name: 'nothing', at: '#/nothing', ready: 'main h1' },
];

async function portraits(screens) {
	const box = await Box.start();
	for (const [i, [who, text]] of [['Lucía Fernández', '¿Tienen cemento de 50 kg?'], ['João Pereira', 'Bom dia! Vocês entregam hoje?'], ['Rosa', 'Gracias 🙏']].entries())
		await box.say(`59598100000${i}`, who, text);
	await box.double('meta', 'behave', { do: 'meta_error', code: 131026, status: 400, times: 1 });
	await box.post('/api/v1/messages', { to: '595981000001', type: 'text', text: { body: 'no llega' } });
	await box.idle();
	const page = await box.person('owner', { login: 'ana', name: 'Ana Díaz' });
	for (const s of screens) {
		await page.goto('/' + s.at);
		await page.locator(s.ready).first().waitFor();
		await s.more?.(page, box);
		await portrait(page, s.name);
		await page.goto('about:blank');
	}
}

/* In parts, because several tests go at a time. */
const PART = 8;
for (let i = 0; i < SCREENS.length; i += PART)
	test(`every screen in both looks: ${SCREENS[i].name} to ${SCREENS[Math.min(i + PART, SCREENS.length) - 1].name}`, () => portraits(SCREENS.slice(i, i + PART)));
