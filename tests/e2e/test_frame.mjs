/* test_frame.mjs - what holds for the whole page: size, speed, policy, languages, keys, the door. */
import { readFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { Box, MODULES, PASSWORD, ROOT, assert, axe, need, newPage, portrait, test, until } from './lib.mjs';

const SIZE_MAX = 150_000, PAINT_MAX_MS = 500;

test('the page is under 150 KB compressed', async () => {
	const dist = join(ROOT, 'build/web/dist');
	const size = f => readFileSync(join(dist, f)).length, files = readdirSync(dist);
	const words = files.filter(f => /^words-..\.json\.gz$/.test(f)).sort((a, b) => size(b) - size(a)); /* one language is loaded: the longest */
	assert.equal(words.length, 3);
	const bytes = files.filter(f => /^app\..*gz$|^index\.html$|^icon\.svg\.gz$/.test(f) || f === words[0]).map(size);
	const sum = bytes.reduce((a, b) => a + b, 0);
	console.log(`     ${bytes.length} files, ${(sum / 1000).toFixed(1)} KB`);
	assert.ok(bytes.length === 5 && sum < SIZE_MAX, `${sum} bytes`);
});

test('every key has its words in three languages, and no two languages are one', async () => {
	const { LANGUAGES } = await bundled('web/src/words/index.ts');
	const words = Object.fromEntries(Object.entries(LANGUAGES).map(([k, v]) => [k, new Map(Object.entries(v.words))]));
	assert.deepEqual(Object.keys(words).sort(), ['en', 'es', 'pt']);
	assert.ok(words.en.size > 60, `${words.en.size} keys read`);
	for (const lang of ['es', 'pt']) {
		assert.deepEqual([...words[lang].keys()].sort(), [...words.en.keys()].sort(), `keys of ${lang}`);
		const fills = text => [...text.matchAll(/\{(\w+)/g)].map(m => m[1]).sort().join();
		for (const [key, text] of words.en)
			assert.equal(fills(words[lang].get(key)), fills(text), `what is filled in: ${lang} ${key}`);
		const same = [...words.en].filter(([k, v]) => v.replace(/\{\w+\}/g, '').length > 12 && !k.startsWith('provider.') /* names */ && words[lang].get(k) === v).map(([k]) => k);
		assert.deepEqual(same, [], `not translated: ${lang}`);
	}
});

test('what the other side answered is told in the reader’s language as far as it is known', async () => {
	const { take, answered } = await bundled('web/src/lib/i18n.ts'), { LANGUAGES } = await bundled('web/src/words/index.ts');
	take('es', LANGUAGES.es);
	assert.equal(answered('main no funciona: Meta error 131031: the account is locked'), 'main no funciona: Meta bloqueó esta cuenta. (Meta 131031)');
	assert.equal(answered('chatwoot no funciona: HTTP 500: an error of the server'), 'chatwoot no funciona: HTTP 500: un error del servidor');
	assert.equal(answered('main: Meta error 99: what nobody knows'), 'main: Meta error 99: what nobody knows');
	assert.equal(answered(null), null);
});

/* A module of the page, bundled for here. */
async function bundled(path) {
	const { outputFiles } = need('esbuild').buildSync({ entryPoints: [join(ROOT, path)], bundle: true, format: 'esm', write: false,
		nodePaths: [MODULES], banner: { js: 'const localStorage = { getItem: () => null }, navigator = { languages: [] };' } });
	return import('data:text/javascript;base64,' + Buffer.from(outputFiles[0].text).toString('base64'));
}

/* All C sources as one text, texts that were broken over lines in one piece again. */
function sources(folder = join(ROOT, 'app')) {
	return readdirSync(folder, { withFileTypes: true }).map(f => f.isDirectory() ? sources(join(folder, f.name)) : /\.[ch]$/.test(f.name) ? readFileSync(join(folder, f.name), 'utf8') : '').join('\n').replace(/"\s*\n\s*"/g, '');
}

test('each setting and each kind of refusal of the API is told in three languages', async () => {
	const { HELP } = await bundled('web/src/words/help.ts'), { SAID } = await bundled('web/src/words/said.ts'), { LANGUAGES } = await bundled('web/src/words/index.ts');
	const { helpFor, take, told } = await bundled('web/src/lib/i18n.ts'), LANGS = Object.fromEntries(Object.entries(LANGUAGES).map(([k, v]) => [k, v.words]));
	const settings = [...readFileSync(join(ROOT, 'app/store/setting/setting.def'), 'utf8').matchAll(/^SETTING\("([^"]+)".*"((?:[^"\\]|\\.)*)"\)/gm)];
	assert.ok(settings.length > 100, `${settings.length} settings read`);
	assert.deepEqual(Object.keys(HELP).sort(), settings.map(s => s[1]).sort(), 'settings');
	const kinds = [...readFileSync(join(ROOT, 'app/api/problem.c'), 'utf8').matchAll(/^\t\{ "([a-z-]+)", "/gm)].map(m => m[1]);
	assert.ok(kinds.length > 20, `${kinds.length} kinds read`);
	for (const l of ['en', 'es', 'pt'])
		assert.deepEqual(Object.keys(LANGS[l]).filter(k => k.startsWith('problem.')).sort(), kinds.map(k => 'problem.' + k).sort(), `kinds of problems in ${l}`);
	const facts = [...readFileSync(join(ROOT, 'app/store/channel/channel_fact.def'), 'utf8').matchAll(/^FACT\(\w+,\s*"([a-z_]+)",\s*(\w+)/gm)].filter(f => f[2] !== 'JSON' && !/^qr_|^pairing|^override/.test(f[1]));
	assert.ok(facts.length > 30, `${facts.length} facts read`);
	for (const [, name] of facts)
		assert.ok(name === 'quality_rating' || LANGS.en['fact.' + name] !== undefined, `a fact without words: ${name}`);
	for (const [, queue] of readFileSync(join(ROOT, 'app/store/queue/queue.def'), 'utf8').matchAll(/^QUEUE\(\w+,\s*"([^"]+)"/gm))
		assert.ok(LANGS.en['q.' + queue] !== undefined && LANGS.en['q_help.' + queue] !== undefined, `a queue without a name or help: ${queue}`);
	const { META } = await bundled('web/src/words/meta.ts'), { FAMILIES, metaSaid } = await bundled('web/src/lib/i18n.ts');
	const codes = [...readFileSync(join(ROOT, 'app/peer/meta/meta_error.def'), 'utf8').matchAll(/^E\((\d+),\s*(\d+),/gm)].map(m => [Number(m[1]), Number(m[2])]);
	assert.ok(codes.length > 80, `${codes.length} codes read`);
	assert.deepEqual(Object.keys(META).sort(), codes.map(([first]) => 'meta.' + first).sort(), 'errors of Meta');
	assert.deepEqual([...FAMILIES], codes.filter(([first, last]) => first !== last), 'families of them');
	for (const [code, said] of Object.entries(META))
		assert.ok(said[1] !== said[0] && said[2] !== said[0] && said.every(x => x.endsWith('.')), code);
	const text = sources();
	/* a sentence with {0}: the program's format has a conversion there; those of the kinds of settings are put together */
	const kindsOf = [...readFileSync(join(ROOT, 'app/store/setting/setting_kind.def'), 'utf8').matchAll(/^KIND\(.*"((?:[^"\\]|\\.)*)"\)/gm)].map(k => k[1]).filter(k => k !== '');
	const said = english => text.includes(JSON.stringify(english)) || kindsOf.some(k => english.replace(/\{2\}$/, '') === `{0}: "{1}" is ${k}`) ||
		new RegExp(JSON.stringify(english).split(/\{\d\}/).map(part => part.replace(/[.*+?^${}()|[\]\\]/g, '\\$&')).join('%[.*l]*[sd]')).test(text);
	for (const [english, [es, pt]] of Object.entries(SAID)) {
		assert.ok(said(english), `nobody says any more: ${english}`);
		assert.ok(es !== '' && pt !== '' && es !== english && pt !== english, english);
	}
	take('es', LANGUAGES.es);
	assert.equal(told('There is no queue with this name.', 'urn:totem:problem:not-found'), 'No hay una cola con ese nombre.');
	assert.equal(told('Something that nobody has translated.', 'urn:totem:problem:conflict'), LANGS.es['problem.conflict']);
	/* why a value of a setting is refused: what to do, not only that it is */
	assert.ok(kindsOf.length > 20, `${kindsOf.length} kinds of settings read`);
	for (const k of kindsOf) {
		const why = told(`channel.main.x: "+55 (11) {4}\n" is ${k}${k.endsWith(': ') ? 'a b' : ''}`, 'urn:totem:problem:invalid');
		assert.ok(why !== LANGS.es['problem.invalid'] && !/\{\d\}|undefined/.test(why), `${k}: ${why}`);
	}
	assert.equal(told('n8n.main.timeout_ms: "x" is not a number from 1 to 60000', 'urn:totem:problem:invalid'), 'Tiene que ser un número de 1 a 60000.');
	assert.equal(told('lookup.x.url: "a" is no http(s) address, with places like {{dni}}', ''), SAID['{0}: "{1}" is no http(s) address, with places like {{dni}}'][0]);
	assert.equal(helpFor('listen', 'Address'), HELP.listen[0]);
	assert.equal(metaSaid('Meta error 131215: no'), META['meta.131200'][1]);
	assert.equal(metaSaid('meta 190'), META['meta.190'][1]);
	assert.equal(metaSaid('meta 7'), undefined);
	take('en', LANGUAGES.en);
	assert.equal(helpFor('listen', 'Address'), 'Address');
	assert.equal(told('Something.', 'urn:totem:problem:conflict'), 'Something.');
});

test('door, languages, keys, policy, first paint', async () => {
	const box = await Box.start();
	box.cli(['user', 'add', 'ana', '--role', 'owner', '--name', 'Ana Díaz', '--password', '-'], PASSWORD + '\n');
	const page = await newPage(box, { allow: [/status of 401/] });
	const answer = await page.goto('/');
	const csp = answer.headers()['content-security-policy'];
	for (const part of ["default-src 'none'", "script-src 'self'", "style-src 'self'", "connect-src 'self'", "frame-ancestors 'none'"])
		assert.ok(csp.includes(part), `${part} in ${csp}`);
	assert.ok(!/unsafe|\*|https?:/.test(csp), csp);
	await page.getByLabel('Nombre', { exact: true }).fill('ana');
	await portrait(page, 'door');
	await page.getByLabel('Contraseña').fill('not this one');
	await page.keyboard.press('Enter');
	await page.getByRole('alert').filter({ hasText: 'no es' }).waitFor();
	await page.getByLabel('Contraseña').fill(PASSWORD);
	await page.keyboard.press('Enter');
	await page.locator('.frame').waitFor();

	/* cold: a context that has nothing in its cache; the browser itself and its network process are warm */
	const paints = [], screens = [];
	for (let i = 0; i < 3; i++) {
		const cold = await newPage(box);
		await box.enter(cold, 'ana');
		await cold.addInitScript(() => { /* when the screen itself is there */
			new MutationObserver((_, o) => {
				if (document.querySelector('main h1') !== null) {
					o.disconnect();
					requestAnimationFrame(() => { globalThis.screenAt = performance.now(); });
				}
			}).observe(document, { childList: true, subtree: true });
		});
		await cold.goto('/#/start');
		await cold.locator('h1').first().waitFor();
		screens.push(await cold.waitForFunction(() => globalThis.screenAt).then(h => h.jsonValue()));
		paints.push(await cold.evaluate(() => performance.getEntriesByName('first-contentful-paint')[0]?.startTime ?? Infinity));
		await cold.context().close();
	}
	console.log(`     three cold loads: first paint ${paints.map(p => p.toFixed(0)).join(', ')} ms, the screen's heading ${screens.map(p => p.toFixed(0)).join(', ')} ms`);
	assert.ok(Math.min(...paints) < PAINT_MAX_MS, `first paint ${paints}`);

	/* the languages, and the choice is kept */
	await page.locator('.me summary').click();
	await page.getByLabel('Idioma').selectOption('pt');
	await until(() => page.evaluate(() => document.documentElement.lang === 'pt'), 'lang is pt');
	await page.getByRole('link', { name: 'Filas', exact: true }).waitFor();
	await page.reload();
	await page.getByRole('link', { name: 'Filas', exact: true }).waitFor();
	await page.locator('.me summary').click();
	await page.getByLabel('Língua').or(page.getByLabel('Idioma')).selectOption('en');
	await page.getByRole('link', { name: 'Queues', exact: true }).waitFor();
	await page.locator('.me summary').click();

	/* keys: ? shows them, g q goes to the queues */
	await page.locator('main').focus();
	await page.keyboard.press('?');
	await page.getByRole('dialog').waitFor();
	await axe(page, 'keys');
	await page.keyboard.press('Escape');
	await page.getByRole('dialog').waitFor({ state: 'detached' });
	await page.keyboard.press('g');
	await page.keyboard.press('q');
	await page.getByRole('heading', { name: 'Queues' }).first().waitFor();
});

test('only the language that is read is loaded, and one that does not come leaves what is there', async () => {
	const box = await Box.start(), asked = [], no = /words-(\w\w)/;
	let missing = [];
	box.cli(['user', 'add', 'ana', '--role', 'owner', '--password', '-'], PASSWORD + '\n');
	const page = await newPage(box, { allow: [/Failed to load resource/] });
	await page.route(no, route => {
		const name = no.exec(route.request().url())[1];
		asked.push(name);
		return missing.includes(name) ? route.abort() : route.continue();
	});
	const kept = []; /* what answers say about keeping them */
	page.on('response', a => { if (no.test(a.url())) kept.push(a.headers()['cache-control']); });
	await page.goto('/');
	await page.getByLabel('Contraseña').waitFor();
	assert.deepEqual(asked, ['es']);
	assert.match(kept[0], /immutable/);
	missing = ['pt'];
	await page.getByRole('button', { name: 'Português' }).click();
	await page.getByText('La caja no responde').waitFor();
	await page.getByLabel('Contraseña').waitFor();
	missing = [];
	await page.getByRole('button', { name: 'Português' }).click();
	await page.getByLabel('Senha').waitFor();

	/* at the start: another one, and none at all until they come */
	missing = ['pt'];
	await page.reload();
	await page.getByLabel('Contraseña').waitFor();
	missing = ['es', 'pt', 'en'];
	await page.reload();
	await page.getByRole('alert').filter({ hasText: 'The box does not answer' }).waitFor();
	missing = [];
	await page.getByLabel('Senha').waitFor();
	assert.equal(await page.getByRole('alert').count(), 0);
});

test('a phone shows five entries, the rest in a sheet', async () => {
	const box = await Box.start();
	const page = await box.person('owner', { login: 'ana', name: 'Ana Díaz', size: { width: 390, height: 844 } });
	const shown = page.locator('.rail > a:visible, .rail > button:visible, .rail > details:visible'), more = page.getByRole('button', { name: 'Más', exact: true });
	assert.equal(await shown.count(), 5);
	for (const e of await shown.all()) {
		const { x, width } = await e.boundingBox();
		assert.ok(x >= 0 && x + width <= 390 && width >= 44, `${await e.textContent()}: from ${x}, ${width} wide`);
	}
	assert.ok(await page.locator('.rail').evaluate(e => e.scrollWidth <= e.clientWidth), 'nothing to scroll sideways');
	await more.focus();
	await page.keyboard.press('Enter');
	const sheet = page.getByRole('dialog', { name: 'Más' });
	await sheet.waitFor();
	await portrait(page, 'more');
	await page.setViewportSize({ width: 390, height: 844 });
	for (let i = 0; i < 12; i++) { /* the focus stays inside */
		await page.keyboard.press('Tab');
		assert.ok(await page.evaluate(() => document.activeElement === document.body || document.activeElement.closest('dialog') !== null), 'the focus is in the sheet');
	}
	await page.keyboard.press('Escape');
	await sheet.waitFor({ state: 'detached' });
	assert.equal(await page.evaluate(() => document.activeElement.className), 'rail-more', 'the focus is where it was');
	await more.click();
	await sheet.getByRole('link', { name: 'Sistema' }).click();
	await page.getByRole('heading', { name: 'Sistema' }).first().waitFor();
	await sheet.waitFor({ state: 'detached' });
	assert.equal(await more.getAttribute('aria-current'), 'page');
	await more.click();
	await sheet.getByLabel('Idioma').selectOption('pt');
	/* also while the new page is slow to come, nothing is asked for without a session */
	await page.route(url => url.pathname === '/', async route => { await new Promise(r => setTimeout(r, 600)); await route.continue(); });
	await page.getByRole('dialog', { name: 'Mais' }).getByRole('button', { name: 'Sair' }).click();
	await page.locator('.door').waitFor();
});

test('the ? page lists the keys that work, and no others', async () => {
	const box = await Box.start();
	/* keys that the sources look for */
	const files = readdirSync(join(ROOT, 'web/src'), { recursive: true }).filter(f => /\.tsx?$/.test(f));
	const source = files.map(f => readFileSync(join(ROOT, 'web/src', f), 'utf8')).join('\n');
	const names = { Escape: 'Esc', Enter: '↵', ArrowUp: '↑', ArrowDown: '↓', ArrowLeft: '←', ArrowRight: '→' };
	const wanted = new Set([...source.matchAll(/\be\.key === '([^']+)'/g)].map(m => names[m[1]] ?? m[1]));
	for (const [, key] of source.matchAll(/ key: '(\w)',? /g))
		wanted.add(key); /* of the screens, behind g */
	const page = await box.person('owner', { login: 'ana', screen: 'conversations' });
	await page.locator('main').focus();
	await page.keyboard.press('?');
	await page.locator('dialog .keys').waitFor();
	const listed = new Set(await page.locator('dialog .keys kbd').allTextContents());
	listed.delete('⇧'); /* held, with Enter */
	if (listed.delete('/…'))
		listed.add('/');
	assert.deepEqual([...listed].sort(), [...wanted].sort());
	assert.ok(wanted.size >= 18, `${wanted.size} keys`);
	for (const [key, heading] of [['s', 'Inicio'], ['c', 'Conversaciones'], ['m', 'Mensajes'], ['q', 'Colas'], ['i', 'Integraciones'], ['y', 'Sistema']]) {
		await page.keyboard.press('Escape');
		await page.locator('dialog').waitFor({ state: 'detached' });
		await page.keyboard.press('g');
		await page.keyboard.press(key);
		await page.locator('.rail a[aria-current=page]', { hasText: heading }).waitFor();
	}
});
