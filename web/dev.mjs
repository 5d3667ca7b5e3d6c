/* dev.mjs - make dev: the page from its sources, rebuilt and reloaded at each save, before a running box.
 *
 *   node web/dev.mjs MODULES OUT [BOX] [PORT]      BOX: http://127.0.0.1:8080
 *
 * Serves the page from OUT and hands all else (API, streams) on to the box. Loopback only. */
import { createServer, request } from 'node:http';
import { cpSync, existsSync, mkdirSync, readFileSync, readdirSync } from 'node:fs';
import { extname, join, normalize, resolve } from 'node:path';
import { COPIED, bundler, languages, options } from './bundle.mjs';

const [modules, out] = process.argv.slice(2, 4).map(p => resolve(p));
const box = new URL(process.argv[4] ?? 'http://127.0.0.1:8080'), port = Number(process.argv[5] ?? 8090);
const web = import.meta.dirname ?? new URL('.', import.meta.url).pathname;
const TYPES = { '.js': 'text/javascript', '.css': 'text/css', '.svg': 'image/svg+xml', '.html': 'text/html; charset=utf-8', '.map': 'application/json', '.json': 'application/json' };
const RELOAD = '/-/reload'; /* main.tsx listens there when DEV is set */
const WORDS = join(web, 'src/words');
const open = new Set();

mkdirSync(out, { recursive: true });
const reload = { name: 'reload', setup(build) {
	/* what no source imports is watched with the first one */
	build.onLoad({ filter: /src.main\.tsx$/ }, at => ({ contents: readFileSync(at.path, 'utf8'), loader: 'tsx',
		watchFiles: [...COPIED.map(name => join(web, name)), ...readdirSync(WORDS).map(name => join(WORDS, name))], watchDirs: [WORDS] }));
	build.onEnd(async result => {
		let good = result.errors.length === 0;
		for (const name of COPIED)
			cpSync(join(web, name), join(out, name));
		await languages(modules, out).catch(() => { good = false; }); /* the bundler has said why */
		if (good)
			for (const o of open)
				o.write('data: reload\n\n');
		console.log(new Date().toLocaleTimeString(), good ? 'built' : 'does not build');
	});
} };
const ctx = await bundler(modules).context({ ...options(modules, out, true), sourcemap: true, plugins: [reload] });
await ctx.watch();

function file(path, answer) {
	const name = normalize(path === '/' ? '/index.html' : path.replace(/^\/a\/[^/]+\//, '/')), at = join(out, name);
	if (!at.startsWith(out) || !existsSync(at))
		return false;
	answer.writeHead(200, { 'Content-Type': TYPES[extname(at)] ?? 'application/octet-stream', 'Cache-Control': 'no-store' });
	answer.end(readFileSync(at));
	return true;
}

createServer((ask, answer) => {
	const path = new URL(ask.url, 'http://x').pathname;
	if (path === RELOAD) {
		answer.writeHead(200, { 'Content-Type': 'text/event-stream', 'Cache-Control': 'no-store' });
		open.add(answer);
		ask.on('close', () => open.delete(answer));
		return;
	}
	if ((path === '/' || path.startsWith('/a/')) && file(path, answer))
		return;
	const on = request({ host: box.hostname, port: box.port, path: ask.url, method: ask.method, headers: ask.headers }, a => {
		answer.writeHead(a.statusCode, a.headers);
		a.pipe(answer);
	});
	on.on('error', e => { answer.writeHead(502, { 'Content-Type': 'application/problem+json' }); answer.end(JSON.stringify({ status: 502, title: `No box at ${box.href}`, detail: e.message })); });
	answer.on('close', () => on.destroy());
	ask.pipe(on);
}).listen(port, '127.0.0.1', function () { console.log(`http://127.0.0.1:${this.address().port}/ (box: ${box.href})`); });
