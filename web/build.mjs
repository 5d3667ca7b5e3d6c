/* build.mjs - the page, from its sources to the folder that the program embeds.
 *
 *   node web/build.mjs OUT MODULES
 *
 * src/main.tsx and its styles become app.js and app.css, each language words-XX.json; static files and the OpenAPI sources are
 * copied. MODULES is the folder with the npm packages (outside of web/, so that nothing of them can be committed). Text files get
 * a FILE.gz beside them, which is what the program embeds and sends. */
import { cpSync, mkdirSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { gzipSync } from 'node:zlib';
import { COPIED, bundler, languages, options } from './bundle.mjs';

const [out, modules] = process.argv.slice(2).map(p => resolve(p));
const web = import.meta.dirname ?? new URL('.', import.meta.url).pathname;
const PACKED = /\.(html|js|css|json|svg|webmanifest)$/;

rmSync(out, { recursive: true, force: true });
mkdirSync(out, { recursive: true });
await bundler(modules).build({ ...options(modules, out, process.env.TOTEM_WEB_DEV === '1'), minify: true });
await languages(modules, out);
for (const name of [...COPIED, 'openapi'])
	cpSync(join(web, name), join(out, name), { recursive: true });

function pack(folder) {
	for (const name of readdirSync(folder)) {
		const path = join(folder, name);
		if (statSync(path).isDirectory()) {
			if (name !== 'openapi') /* read by the program itself */
				pack(path);
		} else if (PACKED.test(name) && name !== 'index.html' && name !== 'docs.html') { /* hashes are put into HTML when it is sent */
			writeFileSync(path + '.gz', gzipSync(readFileSync(path), { level: 9 }));
		}
	}
}
pack(out);
