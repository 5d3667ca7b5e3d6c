/* lib.mjs - what the browser tests share: one Chromium for all, a box with doubles per test, people who sit before it, pictures,
 * accessibility, and a watch over what must never happen (errors on the console, calls to elsewhere). See README.md. */
import { spawn, execFileSync } from 'node:child_process';
import { createHmac, randomBytes } from 'node:crypto';
import { existsSync, mkdirSync, mkdtempSync, openSync, readFileSync, rmSync, closeSync } from 'node:fs';
import { createServer } from 'node:net';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import assert from 'node:assert/strict';

export const ROOT = resolve(import.meta.dirname ?? new URL('.', import.meta.url).pathname, '../..');
export const BINARY = resolve(process.env.TOTEM_BINARY ?? join(ROOT, 'build/totem'));
export const PEERS = resolve(process.env.TOTEM_PEERS ?? join(ROOT, 'build/release'), 'peers');
export const SCREENS = join(ROOT, 'build/screens');
export const MODULES = join(ROOT, 'build/web/node_modules');
export const PASSWORD = 'correcto caballo';
/* For tests in which one customer says more than a person can: the assistant is asked at once all the same (flow/loop.h). */
export const FAST = { automatic_per_minute: '1000', automatic_per_hour: '60000', automatic_per_day: '60000' };
export const SECRET = 'test_app_secret', PHONE_ID = '106540352242922', WABA = '102290129340398', META_TOKEN = 'double-token', VERIFY = 'double-verify';
const CHATWOOT_TOKEN = 'double-chatwoot-token', CHATWOOT_SECRET = 'double-chatwoot-secret';
const WAIT_MS = 20_000; /* generous: the machine may be busy */
export const need = createRequire(join(MODULES, 'x.js'));
const AXE = readFileSync(join(MODULES, 'axe-core/axe.min.js'), 'utf8');
mkdirSync(SCREENS, { recursive: true });

export { assert };

/* --- tests register themselves; run.mjs runs them in order --- */

export const TESTS = [];
export function test(name, fn) { TESTS.push({ name, fn }); }

/* The first true value of condition(). */
export async function until(condition, what, ms = WAIT_MS) {
	const end = Date.now() + ms;
	for (let last; ;) {
		last = await condition();
		if (last)
			return last;
		if (Date.now() > end)
			throw new Error(`not within ${ms} ms: ${what} (last: ${JSON.stringify(last)})`);
		await new Promise(r => setTimeout(r, 25));
	}
}

/* --- the browser --- */

let browser = null;
const LOCAL = /^(https?:\/\/127\.0\.0\.1[:/]|data:|blob:|about:)/;

export async function openBrowser() {
	const path = [process.env.CHROMIUM, '/usr/bin/chromium', '/usr/bin/google-chrome'].find(p => p && existsSync(p));
	if (path === undefined)
		throw new Error('no chromium here: vendor/deps.sh --install browser');
	browser = await need('playwright-core').chromium.launch({ executablePath: path, chromiumSandbox: false, timeout: 60_000,
		args: ['--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1', '--disable-gpu', '--disable-extensions', '--mute-audio',
			'--disable-background-networking', '--disable-component-update', '--no-first-run', '--use-fake-ui-for-media-stream',
			'--use-fake-device-for-media-stream'] });
	return browser;
}

export async function closeBrowser() { await browser?.close(); browser = null; }

const WIDE = { width: 1280, height: 860 }, NARROW = { width: 390, height: 844 };

/* A context with one page, watched: anything on the console that is an error, and any call that leaves the machine, fails the
 * test, except what `allow` names (a call that the test wants refused is an error on Chromium's console). */
export async function newPage(box, { lang = 'es', theme = 'light', size = WIDE, allow = [] } = {}) {
	const context = await browser.newContext({ baseURL: box.url, locale: lang, colorScheme: theme, viewport: size, serviceWorkers: 'block',
		permissions: ['clipboard-read', 'clipboard-write', 'microphone'], timezoneId: 'America/Asuncion' });
	context.setDefaultTimeout(WAIT_MS);
	const page = await context.newPage();
	page.allow = [...allow];
	page.wrongs = [];
	const wrong = text => { if (!page.allow.some(a => a.test(text))) page.wrongs.push(text); };
	page.on('console', m => { if (m.type() === 'error' || m.type() === 'warning') wrong(`console ${m.type()}: ${m.text()} ${m.location().url}`); });
	page.on('pageerror', e => wrong(`error: ${e.stack ?? e}`));
	page.on('request', r => { if (!LOCAL.test(r.url())) wrong(`a call to elsewhere: ${r.url()}`); });
	page.on('dialog', d => { wrong(`a dialog of the browser: ${d.message()}`); void d.dismiss(); });
	box.pages.push(page);
	return page;
}

