/* run.mjs - runs the browser tests: node tests/e2e/run.mjs [word...]   (only tests whose file or name holds one of the words)
 *
 * One browser for all; each test has a box and contexts of its own and at most TIME_MS. Some run at a time; one that was late is
 * run again alone. Last line: N passed, N failed. */
import { AsyncLocalStorage } from 'node:async_hooks';
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { Box, SCREENS, TESTS, closeBrowser, openBrowser } from './lib.mjs';

const TIME_MS = 90_000, AT_ONCE = 3, HERE = join(import.meta.dirname ?? new URL('.', import.meta.url).pathname);
const words = process.argv.slice(2);
let passed = 0, failed = 0;

for (const file of readdirSync(HERE).filter(f => /^test_.*\.mjs$/.test(f)).sort()) {
	const before = TESTS.length;
	await import(pathToFileURL(join(HERE, file)));
	for (const t of TESTS.slice(before))
		t.file = file.replace(/^test_|\.mjs$/g, '');
}
const chosen = TESTS.filter(t => words.length === 0 || words.some(w => t.file.includes(w) || t.name.includes(w)));

/* What a test opens is closed behind it, well or badly. */
const mine = new AsyncLocalStorage();
const start = Box.start;
Box.start = async options => { const b = await start.call(Box, options); mine.getStore().push(b); return b; };

async function one(t, boxes) {
	let timer, error = null;
	const late = new Promise((_, fail) => { timer = setTimeout(() => fail(new Error(`not done within ${TIME_MS} ms`)), TIME_MS); });
	try {
		await Promise.race([mine.run(boxes, t.fn), late]);
	} catch (e) {
		error = e;
		let n = 0;
		for (const p of boxes.flatMap(b => b.pages))
			await p.screenshot({ path: join(SCREENS, `failed-${t.file}-${++n}.png`), timeout: 5000 }).catch(() => {});
		for (const b of boxes)
			console.log(`--- ${t.name}: console: ${b.pages.flatMap(p => p.wrongs).join('\n')}\n--- log of the box\n${b.log().slice(-1500)}`);
	}
	clearTimeout(timer);
	for (const b of boxes)
		await b.close(error === null).catch(e => { error ??= e; });
	return error;
}

/* A wait that ran out while others had the processors says little: such a test is run once more, alone. Anything else that is
 * wrong, and what is too late alone as well, fails. */
const late = [];
const ranOut = error => /Timeout \d+ms exceeded|not within \d|not done within \d/.test(error.message);

async function work(list, again = false) {
	for (let t; (t = list.shift()) !== undefined;) {
		const began = Date.now(), error = await one(t, []), later = error !== null && !again && ranOut(error);
		console.log(`${error === null ? 'ok  ' : later ? 'late' : 'FAIL'} ${t.file}: ${t.name} (${Date.now() - began} ms)`);
		if (error !== null)
			console.log(error.stack ?? String(error));
		if (later)
			late.push(t);
		else if (error === null)
			passed++;
		else
			failed++;
	}
}

if (chosen.length > 0)
	await openBrowser();
/* What is measured is measured alone; the others mostly wait for each other's pages, so several go at a time. */
await work(chosen.filter(t => t.file === 'frame'));
const others = chosen.filter(t => t.file !== 'frame');
await Promise.all(Array.from({ length: AT_ONCE }, () => work(others)));
await work(late, true);
await closeBrowser();
console.log(`${passed} passed, ${failed} failed`);
process.exit(failed === 0 && passed > 0 ? 0 : 1);
