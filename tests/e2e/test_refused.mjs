/* test_refused.mjs - what the box refuses or does not answer is said where it was asked, and the page goes on showing what holds. */
import { Box, newPage, test } from './lib.mjs';

const AWAY = [/ERR_FAILED|Failed to fetch/];

test('the door opens by itself when the box is back', async () => {
	const box = await Box.start(), page = await newPage(box, { allow: AWAY });
	await page.route('**/api/v1/session', route => route.abort());
	await page.goto('/');
	await page.getByText('La caja no responde').waitFor();
	await page.unroute('**/api/v1/session');
	await page.getByText('Esta caja aún no tiene dueño').waitFor();
});