/* --- the box --- */

/* Below the range from which systems take ports for outgoing calls: none of those can sit on it meanwhile. */
const given = new Set(); /* tests run beside each other: between looking and listening a box needs a moment */
function freePort(left = 100) {
	const port = 12_000 + Math.floor(Math.random() * 20_000);
	if (given.has(port))
		return freePort(left);
	given.add(port);
	return new Promise((done, fail) => {
		const s = createServer();
		s.once('error', e => left > 0 ? freePort(left - 1).then(done, fail) : fail(e));
		s.listen(port, '127.0.0.1', () => s.close(() => done(port)));
	});
}

/* Waits for a line of a process's output that fits. */
function lineOf(child, pattern, what, log) {
	return new Promise((done, fail) => {
		let text = '';
		const timer = setTimeout(() => fail(new Error(`${what} did not start within ${WAIT_MS} ms: ${text}`)), WAIT_MS);
		child.stdout.on('data', d => {
			text += d;
			const found = pattern.exec(text);
			if (found) {
				clearTimeout(timer);
				done(found);
			}
		});
		child.once('exit', code => { clearTimeout(timer); fail(new Error(`${what} ended (${code}): ${text}${log?.() ?? ''}`)); });
	});
}

function end(child) {
	if (child === null || child.exitCode !== null || child.signalCode !== null)
		return Promise.resolve(child?.exitCode);
	return new Promise(done => {
		const hard = setTimeout(() => child.kill('SIGKILL'), 15_000);
		child.once('exit', code => { clearTimeout(hard); done(code); });
		child.kill('SIGTERM');
	});
}

export class Box {
	/* A running box. bare: nothing is set up, no account exists (the first run). peers: flags for the doubles. settings: more of them
	 * (or a function of the box, whose ports are known then); null takes one away. */
	static async start({ settings = {}, bare = false, peers = [], n8n = '/webhook/echo' } = {}) {
		const b = new Box();
		b.dir = mkdtempSync(join(tmpdir(), 'totem-e2e-'));
		b.data = join(b.dir, 'data');
		b.pages = [];
		[b.main, b.hooks] = [await freePort(), await freePort()];
		b.url = `http://127.0.0.1:${b.main}`;
		b.token = bare ? null : b.newToken();
		await b.#doubles(peers);
		b.settings = { listen: `127.0.0.1:${b.main}`, hooks_listen: `127.0.0.1:${b.hooks}`, ...(bare ? { password_iterations: '100000' } : b.#usual(n8n)),
			...(typeof settings === 'function' ? settings(b) : settings) };
		await b.up();
		return b;
	}

	async #doubles(flags) {
		this.peers = spawn(PEERS, ['--with-parent', '--meta', '0', '--chatwoot', '0', '--n8n', '0', '--evolution', '0', '--totem', `http://127.0.0.1:${this.hooks}`,
			'--app-secret', SECRET, '--waba', WABA, '--phone-id', PHONE_ID, '--token', META_TOKEN, '--verify-token', VERIFY,
			'--chatwoot-token', CHATWOOT_TOKEN, '--chatwoot-secret', CHATWOOT_SECRET, '--api-token', this.token ?? 'none', ...flags],
		{ stdio: ['ignore', 'pipe', 'inherit'] });
		const [text] = await lineOf(this.peers, /.*=\d+\n/, 'the doubles');
		this.port = Object.fromEntries([...text.matchAll(/(\w+)=(\d+)/g)].map(m => [m[1], Number(m[2])]));
	}

	#usual(n8n) {
		return { 'channel.main.provider': 'meta', 'channel.main.phone_number_id': PHONE_ID, 'channel.main.waba_id': WABA, 'channel.main.token': META_TOKEN,
			'channel.main.app_secret': SECRET, 'channel.main.verify_token': VERIFY, 'channel.main.rate_per_second': '1000',
			'channel.main.recipient_every_ms': '0', 'channel.main.timeout_ms': '2000', 'channel.main.window_hours': '0', 'channel.main.base_url': `http://127.0.0.1:${this.port.meta}`,
			'chatwoot.chatwoot.url': `http://127.0.0.1:${this.port.chatwoot}`, 'chatwoot.chatwoot.inbox_id': '1', 'chatwoot.chatwoot.account_id': '1',
			'chatwoot.chatwoot.token': CHATWOOT_TOKEN, 'chatwoot.chatwoot.secret': CHATWOOT_SECRET, 'chatwoot.chatwoot.timeout_ms': '2000',
			'n8n.main.url': `http://127.0.0.1:${this.port.n8n}${n8n}`, 'n8n.main.timeout_ms': '2000', password_iterations: '100000',
			company_name: 'Ferretería Ñandutí' };
	}

	/* (Again) with the same folder and ports. */
	async up() {
		const log = openSync(join(this.dir, 'log'), 'a');
		const sets = Object.entries(this.settings).flatMap(([k, v]) => v === null ? [] : ['--set', `${k}=${v}`]);
		this.process = spawn(BINARY, ['serve', '--data', this.data, '--with-parent', ...sets], { stdio: ['ignore', 'pipe', log], cwd: this.dir });
		closeSync(log);
		this.said = '';
		this.process.stdout.on('data', d => { this.said += d; });
		await lineOf(this.process, /^listening .*\n/m, 'the box', () => this.log());
	}

	async down() {
		const code = await end(this.process);
		assert.equal(code, 0, `the box ended with ${code}\n${this.log().slice(-3000)}`);
	}

	kill() {
		return new Promise(done => { this.process.once('exit', done); this.process.kill('SIGKILL'); });
	}

	log() { return readFileSync(join(this.dir, 'log'), 'utf8'); }

	rssMb() { return Number(/VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${this.process.pid}/status`, 'utf8'))[1]) / 1024; }

	/* Ends all; the pages must have nothing on their console. */
	async close(good = true) {
		const wrongs = this.pages.flatMap(p => p.wrongs);
		await Promise.all(this.pages.map(p => p.context().close().catch(() => {})));
		try {
			if (good) {
				await this.down();
				assert.deepEqual(wrongs, [], 'on the console');
			} else {
				await end(this.process ?? null);
			}
		} finally {
			await end(this.peers ?? null);
			rmSync(this.dir, { recursive: true, force: true });
		}
	}

	cli(words, input = '') {
		return execFileSync(BINARY, [...words, '--data', this.data], { encoding: 'utf8', input, stdio: ['pipe', 'pipe', 'pipe'], cwd: this.dir });
	}

	newToken() {
		return JSON.parse(this.cli(['token', 'create', 'e2e', '--json'])).token;
	}

	async api(method, path, body, status) {
		const a = await fetch(this.url + path, { method, headers: { Authorization: 'Bearer ' + this.token, 'Content-Type': 'application/json' },
			body: body === undefined ? undefined : JSON.stringify(body) });
		const data = await a.json().catch(() => ({}));
		assert.ok(status === undefined ? a.ok : a.status === status, `${method} ${path}: ${a.status} ${JSON.stringify(data)}`);
		return data;
	}
	get(path) { return this.api('GET', path); }
	post(path, body = {}, status) { return this.api('POST', path, body, status); }

	/* The control of a double. */
	async double(who, verb, body) {
		const a = await fetch(`http://127.0.0.1:${this.port[who]}/_double/${verb}`, body === undefined ? {} : { method: 'POST', body: JSON.stringify(body) });
		assert.ok(a.ok, `${who} ${verb}: ${a.status}`);
		return a.json();
	}

	/* A customer writes, by way of the double of Meta; `more` goes into `say` ({message: ...}). */
	say(from, name, text, more = {}) { return this.double('meta', 'say', { from, name, text, ...more }); }

	/* A webhook of ours, signed. */
	async hook(body, path = '/webhooks/whatsapp') {
		const bytes = JSON.stringify(body);
		const a = await fetch(`http://127.0.0.1:${this.hooks}${path}`, { method: 'POST', body: bytes, headers: { 'Content-Type': 'application/json',
			'X-Hub-Signature-256': 'sha256=' + createHmac('sha256', SECRET).update(bytes).digest('hex') } });
		assert.equal(a.status, 200, 'webhook');
	}

	/* But for a queue that is held. */
	async idle(held = '') {
		let quiet = 0;
		await until(async () => {
			const { data } = await this.get('/api/v1/queues');
			quiet = data.some(q => q.name !== 'upkeep' && q.name !== held && q.waiting + q.active + q.delayed > 0) ? 0 : quiet + 1;
			return quiet >= 2;
		}, 'queues are empty', 2 * WAIT_MS);
	}

	/* A person with an account, logged in, looking at a screen. */
	async person(role, { login = role, name = '', screen = '', ...look } = {}) {
		this.cli(['user', 'add', login, '--role', role, '--password', '-', '--language', look.lang ?? 'es', ...(name ? ['--name', name] : [])], PASSWORD + '\n');
		const page = await newPage(this, look);
		await this.enter(page, login);
		await page.goto('/' + (screen && '#/' + screen));
		await page.locator('.frame').waitFor();
		return page;
	}

	/* Another browser of somebody who has an account. */
	async enter(page, login) {
		const a = await page.context().request.post('/api/v1/session', { data: { login, password: PASSWORD }, headers: { 'Sec-Fetch-Site': 'same-origin' } });
		assert.equal(a.status(), 200, await a.text());
	}
}

/* A body of Meta's webhook with these messages. */
export function metaHook(messages, name = 'Lucía') {
	return { object: 'whatsapp_business_account', entry: [{ id: WABA, changes: [{ field: 'messages', value: { messaging_product: 'whatsapp',
		metadata: { display_phone_number: '5511400000000', phone_number_id: PHONE_ID },
		contacts: messages.map(m => ({ profile: { name }, wa_id: m.from })), messages } }] }] };
}
export function metaText(from, body, id = 'wamid.E2E' + randomBytes(12).toString('hex').toUpperCase()) {
	return { from, id, timestamp: String(Math.floor(Date.now() / 1000)), type: 'text', text: { body } };
}

/* --- looking --- */

/* Serious findings of axe on what is shown, or on what stands `within` a selector; an empty list is good. */
export async function axe(page, what, only = null, within = null) {
	await page.evaluate(AXE + ';void 0');
	const found = await page.evaluate(async ([only, within]) => {
		const r = await globalThis.axe.run(within ?? document, { resultTypes: ['violations'],
			runOnly: only ?? ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'best-practice'] });
		return r.violations.filter(v => v.impact === 'serious' || v.impact === 'critical')
			.map(v => `${v.id}: ${v.nodes.slice(0, 3).map(n => n.html.slice(0, 160) + ' ' + (n.any[0]?.message ?? '')).join(' | ')}`);
	}, [only, within]);
	assert.deepEqual(found, [], `axe on ${what}`);
}

/* Nothing may be wider than the window, nor what is pressed on a phone lower than a finger needs. */
const FINGER_PX = 40;
async function fits(page, what) {
	/* the screen and a dialog scroll by themselves: what is too wide for them does not widen the page */
	const wide = await page.evaluate(() => [document.documentElement, ...document.querySelectorAll('main, dialog')].filter(e => e.scrollWidth > e.clientWidth)
		.map(e => `${e.tagName} by ${e.scrollWidth - e.clientWidth} px`));
	assert.deepEqual(wide, [], `${what} is too wide`);
	const aside = await page.evaluate(() => [...document.querySelectorAll('dialog[open]:not(.sheet)')].map(e => e.getBoundingClientRect()).map(b => Math.abs(b.left - (innerWidth - b.right))).filter(px => px > 20));
	assert.deepEqual(aside, [], `${what}: a dialog stands in the middle`);
	if (page.viewportSize().width === NARROW.width)
		assert.deepEqual(await page.evaluate(least => [...(document.querySelector('dialog[open]') ?? document).querySelectorAll('button, .button, summary, select, input:not([type=checkbox], [type=radio], [type=range], [type=file])')]
			.filter(e => e.checkVisibility() && e.closest('.hidden, .skip, .menu') === null && Math.round(e.getBoundingClientRect().height) < least)
			.map(e => `${e.textContent.slice(0, 40)} ${e.className} ${e.getBoundingClientRect().height}`), FINGER_PX), [], `${what}: too low for a finger`);
}

/* Pictures of a screen in both looks, wide and narrow, into build/screens; axe looks at the light one, and at the colours of the dark one. */
export async function portrait(page, name) {
	const settled = () => page.evaluate(() => new Promise(r => requestAnimationFrame(() => requestAnimationFrame(r))));
	for (const [size, view] of [['wide', WIDE], ['narrow', NARROW]]) {
		await page.setViewportSize(view);
		for (const theme of ['light', 'dark']) {
			await page.emulateMedia({ colorScheme: theme, reducedMotion: 'reduce' });
			await settled();
			await page.screenshot({ path: join(SCREENS, `${name}-${theme}-${size}.png`) });
			if (size === 'wide')
				await axe(page, `${name} ${theme}`, theme === 'dark' ? ['color-contrast'] : null);
		}
		await fits(page, `${name} ${size}`);
	}
	await page.setViewportSize(WIDE);
	await page.emulateMedia({ colorScheme: 'light' });
}
